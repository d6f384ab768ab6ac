import type { Pod } from '../cluster/pod.js';
import { decideGone, decideSeen, type IpChange, type KnownPod, type Sighting } from './leases.js';
import type { PodRestart } from './pod-restarts.js';
import { projectTimes } from './pod-times.js';

/** A pod that says nothing of times. */
export const NO_TIMES = projectTimes({});

/** All that a version shows happened at this moment, in milliseconds. */
export function sightingAt(ms: number, inferred = false): Sighting {
  const interval = { notBefore: ms, best: ms, notAfter: ms };
  return {
    inferred,
    start: () => interval,
    end: () => interval,
    restart: () => interval,
    failure: () => interval,
  };
}

/** What a complete list means, against what was known before it: ends before starts. */
export function decideList(
  before: ReadonlyMap<string, KnownPod>,
  listed: readonly Pod[],
  sightingOf: () => Sighting,
) {
  const known = new Map<string, KnownPod>();
  const changes: IpChange[] = [];
  const restarts: PodRestart[] = [];
  const there = new Set(listed.map(({ uid }) => uid));
  for (const pod of before.values())
    if (!there.has(pod.uid)) changes.push(...decideGone(pod, 'missing', sightingOf()).changes);
  for (const pod of listed) {
    const decision = decideSeen(before.get(pod.uid), pod, true, sightingOf());
    changes.push(...decision.changes);
    restarts.push(...decision.restarts);
    if (decision.known) known.set(pod.uid, decision.known);
  }
  const isEnd = ({ endReason }: IpChange) => endReason !== undefined;
  return { known, changes: [...changes.filter(isEnd), ...changes.filter((each) => !isEnd(each))], restarts };
}
