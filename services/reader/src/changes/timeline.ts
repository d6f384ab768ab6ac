import { handOver, type Interval } from './event-times.js';
import type { HandOvers } from './hand-overs.js';
import { addressKey, type IpChange, type Lease } from './leases.js';
import { putNewest } from './newest.js';

/** Addresses whose last change is remembered: far more than change hands while a kubelet's report is late. */
const MAX_ADDRESSES = 10_000;

/** Changes with the times that they keep, in the order of these. */
export interface Placed {
  readonly changes: readonly IpChange[];
  /** The last changes of their addresses before. */
  readonly before: ReadonlyMap<string, LastChange | undefined>;
  /** The leases that start, by what they were before. */
  readonly leases: ReadonlyMap<Lease, Lease>;
}

/** Two leases of one address that cannot both have been as they were found. */
export interface Contradiction {
  readonly ip: string;
  readonly end: Interval;
  readonly start: Interval;
}

/** The last change of an address, as far as the next one needs it. */
export interface LastChange {
  readonly uid: string;
  readonly isStart: boolean;
  readonly interval: Interval;
}

/** What the timelines of a term's feeds have in common. */
export class SharedTimes {
  /** The last change of each address; the newest last. */
  readonly lastOfAddress = new Map<string, LastChange>();
  /** The latest time in the ledger when the term began. */
  readonly ledgerMs: number;
  /** The latest time that any of them has given. */
  latestMs: number;

  /** @param latest the latest time in the ledger */
  constructor(latest: Date | undefined) {
    this.ledgerMs = latest?.getTime() ?? Number.NEGATIVE_INFINITY;
    this.latestMs = this.ledgerMs;
  }
}

/**
 * Gives the changes of a feed their times: in the order in which they were seen, and those of one address so that they do
 * not contradict each other. Where the best time cannot be in an interval, that is widened.
 */
export class Timeline {
  readonly #onContradiction: (found: Contradiction) => void;
  readonly #shared: SharedTimes;
  #lastMs: number;
  /** The latest time of the parts of a list that is under way. */
  #partsMs = Number.NEGATIVE_INFINITY;

  constructor(shared: SharedTimes, onContradiction: (found: Contradiction) => void) {
    this.#shared = shared;
    this.#lastMs = shared.ledgerMs;
    this.#onContradiction = onContradiction;
  }

  /** A time after all that was given. */
  next(now: Date): Date {
    return new Date(Math.max(now.getTime(), this.#shared.latestMs + 1));
  }

  /** The changes of one event: each is later than the one before it, if only by a millisecond. */
  place(changes: readonly IpChange[]): Placed {
    return this.#put(
      changes,
      changes.map((change) => this.#bounded(change)),
      () => true,
    );
  }

  /**
   * A part of a list, whose changes come in no order, but ends before starts: sorted by their times. Those of a later part may
   * be earlier: else they would all be as late as the latest one of the first part. Ends may have the same time, and so may
   * starts.
   */
  placePart(changes: readonly IpChange[], handOvers: HandOvers): Placed {
    const before = this.#lastMs;
    const bounded = this.#handedOver(
      changes.map((change) => this.#bounded(change)),
      handOvers,
    );
    const order = changes
      .map((_, index) => index)
      .sort((a, b) => compare(bounded[a] as IpChange, bounded[b] as IpChange)); // both are indexes of it
    const sorted = (of: readonly IpChange[]) => order.flatMap((index) => of[index] ?? []);
    const isOther = (change: IpChange, before?: IpChange) =>
      before === undefined || isStart(change) !== isStart(before);
    const placed = this.#put(sorted(changes), sorted(bounded), isOther);
    for (const change of placed.changes) if (!isStart(change)) handOvers.placed(change);
    this.#partsMs = Math.max(this.#partsMs, this.#lastMs);
    this.#lastMs = before;
    return placed;
  }

  /** A list is given up: of what was placed, only so much is in the log. The rest bounds nothing any more. */
  takeBack({ changes, before }: Placed, appended: readonly IpChange[]): void {
    const { lastOfAddress } = this.#shared;
    const placed = new Set(changes.map(({ interval }) => interval));
    const isOurs = ([address]: readonly [string, unknown]) => {
      const last = lastOfAddress.get(address);
      return last !== undefined && placed.has(last.interval);
    };
    // Another feed may have seen others since.
    const ours = new Map([...before].filter(isOurs));
    for (const [address, last] of ours)
      if (last === undefined) lastOfAddress.delete(address);
      else lastOfAddress.set(address, last);
    for (const change of appended) if (ours.has(addressKey(change.lease))) this.#remember(change);
  }

  /** All parts of a list are placed: what follows is later than each of them. */
  listed(): void {
    this.#lastMs = Math.max(this.#lastMs, this.#partsMs);
  }

  #put(
    originals: readonly IpChange[],
    bounded: readonly IpChange[],
    isLater: (change: IpChange, before: IpChange | undefined) => boolean,
  ): Placed {
    const leases = new Map<Lease, Lease>();
    const before = new Map<string, LastChange | undefined>();
    const changes = bounded.map((change, index) => {
      const interval = this.#ordered(change.interval, isLater(change, bounded[index - 1]) ? 1 : 0);
      const put = isStart(change)
        ? { ...change, interval, lease: { ...change.lease, started: interval } }
        : { ...change, interval };
      const original = originals[index];
      if (isStart(change) && original) leases.set(original.lease, put.lease);
      const address = addressKey(put.lease);
      if (!before.has(address)) before.set(address, this.#shared.lastOfAddress.get(address));
      this.#remember(put);
      return put;
    });
    return { changes, leases, before };
  }

  #ordered({ notBefore, best: wanted, notAfter }: Interval, stepMs: number): Interval {
    const best = Math.max(wanted, this.#lastMs + stepMs);
    this.#lastMs = best;
    this.#shared.latestMs = Math.max(this.#shared.latestMs, best);
    return { notBefore: Math.min(notBefore, best), best, notAfter: Math.max(notAfter, best) };
  }

  /** Bounded by the last change of the address, which has its time already, and an end by the start of its lease. */
  #bounded(change: IpChange): IpChange {
    const { pod, lease } = change;
    const interval = isStart(change) ? change.interval : after(lease.started, change.interval);
    const last = this.#shared.lastOfAddress.get(addressKey(lease));
    if (pod.hostNetwork || last === undefined || last.uid === pod.uid || last.isStart === isStart(change))
      return { ...change, interval };
    const [end, start] = isStart(change) ? [last.interval, interval] : [interval, last.interval];
    if (end.notBefore > start.notAfter) this.#onContradiction({ ip: lease.ip, end, start });
    // The end has its time: a start is later, if only by a millisecond.
    const placedEnd = { ...end, best: end.best + 1 };
    return { ...change, interval: isStart(change) ? startAfter(placedEnd, start) : endBefore(start, end) };
  }

  /** Where a list shows the end of an address' lease and the start of the next one, each bounds the other. */
  #handedOver(changes: readonly IpChange[], handOvers: HandOvers): IpChange[] {
    return changes.map((change) => {
      if (change.pod.hostNetwork) return change;
      if (!isStart(change)) {
        const handed = handOvers.boundEnd(change);
        if (handed?.contradicts)
          this.#onContradiction({ ip: change.lease.ip, end: change.interval, start: handed.start });
        return handed ? { ...change, interval: handed.end } : change;
      }
      const end = handOvers.endBefore(change);
      if (end === undefined) return change;
      return { ...change, interval: startAfter(end, handOver(end, change.interval).start) };
    });
  }

  #remember(change: IpChange): void {
    const { lastOfAddress } = this.#shared;
    const address = addressKey(change.lease);
    const last = lastOfAddress.get(address);
    const { pod, interval } = change;
    const isOvertaken = !isStart(change) && last?.isStart && last.uid !== pod.uid;
    if (pod.hostNetwork || isOvertaken) return;
    const newest = { uid: pod.uid, isStart: isStart(change), interval };
    putNewest(lastOfAddress, address, newest, MAX_ADDRESSES);
  }
}

const isStart = ({ endReason }: IpChange) => endReason === undefined;

/** Earlier before later; of one time, ends before starts. */
function compare(a: IpChange, b: IpChange): number {
  return a.interval.best - b.interval.best || Number(isStart(a)) - Number(isStart(b));
}

/** An address is held for a while, if only for a millisecond. */
function after(start: Interval, end: Interval): Interval {
  const notBefore = Math.min(Math.max(end.notBefore, start.notBefore), end.notAfter);
  const best = Math.max(end.best, notBefore, start.best + 1);
  return { notBefore, best, notAfter: Math.max(end.notAfter, best) };
}

function startAfter(end: Interval, start: Interval): Interval {
  const best = Math.max(start.best, end.best);
  const notAfter = Math.max(start.notAfter, best);
  return { notBefore: Math.min(Math.max(start.notBefore, end.notBefore), best), best, notAfter };
}

function endBefore(start: Interval, end: Interval): Interval {
  return { ...end, notBefore: Math.min(end.notBefore, start.notAfter) };
}
