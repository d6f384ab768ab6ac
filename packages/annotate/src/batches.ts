import type { Content, LineFormat, Span } from './formats/format.js';
import type { RawRecord } from './records.js';
import type { Answer, NoAnswer, Question } from './wire.js';

/** A batch has no more of the file than that, however few addresses it has. */
const MAX_CHARS = 4_194_304;
/** Addresses for each question at most: what is written is that much longer than what is asked. */
const MAX_REPEATED = 4;

export interface Entry {
  readonly record: RawRecord;
  readonly content: Content;
  /** For each of its addresses where the answer is among the answers; undefined: nothing is asked. */
  readonly asked: readonly (number | undefined)[];
}

export type Answers = readonly (Answer | NoAnswer)[];

/** Lines that are asked about together; each question is asked once. */
export interface Batch {
  readonly entries: readonly Entry[];
  readonly answers: Promise<Answers>;
}

export interface Batches {
  add(record: RawRecord): void;
  readonly isEmpty: boolean;
  readonly isFull: boolean;
  /** Asks about what was added, and begins with another batch. */
  take(): Batch;
}

/** @param maxQuestions after which a batch is full */
export function createBatches(
  format: LineFormat,
  ask: (questions: readonly Question[]) => Promise<Answers>,
  maxQuestions: number,
): Batches {
  let entries: Entry[] = [];
  let questions: Question[] = [];
  let indexes = new Map<string, number>();
  let chars = 0;
  let addresses = 0;

  /** @returns where its answer will be */
  function addQuestion(ip: string, { fromMs, toMs }: Span): number {
    const key = `${fromMs} ${toMs} ${ip}`;
    const known = indexes.get(key);
    if (known !== undefined) return known;
    const index = questions.length;
    indexes.set(key, index);
    questions.push({ ip, fromMs, toMs });
    return index;
  }

  function addQuestions(content: Content): Entry['asked'] {
    if (content.kind !== 'record') return [];
    const { span, problem } = content;
    addresses += content.addresses.length;
    return content.addresses.map((ip) =>
      ip === undefined || problem !== undefined ? undefined : addQuestion(ip, span),
    );
  }

  return {
    get isEmpty() {
      return entries.length === 0;
    },
    get isFull() {
      return (
        questions.length >= maxQuestions || addresses >= maxQuestions * MAX_REPEATED || chars >= MAX_CHARS
      );
    },
    add(record) {
      const content = contentOf(record, format);
      entries.push({ record, content, asked: addQuestions(content) });
      chars += record.text.length;
    },
    take() {
      const answers = questions.length === 0 ? Promise.resolve([]) : ask(questions);
      // Whoever takes the batch awaits them; another batch may fail before.
      answers.catch(() => undefined);
      const batch = { entries, answers };
      entries = [];
      questions = [];
      indexes = new Map();
      chars = 0;
      addresses = 0;
      return batch;
    },
  };
}

function contentOf({ broken, isFurther, text }: RawRecord, format: LineFormat): Content {
  if (broken === undefined && isFurther === undefined) return format.read(text);
  return { kind: 'unreadable', reason: broken ?? '' };
}
