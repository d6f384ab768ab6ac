import { eventId, type PodIpMessage, PodipsError, QueueError } from '@podips/shared';
import type { Bounds, Gap, LeaseRecord } from './changes/entry.js';
import type { Interval } from './changes/event-times.js';
import type { KnownPod } from './changes/leases.js';
import { NO_TIMES } from './changes/leases.test.helpers.js';
import type { PodTimes } from './changes/pod-times.js';
import { ReaderClock } from './changes/reader-clock.js';
import type { Pod } from './cluster/pod.js';
import type { PodEvent } from './cluster/pod-stream.js';
import type { LedgerBatch, LoadedLedger } from './store/ledger.js';
import { TermWrites } from './store/term-writes.js';

export const PARTS = ['watch', 'queue', 'outbox', 'ledger'] as const;
/** Addresses of one pod: no event means more messages than the smallest log has room for. */
const MAX_IPS = 2;
/** Longer than a step: commits come after what follows, and after the death of their reader. */
const STORE_MS = 30_000;
const PUBLISH_MS = 1_000;
/** From what happens to a pod's address to the write that shows it. */
export const REPORT_MS = 700;

/** One thing that happens in the cluster, around the reader, or to it. */
export type Step =
  | { readonly do: 'give' | 'take'; readonly pod: number; readonly ip: string }
  | { readonly do: 'delete'; readonly pod: number }
  /** The cluster forgets what happened up to now. */
  | { readonly do: 'compact' }
  | { readonly do: 'bookmark' }
  | { readonly do: 'switch'; readonly part: (typeof PARTS)[number] }
  /** Someone sets the clock of the machine that the reader runs on. */
  | { readonly do: 'set clock'; readonly aheadMs: number }
  /** Ends the term. `load`: of another reader, which fences this one off. */
  | { readonly do: 'kill' | 'stop' | 'load' }
  /** The database goes back by so many of its writes: a failover to a replica, or a backup. */
  | { readonly do: 'revert'; readonly by: number };

/** A lease as it really was. */
export interface Hold {
  readonly uid: string;
  readonly ip: string;
  readonly occurrence: number;
  readonly from: number;
  to: number;
}

/** A cluster with few addresses, each of one pod at a time, and what it really did. */
export class Cluster {
  readonly holds: Hold[] = [];
  readonly #pods = new Map<string, Pod>();
  #events: Array<{ readonly version: number; readonly event: PodEvent }> = [];
  #names = 0;
  version = 1;
  forgottenUpTo = 0;

  get pods(): Pod[] {
    return [...this.#pods.values()];
  }

  /** @param isCounted whether the ledger knows that a pod gave an address up; else it may not get it back */
  apply(step: Step, now: number, isCounted: (hold: Hold) => boolean): void {
    if (step.do === 'compact') {
      this.#events = [];
      this.forgottenUpTo = this.version;
    }
    if (!('pod' in step)) return;
    const before = this.pods.find(({ name }) => name === `pod-${step.pod}`);
    const ips = new Set(before?.ips);
    if (step.do === 'give') {
      const isHeld = this.pods.some((pod) => pod.ips.includes(step.ip));
      const earlier = this.holds.findLast(({ uid, ip }) => uid === before?.uid && ip === step.ip);
      if (isHeld || ips.size === MAX_IPS || (earlier && !isCounted(earlier))) return;
      ips.add(step.ip);
    } else if (before === undefined || (step.do === 'take' && !ips.delete(step.ip))) return;
    this.version += 1;
    const created = before ?? this.#create(step.pod, now);
    const times = timesOf(step.do, created.times, now);
    const pod = { ...created, times, ips: step.do === 'delete' ? [] : [...ips] };
    this.#hold(pod, now);
    if (step.do === 'delete') this.#pods.delete(pod.uid);
    else this.#pods.set(pod.uid, pod);
    const type = step.do === 'delete' ? 'deleted' : before ? 'modified' : 'added';
    this.#events.push({ version: this.version, event: { type, pod, resourceVersion: `${this.version}` } });
  }

  after(version: number): readonly PodEvent[] {
    return this.#events.filter((each) => each.version > version).map(({ event }) => event);
  }

  #create(index: number, now: number): Pod {
    this.#names += 1;
    const identity = { uid: `uid-${this.#names}`, namespace: 'shop', name: `pod-${index}`, node: 'node-1' };
    const boundAt = second(now - 2 * REPORT_MS);
    const times = { ...NO_TIMES, createdAt: boundAt, scheduledAt: boundAt, acceptedAt: boundAt };
    return {
      ...identity,
      ownerKind: 'Job',
      ownerName: 'x',
      hostNetwork: false,
      ips: [],
      finished: false,
      times,
    };
  }

  #hold({ uid, ips }: Pod, now: number): void {
    const open = this.holds.filter((hold) => hold.uid === uid && hold.to === Number.POSITIVE_INFINITY);
    for (const hold of open) if (!ips.includes(hold.ip)) hold.to = now;
    for (const ip of ips) {
      if (open.some((hold) => hold.ip === ip)) continue;
      const occurrence = this.holds.filter((hold) => hold.uid === uid && hold.ip === ip).length;
      this.holds.push({ uid, ip, occurrence, from: now, to: Number.POSITIVE_INFINITY });
    }
  }
}

const second = (ms: number) => Math.floor(ms / 1_000);

/** What a pod says of itself after a write, whose cause was a little earlier. */
function timesOf(what: Step['do'], before: PodTimes, now: number): PodTimes {
  if (what === 'delete') return { ...before, deletionAskedAt: second(now), deletionGraceSeconds: 0 };
  const kubeletNewest = second(now - REPORT_MS);
  const written = { ...before, writtenAt: second(now), kubeletWroteAt: second(now), kubeletNewest };
  if (what === 'take') return written;
  // Another address comes with another sandbox.
  return { ...written, firstStartedAt: kubeletNewest, sandboxChangedAt: kubeletNewest, sandboxReady: true };
}

const turnLater = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
export const unavailable = new QueueError('QUEUE_DOWN', 'unavailable', { retryable: true });
export const idOf = ({ uid, ip, occurrence }: Pick<Hold, 'uid' | 'ip' | 'occurrence'>, isEnd: boolean) =>
  eventId(uid, ip, isEnd ? 'deallocated' : 'allocated', occurrence);

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
    this.gaps = [...state.gaps];
    this.checkpoint = state.checkpoint;
    this.term = state.term;
    this.#writes = state.writes;
  }

  #backUp(): void {
    const { rows, leases, gaps, checkpoint, term } = this;
    const copies = { rows: [...rows], leases: new Map(leases), gaps: [...gaps] };
    this.#backups.push({ ...copies, checkpoint, term, writes: this.#writes });
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
    const known = new Map<string, KnownPod>();
    const ended = new Map<string, Map<string, number>>();
    for (const { pod, ip, occurrence, end } of this.leases.values())
      if (end) ended.set(pod.uid, new Map(ended.get(pod.uid)).set(ip, occurrence + 1));
    for (const { pod, end, startedAt, startBounds, ...of } of this.leases.values()) {
      if (end) continue;
      const counts = ended.get(pod.uid);
      const before = known.get(pod.uid) ?? { ...pod, leases: [], ...(counts && { ended: counts }) };
      const lease = { ...of, started: intervalOf(startedAt, startBounds) };
      known.set(pod.uid, { ...before, leases: [...before.leases, lease] });
    }
    for (const uid of known.keys()) ended.delete(uid);
    const ends = [...this.leases.values()].map(({ startedAt, end }) => (end?.at ?? startedAt).getTime());
    const latestMs = Math.max(...ends, this.checkpoint?.knownAt.getTime() ?? Number.NEGATIVE_INFINITY);
    const latest = Number.isFinite(latestMs) ? new Date(latestMs) : undefined;
    return { known, ended, checkpoint: this.checkpoint, term: this.term, latest };
  }

  async write(term: number, { leases, gaps, checkpoint }: LedgerBatch): Promise<void> {
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
