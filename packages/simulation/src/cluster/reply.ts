import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ApiStatus } from './api-status.js';
import type { Encoding } from './encoding.js';
import type { PodEvent } from './pod-event.js';
import type { WatchStart } from './watch-decision.js';

/** The reply to a request. */
export type Reply =
  | { readonly status: ApiStatus; readonly headers?: Readonly<Record<string, string>> }
  | { readonly list: PodListReply; readonly delayMs?: number }
  /** An object that is always JSON. */
  | { readonly json: string; readonly delayMs?: number; readonly code?: number }
  | { readonly text: string }
  /** The connection breaks before the answer. */
  | { readonly lost: true }
  /** A stream of events. */
  | { readonly watch: WatchStart }
  /** A stream of one ERROR event. */
  | { readonly error: ApiStatus };

export interface PodListReply {
  readonly metadata: object;
  readonly pods: readonly PodEvent[];
  /** Items beside the pods. */
  readonly extra: readonly unknown[];
}

const JSON_TYPE = 'application/json';

/** Sends a reply that has an end. */
export function sendReply(
  request: IncomingMessage,
  response: ServerResponse,
  encoding: Encoding,
  reply: Exclude<Reply, { readonly watch: WatchStart } | { readonly lost: true }>,
): void {
  if ('text' in reply) {
    response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' });
    response.end(reply.text);
  } else if ('error' in reply) {
    response.writeHead(200, { 'content-type': encoding.watchType });
    response.end(encoding.anyEvent('ERROR', reply.error));
  } else {
    const { type, code, headers, body } = answerOf(encoding, reply);
    const sent = type === JSON_TYPE && wantsIndented(request) ? indented(body) : body;
    response.writeHead(code, { 'content-type': type, ...headers, 'content-length': sent.length });
    response.end(sent);
  }
}

type Answer = Extract<
  Reply,
  { readonly list: unknown } | { readonly json: unknown } | { readonly status: unknown }
>;

function answerOf(encoding: Encoding, reply: Answer) {
  const { objectType: type } = encoding;
  if ('json' in reply)
    return { type: JSON_TYPE, code: reply.code ?? 200, headers: {}, body: Buffer.from(`${reply.json}\n`) };
  if ('list' in reply) {
    const { metadata, pods, extra } = reply.list;
    return { type, code: 200, headers: {}, body: encoding.list(metadata, pods, extra) };
  }
  const { status, headers = {} } = reply;
  return { type, code: status.code, headers, body: encoding.object({ ...status }) };
}

/** On one line, or indented for people, as the real server does for curl and browsers. */
function indented(json: Buffer): Buffer {
  return Buffer.from(JSON.stringify(JSON.parse(json.toString()), undefined, 2));
}

function wantsIndented(request: IncomingMessage): boolean {
  const asked = URL.parse(request.url ?? '/', 'http://localhost')?.searchParams.get('pretty');
  if (asked) return asked !== 'false' && asked !== '0';
  return /^(curl|Wget|Mozilla)\//.test(request.headers['user-agent'] ?? '');
}
