import type { KubeletReport } from './kubelet-report.js';
import type { ClusterNode } from './nodes.js';
import type { PodObject } from './pod-object.js';
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

  bound(podUid: string, now: Date): void {
    this.#byUid.set(podUid, { boundMs: now.getTime(), reportedMs: now.getTime() });
  }

  /** The kubelet writes now what happened before: after its last report, and after the given time. */
  report(
    { metadata, spec }: PodObject,
    writtenAt: Date,
    afterMs: number,
  ): Omit<KubeletReport, 'wholeFields'> {
    const nowMs = writtenAt.getTime();
    const { boundMs, reportedMs } = this.#byUid.get(metadata.uid) ?? { boundMs: nowMs, reportedMs: 0 };
    const { reportLagMs } = this.#options;
    const lagMs = reportLagMs * (0.5 + this.#random.next());
    const happenedMs = Math.min(nowMs, Math.round(Math.max(nowMs - lagMs, reportedMs, afterMs)));
    // Accepted soon after it was bound.
    const acceptedMs = boundMs + Math.max(0, Math.min(happenedMs - boundMs, reportLagMs)) / 2;
    this.#byUid.set(metadata.uid, { boundMs, reportedMs: nowMs });
    return {
      writtenAt,
      nodeAheadMs: this.#aheadByNode.get(spec.nodeName ?? '') ?? 0,
      acceptedMs,
      happenedMs,
    };
  }

  /** When the sandbox is gone that the API server calls ended now. */
  leftUntilMs(now: Date): number {
    return now.getTime() + Math.round(this.#options.sandboxLeftMs * this.#random.next());
  }

  forget(podUid: string): void {
    this.#byUid.delete(podUid);
  }
}
