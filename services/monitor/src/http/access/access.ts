import { clientAddress, clientOf, createNetworks } from '@podips/shared';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { basicCredentials, bearerCredentials, type Credentials } from './credentials.js';
import { isOfAnotherSite } from './other-site.js';
import { createRateLimit } from './rate-limit.js';
import type { AccessSettings } from './settings.js';

const BADGE = /^\/badge[./]/;
const HEARTBEAT = /^\/(?:(?:kubernetes|log|queue\/:operation)\/:code\/:message|api\/v1\/reports)$/;
/** Probes are not rate-limited: a client that shares their address must not be able to get the monitor restarted. */
const PROBES: readonly string[] = ['/healthz', '/readyz'];
/** Paths that need no secret because they reveal so little: that the monitor is alive, one of three answers. Badges are open as well: a light, or its uptime. */
const OPEN: readonly string[] = [...PROBES, '/api/ping', '/podips/:operation'];

interface Guard {
  readonly isRight: Credentials;
  readonly challenge: string;
  readonly error: string;
}

/**
 * Decides about every request before anything else does: its client's rate, then the token of heartbeats, or the
 * login of everything else. To be installed before the routes.
 */
export function installAccess(app: FastifyInstance, settings: AccessSettings): void {
  const limit = createRateLimit({
    perSecond: settings.rateLimitPerSecond,
    monotonicMs: () => performance.now(),
  });
  const isTrusted = createNetworks(settings.trustedProxies);
  const guards = createGuards(settings);
  app.addHook('onRequest', async (request, reply) => {
    const { url } = request.routeOptions;
    const allowed = PROBES.includes(url ?? '') || limit.allows(clientOf(clientAddress(request, isTrusted)));
    if (!allowed) return replyTooMany(reply, settings.rateLimitPerSecond);
    if (HEARTBEAT.test(url ?? '') && isOfAnotherSite(request)) return replyForbidden(reply);
    const name = guardNameOf(url);
    const guard = name === 'open' ? undefined : guards[name];
    if (guard && !guard.isRight(request.headers.authorization)) return replyUnauthorized(reply, guard);
  });
}

interface Guards {
  readonly heartbeats: Guard | undefined;
  readonly pages: Guard | undefined;
}

function createGuards({ heartbeatToken, login }: AccessSettings): Guards {
  return {
    heartbeats:
      heartbeatToken === undefined
        ? undefined
        : {
            isRight: bearerCredentials(heartbeatToken),
            challenge: 'Bearer realm="podips heartbeats"',
            error: 'heartbeats need the header "Authorization: Bearer …" with the token of HEARTBEAT_TOKEN',
          },
    pages:
      login === undefined
        ? undefined
        : {
            isRight: basicCredentials(login),
            challenge: 'Basic realm="podips", charset="UTF-8"',
            error: 'this needs the user and password of READ_USER and READ_PASSWORD',
          },
  };
}

function replyForbidden(reply: FastifyReply): FastifyReply {
  return reply.code(403).send({ error: 'pages of other sites may not send heartbeats' });
}

export type GuardName = keyof Guards | 'open';

/** What a route needs. An unknown path is guarded like a page. */
export function guardNameOf(url: string | undefined): GuardName {
  if (url === undefined) return 'pages';
  if (HEARTBEAT.test(url)) return 'heartbeats';
  return OPEN.includes(url) || BADGE.test(url) ? 'open' : 'pages';
}

function replyTooMany(reply: FastifyReply, perSecond: number): FastifyReply {
  const error = `too many requests: at most ${perSecond} a second; try again in a second`;
  return reply.code(429).header('retry-after', '1').send({ error });
}

function replyUnauthorized(reply: FastifyReply, { challenge, error }: Guard): FastifyReply {
  return reply.code(401).header('www-authenticate', challenge).send({ error });
}
