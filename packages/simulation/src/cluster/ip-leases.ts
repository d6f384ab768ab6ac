import type { IpPool } from './ip-pool.js';
import type { PodObject } from './pod-object.js';
import type { EndCause, IpChange, TruthRecord } from './truth.js';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Who holds which address: takes addresses from the pools, gives them back, and records both in the truth. */
export class IpLeases {
  readonly #pools: readonly IpPool[];
  readonly #truth: TruthRecord;
  readonly #now: () => Date;
  readonly #heldByUid = new Map<string, readonly string[]>();
  /** The end of the last holder, for each address that had one. */
  readonly #lastEnds = new Map<string, Mutable<IpChange>>();

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

  /** Since when they are free, as far as it can be known now: a sandbox that is left is gone when the next comes. */
  freeSinceMs(ips: readonly string[]): number {
    return Math.max(0, ...ips.map((ip) => this.#lastEnds.get(ip)?.happenedAt.getTime() ?? 0));
  }

  /** The pod holds these addresses as of its current resource version; its sandbox has them since `happenedMs`. */
  assign(pod: PodObject, ips: readonly string[], happenedMs: number): void {
    this.#heldByUid.set(pod.metadata.uid, ips);
    const happenedAt = new Date(happenedMs);
    for (const ip of ips) {
      const lastEnd = this.#lastEnds.get(ip);
      if (lastEnd && lastEnd.happenedAt > happenedAt) lastEnd.happenedAt = happenedAt;
      this.#truth.append(this.#change('assigned', pod, ip, happenedAt));
    }
  }

  /**
   * The pod holds nothing as of its current resource version. A node keeps its own addresses.
   * @param cause undefined where the pod lives on
   */
  release(pod: PodObject, happenedMs: number, cause?: EndCause): void {
    const ips = this.held(pod.metadata.uid);
    this.#heldByUid.delete(pod.metadata.uid);
    for (const [family, ip] of ips.entries()) {
      const change = { ...this.#change('released', pod, ip, new Date(happenedMs)), endCause: cause };
      this.#truth.append(change);
      if (pod.spec.hostNetwork) continue;
      this.#lastEnds.set(ip, change);
      this.#pools[family]?.giveBack(ip);
    }
  }

  #change(
    kind: IpChange['kind'],
    { metadata, spec }: PodObject,
    ip: string,
    happenedAt: Date,
  ): Mutable<IpChange> {
    const owner = metadata.ownerReferences?.[0];
    return {
      at: this.#now(),
      happenedAt,
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
