import { PodipsError, request } from '@podips/shared';
import { createDispatcher, type Proxies } from '../proxy.js';
import { type PeerReport, readOriginal, readStatus } from './answer.js';
import type { PeerAddress } from './settings.js';

/** Another monitor gave no answer that can be shown; `message` names the reason for the page. */
export class PeerError extends PodipsError {}

export interface AskOptions {
  /** Deadline for all of it, in milliseconds. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** More than the longest answer of a monitor whose every message is as long as it may be. */
const MAX_ANSWER_BYTES = 1_048_576;
const OK = 200;
/** After these, another path gives no better answer. */
const FINAL_STATUSES: readonly number[] = [401, 403, 429];

export interface PeerClient {
  /**
   * Queries everything that the other monitor shows, or, when it has no such route, the status of podips 1.1.
   * @throws {PeerError} PEER_SILENT
   */
  ask(options: AskOptions): Promise<PeerReport>;
  close(): Promise<void>;
}

export function createPeerClient({ url, authorization }: PeerAddress, proxies: Proxies): PeerClient {
  const agent = createDispatcher(new URL(url), proxies, {
    connections: 1,
    maxResponseSize: MAX_ANSWER_BYTES,
  });
  const headers = authorization === undefined ? {} : { authorization };
  const get = async (path: string, signal: AbortSignal) => {
    const { statusCode, body } = await request(`${url}${path}`, { dispatcher: agent, signal, headers });
    const text = await body.text();
    return { statusCode, json: parseJson(text) };
  };
  const askBoth = async (signal: AbortSignal) => {
    const first = await get('/api/v1/status', signal);
    const report = first.statusCode === OK ? readStatus(first.json) : undefined;
    if (report) return report;
    if (FINAL_STATUSES.includes(first.statusCode)) throw refused(first.statusCode);
    const second = await get('/podips/all', signal);
    if (second.statusCode !== OK) throw refused(second.statusCode);
    const original = readOriginal(second.json);
    if (!original) throw new PeerError('PEER_SILENT', 'the server is not a podips monitor');
    return original;
  };
  return {
    async ask({ timeoutMs, signal }) {
      const deadline = AbortSignal.timeout(timeoutMs);
      try {
        return await askBoth(AbortSignal.any([signal, deadline]));
      } catch (cause) {
        if (cause instanceof PeerError) throw cause;
        const why = deadline.aborted ? `no answer within ${timeoutMs / 1_000} s` : describeFailure(cause);
        throw new PeerError('PEER_SILENT', why, { retryable: true, cause });
      }
    },
    close: () => agent.destroy(),
  };
}

function refused(status: number): PeerError {
  const why =
    status === 401 ? 'it refuses the login in OTHER_MONITORS' : `it answers with HTTP status ${status}`;
  return new PeerError('PEER_SILENT', why, { retryable: true });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not the expected answer.
    return undefined;
  }
}

const FAILURES: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the connection is refused',
  ENOTFOUND: 'the host does not exist',
  EAI_AGAIN: 'its name cannot be resolved now',
  EHOSTUNREACH: 'there is no route to the host',
  ECONNRESET: 'the connection broke',
  UND_ERR_SOCKET: 'the connection broke',
  UND_ERR_RES_EXCEEDED_MAX_SIZE: 'its answer is too long',
};

/** Own texts for common failures: a library's may repeat what the other side sent. */
function describeFailure(cause: unknown): string {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  return FAILURES[code] ?? `the connection failed${/^[A-Z0-9_]{1,60}$/.test(code) ? ` (${code})` : ''}`;
}
