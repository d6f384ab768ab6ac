import type { ListReason, PodListing } from '../cluster/feed-parts.js';
import type { Pod } from '../cluster/pod.js';
import type { Checkpoint } from './entry.js';
import { addressKey, decideGone, decideSeen, type IpChange, type KnownPod } from './leases.js';
import { type Decided, type ListOutput, ListParts, type MayAccept } from './list-parts.js';
import { type Observer, sightingOf } from './observer.js';
import { WaitingPods } from './waiting-pods.js';
import type { Watermark } from './watermark.js';

/** The parts of a feed that a list works with. */
export interface ListingParts extends ListOutput {
  readonly watermark: Watermark;
  readonly observer: Observer;
  readonly isWatched: (namespace: string) => boolean;
  readonly checkpointAt: (resourceVersion: string) => Checkpoint | undefined;
  /** Nothing was known before this list, or one before it that was not read to its end: its pods are not deduced. */
  readonly isFirst: boolean;
}

/** So many known pods are looked at without letting anything else run. */
const SWEEP_STEP = 500;

/**
 * Compares a list with what is known, page by page. While no list was ever read to its end, what is there for the first time
 * is published at once: of an address that no known pod has, there is no end that would have to come before. All else waits
 * for the end of the list, compressed: then ends are written before starts, in parts that are each in the order of their times.
 */
export class PodComparison implements PodListing {
  readonly #parts: ListingParts;
  readonly #after: Date | undefined;
  /** The addresses of known pods, where pages are published at once. */
  #held: ReadonlyMap<string, string> | undefined;
  readonly #output: ListParts;
  /** Pods that hold less than before, and pods that hold more, or were restarted. */
  readonly #ending = new WaitingPods();
  readonly #starting = new WaitingPods();

  constructor(parts: ListingParts) {
    this.#parts = parts;
    this.#after = parts.watermark.time;
    this.#output = new ListParts(parts);
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
    const { timeline, watermark, gaps, observer, observedAt, checkpointAt } = this.#parts;
    for await (const decided of this.#decideRest()) {
      if (gaps.noteJumps()) observer.startAfter(undefined);
      if (!(await this.#output.add(decided, mayAccept))) return false;
    }
    const isWritten = await this.#output.finish(mayAccept, () => {
      watermark.listed();
      timeline.listed();
      const missed = gaps.between(this.#after, observedAt, reason);
      return { gaps: [missed, ...gaps.caughtUp()], checkpoint: checkpointAt(resourceVersion) };
    });
    if (isWritten) observer.startAfter(watermark.time);
    return isWritten;
  }

  /** Decides, some pods at a time, what waited for the end of the list: all ends before all starts. */
  async *#decideRest(): AsyncGenerator<readonly Decided[]> {
    for (const pods of this.#ending.take()) {
      yield pods.map((pod) => endsOf(this.#decide(pod)));
      await new Promise(setImmediate);
    }
    yield* this.#sweep();
    for (const pods of this.#starting.take()) {
      yield pods.map((pod) => startsOf(this.#decide(pod)));
      await new Promise(setImmediate);
    }
  }

  /** As many pods as there is room for. @returns their number, and how much room the next one needs */
  #take(pods: readonly Pod[]): { taken: number; needed: number } {
    const { log, appender, known } = this.#parts;
    const atOnce: Decided[] = [];
    const waiting: { pod: Pod; decided: Decided }[] = [];
    let messages = 0;
    let taken = 0;
    let needed = 0;
    for (const pod of pods) {
      const decided = this.#decide(pod);
      const count = appender.count(decided);
      const isAtOnce = count <= log.entryLimit && this.#mayPublish(decided);
      if (isAtOnce && messages + count > log.room) {
        needed = count;
        break;
      }
      known.table.see(pod.uid);
      taken += 1;
      if (isAtOnce) atOnce.push(decided);
      else if (isNews(decided)) waiting.push({ pod, decided });
      else if (decided.known) known.table.set(decided.known);
      else known.remove(pod.uid, decided.before, 'finished');
      if (isAtOnce) messages += count;
    }
    if (atOnce.length > 0) this.#output.publish(atOnce);
    this.#keep(waiting);
    return { taken, needed };
  }

  /** They are decided again at the end of the list. */
  #keep(waiting: readonly { readonly pod: Pod; readonly decided: Decided }[]): void {
    for (const { changes } of waiting.map(({ decided }) => decided))
      for (const change of changes) if (!isEnd(change)) this.#output.expect(change);
    const podsOf = (which: (decided: Decided) => boolean) =>
      waiting.flatMap(({ pod, decided }) => (which(decided) ? [pod] : []));
    this.#ending.add(podsOf(({ known, changes }) => known === undefined || changes.some(isEnd)));
    this.#starting.add(podsOf(({ known }) => known !== undefined));
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

  /** What is known and was not in the list is gone. */
  async *#sweep(): AsyncGenerator<readonly Decided[]> {
    const { known, observer, observedAt } = this.#parts;
    let count = 0;
    let gone: Decided[] = [];
    for (const uid of known.table.unseen()) {
      count += 1;
      if (uid !== undefined) {
        const before = known.table.get(uid);
        const sighting = sightingOf(observer.listed(undefined, before?.times, observedAt, this.#after), true);
        gone.push({ ...decideGone(before, 'missing', sighting), uid, before, how: 'gone' });
      }
      if (count % SWEEP_STEP !== 0) continue;
      yield gone;
      gone = [];
      await new Promise(setImmediate);
    }
    yield gone;
  }
}

const isNews = ({ changes, restarts, failure }: Decided) =>
  changes.length + restarts.length > 0 || failure !== undefined;

/** What ends with a pod that was decided; of one that lives on, no more than that. */
function endsOf(decided: Decided): Decided {
  const { before, changes, known } = decided;
  if (before === undefined || known === undefined) return decided;
  const ends = changes.filter(isEnd);
  const ended = new Set(ends.map(({ lease }) => lease));
  const leases = before.leases.filter((lease) => !ended.has(lease));
  const left = { ...before, leases, ...(known.ended && { ended: known.ended }) };
  return { ...decided, known: left, changes: ends, restarts: [] };
}

/** The rest of what was decided of a pod. */
function startsOf(decided: Decided): Decided {
  return { ...decided, changes: decided.changes.filter((change) => !isEnd(change)) };
}

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
