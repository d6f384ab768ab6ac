export const FORMAT_NAMES = ['csv', 'tsv', 'jsonl', 'zeek', 'eve', 'vpc', 'plain'] as const;
export type FormatName = (typeof FORMAT_NAMES)[number];

/** What is added for each address. */
export const ADDED = ['pod', 'namespace', 'workload', 'node', 'verdict', 'reason'] as const;
export type Added = Readonly<Record<(typeof ADDED)[number], string>>;

/** A time that is known to be between two. Milliseconds since the epoch. */
export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

/** What a record says. */
export type Content =
  /** A comment, a header or an empty line. `text` replaces it. */
  | { readonly kind: 'aside'; readonly text: string }
  /** It is passed on as it is. */
  | { readonly kind: 'unreadable'; readonly reason: string }
  /**
   * `addresses` has one for each place where something is added: undefined where there is none. With a `problem` nothing is
   * asked, and each place says it.
   */
  | {
      readonly kind: 'record';
      readonly addresses: readonly (string | undefined)[];
      readonly span: Span;
      readonly problem?: string;
    };

/** How the lines of a file are read, and annotated. */
export interface LineFormat {
  readonly name: FormatName;
  /** What it found, for people: `CSV with a header, separated by semicolons`. */
  readonly description: string;
  /** The places of addresses and of the time, as the file calls them. */
  readonly addresses: readonly string[];
  readonly time: string;
  /** Whether lines are a record: not yet, while a quoted field has not ended. Where it is missing, every line is one. */
  stateOf?(lines: string): 'open' | 'whole' | 'broken';
  read(record: string): Content;
  /** @param added one for each of the addresses that `read` found */
  write(record: string, added: readonly Added[], addresses: readonly (string | undefined)[]): string;
}

/** What a person says about a file; the rest is detected. */
export interface FormatOptions {
  readonly format?: FormatName | undefined;
  /** Columns of addresses, by name or number from 1. */
  readonly ip?: readonly string[] | undefined;
  /** The column of the time; two of them when date and time are apart. */
  readonly time?: readonly string[] | undefined;
  /** The time of all lines. */
  readonly at?: Span | undefined;
  /** Reads a time, as exact as it is written; undefined when it is none. */
  readonly readTime: (text: string) => Span | undefined;
}

/** Names that people give, as they stand in a file whose characters are its bytes. */
export function toFileText(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

/** Text of a file, for people. */
export function fromFileText(text: string): string {
  return Buffer.from(text, 'latin1').toString('utf8');
}

/** Nothing where a log says so. */
export function isNothing(text: string): boolean {
  const trimmed = text.trim();
  return trimmed === '' || trimmed === '-' || trimmed === '(empty)';
}
