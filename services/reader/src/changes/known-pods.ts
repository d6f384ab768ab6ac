import type { Pod } from '../cluster/pod.js';
import type { EndedLeases } from './ended-leases.js';
import type { KnownPod } from './leases.js';
import type { PodTable } from './pod-table.js';

/** What was published of each pod that is not finished, by UID. */
export class KnownPods {
  readonly table: PodTable;
  readonly #ended: EndedLeases;

  /** @param table belongs to this object from now on: a large cluster has no place for a copy */
  constructor(table: PodTable, ended: EndedLeases) {
    this.table = table;
    this.#ended = ended;
  }

  /** A pod as it is known, or as one that held something before; undefined for one that did not. */
  before(pod: Pod): KnownPod | undefined {
    return this.table.get(pod.uid) ?? this.#ended.recall(pod);
  }

  /** A pod holds nothing any more. @param before as {@link before} had it */
  remove(uid: string, before: KnownPod | undefined, how: 'finished' | 'gone'): void {
    this.table.delete(uid);
    if (before) this.#ended.remember(before, how);
  }
}
