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
}

export type Answers = readonly (Answer | NoAnswer)[];

/** Lines that are asked about together; each question is asked once. */
export interface Batch {
  readonly entries: readonly Entry[];
  /** Where the answer to a question is among the answers. */
  readonly indexes: ReadonlyMap<string, number>;
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

  function addQuestion(ip: string, span: Span): void {
    const key = keyOf(ip, span);
    if (indexes.has(key)) return;
    indexes.set(key, questions.length);
    questions.push({ ip, ...span });
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
      entries.push({ record, content });
      chars += record.text.length;
      if (content.kind !== 'record') return;
      addresses += content.addresses.length;
      if (content.problem !== undefined) return;
      for (const ip of content.addresses) if (ip !== undefined) addQuestion(ip, content.span);
    },
    take() {
      const answers = questions.length === 0 ? Promise.resolve([]) : ask(questions);
      // Whoever takes the batch awaits them; another batch may fail before.
      answers.catch(() => undefined);
      const batch = { entries, indexes, answers };
      entries = [];
      questions = [];
      indexes = new Map();
      chars = 0;
      addresses = 0;
      return batch;
    },
  };
}

/** @returns undefined when there are too few answers */
export function answerFor(
  ip: string,
  span: Span,
  { indexes }: Batch,
  answers: Answers,
): Answers[number] | undefined {
  return answers[indexes.get(keyOf(ip, span)) ?? -1];
}

function contentOf({ broken, isFurther, text }: RawRecord, format: LineFormat): Content {
  if (broken === undefined && isFurther === undefined) return format.read(text);
  return { kind: 'unreadable', reason: broken ?? '' };
}

function keyOf(ip: string, { fromMs, toMs }: Span): string {
  return `${fromMs} ${toMs} ${ip}`;
}
