import { timesOf } from '../ledger/bounds.js';
import type { Coverage } from '../ledger/coverage.js';
import type { LeaseView } from '../ledger/ledger-view.js';
import { type GapRow, touchedSpan } from '../ledger/queries.js';
import { type BoundLease, bind, decideBound, isDecided } from '../ledger/verdict.js';

/** Whose an address was for a while: of a pod all of its lease is known, of a node the node alone. */
export interface Stretch {
  readonly fromMs: number;
  /** No longer in it. */
  readonly toMs: number;
  readonly verdict: 'pod' | 'node' | 'nobody' | 'unsure';
  /** Undefined unless it was a pod's or a node's. */
  readonly lease: LeaseView | undefined;
}

/** The time that a timeline is about, and what is known of it. */
export interface TimelineScope {
  readonly fromMs: number;
  /** No longer in it. */
  readonly toMs: number;
  readonly coverage: Coverage;
  /** Those of the cluster that touch the time. */
  readonly gaps: readonly GapRow[];
}

/** The beginning and the end of a timeline, which every reader of tables can represent. */
export const FIRST_MS = Date.UTC(1970, 0, 1);
export const LAST_MS = Date.UTC(2200, 0, 1);

type Bound = BoundLease<LeaseView>;
type Owner = Pick<Stretch, 'verdict' | 'lease'>;

const NOBODY: Owner = { verdict: 'nobody', lease: undefined };
const UNSURE: Owner = { verdict: 'unsure', lease: undefined };

/** Makes timelines of addresses, by the rules that decide about single times. */
export function createTimelines({ fromMs, toMs, coverage, gaps }: TimelineScope) {
  const spans = gaps.map((gap) => ({ ...touchedSpan(gap), isClock: gap.reason === 'clock' }));
  const limits = spans.flatMap((span) => [span.fromMs, span.toMs]);
  const isScoped = coverage.namespaces !== null || coverage.ignored.length > 0;

  function ownerAt(atMs: number, near: Near, completeFromMs: number): Owner {
    const touching = spans.filter((span) => span.fromMs <= atMs && atMs < span.toMs);
    const clock = touching
      .filter(({ isClock }) => isClock)
      .map(() => ({ cluster: coverage.cluster, reason: 'clock' }));
    const decision = decideBound(near.at(atMs), atMs, clock);
    const [holder] = decision.holders;
    if (holder !== undefined && isDecided(decision))
      return { verdict: holder.hostNetwork ? 'node' : 'pod', lease: holder };
    const isKnown = touching.length === 0 && !isScoped && atMs >= completeFromMs;
    return decision.candidates.length === 0 && !decision.isConflict && isKnown ? NOBODY : UNSURE;
  }

  /**
   * @param leases all of one address in one network that may reach into the time
   * @param completeFromMs the time from which no lease had been deleted when they were read
   */
  return function timelineOf(leases: readonly LeaseView[], completeFromMs: number): readonly Stretch[] {
    const bound = leases.map((lease) => bind(lease, timesOf(lease), coverage.knownUntilMs));
    const near = new Near(bound);
    const points = [fromMs, completeFromMs, ...limits, ...bound.flatMap(changesOf)];
    const inside = points.filter((ms) => fromMs <= ms && ms < toMs).map((ms) => Math.max(ms, FIRST_MS));
    const stretches: Stretch[] = [];
    const begin = (ms: number, owner: Owner) => {
      const last = stretches.at(-1);
      if (last !== undefined && isSame(last, owner)) return;
      if (last !== undefined) stretches[stretches.length - 1] = { ...last, toMs: ms };
      stretches.push({ ...owner, fromMs: ms, toMs: LAST_MS });
    };
    // What is not exported is not known here.
    begin(FIRST_MS, UNSURE);
    for (const ms of [...new Set(inside)].sort((a, b) => a - b)) begin(ms, ownerAt(ms, near, completeFromMs));
    begin(toMs, UNSURE);
    return stretches.filter((stretch) => stretch.fromMs < stretch.toMs);
  };
}

function changesOf({ startFrom, startTo, endFrom, endTo, times }: Bound): number[] {
  return [startFrom, startTo, endFrom, endTo, times.startedMs, times.endedMs ?? Number.POSITIVE_INFINITY];
}

/** Pods on the network of a node come and go; a pod that has the address again has another lease. */
function isSame(one: Owner, other: Owner): boolean {
  if (one.verdict !== other.verdict) return false;
  return one.verdict === 'node' ? one.lease?.node === other.lease?.node : one.lease === other.lease;
}

/** The leases that decide about a time, for times that only grow. */
class Near {
  readonly #byStart: readonly Bound[];
  readonly #byEnd: readonly Bound[];
  readonly #waiting: Bound[];
  #possible: Bound[] = [];
  #started = 0;
  #ended = 0;

  constructor(leases: readonly Bound[]) {
    this.#byStart = leases.toSorted((a, b) => a.times.startedMs - b.times.startedMs);
    this.#byEnd = leases.filter(({ times }) => times.endedMs !== null).sort((a, b) => endOf(a) - endOf(b));
    this.#waiting = leases.toSorted((a, b) => b.startFrom - a.startFrom);
  }

  /** All whose bounds include the time, the last that ended before it and the first that begins after it. */
  at(atMs: number): readonly Bound[] {
    for (let next = this.#waiting.at(-1); next && next.startFrom <= atMs; next = this.#waiting.at(-1)) {
      this.#possible.push(next);
      this.#waiting.pop();
    }
    this.#possible = this.#possible.filter(({ endTo }) => endTo > atMs);
    while ((this.#byStart[this.#started]?.times.startedMs ?? Number.POSITIVE_INFINITY) <= atMs)
      this.#started += 1;
    while (endOf(this.#byEnd[this.#ended]) <= atMs) this.#ended += 1;
    const [only, second] = this.#possible;
    if (only === undefined) return [];
    // Surely held: others do not matter.
    if (second === undefined && only.startTo <= atMs && atMs < only.endFrom) return this.#possible;
    const neighbours = [this.#byEnd[this.#ended - 1], this.#byStart[this.#started]];
    return [...new Set([...this.#possible, ...neighbours.filter((lease) => lease !== undefined)])];
  }
}

function endOf(lease: Bound | undefined): number {
  return lease?.times.endedMs ?? Number.POSITIVE_INFINITY;
}
