import {
  buildMessage,
  buildRestartMessage,
  describeCause,
  type MessageOrigin,
  type PodIpMessage,
} from '@podips/shared';
import type { Pod } from '../cluster/pod.js';
import type { ListReason, PodSink } from '../cluster/pod-feed.js';
import type { PodEvent } from '../cluster/pod-stream.js';
import { CatchUp } from './catch-up.js';
import type { ChangeLog } from './change-log.js';
import { EndedLeases } from './ended-leases.js';
import { type Checkpoint, type Gap, gapBetween, type LeaseRecord, type RestartRecord } from './entry.js';
import {
  byEitherClock,
  endInterval,
  restartInterval,
  type Sight,
  startInterval,
  uncertaintyMs,
} from './event-times.js';
import {
  type Decision,
  decideGone,
  decideList,
  decideRestarts,
  decideSeen,
  type EndedCounts,
  type IpChange,
  type KnownPod,
  type PodRestart,
  type Sighting,
  withLeases,
} from './leases.js';
import { Observer, type SeenEvent } from './observer.js';
import type { ReaderClock } from './reader-clock.js';
import { type Contradiction, SharedTimes, Timeline } from './timeline.js';
import { Watermark } from './watermark.js';

/** Where a term begins. */
export interface TermStart {
  /** As the ledger has them; empty without one. */
  readonly known: ReadonlyMap<string, KnownPod>;
  readonly checkpoint: Checkpoint | undefined;
  /** How many leases pods have had that hold nothing now. */
  readonly ended?: ReadonlyMap<string, EndedCounts> | undefined;
  /** Set when the ledger lacks what happened from this time on, until the term has caught up. */
  readonly catchUp?: Omit<Gap, 'endedAt'> | undefined;
  /** Something is watched that was not before: it has to be listed. */
  readonly widened?: boolean | undefined;
  /** The latest time in the ledger; undefined in an empty one, or without one. */
  readonly latest?: Date | undefined;
}

export interface PodChangesDeps {
  readonly log: ChangeLog;
  readonly origin: MessageOrigin;
  readonly clock: Pick<ReaderClock, 'now' | 'serverClock' | 'takeJumps'>;
  /** Since when the ledger needs a gap, because of what is published out of order or not kept for it; undefined without one. */
  readonly outOfOrder: { readonly since: Date | undefined } | undefined;
  /** Called before the messages of an entry can leave. */
  readonly onPublish: () => void;
  /** Whether restarts of containers are published. They are recorded in any case. */
  readonly restartMessages: boolean;
  readonly signal: AbortSignal;
  readonly onChange: (message: PodIpMessage) => void;
  readonly onGap: (gap: Gap) => void;
  readonly onContradiction: (found: Contradiction) => void;
  /** Of all feeds of a term; by default its own. */
  readonly times?: SharedTimes;
  /** By default all. */
  readonly isWatched?: (namespace: string) => boolean;
  /** Makes the checkpoint of all feeds of a term out of where this one has got to; undefined: there is none yet. */
  readonly moved?: (to: Checkpoint) => Checkpoint | undefined;
  /** A list that was asked for at this time is recorded in parts from now on. */
  readonly listing?: (askedAt: Date) => void;
  /** The name of this feed; only of several. */
  readonly feed?: string;
  /** Of all feeds of a term; by default its own. */
  readonly catchUp?: CatchUp;
}

/** What one event, or a part of a list, means. */
interface Facts {
  readonly changes: readonly IpChange[];
  readonly restarts: readonly PodRestart[];
}

const NOTHING: Facts = { changes: [], restarts: [] };

type PodOfEvent = Extract<PodEvent, { pod: Pod }>;

/** Turns what the feed sees into entries of the change log, and remembers what was published of each pod. */
export class PodChanges implements PodSink {
  readonly #deps: PodChangesDeps;
  readonly #watermark: Watermark;
  readonly #observer: Observer;
  readonly #timeline: Timeline;
  readonly #ended: EndedLeases;
  #known: Map<string, KnownPod>;
  readonly #catchUp: CatchUp;
  /** Gaps of jumps of the clock that are not in the log yet. */
  #jumped: Gap[] = [];
  #listedAt: Date | undefined;

  constructor(deps: PodChangesDeps, { known, ended, checkpoint, catchUp, latest }: TermStart) {
    this.#deps = deps;
    this.#watermark = new Watermark(() => deps.clock.now(), checkpoint?.knownAt);
    this.#observer = new Observer(deps.clock, checkpoint?.knownAt);
    this.#timeline = new Timeline(deps.times ?? new SharedTimes(latest), deps.onContradiction);
    this.#known = new Map(known);
    this.#ended = new EndedLeases(ended ?? new Map());
    this.#catchUp = deps.catchUp ?? new CatchUp([], { checkpoint, catchUp });
  }

  /** Pods that are not finished. */
  get knownPods(): number {
    return this.#known.size;
  }

  catchingUp(): void {
    this.#watermark.asked();
    this.#listedAt = undefined;
  }

  firstPage(): void {
    this.#listedAt = this.#deps.clock.now();
  }

  async replaceAll(
    pods: readonly Pod[],
    resourceVersion: string,
    reason: ListReason,
    mayAccept: () => Promise<boolean> = async () => true,
  ): Promise<void> {
    const { log, signal, clock, isWatched = () => true } = this.#deps;
    const watched = pods.filter(({ namespace }) => isWatched(namespace));
    const observedAt = this.#listedAt ?? clock.now();
    this.#noteJumps();
    const after = this.#watermark.time;
    // A ledger may know leases and yet no checkpoint: its reader died before its first list was published.
    const inferred = after !== undefined || this.#known.size > 0;
    const before = this.#withRecalled(watched);
    const decision = decideList(before, watched, (pod, known) =>
      sightingOf(this.#observer.listed(pod, known?.times, observedAt, after), inferred),
    );
    const { changes, leases } = this.#timeline.placeList(decision.changes);
    for (const { pod } of decision.changes) {
      const known = decision.known.get(pod.uid);
      if (known) decision.known.set(pod.uid, withLeases(known, leases));
    }
    this.#rememberEnded(before, decision.known, watched);
    this.#known = decision.known;
    const gaps = [...this.#jumped, this.#name(gapBetween(after, observedAt, reason))];
    this.#deps.listing?.(this.#watermark.askedAt);
    let next = 0;
    for (let isLast = false; !isLast; ) {
      await log.listRoomAvailable(signal);
      if (!(await mayAccept())) return;
      const end = next + log.listRoom;
      const { restarts } = decision;
      const part = {
        changes: changes.slice(next, end),
        restarts: restarts.slice(Math.max(0, next - changes.length), Math.max(0, end - changes.length)),
      };
      next = end;
      isLast = next >= changes.length + restarts.length;
      if (isLast) {
        this.#watermark.listed();
        gaps.push(...this.#caughtUp());
      }
      this.#append(part, observedAt, isLast ? gaps : [], isLast ? resourceVersion : '');
    }
    this.#jumped = [];
    this.#observer.startAfter(this.#watermark.time);
  }

  apply(event: PodEvent): boolean {
    if (event.type === 'skipped' || event.type === 'unreadable') return true;
    const observedAt = this.#deps.clock.now();
    this.#noteJumps();
    const isBookmark = event.type === 'bookmark';
    const isOther = isBookmark || this.#deps.isWatched?.(event.pod.namespace) === false;
    const seen = isBookmark ? undefined : this.#see(event, observedAt);
    const facts = isOther || seen === undefined ? NOTHING : this.#decide(event, seen);
    if (facts === 'no room') return false;
    if (seen) this.#observer.accepted(seen);
    if (seen?.isLate) this.#watermark.lagged(seen.writtenAfter);
    else this.#watermark.watched(isBookmark);
    const gaps = [...this.#jumped, ...(isBookmark ? this.#caughtUp() : [])];
    this.#append(facts, observedAt, gaps, event.resourceVersion);
    this.#jumped = [];
    return true;
  }

  get fullOf(): 'messages' | 'leases' {
    return this.#deps.log.fullOf;
  }

  roomAvailable(signal: AbortSignal): Promise<void> {
    return this.#deps.log.roomAvailable(signal);
  }

  #see({ type, pod }: PodOfEvent, observedAt: Date): SeenEvent {
    const { isCaughtUp } = this.#watermark;
    const previous = this.#before(pod)?.times;
    return this.#observer.event({ type, pod, previous, observedAt, isCaughtUp });
  }

  #before(pod: Pod): KnownPod | undefined {
    return this.#known.get(pod.uid) ?? this.#ended.recall(pod);
  }

  /** Remembers what an event means, unless there is no room for it. */
  #decide(event: PodOfEvent, seen: SeenEvent): Facts | 'no room' {
    const { type, pod } = event;
    const before = this.#before(pod);
    const decision = decideEvent(before, event, sightingOf(seen.sight, false));
    const { restarts } = decision;
    const messages = decision.changes.length + (this.#deps.restartMessages ? restarts.length : 0);
    if (messages > this.#deps.log.room) return 'no room';
    const { changes, leases } = this.#timeline.place(decision.changes);
    const { known } = decision;
    if (known === undefined) {
      this.#known.delete(pod.uid);
      if (before) this.#ended.remember(before, type === 'deleted' ? 'gone' : 'finished');
    } else this.#known.set(pod.uid, leases.size > 0 ? withLeases(known, leases) : known);
    return { changes, restarts };
  }

  /** What is known, and what is remembered of listed pods that are not known. */
  #withRecalled(pods: readonly Pod[]): ReadonlyMap<string, KnownPod> {
    const recalled = pods.flatMap((pod) => (this.#known.has(pod.uid) ? [] : (this.#ended.recall(pod) ?? [])));
    if (recalled.length === 0) return this.#known;
    return new Map([...this.#known, ...recalled.map((pod) => [pod.uid, pod] as const)]);
  }

  #rememberEnded(
    before: ReadonlyMap<string, KnownPod>,
    after: ReadonlyMap<string, KnownPod>,
    listed: readonly Pod[],
  ): void {
    const ended = [...before.values()].filter(({ uid }) => !after.has(uid));
    if (ended.length === 0) return;
    const there = new Set(listed.map(({ uid }) => uid));
    for (const pod of ended) this.#ended.remember(pod, there.has(pod.uid) ? 'finished' : 'gone');
  }

  /** The reader's clock was set: what it had shown before is no bound for what follows. */
  #noteJumps(): void {
    const jumps = this.#deps.clock.takeJumps();
    if (jumps.length > 0) this.#observer.startAfter(undefined);
    this.#jumped.push(...jumps.map(({ from, to }) => this.#name(gapBetween(from, to, 'clock'))));
  }

  /** All that happened before the list or the watch is published now: what was incomplete or out of order is a gap. */
  #caughtUp(): Gap[] {
    const { feed = '', outOfOrder, clock } = this.#deps;
    const gap = this.#catchUp.caughtUp(feed, outOfOrder?.since);
    return gap ? [this.#name(gapBetween(gap.startedAt, this.#timeline.next(clock.now()), gap.reason))] : [];
  }

  #name(gap: Gap): Gap {
    this.#deps.onGap(gap);
    return gap;
  }

  #checkpoint(resourceVersion: string): Checkpoint | undefined {
    const knownAt = this.#watermark.time;
    if (resourceVersion === '' || knownAt === undefined) return undefined;
    const { moved = (to: Checkpoint) => to } = this.#deps;
    return moved({ resourceVersion, knownAt });
  }

  #append(
    { changes, restarts }: Facts,
    observedAt: Date,
    gaps: readonly Gap[],
    resourceVersion: string,
  ): void {
    const messages = changes.map((change) => buildMessage(factsOf(change, observedAt), this.#deps.origin));
    const published = restarts.filter(({ isOld }) => this.#deps.restartMessages && !isOld);
    const restarted = published.map((restart) =>
      buildRestartMessage(restartFactsOf(restart, observedAt), this.#deps.origin),
    );
    if (messages.length + restarted.length > 0) this.#deps.onPublish();
    this.#deps.log.append({
      messages: [...messages, ...restarted].map((message) => JSON.stringify(message)),
      leases: changes.map(toRecord),
      restarts: restarts.map(toRestartRecord),
      gaps,
      checkpoint: this.#checkpoint(resourceVersion),
    });
    for (const message of messages) this.#deps.onChange(message);
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

function sightingOf(sight: Sight, inferred: boolean): Sighting {
  return {
    inferred,
    start: (replaces) => byEitherClock(startInterval(sight, replaces), sight.serverClock),
    end: (reason) => byEitherClock(endInterval(sight, reason), sight.serverClock),
    restart: (endedAtMs) => byEitherClock(restartInterval(sight, endedAtMs), sight.serverClock),
  };
}

function factsOf(change: IpChange, observedAt: Date): Parameters<typeof buildMessage>[0] {
  const { pod, lease, status, inferred, interval } = change;
  const { ip, network, occurrence } = lease;
  const { cause = '', exitCode } = change.endCause ?? {};
  return {
    ...{ pod, ip, network, occurrence, status, inferred, observedAt },
    at: new Date(interval.best),
    uncertaintyMs: uncertaintyMs(interval),
    endCause: describeCause(cause, exitCode),
  };
}

function toRecord({ pod, lease, endReason, endCause, interval, inferred }: IpChange): LeaseRecord {
  const { ip, network, occurrence, started, startInferred } = lease;
  const start = { startedAt: new Date(started.best), startBounds: started, startInferred };
  const at = new Date(interval.best);
  const end = endReason && { at, bounds: interval, reason: endReason, inferred, cause: endCause };
  return { pod, ip, network, occurrence, ...start, end };
}

function restartFactsOf(restart: PodRestart, observedAt: Date): Parameters<typeof buildRestartMessage>[0] {
  const { pod, container, countBefore, count, interval, reason, exitCode } = restart;
  const at = new Date(interval.best);
  const endCause = describeCause(reason, exitCode);
  return {
    pod,
    container,
    countBefore,
    count,
    at,
    observedAt,
    endCause,
    uncertaintyMs: uncertaintyMs(interval),
  };
}

function toRestartRecord({ interval, ...restart }: PodRestart): RestartRecord {
  const { pod, container, countBefore, count, reason, exitCode } = restart;
  return {
    pod,
    container,
    countBefore,
    count,
    reason,
    exitCode,
    at: new Date(interval.best),
    bounds: interval,
  };
}
