import { createHash } from 'node:crypto';
import { toError } from '@podips/shared';
import { AlertError, type Channel } from './channel.js';
import { type Message, testMessage } from './message.js';
import type { AlertRequest, RequestTemplate } from './request-template.js';

export interface FetchInit {
  readonly method: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
  readonly signal: AbortSignal;
}

/** One request, of whose answer only the head is read; follows no redirect. Without an answer it rejects with a `code` for people. */
export type Fetch = (
  url: string,
  init: FetchInit,
) => Promise<{
  readonly ok: boolean;
  readonly status: number;
  readonly headers: { get(name: string): string | null };
}>;

const REQUEST_TIMEOUT_MS = 10_000;
const MAX_RETRY_AFTER_MS = 600_000;
/** Not now: too early, too often, or it took too long. */
const RETRYABLE_STATUSES = [408, 425, 429];

/** Posts the alert as JSON, as its schema says. */
export function createWebhookChannel(url: string, fetch: Fetch): Channel {
  return createHttpChannel({
    kind: 'webhook',
    secret: url,
    fetch,
    requestsOf: ({ body }) => [post(url, body)],
  });
}

/** Posts `{"text": …}`, which Slack and others understand. */
export function createSlackChannel(url: string, fetch: Fetch): Channel {
  const requestsOf = (message: Message) => [post(url, slackBody(message))];
  return createHttpChannel({ kind: 'Slack webhook', secret: url, fetch, requestsOf });
}

/** Makes the requests of a file. */
export function createRequestChannel({ name, text, render }: RequestTemplate, fetch: Fetch): Channel {
  return createHttpChannel({ kind: name, secret: text, fetch, requestsOf: ({ body }) => render(body) });
}

/** Text from heartbeats is neither link nor mention there: `<!channel>` for Slack, `@all` for others. */
export function slackBody({ subject, text }: Pick<Message, 'subject' | 'text'>) {
  const escaped = `${subject}\n${text}`
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('@', '＠');
  return { text: escaped, mrkdwn: false, unfurl_links: false };
}

function post(url: string, body: unknown): AlertRequest {
  const headers = { 'content-type': 'application/json' };
  return { method: 'POST', url, headers, body: JSON.stringify(body) };
}

interface HttpOptions {
  readonly kind: string;
  /** Its hash distinguishes two channels of one host. */
  readonly secret: string;
  readonly fetch: Fetch;
  readonly requestsOf: (message: Message) => readonly AlertRequest[];
}

function createHttpChannel({ kind, secret, fetch, requestsOf }: HttpOptions): Channel {
  const [sample] = requestsOf(testMessage(0, { cluster: '', pageUrl: undefined }));
  return {
    id: `${kind} ${createHash('sha256').update(secret).digest('hex').slice(0, 16)}`,
    kind,
    target: sample === undefined ? '' : new URL(sample.url).host,
    async send(message, signal) {
      // One that failed is made again with all of them: they have keys of their own.
      for (const { url, ...init } of requestsOf(message)) await request(fetch, url, signal, init);
      return undefined;
    },
  };
}

/**
 * One request with a deadline, of which only the status counts.
 * @throws {AlertError} for every answer but 2xx, and when there is none
 */
export async function request(
  fetch: Fetch,
  url: string,
  signal: AbortSignal,
  init: Pick<FetchInit, 'method' | 'headers' | 'body'>,
): Promise<void> {
  const { host } = new URL(url);
  const deadline = AbortSignal.timeout(REQUEST_TIMEOUT_MS);
  let response: Awaited<ReturnType<Fetch>>;
  try {
    response = await fetch(url, { ...init, signal: AbortSignal.any([signal, deadline]) });
  } catch (err) {
    const reason = deadline.aborted ? `no answer within ${REQUEST_TIMEOUT_MS / 1_000} s` : codeOf(err);
    throw new AlertError('HTTP_UNREACHABLE', `${host} cannot be reached (${reason})`, { retryable: true });
  }
  if (response.ok) return;
  throw new AlertError('HTTP_REFUSED', `${host} answered ${response.status}`, {
    retryable: response.status >= 500 || RETRYABLE_STATUSES.includes(response.status),
    retryAfterMs: retryAfterMs(response),
  });
}

function codeOf(thrown: unknown): string {
  const error = toError(thrown);
  return 'code' in error ? String(error.code) : error.name;
}

function retryAfterMs(response: Awaited<ReturnType<Fetch>>): number | undefined {
  const text = response.headers.get('retry-after') ?? '';
  return /^\d+$/.test(text) ? Math.min(Number(text) * 1_000, MAX_RETRY_AFTER_MS) : undefined;
}
