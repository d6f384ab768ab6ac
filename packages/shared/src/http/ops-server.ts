import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Registry } from 'prom-client';
import { toError } from '../errors.js';
import type { Running } from '../lifecycle.js';
import type { Logger } from '../logger.js';
import { createHttpServer } from './http-server.js';
import { bind } from './listen.js';
import { createMetricsText } from './metrics-text.js';

/** The state of the parts that a service needs: `undefined` while a part works, else its problem. */
export type Readiness = () => Readonly<Record<string, string | undefined>>;

export interface OpsServerOptions {
  readonly host: string;
  readonly port: number;
  readonly registry: Registry;
  readonly readiness: Readiness;
  readonly log: Logger;
}

/** Kubelet, Prometheus and people: each needs a few. */
const CONNECTIONS_PER_CLIENT = 64;

export interface OpsServer extends Running {
  readonly port: number;
}

/**
 * `GET /healthz` (the process answers), `GET /readyz` (503 and the reasons while a part does not work) and
 * `GET /metrics` (Prometheus). For reader and writer; the monitor has its own server.
 * @throws when the address cannot be bound
 */
export async function startOpsServer(options: OpsServerOptions): Promise<OpsServer> {
  const { registry, readiness, log } = options;
  const metrics = createMetricsText(registry);
  const answer = (request: IncomingMessage, response: ServerResponse) => {
    const path = request.url?.split('?')[0];
    if (request.method !== 'GET' && request.method !== 'HEAD')
      return sendJson(response, 405, { error: 'GET only' });
    if (path === '/healthz') return sendJson(response, 200, { status: 'ok' });
    if (path === '/readyz') return sendReadiness(response, readiness());
    if (path !== '/metrics') return sendJson(response, 404, { error: 'try /healthz, /readyz or /metrics' });
    metrics().then(
      (text) => response.writeHead(200, { 'content-type': registry.contentType }).end(text),
      (err) => {
        log.error({ err: toError(err) }, 'metrics could not be collected');
        sendJson(response, 500, { error: 'metrics could not be collected' });
      },
    );
  };
  const server = createHttpServer(answer, { connectionsPerClient: CONNECTIONS_PER_CLIENT });
  await bind(server, options.host, options.port);
  server.on('error', (err) => log.error({ err }, 'HTTP server failed'));
  // A TCP server that listens has an AddressInfo; only pipes and closed servers have not.
  const { port } = server.address() as AddressInfo;
  return {
    port,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function sendReadiness(response: ServerResponse, parts: Readonly<Record<string, string | undefined>>): void {
  const broken = Object.entries(parts).filter(([, problem]) => problem !== undefined);
  if (broken.length === 0) sendJson(response, 200, { status: 'ready' });
  else sendJson(response, 503, { status: 'not ready', problems: Object.fromEntries(broken) });
}

function sendJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(body)}\n`);
}
