import { backoffDelayMs, type Logger, PodipsError, pause, toError } from '@podips/shared';
import type { Gap, LeaseRecord, Ledger, LedgerBatch, Position } from './ledger.js';
import { changedAt, earlier, joinGaps, lastOfEach } from './ledger-batch.js';

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
  /** Another reader has taken the ledger over: this one can write no more. Called once. */
  readonly onTaken: () => void;
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

interface NotedGap extends Noted<Gap> {
  readonly onWritten?: (() => void) | undefined;
}

/** All leases that were open at a position. */
interface Snapshot {
  readonly position: Noted<Position>;
  readonly open: readonly LeaseRecord[];
  readonly takenAt: Date;
}

/** Most gaps in memory; further ones are joined to the newest. */
const MAX_GAPS = 100;
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
  #gaps: NotedGap[] = [];
  #positions: Noted<Position>[] = [];
  /** The oldest change among those that were dropped at the bound. */
  #incompleteSince: Date | undefined;
  /** Waits for the messages before it, to put the ledger right with it. */
  #snapshot: Snapshot | undefined;
  /** The fencing token; undefined while the ledger is not loaded. */
  #term: number | undefined;
  #taken = false;
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
    this.#snapshot = undefined;
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
    const durableUpTo = this.#deps.durableUpTo();
    const ahead = this.#positions.findIndex((held) => held.sequence > durableUpTo);
    const superseded = (ahead === -1 ? this.#positions.length : ahead) - 1;
    if (superseded > 0) this.#positions.splice(0, superseded);
  }

  /** Of what is not written yet. */
  forgetLeases(which: (record: LeaseRecord) => boolean): void {
    this.#leases = this.#leases.filter(({ what }) => !which(what));
  }

  gap(gap: Gap, sequence: number, onWritten?: () => void): void {
    const last = this.#gaps.at(-1);
    if (last === undefined || this.#gaps.length < MAX_GAPS) {
      this.#gaps.push({ what: gap, sequence, onWritten });
      return;
    }
    this.#gaps.splice(-1, 1, {
      what: joinGaps(last.what, gap),
      // The earlier number: no position may be written without the gap that lies before it.
      sequence: Math.min(last.sequence, sequence),
      onWritten() {
        last.onWritten?.();
        onWritten?.();
      },
    });
  }

  /** The ledger was loaded, which gave this term to write it in. What was seen before says nothing about it. */
  begin(term: number): void {
    this.#term = term;
    this.#positions = [];
  }

  /** Writes now and then after {@link begin}, until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    let failures = 0;
    while (!signal.aborted) {
      // Before the ledger is loaded nothing is tried, and so nothing fails.
      failures = this.#term === undefined || (await this.flush()) ? 0 : failures + 1;
      const restMs = failures === 0 ? this.#limits.intervalMs : backoffDelayMs(failures - 1, RETRY);
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
    const term = this.#term;
    if (term === undefined || this.#taken) return false;
    try {
      if (this.#incompleteSince) await this.#putRight(term, this.#incompleteSince);
      else await this.#writeCut(term);
      return true;
    } catch (err) {
      this.#failed(toError(err));
      return false;
    }
  }

  #failed(err: Error): void {
    this.#deps.onFailed(err);
    if (err instanceof PodipsError && err.code === 'LEDGER_TAKEN') {
      this.#taken = true;
      this.#deps.log.error({ err }, 'this reader can write the ledger no more');
      this.#deps.onTaken();
    } else if (!this.#failing)
      this.#deps.log.warn({ err }, 'the ledger cannot be written; it waits in memory');
    this.#failing = true;
  }

  async #writeCut(term: number): Promise<void> {
    const durableUpTo = this.#deps.durableUpTo();
    const position = this.#positions.findLast(({ sequence }) => sequence <= durableUpTo);
    if (position === undefined) return;
    const leases = upTo(this.#leases, position);
    const gaps = upTo(this.#gaps, position);
    await this.#deps.ledger.write(term, {
      leases: lastOfEach(leases.map(({ what }) => what)),
      gaps: gaps.map(({ what }) => what),
      position: position.what,
    });
    this.#written(position, gaps, leases);
  }

  /**
   * After changes were dropped: writes what was open at a position, ends what is open only in the ledger, and names the
   * gap. Waits until the messages up to that position are durable, however many follow them; tried again soon.
   */
  async #putRight(term: number, since: Date): Promise<void> {
    this.#snapshot ??= this.#takeSnapshot();
    const snapshot = this.#snapshot;
    if (snapshot === undefined || snapshot.position.sequence > this.#deps.durableUpTo()) return;
    const { position, open, takenAt } = snapshot;
    const leases = upTo(this.#leases, position);
    const gaps = upTo(this.#gaps, position);
    const batch: LedgerBatch = {
      leases: lastOfEach([...leases.map(({ what }) => what), ...open]),
      gaps: [
        ...gaps.map(({ what }) => what),
        { startedAt: since, endedAt: takenAt, reason: 'ledger-overflow' },
      ],
      position: position.what,
      // When they ended, nobody knows any more. Not later than others got their addresses, so as early as can be.
      endOthers: { at: since, reason: 'missing', inferred: true },
    };
    // What is dropped from here on belongs to the next time.
    this.#incompleteSince = undefined;
    this.#snapshot = undefined;
    try {
      await this.#deps.ledger.write(term, batch);
    } catch (err) {
      if (this.#incompleteSince === undefined) this.#snapshot = snapshot;
      this.#incompleteSince = earlier(this.#incompleteSince ?? since, since);
      throw err;
    }
    this.#written(position, gaps, leases);
    this.#deps.log.warn({ since }, 'the ledger is right again, but has a gap');
  }

  /** Undefined while there is something that was published, but is not all told or belongs to no position yet. */
  #takeSnapshot(): Snapshot | undefined {
    const position = this.#positions.at(-1);
    const open = this.#deps.openLeases();
    if (!position || !open || position.sequence !== this.#deps.lastSequence()) return undefined;
    return { position, open, takenAt: this.#deps.now() };
  }

  #written(
    position: Noted<Position>,
    gaps: readonly NotedGap[],
    leases: readonly Noted<LeaseRecord>[],
  ): void {
    this.#failing = false;
    const written = new Set<unknown>([...gaps, ...leases]);
    this.#gaps = this.#gaps.filter((gap) => !written.has(gap));
    this.#leases = this.#leases.filter((lease) => !written.has(lease));
    this.#positions = this.#positions.filter(
      (held) => held !== position && held.sequence >= position.sequence,
    );
    for (const { onWritten } of gaps) onWritten?.();
    this.#deps.onWritten(leases.length);
  }
}

function upTo<T extends Noted<unknown>>(noted: readonly T[], position: Noted<Position>): T[] {
  return noted.filter(({ sequence }) => sequence <= position.sequence);
}
