import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

/** A sink in a thread of its own, so that it and what is measured do not wait for each other's event loop. */
export interface SinkWorker {
  readonly port: number;
  /**
   * Measures the next records after `skip` of them; at least one is skipped.
   * @returns records per second, once so many have come
   */
  rate(skip: number, count: number): Promise<number>;
  stop(): Promise<void>;
}

/** The requests to the thread. */
export interface RateRequest {
  readonly skip: number;
  readonly count: number;
}

/** The answers of the thread: at first its port, later one to each request. */
export type SinkNews = { readonly port: number } | { readonly ratePerSecond: number };

const START_DEADLINE_MS = 10_000;
const RATE_DEADLINE_MS = 300_000;

export async function startSinkWorker(signal: AbortSignal): Promise<SinkWorker> {
  const worker = new Worker(new URL('./sink-thread.js', import.meta.url));
  const nextNews = async (deadlineMs: number): Promise<SinkNews> => {
    // An error of the thread rejects this.
    const [news] = await once(worker, 'message', {
      signal: AbortSignal.any([signal, AbortSignal.timeout(deadlineMs)]),
    });
    return news;
  };
  const first = await nextNews(START_DEADLINE_MS);
  if (!('port' in first)) throw new TypeError('the sink thread did not report its port');
  return {
    port: first.port,
    async rate(skip, count) {
      worker.postMessage({ skip, count } satisfies RateRequest);
      const answer = await nextNews(RATE_DEADLINE_MS);
      if (!('ratePerSecond' in answer)) throw new TypeError('the sink thread did not report a rate');
      return answer.ratePerSecond;
    },
    async stop() {
      await worker.terminate();
    },
  };
}
