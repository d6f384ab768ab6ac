import type { ReaderReport, WriterReport } from '@podips/shared';

/** Messages up to a number, which were published at a time of a monotonic clock or a little before, in milliseconds. */
interface Published {
  readonly number: number;
  readonly atMs: number;
  /** It was published at that time or at any before: it is what the first report found. */
  readonly isOlder?: true;
}

export interface Backlog {
  /** Messages on the queue that Fluentd has not acknowledged, at least; undefined: not known. */
  readonly queued: number | undefined;
  /** For how long the oldest of them has been there, to the interval of the reports; undefined: there is none, or it is not known. */
  readonly oldestMs: number | undefined;
  /** The oldest has been there for longer than that, nobody knows for how long. */
  readonly isOlder: boolean;
}

/** Entries that are kept of what waits; beyond that they cover more messages each. */
const MAX_ENTRIES = 240;

/**
 * What waits between one run of a reader and Fluentd, by the numbers of messages: those that were published, less those up
 * to the newest that Fluentd has acknowledged. The queue keeps their order. What a writer requeues goes to its end, so that
 * as many may wait unseen. Without any report of a writer that has one of them, those count that were published since the
 * first report, and without any of these it is not known whether something waits.
 */
export class ReaderBacklog {
  readonly run: string;
  /** Oldest first; all that is done is gone. */
  #published: readonly Published[];
  #newest: number;
  /** undefined: no writer has delivered one of this run, as far as is known. */
  #done: number | undefined;

  /** @param nowMs of a monotonic clock */
  constructor({ run, published }: Pick<ReaderReport, 'run' | 'published'>, nowMs: number) {
    this.run = run;
    this.#newest = published;
    this.#done = published === 0 ? 0 : undefined;
    this.#published = published === 0 ? [] : [{ number: published, atMs: nowMs, isOlder: true }];
  }

  /** Whether all that is known of it is delivered. */
  get isDone(): boolean {
    return this.#done !== undefined && this.#published.length === 0;
  }

  /** @param nowMs of a monotonic clock */
  published(number: number, nowMs: number): void {
    if (number <= this.#newest) return;
    this.#newest = number;
    if (number <= (this.#done ?? 0)) return;
    this.#published = [...this.#published, { number, atMs: nowMs }];
    if (this.#published.length <= MAX_ENTRIES) return;
    const [first, ...others] = this.#published;
    // What the first report found stays apart: it is not known whether it waits.
    this.#published = first?.isOlder ? [first, ...thinned(others)] : thinned(this.#published);
  }

  /** @returns whether one of this run was delivered */
  delivered({ delivered }: Pick<WriterReport, 'delivered'>): boolean {
    const numbers = delivered.filter(({ run }) => run === this.run).map(({ number }) => number);
    if (numbers.length === 0) return false;
    const done = Math.max(this.#done ?? 0, ...numbers);
    this.#done = done;
    this.#published = this.#published.filter(({ number }) => number > done);
    return true;
  }

  at(nowMs: number): Backlog {
    const [first] = this.#published;
    const isFirstKnown = this.#done !== undefined || first?.isOlder !== true;
    const oldest = isFirstKnown ? first : this.#published[1];
    const before = this.#done ?? first?.number ?? this.#newest;
    const queued = Math.max(0, this.#newest - before);
    return {
      queued: queued === 0 && this.#done === undefined ? undefined : queued,
      oldestMs: oldest && Math.max(0, nowMs - oldest.atMs),
      isOlder: first?.isOlder === true,
    };
  }
}

/** Runs of readers that are followed: writers report as many. */
const MAX_RUNS = 3;

/** What waits of the latest runs of readers together: the next run does not take away what the one before has published. */
export class Backlogs {
  /** Oldest first. */
  #runs: readonly ReaderBacklog[] = [];

  /** @param writers the last reports of writers, which may know a run already */
  published(report: ReaderReport, writers: readonly WriterReport[], nowMs: number): void {
    const known = this.#runs.find(({ run }) => run === report.run);
    if (known) {
      known.published(report.published, nowMs);
      return;
    }
    this.#runs = [...this.#runs, new ReaderBacklog(report, nowMs)].slice(-MAX_RUNS);
    for (const writer of writers) this.delivered(writer);
  }

  delivered(report: Pick<WriterReport, 'delivered'>): void {
    const named = this.#runs.map((one) => one.delivered(report)).lastIndexOf(true);
    // The queue keeps the order of runs as well.
    this.#runs = this.#runs.filter(
      (one, index) => index === this.#runs.length - 1 || (index >= named && !one.isDone),
    );
  }

  at(nowMs: number): Backlog {
    const all = this.#runs.map((one) => one.at(nowMs));
    const counts = all.flatMap(({ queued }) => queued ?? []);
    const queued = counts.reduce((sum, count) => sum + count, 0);
    const ages = all.flatMap(({ oldestMs }) => oldestMs ?? []);
    return {
      queued: queued > 0 || (all.length > 0 && counts.length === all.length) ? queued : undefined,
      oldestMs: ages.length === 0 ? undefined : Math.max(...ages),
      isOlder: all.some(({ isOlder }) => isOlder),
    };
  }
}

/** Two entries as one, with the time of the earlier: rather too long than too short. */
function thinned(entries: readonly Published[]): Published[] {
  return entries.flatMap((entry, index) => {
    const last = entries[index + 1] ?? entry;
    return index % 2 === 0 ? [{ atMs: entry.atMs, number: last.number }] : [];
  });
}
