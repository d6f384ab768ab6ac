import { type PodIpMessage, PodipsError, QueueError } from '@podips/shared';
import type { Bounds, FailureRecord, Gap, LeaseRecord, RestartRecord } from './changes/entry.js';
import type { Interval } from './changes/event-times.js';
import { PodTable } from './changes/pod-table.js';
import { ReaderClock } from './changes/reader-clock.js';
import type { LedgerBatch, LoadedLedger } from './store/ledger.js';
import { TermWrites } from './store/term-writes.js';
import { Cluster, type Hold, idOf, keyOfRestart } from './world-cluster.test.helpers.js';

/** Longer than a step: commits come after what follows, and after the death of their reader. */
const STORE_MS = 30_000;
const PUBLISH_MS = 1_000;

const turnLater = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
export const unavailable = new QueueError('QUEUE_DOWN', 'unavailable', { retryable: true });

export interface TermRecord {
  readonly appended: string[];
  readonly durable: string[];
}

/** The database goes back no further than by so many writes. */
const MAX_BACKUPS = 5;

/** All that a database has. */
interface DatabaseState {
  readonly rows: readonly string[];
  readonly leases: ReadonlyMap<string, LeaseRecord>;
  readonly restarts: ReadonlyMap<string, RestartRecord>;
  readonly failures: ReadonlyMap<string, FailureRecord>;
  readonly gaps: readonly Gap[];
  readonly checkpoint: LedgerBatch['checkpoint'];
  readonly term: number;
  readonly writes: number;
}

/** Queue and database, and what is in them. */
export class World {
  readonly cluster = new Cluster();
  readonly queue: PodIpMessage[] = [];
  rows: string[] = [];
  /** When the first copy of each message became durable. */
  readonly durable = new Map<string, number>();
  leases = new Map<string, LeaseRecord>();
  /** By {@link keyOfRestart}. */
  restarts = new Map<string, RestartRecord>();
  /** By the UID of the pod. */
  failures = new Map<string, FailureRecord>();
  gaps: Gap[] = [];
  readonly up = { watch: true, queue: true, outbox: true, ledger: true };
  checkpoint: LedgerBatch['checkpoint'];
  term = 0;
  #loads = 0;
  #writes = 0;
  /** What the readers know of the writes of their terms. */
  readonly #known = new Map<number, TermWrites>();
  readonly #backups: DatabaseState[] = [];
  outOfOrderSince: Date | undefined;
  /** When the database went back. */
  readonly reverts: number[] = [];
  /** The messages that the terms appended to their logs, and those that became durable, in order. */
  readonly terms: TermRecord[] = [];
  /** Messages that were recorded before they were durable. */
  readonly recordedAhead: string[] = [];
  /** Writes to the outbox that are not committed yet. */
  readonly storing = new Set<readonly string[]>();
  /** Addresses that two leases had at a time in every reading. */
  readonly contradictions: unknown[] = [];
  /** How far the clock of the reader's machine is ahead. */
  machineAheadMs = 0;

  /** The clock of a reader that starts now. */
  createClock(): ReaderClock {
    return new ReaderClock({ machineMs: () => Date.now() + this.machineAheadMs, onStep: () => undefined });
  }

  async publish(bodies: readonly string[], own: TermRecord): Promise<void> {
    if (!this.up.queue) throw unavailable;
    await turnLater(PUBLISH_MS);
    if (!this.up.queue) throw unavailable;
    for (const body of bodies) {
      if (!this.rows.includes(body)) this.#makeDurable(body, own);
      this.queue.push(JSON.parse(body));
    }
  }

  async store(bodies: readonly string[], own: TermRecord, term: number | undefined): Promise<void> {
    if (!this.up.outbox) throw unavailable;
    this.storing.add(bodies);
    await turnLater(STORE_MS);
    this.storing.delete(bodies);
    if (!this.up.outbox) throw unavailable;
    this.#count(term);
    for (const body of bodies) this.#makeDurable(body, own);
    this.rows.push(...bodies);
  }

  /** Counts a write that nothing can stop any more. */
  #count(term: number | undefined): void {
    this.#backUp();
    const writes = this.#known.get(term ?? 0);
    if (term !== this.term) {
      writes?.uncounted();
      return;
    }
    this.#writes += 1;
    writes?.counted(this.#writes);
    writes?.confirm(this.#writes);
  }

  /** The state before one of its last writes; without one, that before the oldest. */
  revert(by: number): void {
    const state = this.#backups.at(-by) ?? this.#backups[0];
    if (state === undefined) return;
    this.reverts.push(Date.now());
    this.#backups.length = this.#backups.indexOf(state);
    this.rows = [...state.rows];
    this.leases = new Map(state.leases);
    this.restarts = new Map(state.restarts);
    this.failures = new Map(state.failures);
    this.gaps = [...state.gaps];
    this.checkpoint = state.checkpoint;
    this.term = state.term;
    this.#writes = state.writes;
  }

  #backUp(): void {
    const { rows, leases, restarts, failures, gaps, checkpoint, term } = this;
    const copies = { rows: [...rows], leases: new Map(leases), restarts: new Map(restarts), gaps: [...gaps] };
    this.#backups.push({ ...copies, failures: new Map(failures), checkpoint, term, writes: this.#writes });
    if (this.#backups.length > MAX_BACKUPS) this.#backups.shift();
  }

  /** Whether the ledger knows that a lease has ended, and will know it whatever it goes back to. */
  knowsEnd(lease: Hold): boolean {
    const id = idOf(lease, false);
    return [this, ...this.#backups].every(({ leases }) => leases.get(id)?.end !== undefined);
  }

  /** Counts what is left of the rows that are there, or being stored, by now. */
  trackEarlier(): () => Promise<number | undefined> {
    const writes = [...this.storing];
    let earlier: readonly string[] | undefined;
    return async () => {
      if (!this.up.outbox) throw unavailable;
      if (writes.some((bodies) => this.storing.has(bodies))) return undefined;
      earlier ??= [...this.rows];
      return this.rows.filter((row) => earlier?.includes(row)).length;
    };
  }

  async load(): Promise<LoadedLedger | undefined> {
    if (!this.up.ledger) return undefined;
    this.#backUp();
    this.#loads += 1;
    this.term = this.#loads;
    this.#known.set(this.term, new TermWrites('default', this.term, ''));
    this.#writes = 0;
    const known = new PodTable();
    const ended = new Map<string, Map<string, number>>();
    for (const { pod, ip, occurrence, end } of this.leases.values())
      if (end) ended.set(pod.uid, new Map(ended.get(pod.uid)).set(ip, occurrence + 1));
    for (const { pod, end, startedAt, startBounds, ...of } of this.leases.values()) {
      if (end) continue;
      const counts = ended.get(pod.uid);
      const before = known.get(pod.uid) ?? { ...pod, leases: [], ...(counts && { ended: counts }) };
      const lease = { ...of, started: intervalOf(startedAt, startBounds) };
      known.set({ ...before, leases: [...before.leases, lease] });
    }
    for (const { pod, container, count } of this.restarts.values()) {
      const lasting = known.get(pod.uid);
      const before = lasting?.restarts?.get(container) ?? 0;
      if (lasting) known.set({ ...lasting, restarts: new Map([[container, Math.max(before, count)]]) });
    }
    for (const { uid } of known) ended.delete(uid);
    // As in the ledger: nothing has to follow the starts of a first list that was not read to its end.
    const ends = [...this.leases.values()].flatMap(({ startedAt, end }) => {
      const at = end?.at ?? (this.checkpoint && startedAt);
      return at ? [at.getTime()] : [];
    });
    const latestMs = Math.max(...ends, this.checkpoint?.knownAt.getTime() ?? Number.NEGATIVE_INFINITY);
    const latest = Number.isFinite(latestMs) ? new Date(latestMs) : undefined;
    return { known, ended, checkpoint: this.checkpoint, term: this.term, latest };
  }

  async write(
    term: number,
    { leases, restarts = [], failures = [], gaps, checkpoint }: LedgerBatch,
  ): Promise<void> {
    if (!this.up.ledger) throw unavailable;
    if (term < this.term) throw new PodipsError('LEDGER_TAKEN', 'fenced');
    this.#known.get(term)?.counted(this.#writes + 1);
    if (term > this.term || this.#known.get(term)?.isReverted)
      throw new PodipsError('LEDGER_REVERTED', 'went back');
    this.#count(term);
    for (const record of leases) {
      const key = { uid: record.pod.uid, ip: record.ip, occurrence: record.occurrence };
      const id = idOf(key, record.end !== undefined);
      if (!this.durable.has(id)) this.recordedAhead.push(id);
      const row = this.leases.get(idOf(key, false));
      if (row === undefined) this.leases.set(idOf(key, false), record);
      else if (row.end === undefined) this.leases.set(idOf(key, false), { ...row, end: record.end });
    }
    for (const restart of restarts) {
      const key = keyOfRestart({ uid: restart.pod.uid, count: restart.count });
      if (!this.restarts.has(key)) this.restarts.set(key, restart);
    }
    for (const failure of failures)
      if (!this.failures.has(failure.pod.uid)) this.failures.set(failure.pod.uid, failure);
    this.gaps.push(...gaps);
    if (checkpoint) this.checkpoint = checkpoint;
  }

  #makeDurable(body: string, own: TermRecord): void {
    const message: PodIpMessage = JSON.parse(body);
    if (!this.durable.has(message.event_id)) this.durable.set(message.event_id, Date.now());
    own.durable.push(body);
  }
}

function intervalOf(best: Date, bounds: Bounds | undefined): Interval {
  return { notBefore: best.getTime(), notAfter: best.getTime(), ...bounds, best: best.getTime() };
}
