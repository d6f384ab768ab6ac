import { Readable } from 'node:stream';
import { toError } from '@podips/shared';
import { LedgerError } from '../ledger/ledger-error.js';
import { InvalidRequestError } from '../words/request-rules.js';
import { readLines } from './lines.js';
import { BATCHES_AT_ONCE, type Lookup, MAX_BATCH } from './lookup.js';
import type { LookupAnswer } from './lookup-answer.js';
import type { Asked } from './lookup-question.js';
import { type LookupTerms, MAX_LINE_BYTES, parseLine, type WantedFields } from './lookup-question.js';

export interface LinesOptions {
  readonly lookup: Pick<Lookup, 'answerAll'>;
  readonly terms: LookupTerms;
  /** Of the answers; undefined: all. */
  readonly fields?: WantedFields | undefined;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** Some lines, the first of which has this number. */
interface Batch {
  readonly first: number;
  readonly lines: readonly string[];
}

/**
 * Answers a question in each line with a line, in their order, and says in a last line whether these are all.
 * @param input lines of JSON; it is read only as fast as the answers are
 * @returns text; it does not throw
 */
export async function* answerLines(
  input: AsyncIterable<Buffer>,
  options: LinesOptions,
): AsyncGenerator<string> {
  let answers = 0;
  try {
    const batches = Readable.from(readBatches(input), { highWaterMark: 1 });
    const answered = batches.map((batch: Batch) => answerBatchOfLines(batch, options), {
      concurrency: BATCHES_AT_ONCE,
    });
    for await (const texts of answered) {
      yield texts.join('');
      answers += texts.length;
    }
    yield lineOf({ end: true, answers });
  } catch (err) {
    const error = toError(err);
    const text =
      error instanceof LedgerError ? error.message : 'the questions could not be read to their end';
    yield lineOf({ error: text, end: false, answers });
  }
}

async function* readBatches(input: AsyncIterable<Buffer>): AsyncGenerator<Batch> {
  let first = 1;
  for await (const lines of readLines(input, MAX_LINE_BYTES)) {
    const parts = Math.ceil(lines.length / MAX_BATCH);
    const size = Math.ceil(lines.length / parts);
    for (let begin = 0; begin < lines.length; begin += size)
      yield { first: first + begin, lines: lines.slice(begin, begin + size) };
    first += lines.length;
  }
}

/** @throws {LedgerError} */
async function answerBatchOfLines(
  { first, lines }: Batch,
  { lookup, terms, fields, now }: LinesOptions,
): Promise<readonly string[]> {
  const nowMs = now();
  const asked = lines.map((line, n) => readQuestion(line, first + n, terms, nowMs));
  const answers = (await lookup.answerAll(asked.filter((each) => typeof each !== 'string'))).values();
  return asked.map((each) =>
    typeof each === 'string' ? each : lineOf(only(fields, answers.next().value?.answer)),
  );
}

/** @returns the answer instead, when it cannot be read */
function readQuestion(line: string, number: number, terms: LookupTerms, nowMs: number): Asked | string {
  try {
    const { ip, at } = parseLine(line, nowMs);
    return { ip, at, skewMs: terms.skewMs, cluster: terms.cluster };
  } catch (err) {
    if (!(err instanceof InvalidRequestError)) throw err;
    return lineOf({ error: `line ${number}: ${err.message}` });
  }
}

function only(fields: WantedFields | undefined, answer: LookupAnswer | undefined): object | undefined {
  if (fields === undefined || answer === undefined) return answer;
  const wanted: Record<string, string> = {};
  for (const field of fields) wanted[field] = answer[field];
  return wanted;
}

function lineOf(value: object | undefined): string {
  return `${JSON.stringify(value)}\n`;
}
