import type { IpPool } from './ip-pool.js';
import type { PodObject } from './pod-object.js';
import type { IpChange, TruthRecord } from './truth.js';

/** Who holds which address: takes addresses from the pools, gives them back, and records both in the truth. */
export class IpLeases {
  readonly #pools: readonly IpPool[];
  readonly #truth: TruthRecord;
  readonly #now: () => Date;
  readonly #heldByUid = new Map<string, readonly string[]>();

  /** @param pools one per IP family */
  constructor(pools: readonly IpPool[], truth: TruthRecord, now: () => Date) {
    this.#pools = pools;
    this.#truth = truth;
    this.#now = now;
  }

  /** Addresses that the fullest pool can still hand out. */
  get free(): number {
    return Math.min(...this.#pools.map((pool) => pool.free));
  }

  held(podUid: string): readonly string[] {
    return this.#heldByUid.get(podUid) ?? [];
  }

  /** Takes an address of every family. @throws {ClusterError} IP_POOL_EXHAUSTED */
  take(): readonly string[] {
    return this.#pools.map((pool) => pool.take());
  }

  /** The pod holds these addresses as of its current resource version. */
  assign(pod: PodObject, ips: readonly string[]): void {
    this.#heldByUid.set(pod.metadata.uid, ips);
    for (const ip of ips) this.#truth.append(this.#change('assigned', pod, ip));
  }

  /** The pod holds nothing as of its current resource version. A node keeps its own addresses. */
  release(pod: PodObject): void {
    const ips = this.held(pod.metadata.uid);
    this.#heldByUid.delete(pod.metadata.uid);
    for (const [family, ip] of ips.entries()) {
      this.#truth.append(this.#change('released', pod, ip));
      if (!pod.spec.hostNetwork) this.#pools[family]?.giveBack(ip);
    }
  }

  #change(kind: IpChange['kind'], { metadata, spec }: PodObject, ip: string): IpChange {
    const owner = metadata.ownerReferences?.[0];
    return {
      at: this.#now(),
      kind,
      podUid: metadata.uid,
      namespace: metadata.namespace,
      pod: metadata.name,
      ip,
      hostNetwork: spec.hostNetwork ?? false,
      ownerKind: owner?.kind ?? 'Unknown',
      ownerName: owner?.name ?? '',
      node: spec.nodeName ?? '',
      resourceVersion: Number(metadata.resourceVersion),
    };
  }
}
