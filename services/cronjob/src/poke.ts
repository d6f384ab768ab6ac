import { PodipsError } from '@podips/shared';
import { Agent, request } from 'undici';

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
  close(): Promise<void>;
}

const MAX_ANSWER_BYTES = 65_536;

export function createPoker({ monitorUrl, tlsVerify, timeoutMs }: PokeOptions): Poker {
  const agent = new Agent({
    connect: { rejectUnauthorized: tlsVerify, timeout: timeoutMs },
    maxResponseSize: MAX_ANSWER_BYTES,
  });
  const url = `${monitorUrl}/podips/all`;
  const ask = async () => {
    const { statusCode, body } = await request(url, {
      dispatcher: agent,
      signal: AbortSignal.timeout(timeoutMs),
    });
    const text = await body.text();
    if (statusCode !== 200) throw new Error(`HTTP status ${statusCode}`);
    return readAnswer(text);
  };
  return {
    async poke() {
      try {
        return await ask();
      } catch (cause) {
        throw new PokeError('POKE_FAILED', `no answer from ${url}`, { retryable: true, cause });
      }
    },
    close: () => agent.destroy(),
  };
}

function readAnswer(text: string): string {
  const answer: unknown = JSON.parse(text);
  if (typeof answer !== 'object' || answer === null || !('status' in answer))
    throw new Error('the answer has no status');
  return String(answer.status);
}
