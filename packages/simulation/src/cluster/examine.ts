import type { AddressAt, HoldersAnswer, Holds } from './holds.js';

export interface ExamineOptions {
  readonly truth: Holds;
  /** How many questions. */
  readonly count: number;
  readonly draw: () => AddressAt;
  readonly ask: (question: AddressAt) => Promise<HoldersAnswer & { readonly answer: string }>;
  readonly signal: AbortSignal;
}

/** How questions were answered. */
export interface Examined {
  readonly right: number;
  readonly unsure: number;
  /** The answers that were certain and wrong, with what is true. */
  readonly wrong: readonly string[];
}

/** Questions at a time. */
const AT_ONCE = 8;

/** Asks questions, and compares the answers with the truth. */
export async function examine({ truth, count, draw, ask, signal }: ExamineOptions): Promise<Examined> {
  let [left, right, unsure] = [count, 0, 0];
  const wrong: string[] = [];
  const worker = async () => {
    while (left > 0) {
      left -= 1;
      signal.throwIfAborted();
      const question = draw();
      const answer = await ask(question);
      const outcome = truth.judge(question, answer);
      if (outcome === 'right') right += 1;
      else if (outcome === 'unsure') unsure += 1;
      else wrong.push(describeWrong(question, answer.answer, truth));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return { right, unsure, wrong };
}

function describeWrong(question: AddressAt, answer: string, truth: Holds): string {
  const at = new Date(question.atMs).toISOString();
  return `"${answer}" of ${question.ip} at ${at}, but: ${truth.describe(question)}`;
}
