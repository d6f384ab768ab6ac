import { LedgerError } from '../ledger/ledger-error.js';

interface Waiting<Q, A> {
  readonly question: Q;
  readonly resolve: (answer: A) => void;
  readonly reject: (error: unknown) => void;
}

/** Most batches that wait: further questions are refused. */
const MAX_WAITING_BATCHES = 2;

/**
 * Answers questions one batch at a time: those that come while one is answered are the next. So many at once cost the database
 * little more than one.
 * @param answerAll gives an answer for each question, in their order
 * @returns answers a question; rejects with a {@link LedgerError} when too many wait
 */
export function createCollector<Q, A>(
  answerAll: (questions: readonly Q[]) => Promise<readonly A[]>,
  maxBatch: number,
): (question: Q) => Promise<A> {
  let waiting: Waiting<Q, A>[] = [];
  let isAnswering = false;

  async function run(): Promise<void> {
    isAnswering = true;
    while (waiting.length > 0) {
      const batch = waiting.slice(0, maxBatch);
      waiting = waiting.slice(maxBatch);
      await answer(batch);
    }
    isAnswering = false;
  }

  async function answer(batch: readonly Waiting<Q, A>[]): Promise<void> {
    try {
      const answers = await answerAll(batch.map(({ question }) => question));
      for (const [n, { resolve, reject }] of batch.entries()) {
        const found = answers[n];
        if (found === undefined) reject(new Error('a question has no answer'));
        else resolve(found);
      }
    } catch (err) {
      // One question that the database cannot take costs the others no answer.
      if (err instanceof LedgerError && err.code === 'LEDGER_QUESTION' && batch.length > 1) {
        const middle = batch.length >> 1;
        await answer(batch.slice(0, middle));
        await answer(batch.slice(middle));
        return;
      }
      for (const { reject } of batch) reject(err);
    }
  }

  return async (question) => {
    if (waiting.length >= MAX_WAITING_BATCHES * maxBatch)
      throw new LedgerError('LEDGER_BUSY', 'too many questions at a time; try again', { retryable: true });
    const answered = new Promise<A>((resolve, reject) => void waiting.push({ question, resolve, reject }));
    // It never rejects: each failure is that of a question.
    if (!isAnswering) void run();
    return answered;
  };
}
