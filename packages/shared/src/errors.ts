/** The base of all errors of podips: callers branch on its fields, never on text. */
export class PodipsError extends Error {
  /** Stable and machine readable, for example `QUEUE_RECEIPT_TIMEOUT`. */
  readonly code: string;
  /** True when the same call may succeed later without any change. */
  readonly retryable: boolean;

  constructor(code: string, message: string, options: { retryable?: boolean; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.retryable = options.retryable ?? false;
  }
}

/** One or more settings are wrong; `problems` has a line for each, naming the setting and what would be right. */
export class SettingsError extends PodipsError {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super('SETTINGS_INVALID', `wrong settings:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
    this.problems = problems;
  }
}

/** The program ends with an exit code that says so; its output has explained why, or the message does, in a sentence. */
export class ExitError extends PodipsError {
  constructor(message: string) {
    super('FAILED', message);
  }
}

/** A message body that can never be delivered. */
export class MessageError extends PodipsError {}

/** The broker, or the link to it, failed. */
export class QueueError extends PodipsError {}

/** Any thrown value as an Error. */
export function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
