import { backoffDelayMs, type Logger, pause, toError } from '@podips/shared';
import type { Gap, LeaseRecord, Ledger, Position } from './ledger.js';

export interface LedgerWriterDeps {
  readonly ledger: Ledger;
  /** The number of the newest message up to which every one is durable. */
  readonly durableUpTo: () => number;
  readonly log: Logger;
  readonly now: () => Date;
  readonly onWritten: (leases: number) => void;
  readonly onFailed: (error: Error) => void;
}

export interface LedgerWriterLimits {
  /** Most leases in memory while the database is away. */
  readonly maxLeases: number;
  /** How often what has come is written, in milliseconds. */
  readonly intervalMs: number;
}

interface PendingPosition extends Position {
  /** Of the newest message that was published before. */
  readonly sequence: number;
}

const BATCH_SIZE = 2_000;
const RETRY = { baseMs: 500, capMs: 10_000 };

/**
 * Writes the ledger in batches, beside the hot path. Only leases whose messages are durable come here, and the position
 * is written together with the last of the leases before it: the ledger is never ahead of the messages.
 */
export class LedgerWriter {
  readonly #deps: LedgerWriterDeps;
  readonly #limits: LedgerWriterLimits;
  readonly #leases = new Map<string, LeaseRecord>();
  readonly #openLeases: () => readonly LeaseRecord[];
  #gaps: Gap[] = [];
  #positions: PendingPosition[] = [];
  /** Since when leases were dropped at the bound; what is open in the database is then put right from memory. */
  #incompleteSince: Date | undefined;
  #writing: Promise<boolean> | undefined;

  /** @param openLeases all leases that are open now, for the time after leases had to be dropped */
  constructor(deps: LedgerWriterDeps, limits: LedgerWriterLimits, openLeases: () => readonly LeaseRecord[]) {
    this.#deps = deps;
    this.#limits = limits;
    this.#openLeases = openLeases;
  }

  /** Leases in memory that are not written yet. */
  get pending(): number {
    return this.#leases.size;
  }

  /** The message of this start or end of a lease is durable. */
  durable(record: LeaseRecord): void {
    const key = `${record.pod.uid} ${record.ip} ${record.occurrence}`;
    // An end says all that the start said, whichever was durable first.
    if (this.#leases.get(key)?.end === undefined) this.#leases.set(key, record);
    if (this.#leases.size <= this.#limits.maxLeases) return;
    this.#incompleteSince ??= this.#deps.now();
    this.#leases.clear();
    this.#deps.log.error(
      { leases: this.#limits.maxLeases },
      'the database is away for too long: the ledger has a gap',
    );
  }

  /** All up to this resource version was seen, and its messages published, the last one with this number. */
  moved(position: Position, sequence: number): void {
    if (this.#positions.at(-1)?.sequence === sequence) this.#positions.pop();
    this.#positions.push({ ...position, sequence });
  }

  /** What was seen up to now says nothing about the ledger that is taken in now. */
  forgetPositions(): void {
    this.#positions = [];
  }

  gap(gap: Gap): void {
    this.#gaps.push(gap);
  }

  /** Writes now and then, and at once when much has come, until the signal aborts. */
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
      while (await this.#writeBatch());
      return true;
    } catch (err) {
      this.#deps.onFailed(toError(err));
      return false;
    }
  }

  /** @returns whether there is more to write */
  async #writeBatch(): Promise<boolean> {
    const entries = [...this.#leases].slice(0, BATCH_SIZE);
    const rest = this.#leases.size - entries.length;
    const gaps = [...this.#gaps];
    // A position is true only together with all leases before it, so it goes with the last of them.
    const durableUpTo = this.#deps.durableUpTo();
    const position =
      rest > 0 ? undefined : this.#positions.findLast(({ sequence }) => sequence <= durableUpTo);
    if (entries.length === 0 && gaps.length === 0 && position === undefined) return false;
    await this.#deps.ledger.write({ leases: entries.map(([, record]) => record), gaps, position });
    // What changed meanwhile is another record and stays.
    for (const [key, record] of entries) if (this.#leases.get(key) === record) this.#leases.delete(key);
    this.#gaps = this.#gaps.slice(gaps.length);
    if (position) this.#positions = this.#positions.filter(({ sequence }) => sequence > position.sequence);
    this.#deps.onWritten(entries.length);
    return rest > 0;
  }

  /** After leases were dropped: what is open in memory is written, what is open only in the database is closed. */
  async #putRight(since: Date): Promise<void> {
    const open = this.#openLeases();
    const now = this.#deps.now();
    for (let next = 0; next < open.length; next += BATCH_SIZE) {
      await this.#deps.ledger.write({
        leases: open.slice(next, next + BATCH_SIZE),
        gaps: [],
        position: undefined,
      });
    }
    const closed = await this.#deps.ledger.closeOthers(open, { at: now, reason: 'missing', inferred: true });
    this.#gaps.push({ startedAt: since, endedAt: now, reason: 'ledger-overflow' });
    this.#incompleteSince = undefined;
    this.#deps.log.warn({ since, closed }, 'the ledger is right again, but has a gap');
  }
}
