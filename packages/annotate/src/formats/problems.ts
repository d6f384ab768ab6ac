import { type FormatOptions, fromFileText, isNothing, type Span } from './format.js';

const NO_SPAN: Span = { fromMs: 0, toMs: 0 };

export interface RecordTime {
  readonly span: Span;
  /** Why it has none; nothing is asked about its span. */
  readonly problem?: string;
}

/** The time of a record, or why it has none. @param text nothing where the time is given for all */
export function readTimeOf(text: string, { at, readTime }: FormatOptions): RecordTime {
  if (at !== undefined) return { span: at };
  if (isNothing(text)) return { span: NO_SPAN, problem: 'it has no time' };
  const span = readTime(text);
  return span === undefined ? unread(text, 'is no time that can be read') : { span };
}

/** What is said of a text that looks like a time, but may not be all of it. */
export function mayBeTime(text: string): RecordTime {
  return unread(text, 'may be of a time that cannot be read');
}

function unread(text: string, why: string): RecordTime {
  return { span: NO_SPAN, problem: `${JSON.stringify(fromFileText(text).slice(0, 60))} ${why}` };
}

/** What is wrong with a value that should be an address. */
export function noAddress(value: string): string {
  return `${JSON.stringify(fromFileText(value).slice(0, 60))} is no address`;
}
