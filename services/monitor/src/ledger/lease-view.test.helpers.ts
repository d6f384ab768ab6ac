import { timesOf } from './bounds.js';
import type { LeaseView } from './ledger-view.js';
import { bind, type CoveringGap, decideBound, type Verdict } from './verdict.js';

/** A lease that ended, but for what is given; its times are exact unless bounds are given. */
export function leaseView(changes: Partial<LeaseView> = {}): LeaseView {
  const { endedAt = '2026-11-20T15:00:00.000Z' } = changes;
  return {
    cluster: 'fra1',
    namespace: 'shop',
    pod: 'web-1',
    podUid: 'uid-1',
    ownerKind: 'ReplicaSet',
    ownerName: 'web',
    workloadKind: 'Deployment',
    workload: 'web',
    node: 'node-3',
    hostNetwork: false,
    ip: '10.1.2.3',
    network: '',
    startedAt: '2026-11-20T13:00:00.123Z',
    startedNotBefore: changes.startedAt ?? '2026-11-20T13:00:00.123Z',
    startedNotAfter: changes.startedAt ?? '2026-11-20T13:00:00.123Z',
    startInferred: false,
    endedAt,
    endedNotBefore: endedAt,
    endedNotAfter: endedAt,
    endReason: 'deleted',
    endInferred: false,
    ...changes,
  };
}

/** As {@link decideBound}. @param knownUntilMs up to when a cluster's changes are known */
export function decide(
  near: readonly LeaseView[],
  atMs: number,
  knownUntilMs: (cluster: string) => number,
  gaps: readonly CoveringGap[],
): Verdict {
  const bound = near.map((lease) => bind(lease, timesOf(lease), knownUntilMs(lease.cluster)));
  return decideBound(bound, atMs, gaps);
}
