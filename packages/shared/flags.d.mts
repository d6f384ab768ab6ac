/** A flag of a command line. `value` is what stands for its value in the help, with what comes before it. */
export type Flag = { readonly desc: string; readonly value?: string } & (
  | { readonly type: 'boolean' }
  | { readonly type: 'text'; readonly default?: string }
  /** A whole number within bounds, the bounds included. */
  | { readonly type: 'whole'; readonly min: number; readonly max: number; readonly default: number }
  /** Above 0. */
  | { readonly type: 'number'; readonly default: number }
  /** One of these; may be given several times. */
  | { readonly type: 'choice'; readonly choices: readonly string[]; readonly multiple: true }
);
export type FlagTable = Readonly<Record<string, Flag>>;

type ValueOf<F> = F extends { readonly type: 'boolean' }
  ? boolean
  : F extends { readonly type: 'whole' | 'number' }
    ? number
    : F extends { readonly choices: readonly (infer C)[] }
      ? readonly C[] | undefined
      : F extends { readonly default: string }
        ? string
        : string | undefined;
export type FlagValues<T extends FlagTable> = { readonly [K in keyof T]: ValueOf<T[K]> };

export declare const COMMON_FLAGS: FlagTable;

/**
 * Reads a command line, and collects all that is wrong with it.
 * @returns the value of each flag, its default where it is not given or wrong; and a line for each problem
 */
export declare function readFlags<const T extends FlagTable>(
  args: readonly string[],
  table: T,
): { readonly values: FlagValues<T>; readonly problems: readonly string[] };

/** What a program is, how it is started, and its flags with their defaults. */
export declare function describeProgram(program: ProgramText): string;

export interface ProgramText {
  /** As in its logs: `reader`. */
  readonly name: string;
  /** A sentence that begins with a verb. */
  readonly summary: string;
  /** How it is started: `node services/reader/dist/main.js`. */
  readonly command: string;
  readonly flags?: FlagTable;
}
