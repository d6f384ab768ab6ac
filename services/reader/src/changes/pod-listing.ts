import type { ListReason, PodListing } from '../cluster/feed-parts.js';
import type { Pod } from '../cluster/pod.js';
import type { Appender, Facts } from './appender.js';
import type { ChangeLog } from './change-log.js';
import type { Checkpoint } from './entry.js';
import type { FeedGaps } from './feed-gaps.js';
import type { KnownPods } from './known-pods.js';
import {
  addressKey,
  type Decision,
  decideGone,
  decideSeen,
  type IpChange,
  type KnownPod,
  withLeases,
} from './leases.js';
import { type Observer, sightingOf } from './observer.js';
import type { Placed, Timeline } from './timeline.js';
import type { Watermark } from './watermark.js';

/** The parts of a feed that a list works with. */
export interface ListingParts {
  readonly log: ChangeLog;
  readonly signal: AbortSignal;
  readonly known: KnownPods;
  readonly observer: Observer;
  readonly timeline: Timeline;
  readonly watermark: Watermark;
  readonly appender: Appender;
  readonly gaps: FeedGaps;
  readonly isWatched: (namespace: string) => boolean;
  readonly checkpointAt: (resourceVersion: string) => Checkpoint | undefined;
  /** That of a part of the list which is not the last one. */
  readonly checkpointWithin: () => Checkpoint | undefined;
  /** Nothing was known before this list, or one before it that was not read to its end: its pods are not deduced. */
  readonly isFirst: boolean;
  /** The list is of a moment before this one. */
  readonly observedAt: Date;
}

type MayAccept = () => Promise<boolean>;

/** What is decided of a pod, and not yet published. */
interface Decided extends Decision {
  readonly uid: string;
  readonly before: KnownPod | undefined;
  readonly how: 'finished' | 'gone';
}

/** So many known pods are looked at without letting anything else run. */
const SWEEP_STEP = 500;

/**
 * Compares a list with what is known, page by page. While no list was ever read to its end, what is there for the first time
 * is published at once: of an address that no known pod has, there is no end that would have to come before. All else waits
 * for the end of the list, where ends and starts are brought in the order of their times.
 */
export class PodComparison implements PodListing {
  readonly #parts: ListingParts;
  readonly #after: Date | undefined;
  /** The addresses of known pods, where pages are published at once. */
  #held: ReadonlyMap<string, string> | undefined;
  readonly #waiting: Decided[] = [];

  constructor(parts: ListingParts) {
    this.#parts = parts;
    this.#after = parts.watermark.time;
    parts.known.table.startRound();
  }

  async page(pods: readonly Pod[], mayAccept: MayAccept): Promise<boolean> {
    const { log, signal, isWatched, gaps, observer } = this.#parts;
    signal.throwIfAborted();
    if (this.#after === undefined) this.#held ??= await holdersOf(this.#parts.known.table);
    if (gaps.noteJumps()) observer.startAfter(undefined);
    let left = pods.filter(({ namespace }) => isWatched(namespace));
    // What waits for the end of the list takes nothing from the log before.
    const isAtOnce = this.#held !== undefined;
    if (isAtOnce && (await log.listMayContinue(signal)) && !(await mayAccept())) return false;
    for (;;) {
      const { taken, needed } = this.#take(left);
      if (taken === left.length) return true;
      left = left.slice(taken);
      await log.roomAvailable(signal, needed);
      if (!(await mayAccept())) return false;
    }
  }

  async end(resourceVersion: string, reason: ListReason, mayAccept: MayAccept): Promise<boolean> {
    const { log, signal, timeline, watermark, gaps, observer, checkpointAt, checkpointWithin } = this.#parts;
    const { observedAt } = this.#parts;
    await this.#sweep();
    if (gaps.noteJumps()) observer.startAfter(undefined);
    const all = this.#waiting.flatMap(({ changes }) => changes);
    const placed = timeline.placeList([...all.filter(isEnd), ...all.filter((change) => !isEnd(change))]);
    const restarts = this.#waiting.flatMap((decided) => decided.restarts);
    const failures = this.#waiting.flatMap(({ failure }) => failure ?? []);
    const unfinished = new Map(this.#waiting.map((decided) => [decided.uid, decided]));
    const left = new Map(this.#waiting.map((decided) => [decided.uid, decided.changes.length]));
    const { changes } = placed;
    const count = changes.length + restarts.length + failures.length;
    const named = [...gaps.jumped, gaps.between(this.#after, observedAt, reason)];
    for (let next = 0, isLast = false; !isLast; ) {
      await log.listRoomAvailable(signal, Math.min(log.entryLimit, count - next));
      if (!(await mayAccept())) return false;
      const end = next + log.listRoom;
      const part = {
        changes: changes.slice(next, end),
        restarts: slice(restarts, next - changes.length, end - changes.length),
        failures: slice(
          failures,
          next - changes.length - restarts.length,
          end - changes.length - restarts.length,
        ),
      };
      next = end;
      isLast = next >= count;
      if (isLast) watermark.listed();
      const atEnd = isLast && {
        gaps: [...named, ...gaps.caughtUp()],
        checkpoint: checkpointAt(resourceVersion),
      };
      this.#append(part, atEnd || { gaps: [], checkpoint: checkpointWithin() });
      // Of a list that is given up, what was not appended is found again by the next one.
      for (const { pod } of part.changes) {
        const more = (left.get(pod.uid) ?? 0) - 1;
        left.set(pod.uid, more);
        const decided = unfinished.get(pod.uid);
        if (more > 0 || decided === undefined) continue;
        this.#remember(decided, placed);
        unfinished.delete(pod.uid);
      }
    }
    for (const decided of unfinished.values()) this.#remember(decided, placed);
    gaps.appended();
    observer.startAfter(watermark.time);
    return true;
  }

  /** As many pods as there is room for. @returns their number, and how much room the next one needs */
  #take(pods: readonly Pod[]): { taken: number; needed: number } {
    const { log, appender, known } = this.#parts;
    const batch: Decided[] = [];
    let messages = 0;
    for (const [taken, pod] of pods.entries()) {
      const decided = this.#decide(pod);
      const count = appender.count(decided);
      const isAtOnce = count <= log.entryLimit && this.#mayPublish(decided);
      if (isAtOnce && messages + count > log.room) {
        this.#publish(batch);
        return { taken, needed: count };
      }
      known.table.see(pod.uid);
      if (isAtOnce) batch.push(decided);
      else if (decided.changes.length + decided.restarts.length > 0 || decided.failure)
        this.#waiting.push(decided);
      else this.#remember(decided);
      if (isAtOnce) messages += count;
    }
    this.#publish(batch);
    return { taken: pods.length, needed: 0 };
  }

  #decide(pod: Pod): Decided {
    const { known, observer, observedAt, isFirst } = this.#parts;
    const before = known.before(pod);
    const sight = observer.listed(pod, before?.times, observedAt, this.#after);
    const decision = decideSeen(before, pod, true, sightingOf(sight, before !== undefined || !isFirst));
    return { ...decision, uid: pod.uid, before, how: 'finished' };
  }

  #mayPublish({ uid, changes }: Decided): boolean {
    const held = this.#held;
    if (held === undefined || changes.length === 0) return false;
    return changes.every((change) => {
      const holder = held.get(addressKey(change.lease));
      return !isEnd(change) && (holder === undefined || holder === uid);
    });
  }

  #publish(batch: readonly Decided[]): void {
    if (batch.length === 0) return;
    const placed = this.#parts.timeline.placePage(batch.flatMap(({ changes }) => changes));
    for (const decided of batch) this.#remember(decided, placed);
    const facts = { changes: placed.changes, restarts: batch.flatMap(({ restarts }) => restarts) };
    const { gaps, checkpointWithin } = this.#parts;
    // Times of before and after a jump of the clock are not recorded without it.
    this.#append(facts, { gaps: gaps.jumped, checkpoint: checkpointWithin() });
    gaps.appended();
  }

  /** What is known and was not in the list is gone. */
  async #sweep(): Promise<void> {
    const { known, observer, observedAt } = this.#parts;
    let count = 0;
    for (const uid of known.table.unseen()) {
      count += 1;
      if (count % SWEEP_STEP === 0) await new Promise(setImmediate);
      if (uid === undefined) continue;
      const before = known.table.get(uid);
      const sighting = sightingOf(observer.listed(undefined, before?.times, observedAt, this.#after), true);
      this.#waiting.push({ ...decideGone(before, 'missing', sighting), uid, before, how: 'gone' });
    }
  }

  #remember({ known, uid, before, how }: Decided, placed?: Placed): void {
    if (known === undefined) this.#parts.known.remove(uid, before, how);
    else this.#parts.known.table.set(placed ? withLeases(known, placed.leases) : known);
  }

  #append(facts: Facts, context: Omit<Parameters<Appender['append']>[1], 'observedAt'>): void {
    const { appender, observedAt } = this.#parts;
    appender.append(facts, { observedAt, ...context });
  }
}

/** A part of what follows something longer: its bounds may be below 0. */
const slice = <T>(all: readonly T[], from: number, to: number) =>
  all.slice(Math.max(0, from), Math.max(0, to));

const isEnd = ({ endReason }: IpChange) => endReason !== undefined;

/** The pod that has each address; one that is on the host's network shares it. */
async function holdersOf(pods: Iterable<KnownPod>): Promise<Map<string, string>> {
  const holders = new Map<string, string>();
  let count = 0;
  for (const { uid, hostNetwork, leases } of pods) {
    count += 1;
    if (count % SWEEP_STEP === 0) await new Promise(setImmediate);
    if (!hostNetwork) for (const lease of leases) holders.set(addressKey(lease), uid);
  }
  return holders;
}
