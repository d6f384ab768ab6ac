import type { IpLeases } from './ip-leases.js';
import type { KubeletTimes } from './kubelet-times.js';
import type { ClusterNode } from './nodes.js';
import type { Random } from './random.js';
import type { RestartRecord } from './restart-record.js';
import type { VersionedStore } from './versioned-store.js';

/** What pods are made with. */
export interface PodStoreParts {
  readonly store: VersionedStore;
  readonly leases: IpLeases;
  readonly random: Random;
  readonly nodes: readonly [ClusterNode, ...ClusterNode[]];
  readonly kubelet: KubeletTimes;
  readonly restarts: RestartRecord;
  /** Whether `managedFields` name every field. */
  readonly wholeFields: boolean;
  readonly now: () => Date;
}
