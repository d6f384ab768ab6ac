import { createHash } from 'node:crypto';
import { toError } from '@podips/shared';
import { AlertError, type Channel } from './channel.js';
import type { Message } from './message.js';

export type Fetch = typeof globalThis.fetch;

const REQUEST_TIMEOUT_MS = 10_000;
const MAX_RETRY_AFTER_MS = 600_000;
/** Not now: too early, too often, or it took too long. */
const RETRYABLE_STATUSES = [408, 425, 429];

/** Posts the alert as JSON, as its schema says. */
export function createWebhookChannel(url: string, fetch: Fetch): Channel {
  return createPostChannel({ kind: 'webhook', url, fetch, bodyOf: ({ body }) => body });
}

/** Posts `{"text": …}`, which Slack and others understand. */
export function createSlackChannel(url: string, fetch: Fetch): Channel {
  return createPostChannel({ kind: 'Slack webhook', url, fetch, bodyOf: slackBody });
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

interface PostOptions {
  readonly kind: string;
  readonly url: string;
  readonly fetch: Fetch;
  readonly bodyOf: (message: Message) => unknown;
}

function createPostChannel({ kind, url, fetch, bodyOf }: PostOptions): Channel {
  const target = new URL(url).host;
  // The path is the secret: its hash distinguishes two webhooks of one host.
  const id = `${kind} ${createHash('sha256').update(url).digest('hex').slice(0, 16)}`;
  return {
    id,
    kind,
    target,
    async send(message, signal) {
      await request(fetch, url, signal, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(bodyOf(message)),
      });
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
  init: RequestInit,
): Promise<void> {
  const { host } = new URL(url);
  const deadline = AbortSignal.timeout(REQUEST_TIMEOUT_MS);
  let response: Response;
  try {
    response = await fetch(url, { ...init, redirect: 'manual', signal: AbortSignal.any([signal, deadline]) });
    // Its body may be endless.
    await response.body?.cancel();
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
  const cause = error.cause instanceof Error ? error.cause : error;
  return 'code' in cause ? String(cause.code) : cause.name;
}

function retryAfterMs(response: Response): number | undefined {
  const text = response.headers.get('retry-after') ?? '';
  return /^\d+$/.test(text) ? Math.min(Number(text) * 1_000, MAX_RETRY_AFTER_MS) : undefined;
}
