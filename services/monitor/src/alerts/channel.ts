import { PodipsError } from '@podips/shared';
import type { Message } from './message.js';

/** A message was not accepted. The text names no more of a URL than its host, and never a password. */
export class AlertError extends PodipsError {
  /** The server asks for this pause. */
  readonly retryAfterMs: number | undefined;

  constructor(
    code: string,
    message: string,
    options: { retryable: boolean; retryAfterMs?: number | undefined },
  ) {
    // No cause: those of libraries contain URLs, commands and responses.
    super(code, message, { retryable: options.retryable });
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** A way to people. */
export interface Channel {
  /** Stays the same across restarts; reveals nothing secret. */
  readonly id: string;
  /** For people, `e-mail`. */
  readonly kind: string;
  /** Where to, without anything secret. */
  readonly target: string;
  /**
   * One attempt, with a deadline of its own.
   * @returns a warning although the message was accepted
   * @throws {AlertError} when it was not accepted
   */
  send(message: Message, signal: AbortSignal): Promise<string | undefined>;
}
