import type { Networks, Origin } from '@podips/shared';
import type { FastifyInstance } from 'fastify';

export interface BasePathOptions {
  /** `/podips`, or empty for the root. */
  readonly basePath: string;
  /** Proxies whose `X-Forwarded-Prefix` is believed. */
  readonly isTrusted: Networks;
}

const MAX_LENGTH = 256;
/** Segments of letters, digits and ._~-, none of which is a step to another folder. */
const PATH = /^(?:\/(?!\.{1,2}(?:\/|$))[A-Za-z0-9._~-]+)+$/;
/** Links of our pages that begin at the root; what a page shows cannot look like one, because its quotes are escaped. */
const ROOT_LINK = /( (?:href|src|action)=")\/(?!\/)/g;
/** An answer, not something below the base path `/podips`. */
const ANSWER = /^\/podips\/(?:read|write|all)(?:\?|$)/;

/** The monitor's own paths. `/podips/...` is one as well, but its answers are known. */
const OWN_PATH =
  /^\/(?:api|assets|badge|badge\.svg|feed\.atom|healthz|help|incidents|kubernetes|leases|log|lookup|metrics|queue|readyz|workloads|podips\/(?:read|write|all))(?:\/|$)/;

/** Whether something below this path would hide a path of the monitor. */
export function isOwnPath(path: string): boolean {
  return OWN_PATH.test(path);
}

/** Whether the dashboard can stand below this path: `/podips`, `/tools/podips`. */
export function isBasePath(path: string): boolean {
  return path.length <= MAX_LENGTH && PATH.test(path);
}

/** The URL without the base path, for proxies that pass it on; other URLs stay, for clients without a proxy. */
export function stripBasePath(url: string, basePath: string): string {
  if (basePath === '' || !url.startsWith(basePath) || ANSWER.test(url)) return url;
  const rest = url.slice(basePath.length);
  if (rest.startsWith('/')) return rest;
  return rest === '' || rest.startsWith('?') ? `/${rest}` : url;
}

/** Where the client of a request sees our root: what a trusted proxy says, or else the base path. */
export function prefixOf({ headers, socket }: Origin, { basePath, isTrusted }: BasePathOptions): string {
  // Several proxies each add theirs, the outermost first.
  const said = String(headers['x-forwarded-prefix'] ?? '')
    .split(',')
    .map((part) => part.trim().replace(/\/+$/, ''))
    .join('');
  return isBasePath(said) && isTrusted(socket.remoteAddress ?? '') ? said : basePath;
}

/** Makes redirects, and the links of every page, lead to where their client sees them. */
export function installBasePath(app: FastifyInstance, options: BasePathOptions): void {
  app.addHook('onSend', async (request, reply, payload) => {
    const prefix = prefixOf(request, options);
    const location = String(reply.getHeader('location') ?? '');
    if (/^\/(?!\/)/.test(location)) reply.header('location', `${prefix}${location}`);
    const isPage = String(reply.getHeader('content-type') ?? '').startsWith('text/html');
    return prefix === '' || !isPage ? payload : String(payload).replace(ROOT_LINK, `$1${prefix}/`);
  });
}
