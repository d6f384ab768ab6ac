import type { LineFormat } from './formats/format.js';
import { type Line, MAX_LINE_CHARS } from './input/lines.js';

/** A record with a quoted field of more lines is taken for a line with a wrong quote. */
const MAX_LINES = 50;

/** A record, or a part of a line that is too long. */
export interface RawRecord {
  readonly text: string;
  readonly end: string;
  /** The number of its first line, from 1. */
  readonly line: number;
  /** How many lines it has. */
  readonly lines: number;
  /** Why it is not to be read. */
  readonly broken?: string;
  /** It belongs to the line before. */
  readonly isFurther?: boolean;
}

export interface RecordReader {
  /** @returns the records that are complete with this line */
  push(line: Line): RawRecord[];
  /** @returns what is left at the end of the input */
  end(): RawRecord[];
}

/** Joins the lines of records whose quoted fields have several; one that never ends is not read, the lines below it are. */
export function createRecordReader(format: Pick<LineFormat, 'stateOf'>): RecordReader {
  const { stateOf = () => 'whole' } = format;
  let waiting: Line[] = [];
  let text = '';
  let next = 1;

  function take(end: string, more: Pick<RawRecord, 'broken'> = {}): RawRecord {
    const record = { text, end, line: next, lines: waiting.length, ...more };
    next += waiting.length;
    waiting = [];
    text = '';
    return record;
  }

  function push(line: Line): RawRecord[] {
    if (line.part !== undefined) return [...end(), ...pushPart(line)];
    const isFirst = waiting.length === 0;
    text = isFirst ? line.text : `${text}${waiting.at(-1)?.end}${line.text}`;
    waiting.push(line);
    // Only a quote can end a quoted field.
    const state = isFirst || line.text.includes('"') ? stateOf(text) : 'open';
    // Lines that do not make a record together may be one each.
    if (state === 'broken' && !isFirst) return giveUp();
    if (state !== 'open') return [take(line.end)];
    return waiting.length >= MAX_LINES || text.length > MAX_LINE_CHARS ? giveUp() : [];
  }

  function pushPart({ text: part, end, part: which }: Line): RawRecord[] {
    const isFurther = which === 'further';
    const record = { text: part, end, line: isFurther ? next - 1 : next, lines: isFurther ? 0 : 1 };
    if (isFurther) return [{ ...record, isFurther }];
    next += 1;
    return [{ ...record, broken: `it is longer than ${MAX_LINE_CHARS / 1_024} KiB` }];
  }

  function giveUp(): RawRecord[] {
    const [first, ...others] = waiting;
    if (first === undefined) return [];
    waiting = [first];
    text = first.text;
    return [take(first.end, { broken: 'a quote in it does not end' }), ...others.flatMap(push)];
  }

  function end(): RawRecord[] {
    const records: RawRecord[] = [];
    while (waiting.length > 0) records.push(...giveUp());
    return records;
  }

  return { push, end };
}
