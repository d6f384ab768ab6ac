import type { Pod } from '../cluster/pod.js';
import {
  countEnded,
  decideList,
  type IpChange,
  type KnownPod,
  type Lease,
  type ListDecision,
} from './leases.js';

/**
 * What was told while the ledger could not be loaded, from the first list on. Without it all leases seem to be the first
 * ones of their pods; with it the same is decided again, and told again where the numbers differ.
 */
export class ToldBefore {
  /** When the list came. */
  readonly listedAt: Date;
  /** Milliseconds since the list was asked for. */
  readonly sinceAsked: () => number;
  readonly #listed: ReadonlyMap<string, KnownPod>;
  readonly #maxChanges: number;
  /** Since the list, of its pods: of all others the ledger knows nothing. */
  #changes: IpChange[] = [];
  #complete = true;
  readonly #misnumbered = new Set<string>();

  /**
   * @param listed the pods of the first list
   * @param maxChanges bound of what is kept
   */
  constructor(
    listed: ReadonlyMap<string, KnownPod>,
    listedAt: Date,
    sinceAsked: () => number,
    maxChanges: number,
  ) {
    this.#listed = new Map(listed);
    this.listedAt = listedAt;
    this.sinceAsked = sinceAsked;
    this.#maxChanges = maxChanges;
  }

  /** False after the bound was reached: then nothing can be decided again. */
  get complete(): boolean {
    return this.#complete;
  }

  isListed(uid: string): boolean {
    return this.#listed.has(uid);
  }

  add(changes: readonly IpChange[]): void {
    if (!this.#complete) return;
    for (const change of changes) if (this.isListed(change.pod.uid)) this.#changes.push(change);
    this.#complete = this.#changes.length <= this.#maxChanges;
    if (!this.#complete) this.#changes = [];
  }

  /**
   * Decides again, from the ledger on.
   * @returns the pods of the ledger that the cluster still has, and, in order, what was not told yet or under the number of
   *   another lease
   */
  adopt(ledger: ReadonlyMap<string, KnownPod>): ListDecision {
    const listed = [...ledger.keys()].flatMap((uid) => this.#listed.get(uid) ?? []);
    const { known, changes } = decideList(ledger, listed.map(toPod), { at: this.listedAt, inferred: true });
    for (const [uid, pod] of known) {
      // Those of the list were all told as the first ones.
      for (const { ip, occurrence } of pod.leases) if (occurrence > 0) this.#misnumbered.add(keyOf(uid, ip));
      known.set(uid, { ...pod, leases: pod.leases.map((lease) => this.#asTold(uid, lease)) });
    }
    const untold = changes.filter(
      ({ endReason, pod, lease }) => endReason !== undefined || this.isMisnumbered(pod.uid, lease.ip),
    );
    for (const told of this.#changes) {
      const pod = known.get(told.pod.uid);
      if (pod === undefined) continue;
      const again = renumber(pod, told);
      known.set(pod.uid, again.pod);
      if (again.change.lease.occurrence === told.lease.occurrence) continue;
      this.#misnumbered.add(keyOf(pod.uid, told.lease.ip));
      untold.push(again.change);
    }
    return { known, changes: untold };
  }

  /** Of a lease that the ledger does not know, what its message said: the list was no comparison then. */
  #asTold(uid: string, lease: Lease): Lease {
    const told = this.#listed.get(uid)?.leases.find(({ ip }) => ip === lease.ip);
    const isTold = lease.occurrence === 0 && told?.startedAt.getTime() === lease.startedAt.getTime();
    return isTold ? told : lease;
  }

  /** Whether what was told of the pod and the address had the numbers of other leases. Known after {@link adopt}. */
  isMisnumbered(uid: string, ip: string): boolean {
    return this.#misnumbered.has(keyOf(uid, ip));
  }
}

/** The same change, and the pod after it, with the number that follows those of the pod. */
function renumber(pod: KnownPod, change: IpChange): { pod: KnownPod; change: IpChange } {
  const { ip } = change.lease;
  if (change.endReason === undefined) {
    const lease = { ...change.lease, occurrence: pod.ended?.get(ip) ?? 0 };
    return { pod: { ...pod, leases: [...pod.leases, lease] }, change: { ...change, lease } };
  }
  const lease = pod.leases.find((held) => held.ip === ip) ?? change.lease;
  const leases = pod.leases.filter((held) => held !== lease);
  return { pod: { ...pod, leases, ended: countEnded(pod.ended, [lease]) }, change: { ...change, lease } };
}

function toPod({ leases, ended: _, ...identity }: KnownPod): Pod {
  return { ...identity, ips: leases.map(({ ip }) => ip), finished: false };
}

function keyOf(uid: string, ip: string): string {
  return `${uid} ${ip}`;
}
