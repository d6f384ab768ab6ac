import {
  countEnded,
  decideList,
  type IpChange,
  type KnownPod,
  type Lease,
  type ListDecision,
} from './leases.js';
import type { Pod } from './pod.js';

/**
 * What was told while the ledger could not be loaded. Without it all leases seem to be the first ones of their pods; with
 * it the same is decided again, and told again where the numbers differ.
 */
export class ToldBefore {
  readonly #maxChanges: number;
  #listed: ReadonlyMap<string, KnownPod> = new Map();
  #listedAt: Date | undefined;
  /** Since the list, of its pods: of all others the ledger knows nothing. */
  #changes: IpChange[] = [];
  readonly #misnumbered = new Set<string>();

  /** @param maxChanges bound of what is kept; beyond it the history begins anew */
  constructor(maxChanges: number) {
    this.#maxChanges = maxChanges;
  }

  /** When the list came that the history begins with; undefined: there was none yet. */
  get listedAt(): Date | undefined {
    return this.#listedAt;
  }

  /** Begins with what the cluster has at this time. */
  begin(known: ReadonlyMap<string, KnownPod>, at: Date): void {
    this.#listed = new Map(known);
    this.#listedAt = at;
    this.#changes = [];
  }

  /** @param known what the cluster has after these changes */
  add(changes: readonly IpChange[], known: ReadonlyMap<string, KnownPod>): void {
    for (const change of changes) if (this.#listed.has(change.pod.uid)) this.#changes.push(change);
    const last = changes.at(-1);
    if (last && this.#changes.length > this.#maxChanges) this.begin(known, last.at);
  }

  /**
   * Decides again, from the ledger on, what was told since the list.
   * @returns the pods of the ledger that the cluster still has, and, in order, what was not told yet or under the number of
   *   another lease
   */
  adopt(ledger: ReadonlyMap<string, KnownPod>, listedAt: Date): ListDecision {
    const listed = [...ledger.keys()].flatMap((uid) => this.#listed.get(uid) ?? []);
    const counted = new Map(ledger);
    for (const pod of listed) counted.set(pod.uid, withCounts(ledger.get(pod.uid) ?? pod, pod.ended));
    const { known, changes } = decideList(counted, listed.map(toPod), { at: listedAt, inferred: true });
    for (const pod of listed) {
      for (const lease of pod.leases) this.#compare(lease, known.get(pod.uid));
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

  /** Whether what was told of the pod and the address had the numbers of other leases. Known after {@link adopt}. */
  isMisnumbered(uid: string, ip: string): boolean {
    return this.#misnumbered.has(keyOf(uid, ip));
  }

  #compare(told: Lease, known: KnownPod | undefined): void {
    const lease = known?.leases.find(({ ip }) => ip === told.ip);
    if (known && lease?.occurrence !== told.occurrence) this.#misnumbered.add(keyOf(known.uid, told.ip));
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
  const ended = new Map(countEnded(pod.ended, [lease]));
  const leases = pod.leases.filter((held) => held !== lease);
  return { pod: { ...pod, leases, ended }, change: { ...change, lease } };
}

/** With numbers that none of both has given yet. */
function withCounts(pod: KnownPod, counts: KnownPod['ended']): KnownPod {
  if (counts === undefined) return pod;
  const ended = new Map(pod.ended);
  for (const [ip, count] of counts) ended.set(ip, Math.max(count, ended.get(ip) ?? 0));
  return { ...pod, ended };
}

function toPod({ leases, ended: _, ...identity }: KnownPod): Pod {
  return { ...identity, ips: leases.map(({ ip }) => ip), finished: false };
}

function keyOf(uid: string, ip: string): string {
  return `${uid} ${ip}`;
}
