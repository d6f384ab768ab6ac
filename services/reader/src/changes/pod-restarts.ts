import type { MessagePod } from '@podips/shared';
import type { Pod } from '../cluster/pod.js';
import type { ContainerRestarts } from '../workloads/restarts.js';
import type { Interval } from './event-times.js';
import { identityOf } from './pod-identity.js';

/** That a container was started again. */
export interface PodRestart extends ContainerRestarts {
  readonly pod: MessagePod;
  /** How often it had been before. More than one less: of those between no times are known. */
  readonly countBefore: number;
  /** When it had ended. */
  readonly interval: Interval;
  /** Seen for the first time with the pod: it may have been long ago. */
  readonly isOld: boolean;
}

/** What is known of a pod: how often its containers were started again, and its workload where this version has seen it. */
interface KnownRestarts {
  readonly workload?: MessagePod['workload'];
  readonly restarts?: ReadonlyMap<string, number>;
}

/**
 * The containers that were started again since the pod was seen last. Of a pod that was not, or only by an earlier version,
 * all but the last restart may have been at any time of each container of which no earlier one is known.
 */
export function decideRestarts(
  known: KnownRestarts | undefined,
  pod: Pod,
  sighting: { restart(endedAtMs: number | undefined): Interval },
): PodRestart[] {
  const isNew = known?.workload === undefined;
  return (pod.restarts ?? []).flatMap((container) => {
    const before = known?.restarts?.get(container.container);
    const isOld = isNew && before === undefined;
    const countBefore = isOld ? container.count - 1 : (before ?? 0);
    if (container.count <= countBefore) return [];
    const interval = sighting.restart(container.endedAtMs);
    return [{ ...container, pod: identityOf(pod), countBefore, interval, isOld }];
  });
}

/** How often each container was started again; a version that says nothing of a container changes nothing. */
export function countsOf(
  before: KnownRestarts['restarts'],
  restarts: Pod['restarts'],
): ReadonlyMap<string, number> | undefined {
  if (restarts === undefined) return before;
  const counts = new Map(before);
  for (const { container, count } of restarts)
    counts.set(container, Math.max(count, counts.get(container) ?? 0));
  return counts;
}
