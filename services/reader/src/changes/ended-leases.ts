import type { Pod } from '../cluster/pod.js';
import { countEnded, type EndedCounts, type KnownPod } from './leases.js';
import { putNewest } from './newest.js';
import { identityOf } from './pod-identity.js';

/** Most pods that are remembered after they are gone: they come back only where a cluster is restored from a backup. */
const MAX_GONE = 20_000;
/** Most finished pods that are remembered. Kubernetes itself deletes the oldest beyond 12,500. */
const MAX_FINISHED = 50_000;

/**
 * How many leases of their addresses pods have had that hold nothing now. Should such a pod run again, its next lease of an
 * address is another one, with a number of its own.
 */
export class EndedLeases {
  /** By UID, the pod that ended last at the end. */
  readonly #finished = new Map<string, EndedCounts>();
  readonly #gone: Map<string, EndedCounts>;

  /** @param loaded as the ledger has them */
  constructor(loaded: ReadonlyMap<string, EndedCounts> = new Map()) {
    this.#gone = new Map(loaded);
  }

  /** A pod holds nothing any more. */
  remember(pod: KnownPod, how: 'finished' | 'gone'): void {
    const counts = countEnded(pod.ended, pod.leases);
    this.#finished.delete(pod.uid);
    this.#gone.delete(pod.uid);
    if (counts.size === 0) return;
    if (how === 'finished') putNewest(this.#finished, pod.uid, counts, MAX_FINISHED);
    else putNewest(this.#gone, pod.uid, counts, MAX_GONE);
  }

  /**
   * A pod that held something before, as one that is known, but for its workload: the last restart of each container may be
   * new, and is recorded once however often it is found. Undefined for a pod that held nothing.
   */
  recall(pod: Pod): KnownPod | undefined {
    const ended = this.#finished.get(pod.uid) ?? this.#gone.get(pod.uid);
    return ended && { ...identityOf(pod), workload: undefined, leases: [], ended };
  }
}
