import { backoffDelayMs, type Logger, pause, toError } from '@podips/shared';
import type { Gap, LeaseRecord, Ledger, LedgerBatch, Position } from './ledger.js';

export interface LedgerWriterDeps {
  readonly ledger: Pick<Ledger, 'write'>;
  /** The number of the newest message up to which every one is durable. */
  readonly durableUpTo: () => number;
  /** The number of the newest message of all. */
  readonly lastSequence: () => number;
  /** All leases that are open now; undefined while some of them are still to be told. */
  readonly openLeases: () => readonly LeaseRecord[] | undefined;
  readonly log: Logger;
  readonly now: () => Date;
  readonly onWritten: (leases: number) => void;
  readonly onFailed: (error: Error) => void;
}

export interface LedgerWriterLimits {
  /** Most starts and ends of leases in memory while the database is away. */
  readonly maxLeases: number;
  /** How often what has come is written, in milliseconds. */
  readonly intervalMs: number;
}

/** Something to be written together with a position that is not before it. */
interface Noted<T> {
  readonly what: T;
  /** Of its message, or of the newest message that was published before it. */
  readonly sequence: number;
}

const RETRY = { baseMs: 500, capMs: 10_000 };

/**
 * Writes the ledger, beside the hot path. Each write is a cut: a position, and exactly the starts and ends of leases
 * whose messages were published up to it, all of them durable. So the ledger is never ahead of the messages, and who
 * resumes from the position finds the leases as they were there.
 */
export class LedgerWriter {
  readonly #deps: LedgerWriterDeps;
  readonly #limits: LedgerWriterLimits;
  #leases: Noted<LeaseRecord>[] = [];
  #gaps: Noted<Gap>[] = [];
  #positions: Noted<Position>[] = [];
  /** The oldest change among those that were dropped at the bound. */
  #incompleteSince: Date | undefined;
  #writing: Promise<boolean> | undefined;
  #failing = false;

  constructor(deps: LedgerWriterDeps, limits: LedgerWriterLimits) {
    this.#deps = deps;
    this.#limits = limits;
  }

  /** Starts and ends in memory that are not written yet. */
  get pending(): number {
    return this.#leases.length;
  }

  /** The message of this start or end of a lease, with this number, is durable. */
  durable(record: LeaseRecord, sequence: number): void {
    this.#leases.push({ what: record, sequence });
    if (this.#leases.length <= this.#limits.maxLeases) return;
    const oldest = this.#leases.reduce(
      (least, { what }) => earlier(least, changedAt(what)),
      changedAt(record),
    );
    this.#incompleteSince = earlier(this.#incompleteSince ?? oldest, oldest);
    this.#leases = [];
    this.#deps.log.error(
      { leases: this.#limits.maxLeases },
      'the database is away for too long: the ledger has a gap',
    );
  }

  /** All up to this position was seen, and its messages published, the last one with this number. */
  moved(position: Position, sequence: number): void {
    if (this.#positions.at(-1)?.sequence === sequence) this.#positions.pop();
    this.#positions.push({ what: position, sequence });
    // Of those that could be written only the newest counts: a long outage of the database does not pile them up.
    const newest = this.#positions.findLastIndex((held) => held.sequence <= this.#deps.durableUpTo());
    if (newest > 0) this.#positions.splice(0, newest);
  }

  /** What was seen up to now says nothing about the ledger that is taken in now. */
  forgetPositions(): void {
    this.#positions = [];
  }

  gap(gap: Gap, sequence: number): void {
    this.#gaps.push({ what: gap, sequence });
  }

  /** Writes now and then, until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    let failures = 0;
    while (!signal.aborted) {
      const written = await this.flush();
      failures = written ? 0 : failures + 1;
      const restMs = written ? this.#limits.intervalMs : backoffDelayMs(failures - 1, RETRY);
      await pause(restMs, signal);
    }
  }

  /** Writes what is there. False when the database refused; it stays in memory then. One call at a time does it. */
  async flush(): Promise<boolean> {
    this.#writing ??= this.#write().finally(() => {
      this.#writing = undefined;
    });
    return this.#writing;
  }

  async #write(): Promise<boolean> {
    try {
      if (this.#incompleteSince) await this.#putRight(this.#incompleteSince);
      else await this.#writeCut();
      this.#failing = false;
      return true;
    } catch (err) {
      if (!this.#failing)
        this.#deps.log.warn({ err: toError(err) }, 'the ledger cannot be written; it waits in memory');
      this.#failing = true;
      this.#deps.onFailed(toError(err));
      return false;
    }
  }

  async #writeCut(): Promise<void> {
    const durableUpTo = this.#deps.durableUpTo();
    const position = this.#positions.findLast(({ sequence }) => sequence <= durableUpTo);
    if (position === undefined) return;
    const upTo = <T>(noted: readonly Noted<T>[]) =>
      noted.filter(({ sequence }) => sequence <= position.sequence);
    const leases = upTo(this.#leases);
    const gaps = upTo(this.#gaps);
    await this.#deps.ledger.write({
      leases: lastOfEach(leases.map(({ what }) => what)),
      gaps: gaps.map(({ what }) => what),
      position: position.what,
    });
    this.#forget(position, gaps, leases);
  }

  /**
   * After changes were dropped: writes what is open now, ends what is open only in the ledger, and names the gap. Waits
   * until all that is open was told; tried again soon.
   */
  async #putRight(since: Date): Promise<void> {
    const position = this.#positions.at(-1);
    const open = this.#deps.openLeases();
    const durable = this.#deps.durableUpTo() === this.#deps.lastSequence();
    if (!position || !open || !durable || position.sequence !== this.#deps.lastSequence()) return;
    const gaps = [...this.#gaps];
    const leases = [...this.#leases];
    const batch: LedgerBatch = {
      leases: lastOfEach([...leases.map(({ what }) => what), ...open]),
      gaps: [
        ...gaps.map(({ what }) => what),
        { startedAt: since, endedAt: this.#deps.now(), reason: 'ledger-overflow' },
      ],
      position: position.what,
      // When they ended, nobody knows any more. Not later than others got their addresses, so as early as can be.
      endOthers: { at: since, reason: 'missing', inferred: true },
    };
    // What is dropped from here on belongs to the next time.
    this.#incompleteSince = undefined;
    try {
      await this.#deps.ledger.write(batch);
    } catch (err) {
      this.#incompleteSince = earlier(this.#incompleteSince ?? since, since);
      throw err;
    }
    this.#forget(position, gaps, leases);
    this.#deps.log.warn({ since }, 'the ledger is right again, but has a gap');
  }

  #forget(
    position: Noted<Position>,
    gaps: readonly Noted<Gap>[],
    leases: readonly Noted<LeaseRecord>[],
  ): void {
    const written = new Set<unknown>([...gaps, ...leases]);
    this.#gaps = this.#gaps.filter((gap) => !written.has(gap));
    this.#leases = this.#leases.filter((lease) => !written.has(lease));
    this.#positions = this.#positions.filter(
      (held) => held !== position && held.sequence >= position.sequence,
    );
    this.#deps.onWritten(leases.length);
  }
}

/** Of each lease one record: its end, if that is among them, says all that its start said. */
function lastOfEach(records: readonly LeaseRecord[]): LeaseRecord[] {
  const last = new Map<string, LeaseRecord>();
  for (const record of records) {
    const key = `${record.pod.uid} ${record.ip} ${record.occurrence}`;
    if (last.get(key)?.end === undefined) last.set(key, record);
  }
  return [...last.values()];
}

function changedAt({ startedAt, end }: LeaseRecord): Date {
  return end?.at ?? startedAt;
}

function earlier(a: Date, b: Date): Date {
  return a < b ? a : b;
}
