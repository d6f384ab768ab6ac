import type { ClusterNode } from './nodes.js';
import type { Random } from './random.js';

export interface KubeletTimesOptions {
  /** How long a kubelet takes to report what happened, on average, in milliseconds. */
  readonly reportLagMs: number;
  /** For how long at most a sandbox is left that the kubelet has not ended yet when the API server calls it ended. */
  readonly sandboxLeftMs: number;
  /** How far the clocks of the nodes are ahead, in their order; those without one are right. */
  readonly clockAheadMs: readonly number[];
}

interface Moments {
  readonly boundMs: number;
  readonly reportedMs: number;
}

/** Says when things really happened that a kubelet reports in the write of this moment, or has yet to do. */
export class KubeletTimes {
  readonly #options: KubeletTimesOptions;
  readonly #random: Random;
  readonly #byUid = new Map<string, Moments>();
  readonly #aheadByNode: ReadonlyMap<string, number>;

  constructor(options: KubeletTimesOptions, nodes: readonly ClusterNode[], random: Random) {
    this.#options = options;
    this.#random = random;
    this.#aheadByNode = new Map(nodes.map(({ name }, index) => [name, options.clockAheadMs[index] ?? 0]));
  }

  /** How far a node's clock is ahead, in milliseconds. */
  aheadMs(node: string | undefined): number {
    return this.#aheadByNode.get(node ?? '') ?? 0;
  }

  bound(podUid: string, now: Date): void {
    this.#byUid.set(podUid, { boundMs: now.getTime(), reportedMs: now.getTime() });
  }

  /** When the kubelet accepted the pod: soon after it was bound. */
  acceptedMs(podUid: string, happenedMs: number): number {
    const { boundMs } = this.#byUid.get(podUid) ?? { boundMs: happenedMs };
    return boundMs + Math.max(0, Math.min(happenedMs - boundMs, this.#options.reportLagMs)) / 2;
  }

  /** When it happened, which the kubelet reports now: after its last report, and after the given time. */
  reportedNowMs(podUid: string, now: Date, afterMs = 0): number {
    const nowMs = now.getTime();
    const lagMs = this.#options.reportLagMs * (0.5 + this.#random.next());
    const lastMs = this.#byUid.get(podUid)?.reportedMs ?? 0;
    return Math.min(nowMs, Math.round(Math.max(nowMs - lagMs, lastMs, afterMs)));
  }

  /** The kubelet's write. */
  reported(podUid: string, now: Date): void {
    const { boundMs } = this.#byUid.get(podUid) ?? { boundMs: now.getTime() };
    this.#byUid.set(podUid, { boundMs, reportedMs: now.getTime() });
  }

  /** When the sandbox is gone that the API server calls ended now. */
  leftUntilMs(now: Date): number {
    return now.getTime() + Math.round(this.#options.sandboxLeftMs * this.#random.next());
  }

  forget(podUid: string): void {
    this.#byUid.delete(podUid);
  }
}
