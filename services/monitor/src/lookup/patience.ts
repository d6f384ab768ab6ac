import { setTimeout as delay } from 'node:timers/promises';
import type { Answered } from './answer-batch.js';
import type { Asked } from './lookup-question.js';

export interface PatienceOptions {
  /** Answers as far as is known. */
  readonly ask: (question: Asked) => Promise<Answered>;
  /** Most questions that wait at a time; others are answered as far as is known. */
  readonly maxWaiting: number;
  /** Rest before it is asked again. */
  readonly intervalMs: number;
}

/**
 * Answers questions about times that the ledger has yet to reach: it is some seconds behind, and a minute where little happens.
 * @returns asks until it is known, the time is over, or the signal is aborted; whoever waits is asked about together, by the
 *   collector
 */
export function createPatience({ ask, maxWaiting, intervalMs }: PatienceOptions) {
  let waiting = 0;
  return async (question: Asked, waitMs = 0, signal?: AbortSignal): Promise<Answered> => {
    const first = await ask(question);
    if (!first.isPending || waitMs === 0 || waiting >= maxWaiting) return first;
    waiting += 1;
    try {
      let answered = first;
      for (let leftMs = waitMs; answered.isPending && leftMs > 0; leftMs -= intervalMs) {
        // Aborted, it rejects: nobody reads the answer any more.
        await delay(Math.min(intervalMs, leftMs), undefined, { ...(signal && { signal }) }).catch(
          () => undefined,
        );
        if (signal?.aborted) break;
        answered = await ask(question);
      }
      return answered;
    } finally {
      waiting -= 1;
    }
  };
}
