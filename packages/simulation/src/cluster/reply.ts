import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ApiStatus } from './api-status.js';
import type { WatchStart } from './watch-decision.js';

/** The reply to a request. */
export type Reply =
  | { readonly status: ApiStatus; readonly headers?: Readonly<Record<string, string>> }
  | { readonly json: string; readonly delayMs?: number; readonly code?: number }
  | { readonly text: string }
  /** The connection breaks before the answer. */
  | { readonly lost: true }
  /** A stream of events. */
  | { readonly watch: WatchStart }
  /** A stream of one ERROR event. */
  | { readonly error: ApiStatus };

const JSON_TYPE = { 'content-type': 'application/json' };

/** Sends a reply that has an end. */
export function sendReply(
  request: IncomingMessage,
  response: ServerResponse,
  reply: Exclude<Reply, { readonly watch: WatchStart } | { readonly lost: true }>,
): void {
  if ('text' in reply) {
    response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' });
    response.end(reply.text);
  } else if ('error' in reply) {
    response.writeHead(200, JSON_TYPE);
    response.end(`${JSON.stringify({ type: 'ERROR', object: reply.error })}\n`);
  } else if ('json' in reply) sendJson(request, response, reply.code ?? 200, reply.json);
  else sendJson(request, response, reply.status.code, JSON.stringify(reply.status), reply.headers);
}

/** On one line, or indented for people, as the real server does for curl and browsers. */
function sendJson(
  request: IncomingMessage,
  response: ServerResponse,
  code: number,
  json: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  const body = wantsIndented(request) ? JSON.stringify(JSON.parse(json), undefined, 2) : `${json}\n`;
  response.writeHead(code, { ...JSON_TYPE, ...headers, 'content-length': Buffer.byteLength(body) });
  response.end(body);
}

function wantsIndented(request: IncomingMessage): boolean {
  const asked = URL.parse(request.url ?? '/', 'http://localhost')?.searchParams.get('pretty');
  if (asked) return asked !== 'false' && asked !== '0';
  return /^(curl|Wget|Mozilla)\//.test(request.headers['user-agent'] ?? '');
}
