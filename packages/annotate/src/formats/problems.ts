import { type FormatOptions, fromFileText, isNothing, type Span } from './format.js';

const NO_SPAN: Span = { fromMs: 0, toMs: 0 };

/** The time of a record, or why it has none. @param text nothing where the time is given for all */
export function readTimeOf(
  text: string,
  { at, readTime }: FormatOptions,
): { readonly span: Span; readonly problem?: string } {
  if (at !== undefined) return { span: at };
  if (isNothing(text)) return { span: NO_SPAN, problem: 'it has no time' };
  const span = readTime(text);
  if (span !== undefined) return { span };
  return {
    span: NO_SPAN,
    problem: `${JSON.stringify(fromFileText(text).slice(0, 60))} is no time that can be read`,
  };
}

/** What is wrong with a value that should be an address. */
export function noAddress(value: string): string {
  return `${JSON.stringify(fromFileText(value).slice(0, 60))} is no address`;
}
