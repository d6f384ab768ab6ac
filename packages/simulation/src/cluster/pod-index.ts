import { ClusterError } from './cluster-error.js';
import { keyOf, type PodObject } from './pod-object.js';

/** The pods that there are, by UID and by namespace and name. */
export class PodIndex {
  readonly #byUid = new Map<string, PodObject>();
  readonly #uidByKey = new Map<string, string>();

  get size(): number {
    return this.#byUid.size;
  }

  all(): PodObject[] {
    return [...this.#byUid.values()];
  }

  get(uid: string): PodObject | undefined {
    return this.#byUid.get(uid);
  }

  /** @throws {ClusterError} POD_NOT_FOUND */
  require(uid: string): PodObject {
    const pod = this.get(uid);
    if (pod === undefined) throw new ClusterError('POD_NOT_FOUND', `there is no pod with the UID ${uid}`);
    return pod;
  }

  /** @param key as {@link keyOf} gives it */
  find(key: string): PodObject | undefined {
    return this.get(this.#uidByKey.get(key) ?? '');
  }

  /** Adds a pod, or takes the place of its state before. */
  put(pod: PodObject): PodObject {
    this.#byUid.set(pod.metadata.uid, pod);
    this.#uidByKey.set(keyOf(pod), pod.metadata.uid);
    return pod;
  }

  remove(pod: PodObject): void {
    this.#byUid.delete(pod.metadata.uid);
    this.#uidByKey.delete(keyOf(pod));
  }
}
