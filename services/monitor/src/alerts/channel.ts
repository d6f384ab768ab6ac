import { PodipsError } from '@podips/shared';
import type { Message } from './message.js';

/** A message was not taken. The text names no more of a URL than its host, and never a password. */
export class AlertError extends PodipsError {
  /** The other side asks to be left alone for so long. */
  readonly retryAfterMs: number | undefined;

  constructor(
    code: string,
    message: string,
    options: { retryable: boolean; retryAfterMs?: number | undefined },
  ) {
    // No cause: those of libraries carry URLs, commands and answers along.
    super(code, message, { retryable: options.retryable });
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** A way to people. */
export interface Channel {
  /** Stays the same over restarts; tells nothing secret. */
  readonly id: string;
  /** For people, `e-mail`. */
  readonly kind: string;
  /** Where to, without anything secret. */
  readonly target: string;
  /**
   * One attempt, with a deadline of its own.
   * @returns what went wrong although the message was taken
   * @throws {AlertError} when it was not taken
   */
  send(message: Message, signal: AbortSignal): Promise<string | undefined>;
}
