import type { Pod } from '../cluster/pod.js';
import { type ClockBounds, chain, SAME_CLOCK } from './clock-bounds.js';
import {
  byEitherClock,
  endInterval,
  failureInterval,
  restartInterval,
  startInterval,
  writeInterval,
} from './event-times.js';
import type { Sighting } from './leases.js';
import { NodeClocks } from './node-clocks.js';
import type { PodTimes } from './pod-times.js';
import type { KnownTimes, Sight } from './sight.js';

/** A write that was longer ago than this was not seen as it happened, though the watch be caught up. */
const LATE_MS = 1_000;
/** A write that was surely less long ago than this was, though the watch be new. */
const FRESH_MS = 2_000;

/** An event as it was received. */
export interface SeenEvent {
  readonly sight: Sight;
  /** Everything written before this was received before. */
  readonly writtenAfter: number;
  /** Its own time of writing says that it is one of the past. */
  readonly isLate: boolean;
}

export interface EventSource {
  readonly type: 'added' | 'modified' | 'deleted';
  readonly pod: Pod;
  /** The pod in the version before. */
  readonly previous: KnownTimes | undefined;
  readonly observedAt: Date;
  readonly isCaughtUp: boolean;
}

/** Finds out how each version of a pod was received: all that is needed to tell when something happened. */
export class Observer {
  readonly #clock: { readonly serverClock: ClockBounds };
  /** How far the nodes' clocks are ahead of the API server's. */
  readonly #nodes = new NodeClocks();
  #after: number;

  /** @param after everything written before this was received before; undefined: nothing was */
  constructor(clock: { readonly serverClock: ClockBounds }, after: Date | undefined) {
    this.#clock = clock;
    this.#after = after?.getTime() ?? Number.NEGATIVE_INFINITY;
  }

  /**
   * An event of the watch. Its own time of writing says whether it is one of the past, where that is known: a watch that
   * is caught up may be slow, and one that was opened just now may have no past to send.
   */
  event({ type, pod, previous, observedAt, isCaughtUp }: EventSource): SeenEvent {
    const at = observedAt.getTime();
    this.#learn(pod, at);
    const sight: Sight = {
      times: pod.times,
      previous,
      observedAt: at,
      how: 'replayed',
      after: this.#after,
      ...this.#clocks(pod, at),
    };
    const written = writeInterval(sight, type === 'deleted');
    const isLate = written.notAfter < at - LATE_MS;
    const isLive = !isLate && (isCaughtUp || written.notBefore > at - FRESH_MS);
    return { sight: isLive ? { ...sight, how: 'live' } : sight, writtenAfter: written.notBefore, isLate };
  }

  /** The event was accepted: whatever follows was written after it. */
  accepted({ writtenAfter }: SeenEvent): void {
    this.#after = writtenAfter;
  }

  /** A pod in a list, or one that is not. @param after the watermark before the list */
  listed(
    pod: Pod | undefined,
    previous: KnownTimes | undefined,
    observedAt: Date,
    after: Date | undefined,
  ): Sight {
    const at = observedAt.getTime();
    return {
      times: pod?.times,
      previous,
      observedAt: at,
      how: 'listed',
      after: after?.getTime(),
      ...this.#clocks(pod, at),
    };
  }

  /** All that was written before this was received, or is not known any more. */
  startAfter(time: Date | undefined): void {
    this.#after = time?.getTime() ?? Number.NEGATIVE_INFINITY;
  }

  #clocks(pod: Pod | undefined, at: number): Pick<Sight, 'serverClock' | 'nodeClock'> {
    const { serverClock } = this.#clock;
    return { serverClock, nodeClock: pod && chain(this.#nodes.of(pod.node, at), serverClock) };
  }

  #learn({ node, times }: Pod, at: number): void {
    if (isOfKubelet(times)) this.#nodes.learn(node, times, SAME_CLOCK, at);
  }
}

/** Whether the kubelet wrote this very version: what it says is new. */
function isOfKubelet({ kubeletWroteAt, writtenAt }: PodTimes): boolean {
  return kubeletWroteAt !== undefined && kubeletWroteAt === writtenAt;
}

/** What a version that was received like this says of the times of changes. */
export function sightingOf(sight: Sight, inferred: boolean): Sighting {
  return {
    inferred,
    start: (replaces) => byEitherClock(startInterval(sight, replaces), sight.serverClock),
    end: (reason) => byEitherClock(endInterval(sight, reason), sight.serverClock),
    failure() {
      const interval = failureInterval(sight);
      return interval && byEitherClock(interval, sight.serverClock);
    },
    restart: (endedAtMs) => byEitherClock(restartInterval(sight, endedAtMs), sight.serverClock),
  };
}
