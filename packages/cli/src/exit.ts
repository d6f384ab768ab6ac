/** Exit codes, for scripts. */
export const EXIT = {
  found: 0,
  /** Surely no pod had it; there is nothing; a light is not green. */
  nobody: 1,
  /** The ledger does not know, for example because of a gap. */
  unsure: 2,
  /** The command is wrong, or a file is. */
  usage: 3,
  /** The monitor cannot be reached or cannot answer, or its answer ended too early. */
  unreachable: 4,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Ends the command. The message says what would be right. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly code: ExitCode;

  constructor(code: ExitCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
