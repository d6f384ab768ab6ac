import { addedOf, failed, NOT_ASKED } from './added.js';
import { type Answers, type Batch, createBatches, type Entry } from './batches.js';
import type { FormatName, FormatOptions, LineFormat, Span } from './formats/format.js';
import { type Line, readLines } from './input/lines.js';
import { nextOrIdle } from './input/next-or-idle.js';
import { openInput } from './input/open-input.js';
import { AnnotateError } from './problem.js';
import { createRecordReader, type RawRecord } from './records.js';
import { takeSample } from './sample.js';
import type { Instant } from './time/instant.js';
import { createTimeReader } from './time/time-reader.js';
import type { Zone } from './time/zone.js';
import type { Ask, Verdict } from './wire.js';

export interface AnnotateOptions {
  readonly ask: Ask;
  readonly format?: FormatName | undefined;
  /** Columns of addresses, by name or number from 1; undefined: detected. */
  readonly ip?: readonly string[] | undefined;
  /** The column of the time, or those of date and time; undefined: detected. */
  readonly time?: readonly string[] | undefined;
  /** How the times are written, in the notation of Luxon; undefined: in one that logs have. */
  readonly timeFormat?: string | undefined;
  /** The time of all lines; undefined: each has its own. */
  readonly at?: Instant | undefined;
  /** Of times that name none. */
  readonly zone: Zone;
  /** Milliseconds since the epoch. */
  readonly nowMs: number;
  readonly limits?: Partial<AnnotateLimits>;
}

export interface AnnotateLimits {
  /** Questions that are asked at once. */
  readonly questions: number;
  /** Batches that wait for answers. */
  readonly batches: number;
  /** After so many milliseconds without input what is there is answered. */
  readonly idleMs: number;
  /** Records that are read; the rest of the input is not. */
  readonly records: number;
}

const LIMITS: AnnotateLimits = {
  questions: 5_000,
  batches: 2,
  idleMs: 500,
  records: Number.POSITIVE_INFINITY,
};
/** At least that much is written at once, except for the last piece of a batch. */
const PIECE_CHARS = 1_048_576;
const MAX_NAMED = 5;

/** What was done; it grows while lines are written. */
export interface Summary {
  /** Undefined until it is detected. */
  format: Pick<LineFormat, 'name' | 'description' | 'addresses' | 'time'> | undefined;
  lines: number;
  /** Addresses that were asked for. */
  addresses: number;
  readonly verdicts: Record<Verdict, number>;
  unreadable: number;
  /** The first few that could not be read. */
  readonly firstUnreadable: { readonly line: number; readonly reason: string }[];
}

export interface Annotation {
  /** The lines of the input, in their order, with what is added. To be called once. @throws {AnnotateError} */
  run(input: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer>;
  readonly summary: Summary;
}

/** Adds to each line of a log file who had its addresses. Memory is constant: two batches of lines, and a line. */
export function createAnnotation(options: AnnotateOptions): Annotation {
  const { ask } = options;
  const limits = { ...LIMITS, ...options.limits };
  const summary = emptySummary();

  async function* run(input: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
    const stopped = new AbortController();
    const chunks = nextOrIdle(readLines(openInput(input)), limits.idleMs);
    const waiting: Batch[] = [];
    try {
      const sample = await takeSample(chunks, formatOptionsOf(options));
      if (sample === undefined) return;
      const { format } = sample;
      summary.format = format;
      const batches = createBatches(format, (questions) => ask(questions, stopped.signal), limits.questions);
      const records = createRecordReader(format);
      let left = limits.records;
      const addRecords = (some: readonly RawRecord[]) => {
        for (const record of some.slice(0, left)) batches.add(record);
        left -= some.length;
      };
      const add = (lines: readonly Line[]) => {
        for (const line of lines) if (left > 0) addRecords(records.push(line));
      };
      const writeNext = () => writeBatch(waiting.shift(), format, summary);
      if (sample.bom !== '') yield Buffer.from(sample.bom, 'latin1');
      add(sample.lines);
      if (sample.isIdle) {
        waiting.push(batches.take());
        yield* writeNext();
      }
      while (left > 0) {
        const { done, value: lines } = await chunks.next();
        if (done) break;
        if (lines === 'idle') {
          if (!batches.isEmpty) waiting.push(batches.take());
          while (waiting.length > 0) yield* writeNext();
          continue;
        }
        add(lines);
        if (batches.isFull) waiting.push(batches.take());
        while (waiting.length >= limits.batches) yield* writeNext();
      }
      if (left > 0) addRecords(records.end());
      waiting.push(batches.take());
      while (waiting.length > 0) yield* writeNext();
    } finally {
      stopped.abort();
      await chunks.return(undefined);
    }
  }

  return { run, summary };
}

/** @throws {AnnotateError} when the format of times is wrong */
function formatOptionsOf(options: AnnotateOptions): FormatOptions {
  const readInstant = createTimeReader({ ...options, format: options.timeFormat });
  return {
    format: options.format,
    ip: options.ip,
    time: options.time,
    at: options.at && spanOf(options.at),
    readTime: (text) => {
      const instant = readInstant(text);
      return instant && spanOf(instant);
    },
  };
}

/** Awaits the answers of a batch. A few answers for many addresses may be much longer than the lines that have them. */
async function* writeBatch(
  batch: Batch | undefined,
  format: LineFormat,
  summary: Summary,
): AsyncGenerator<Buffer> {
  if (batch === undefined) return;
  const answers = await batch.answers;
  let text = '';
  let lines = 0;
  const take = () => {
    const piece = Buffer.from(text, 'latin1');
    summary.lines += lines;
    text = '';
    lines = 0;
    return piece;
  };
  for (const entry of batch.entries) {
    text += `${writeEntry(entry, answers, format, summary)}${entry.record.end}`;
    lines += entry.record.lines;
    if (text.length >= PIECE_CHARS) yield take();
  }
  if (text !== '') yield take();
  summary.lines += lines;
}

function writeEntry(
  { record, content, asked }: Entry,
  answers: Answers,
  format: LineFormat,
  summary: Summary,
): string {
  if (content.kind === 'aside') return content.text;
  if (content.kind === 'unreadable') {
    if (record.isFurther === undefined) countUnreadable(summary, record.line, content.reason);
    return record.text;
  }
  let { problem } = content;
  const added = asked.map((index) => {
    if (content.problem !== undefined) return failed(content.problem);
    if (index === undefined) return NOT_ASKED;
    const answer = answers[index];
    if (answer === undefined) throw new AnnotateError('ended', `there was no answer for line ${record.line}`);
    if ('error' in answer) problem ??= answer.error;
    else {
      summary.addresses += 1;
      summary.verdicts[answer.verdict] += 1;
    }
    return addedOf(answer);
  });
  if (problem !== undefined) countUnreadable(summary, record.line, problem);
  return format.write(record.text, added, content.addresses);
}

function countUnreadable(summary: Summary, line: number, reason: string): void {
  summary.unreadable += 1;
  if (summary.firstUnreadable.length < MAX_NAMED) summary.firstUnreadable.push({ line, reason });
}

function spanOf({ ms, precisionMs }: Instant): Span {
  return { fromMs: ms, toMs: ms + precisionMs - 1 };
}

function emptySummary(): Summary {
  const verdicts = { pod: 0, node: 0, nobody: 0, outside: 0, unsure: 0 } satisfies Record<Verdict, number>;
  return { format: undefined, lines: 0, addresses: 0, verdicts, unreadable: 0, firstUnreadable: [] };
}
