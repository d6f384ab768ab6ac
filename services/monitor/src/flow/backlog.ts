import type { ReaderReport, WriterReport } from '@podips/shared';

/** Messages up to a number, which were published at a time of a monotonic clock or a little before, in milliseconds. */
export interface Published {
  readonly number: number;
  readonly atMs: number;
}

export interface Backlog {
  /** Messages on the queue that Fluentd has not acknowledged. */
  readonly queued: number;
  /** For how long the oldest of them has been there, to the interval of the reports; undefined: there is none. */
  readonly oldestMs: number | undefined;
}

/** Entries that are kept of what waits; beyond that they cover more messages each. */
const MAX_ENTRIES = 240;

/**
 * What waits between one run of a reader and Fluentd, by the numbers of messages: those that were published, less those up
 * to the newest that Fluentd has acknowledged. The queue keeps their order. What a writer requeues goes to its end, so that
 * as many may wait unseen. Without any report of a writer that has one of them, those count that were published since the
 * first report.
 */
export class ReaderBacklog {
  readonly #run: string;
  /** Oldest first; all that is done is gone. */
  #published: Published[] = [];
  #newest: number;
  #done: number;

  constructor({ run, published }: Pick<ReaderReport, 'run' | 'published'>) {
    this.#run = run;
    this.#newest = published;
    this.#done = published;
  }

  get run(): string {
    return this.#run;
  }

  /** @param nowMs of a monotonic clock */
  published(number: number, nowMs: number): void {
    if (number <= this.#newest) return;
    this.#newest = number;
    this.#published.push({ number, atMs: nowMs });
    if (this.#published.length > MAX_ENTRIES) this.#published = thinned(this.#published);
  }

  delivered({ delivered }: Pick<WriterReport, 'delivered'>): void {
    for (const { run, number } of delivered) if (run === this.#run) this.#done = Math.max(this.#done, number);
    this.#published = this.#published.filter(({ number }) => number > this.#done);
  }

  at(nowMs: number): Backlog {
    const queued = Math.max(0, this.#newest - this.#done);
    const [oldest] = this.#published;
    return { queued, oldestMs: oldest && Math.max(0, nowMs - oldest.atMs) };
  }
}

/** Two entries as one, with the time of the earlier: rather too long than too short. */
function thinned(entries: readonly Published[]): Published[] {
  return entries.flatMap(({ atMs }, index) => {
    const last = entries[index + 1] ?? entries[index];
    return index % 2 === 0 && last ? [{ number: last.number, atMs }] : [];
  });
}
