import type { PodListing, PodSink } from '../cluster/feed-parts.js';
import type { Pod } from '../cluster/pod.js';
import type { PodEvent } from '../cluster/pod-stream.js';
import { Appender, type AppenderDeps, type Facts } from './appender.js';
import { CatchUp } from './catch-up.js';
import { EndedLeases } from './ended-leases.js';
import { type Checkpoint, type Gap, LIST_DUE } from './entry.js';
import { FeedGaps, type FeedGapsDeps } from './feed-gaps.js';
import { KnownPods } from './known-pods.js';
import { type Decision, decideGone, decideSeen, type KnownPod, type Sighting, withLeases } from './leases.js';
import { Observer, type SeenEvent, sightingOf } from './observer.js';
import { PodComparison } from './pod-listing.js';
import { decideRestarts } from './pod-restarts.js';
import type { PodTable } from './pod-table.js';
import type { ReaderClock } from './reader-clock.js';
import { type Contradiction, SharedTimes, Timeline } from './timeline.js';
import { Watermark } from './watermark.js';

/** Where a term begins. */
export interface TermStart {
  /** As the ledger has them; empty without one. Belongs to the term from now on. */
  readonly known: PodTable;
  readonly checkpoint: Checkpoint | undefined;
  /** Pods that hold nothing now, of all feeds: as many as are remembered, however many feeds there are. */
  readonly ended?: EndedLeases | undefined;
  /** Set when the ledger lacks what happened from this time on, until the term has caught up. */
  readonly catchUp?: Omit<Gap, 'endedAt'> | undefined;
  /** Something is watched that was not before: it has to be listed. */
  readonly widened?: boolean | undefined;
  /** The latest time in the ledger; undefined in an empty one, or without one. */
  readonly latest?: Date | undefined;
}

export interface PodChangesDeps extends AppenderDeps, FeedGapsDeps {
  readonly clock: Pick<ReaderClock, 'now' | 'serverClock' | 'takeJumps'>;
  readonly signal: AbortSignal;
  readonly onContradiction: (found: Contradiction) => void;
  /** Of all feeds of a term; by default its own. */
  readonly times?: SharedTimes;
  /** By default all. */
  readonly isWatched?: (namespace: string) => boolean;
  /** Makes the checkpoint of all feeds of a term out of where this one has got to; undefined: there is none yet. */
  readonly moved?: (to: Checkpoint) => Checkpoint | undefined;
  /** The checkpoint of all feeds while a list that was asked for at this time is recorded in parts; undefined as above. */
  readonly listing?: (askedAt: Date) => Checkpoint | undefined;
  /** Of all feeds of a term; by default its own. */
  readonly catchUp?: CatchUp;
}

const NOTHING: Facts = { changes: [], restarts: [] };

type PodOfEvent = Extract<PodEvent, { pod: Pod }>;

/** Turns what the feed sees into entries of the change log, and remembers what was published of each pod. */
export class PodChanges implements PodSink {
  readonly #deps: PodChangesDeps;
  readonly #watermark: Watermark;
  readonly #observer: Observer;
  readonly #timeline: Timeline;
  readonly #known: KnownPods;
  readonly #gaps: FeedGaps;
  readonly #appender: Appender;
  /** Whether nothing was known when the term began. */
  readonly #beganEmpty: boolean;

  constructor(deps: PodChangesDeps, { known, ended, checkpoint, catchUp, latest }: TermStart) {
    this.#deps = deps;
    this.#watermark = new Watermark(() => deps.clock.now(), checkpoint?.knownAt);
    this.#observer = new Observer(deps.clock, checkpoint?.knownAt);
    this.#timeline = new Timeline(deps.times ?? new SharedTimes(latest), deps.onContradiction);
    this.#beganEmpty = known.size === 0;
    this.#known = new KnownPods(known, ended ?? new EndedLeases());
    this.#gaps = new FeedGaps(deps, deps.catchUp ?? new CatchUp([], { checkpoint, catchUp }), this.#timeline);
    this.#appender = new Appender(deps);
  }

  /** Pods that are not finished. */
  get knownPods(): number {
    return this.#known.table.size;
  }

  catchingUp(): void {
    this.#watermark.asked();
  }

  startList(): PodListing {
    const { log, signal, clock, isWatched = () => true } = this.#deps;
    const { listing = () => this.#checkpoint(LIST_DUE) } = this.#deps;
    return new PodComparison({
      log,
      signal,
      known: this.#known,
      observer: this.#observer,
      timeline: this.#timeline,
      watermark: this.#watermark,
      appender: this.#appender,
      gaps: this.#gaps,
      isWatched,
      checkpointAt: (resourceVersion) => this.#checkpoint(resourceVersion),
      checkpointWithin: () => listing(this.#watermark.askedAt),
      // A ledger may know leases and yet no checkpoint: its reader died before its first list was published.
      isFirst: this.#beganEmpty && this.#watermark.time === undefined,
      observedAt: clock.now(),
    });
  }

  apply(event: PodEvent): boolean {
    if (event.type === 'skipped' || event.type === 'unreadable') return true;
    const observedAt = this.#deps.clock.now();
    if (this.#gaps.noteJumps()) this.#observer.startAfter(undefined);
    const isBookmark = event.type === 'bookmark';
    const isOther = isBookmark || this.#deps.isWatched?.(event.pod.namespace) === false;
    const before = isBookmark ? undefined : this.#known.before(event.pod);
    const seen = isBookmark ? undefined : this.#see(event, before, observedAt);
    const facts = isOther || seen === undefined ? NOTHING : this.#decide(event, before, seen);
    if (facts === 'no room') return false;
    if (seen) this.#observer.accepted(seen);
    if (seen?.isLate) this.#watermark.lagged(seen.writtenAfter);
    else this.#watermark.watched(isBookmark);
    const gaps = [...this.#gaps.jumped, ...(isBookmark ? this.#gaps.caughtUp() : [])];
    this.#appender.append(facts, { observedAt, gaps, checkpoint: this.#checkpoint(event.resourceVersion) });
    this.#gaps.appended();
    return true;
  }

  get fullOf(): 'messages' | 'leases' {
    return this.#deps.log.fullOf;
  }

  roomAvailable(signal: AbortSignal): Promise<void> {
    return this.#deps.log.roomAvailable(signal);
  }

  #see({ type, pod }: PodOfEvent, before: KnownPod | undefined, observedAt: Date): SeenEvent {
    const { isCaughtUp } = this.#watermark;
    const previous = before?.times;
    return this.#observer.event({ type, pod, previous, observedAt, isCaughtUp });
  }

  /** Remembers what an event means, unless there is no room for it. */
  #decide(event: PodOfEvent, before: KnownPod | undefined, seen: SeenEvent): Facts | 'no room' {
    const { type, pod } = event;
    const decision = decideEvent(before, event, sightingOf(seen.sight, false));
    if (this.#appender.count(decision) > this.#deps.log.room) return 'no room';
    const { changes, leases } = this.#timeline.place(decision.changes);
    const { known, restarts, failure } = decision;
    if (known === undefined) this.#known.remove(pod.uid, before, type === 'deleted' ? 'gone' : 'finished');
    else this.#known.table.set(leases.size > 0 ? withLeases(known, leases) : known);
    return { changes, restarts, failures: failure ? [failure] : [] };
  }

  #checkpoint(resourceVersion: string): Checkpoint | undefined {
    const knownAt = this.#watermark.time;
    if (knownAt === undefined) return undefined;
    const { moved = (to: Checkpoint) => to } = this.#deps;
    return moved({ resourceVersion, knownAt });
  }
}

/** Whether a gap is that for which the marker is set: once the ledger has it, the marker can go. */
export function isOfMarker({ reason }: Gap): boolean {
  return ['late', 'ledger-overflow', 'ledger-reverted'].includes(reason);
}

function decideEvent(known: KnownPod | undefined, event: PodOfEvent, sighting: Sighting): Decision {
  if (event.type === 'deleted') {
    const restarts = known === undefined ? [] : decideRestarts(known, event.pod, sighting);
    return { ...decideGone(known, 'deleted', sighting, event.pod.endCause), restarts };
  }
  return decideSeen(known, event.pod, event.type === 'added', sighting);
}
