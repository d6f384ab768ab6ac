/** Why a file cannot be annotated at all, or not to its end. The message says what would be right. */
export class AnnotateError extends Error {
  override readonly name: string = 'AnnotateError';
  /** `input`: the file or an option is wrong. `ended`: the input, or the answers, ended too early. */
  readonly code: 'input' | 'ended';

  constructor(code: 'input' | 'ended', message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** A table has no column of addresses, or none of times. */
export class NoColumnError extends AnnotateError {
  constructor(message: string) {
    super('input', message);
  }
}
