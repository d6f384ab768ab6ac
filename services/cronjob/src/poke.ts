import { type IncomingMessage, type RequestOptions, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { PodipsError } from '@podips/shared/program';

/** The monitor did not respond: unavailable, too late, or with something else than its answer. */
export class PokeError extends PodipsError {}

export interface PokeOptions {
  /** Base URL of the monitor. */
  readonly monitorUrl: string;
  readonly tlsVerify: boolean;
  /** Deadline from the first packet to the last byte of the answer, in milliseconds. */
  readonly timeoutMs: number;
}

export interface Poker {
  /**
   * Queries `GET /podips/all`.
   * @returns the status in the response
   * @throws {PokeError} POKE_FAILED without a response within the deadline
   */
  poke(): Promise<string>;
}

const MAX_ANSWER_BYTES = 65_536;

export function createPoker({ monitorUrl, tlsVerify, timeoutMs }: PokeOptions): Poker {
  const url = `${monitorUrl}/podips/all`;
  return {
    async poke() {
      const signal = AbortSignal.timeout(timeoutMs);
      try {
        // A connection for each query: none is kept for minutes.
        const response = await send(url, { agent: false, rejectUnauthorized: tlsVerify, signal });
        return readAnswer(await readText(response));
      } catch (err) {
        const cause = signal.aborted ? signal.reason : err;
        throw new PokeError('POKE_FAILED', `no answer from ${url}`, { retryable: true, cause });
      }
    },
  };
}

/** Node's own client: undici takes more memory, of a process that sends a request every five minutes. */
function send(
  url: string,
  options: RequestOptions & { rejectUnauthorized: boolean },
): Promise<IncomingMessage> {
  const request = url.startsWith('https:') ? requestHttps : requestHttp;
  return new Promise((resolve, reject) => {
    request(url, options).on('response', resolve).on('error', reject).end();
  });
}

async function readText(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    if (response.statusCode !== 200) throw new Error(`HTTP status ${response.statusCode}`);
    for await (const chunk of response) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes > MAX_ANSWER_BYTES) throw new Error(`the answer has more than ${MAX_ANSWER_BYTES} bytes`);
    }
  } finally {
    response.destroy();
  }
  return Buffer.concat(chunks).toString();
}

function readAnswer(text: string): string {
  const answer: unknown = JSON.parse(text);
  if (typeof answer !== 'object' || answer === null || !('status' in answer))
    throw new Error('the answer has no status');
  return String(answer.status);
}
