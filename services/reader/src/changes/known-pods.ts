import type { Pod } from '../cluster/pod.js';
import type { EndedLeases } from './ended-leases.js';
import type { KnownTimes } from './event-times.js';
import type { KnownPod } from './leases.js';

/** What was published of each pod that is not finished, by UID. */
export class KnownPods {
  readonly #known: Map<string, KnownPod>;
  readonly #ended: EndedLeases;

  /** @param known belongs to this object from now on: a large cluster has no place for a copy */
  constructor(known: Map<string, KnownPod>, ended: EndedLeases) {
    this.#known = known;
    this.#ended = ended;
  }

  get size(): number {
    return this.#known.size;
  }

  get uids(): Iterable<string> {
    return this.#known.keys();
  }

  get all(): Iterable<KnownPod> {
    return this.#known.values();
  }

  get(uid: string): KnownPod | undefined {
    return this.#known.get(uid);
  }

  /** A pod as it is known, or as one that held something before; undefined for one that did not. */
  before(pod: Pod): KnownPod | undefined {
    return this.#known.get(pod.uid) ?? this.#ended.recall(pod);
  }

  /** A pod is known like this from now on. */
  put(pod: KnownPod): void {
    const before = this.#known.get(pod.uid);
    if (before === undefined) this.#known.set(pod.uid, pod);
    else if (!isSameBut('times', before, pod)) this.#known.set(pod.uid, pod);
    // The same pod as before keeps its strings: a list of all pods would replace those of all.
    else if (!haveSame(before.times, pod.times)) this.#known.set(pod.uid, { ...before, ...timesOf(pod) });
  }

  /** A pod holds nothing any more. @param before as {@link before} had it */
  remove(uid: string, before: KnownPod | undefined, how: 'finished' | 'gone'): void {
    this.#known.delete(uid);
    if (before) this.#ended.remember(before, how);
  }
}

const timesOf = ({ times }: KnownPod) => (times === undefined ? {} : { times });

function isSameBut(other: keyof KnownPod, a: KnownPod, b: KnownPod): boolean {
  const keys = Object.keys({ ...a, ...b }) as (keyof KnownPod)[]; // of two of them
  return keys.every(
    (key) => key === other || a[key] === b[key] || (key === 'leases' && haveSameLeases(a, b)),
  );
}

function haveSameLeases({ leases: a }: KnownPod, { leases: b }: KnownPod): boolean {
  return a.length === b.length && a.every((lease, index) => lease === b[index]);
}

function haveSame(a: KnownTimes | undefined, b: KnownTimes | undefined): boolean {
  return (
    a?.kubeletWroteAt === b?.kubeletWroteAt &&
    a?.deletionAskedAt === b?.deletionAskedAt &&
    a?.terminationGraceSeconds === b?.terminationGraceSeconds
  );
}
