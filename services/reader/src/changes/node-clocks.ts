import { type ClockBounds, chain, narrow, nodeClock, UNKNOWN_CLOCK } from './clock-bounds.js';
import { putNewest } from './newest.js';
import type { PodTimes } from './pod-times.js';

/** More than Kubernetes supports. */
const MAX_NODES = 10_000;
/** How fast two clocks may drift apart: time services correct a clock by at most this much of the time. */
const DRIFT = 0.0005;

interface Known {
  readonly bounds: ClockBounds;
  readonly at: number;
}

/**
 * The clock of each node, as its pods together show it: more than one pod that waited for its node, or was reported late.
 * No clock of its own: moments are of the reader's.
 */
export class NodeClocks {
  readonly #byNode = new Map<string, Known>();

  /** How far a node's clock is ahead of the reader's. */
  of(node: string, at: number): ClockBounds {
    const known = this.#byNode.get(node);
    if (known === undefined) return UNKNOWN_CLOCK;
    const driftMs = Math.abs(at - known.at) * DRIFT;
    return { leastMs: known.bounds.leastMs - driftMs, mostMs: known.bounds.mostMs + driftMs };
  }

  /** Learns from a version that its kubelet wrote about now: an old one says nothing of a clock that was set since. */
  learn(node: string, times: PodTimes, serverClock: ClockBounds, at: number): void {
    if (node === '' || times.kubeletNewest === undefined) return;
    const bounds = narrow(this.of(node, at), chain(nodeClock(times), serverClock));
    putNewest(this.#byNode, node, { bounds, at }, MAX_NODES);
  }
}
