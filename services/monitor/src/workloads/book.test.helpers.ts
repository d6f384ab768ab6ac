import type { PodLife, Restart, WorkloadName } from './facts.js';

export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;
/** The time of the tests. */
export const NOW_MS = Date.UTC(2026, 10, 26, 14, 5);

export const workload = (name = 'web', kind = 'Deployment'): WorkloadName => ({
  cluster: 'default',
  namespace: 'shop',
  kind,
  name,
});

let pods = 0;

/** A pod that started so many minutes before the time of the tests. */
export function life(startedBefore: number, changes: Partial<PodLife> = {}): PodLife {
  pods += 1;
  return {
    workload: workload(),
    podUid: `uid-${pods}`,
    pod: `web-${pods}`,
    ip: '10.64.0.1',
    node: 'node-1',
    revision: '6d5f',
    startedAtMs: NOW_MS - startedBefore * MINUTE_MS,
    end: undefined,
    ...changes,
  };
}

/** The pod with its end, so many minutes before the time of the tests. */
export function ended(one: PodLife, before: number, cause = 'Deleted', exitCode?: number): PodLife {
  return { ...one, end: { atMs: NOW_MS - before * MINUTE_MS, cause, exitCode } };
}

export function restart(before: number, changes: Partial<Restart> = {}): Restart {
  return {
    workload: workload(),
    podUid: 'uid',
    pod: 'web-x',
    node: 'node-1',
    container: 'app',
    countBefore: 0,
    count: 1,
    atMs: NOW_MS - before * MINUTE_MS,
    cause: 'OOMKilled',
    exitCode: 137,
    ...changes,
  };
}
