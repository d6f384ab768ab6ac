import type { LeaseView } from './ledger-view.js';

/** A lease that ended, but for what is given. */
export function leaseView(changes: Partial<LeaseView> = {}): LeaseView {
  return {
    cluster: 'fra1',
    namespace: 'shop',
    pod: 'web-1',
    podUid: 'uid-1',
    ownerKind: 'ReplicaSet',
    ownerName: 'web',
    node: 'node-3',
    hostNetwork: false,
    ip: '10.1.2.3',
    startedAt: '2026-11-20T13:00:00.123Z',
    startInferred: false,
    endedAt: '2026-11-20T15:00:00.000Z',
    endReason: 'deleted',
    endInferred: false,
    ...changes,
  };
}
