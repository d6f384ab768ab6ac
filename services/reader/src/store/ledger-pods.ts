import { canonicalIp, type MessagePod } from '@podips/shared';
import type { Interval } from '../changes/event-times.js';
import { addressKey, countEnded, type EndedCounts, type Lease } from '../changes/leases.js';
import { PodTable } from '../changes/pod-table.js';

export interface LeaseRow {
  readonly pod_uid: string;
  readonly network: string;
  readonly ip: string;
  readonly occurrence: number;
  readonly namespace: string;
  readonly pod: string;
  readonly owner_kind: string;
  readonly owner_name: string;
  readonly node: string;
  readonly host_network: boolean;
  readonly workload_kind: string | null;
  readonly workload: string;
  readonly revision: string;
  readonly service_account: string;
  readonly started_at: Date;
  /** Milliseconds since the epoch, -Infinity for the earliest; null in a row of an earlier version. */
  readonly not_before: number | null;
  readonly not_after: number | null;
  readonly start_inferred: boolean;
}

/** See LoadedLedger, whose parts these are. */
export interface LoadedPods {
  readonly known: PodTable;
  readonly ended: ReadonlyMap<string, EndedCounts>;
}

/** So many pods are changed without letting anything else run. */
const STEP = 500;

/** The pods of a ledger, put together row by row: all rows of a large cluster at once would be too much. */
export class LedgerPods {
  readonly #known = new PodTable();
  readonly #ended = new Map<string, EndedCounts>();

  /** Leases that ended, the newest last; before those of the same pods that are open. */
  addEnded(rows: readonly LeaseRow[]): void {
    for (const row of rows) {
      const before = this.#ended.get(row.pod_uid);
      const lease = toLease(row);
      const isNewest = row.occurrence >= (before?.get(addressKey(lease)) ?? 0);
      // A pod has the place of its newest lease.
      this.#ended.delete(row.pod_uid);
      this.#ended.set(row.pod_uid, before && !isNewest ? before : countEnded(before, [lease]));
    }
  }

  addOpen(rows: readonly LeaseRow[]): void {
    for (const row of rows) {
      const ended = this.#ended.get(row.pod_uid);
      const pod = this.#known.get(row.pod_uid) ?? { ...toPod(row), leases: [], ...(ended && { ended }) };
      this.#known.set({ ...pod, leases: [...pod.leases, toLease(row)] });
    }
  }

  /** @param restarts of containers, by the pod's UID */
  async all(restarts: ReadonlyMap<string, ReadonlyMap<string, number>>): Promise<LoadedPods> {
    let count = 0;
    for (const [uid, restarted] of restarts) {
      count += 1;
      if (count % STEP === 0) await new Promise(setImmediate);
      const pod = this.#known.get(uid);
      if (pod) this.#known.set({ ...pod, restarts: restarted });
    }
    for (const uid of [...this.#ended.keys()]) if (this.#known.has(uid)) this.#ended.delete(uid);
    return { known: this.#known, ended: this.#ended };
  }
}

function toLease(row: LeaseRow): Lease {
  return {
    ip: canonicalIp(row.ip),
    ...(row.network !== '' && { network: row.network }),
    occurrence: row.occurrence,
    started: toInterval(row),
    startInferred: row.start_inferred,
  };
}

function toInterval({ started_at, not_before, not_after }: LeaseRow): Interval {
  const best = started_at.getTime();
  // Servers before version 14 give parts of a second as binary fractions.
  const notBefore = Math.round(not_before ?? Number.NEGATIVE_INFINITY);
  return { notBefore, best, notAfter: Math.round(not_after ?? best) };
}

function toPod(row: LeaseRow): MessagePod {
  return {
    uid: row.pod_uid,
    namespace: row.namespace,
    name: row.pod,
    ownerKind: row.owner_kind,
    ownerName: row.owner_name,
    node: row.node,
    hostNetwork: row.host_network,
    workload: toWorkload(row),
  };
}

/** Undefined in a row of an earlier version. */
function toWorkload({ workload_kind: kind, workload: name, revision, service_account }: LeaseRow) {
  return kind === null ? undefined : { kind, name, revision, serviceAccount: service_account };
}
