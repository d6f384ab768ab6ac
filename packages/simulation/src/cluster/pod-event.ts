import type { PodObject } from './pod-object.js';

export type WriteType = 'ADDED' | 'MODIFIED' | 'DELETED';

/** One write to a pod: the event that watches see, and the version of the pod that lists see. */
export class PodEvent {
  readonly type: WriteType;
  readonly key: string;
  readonly pod: PodObject;
  readonly resourceVersion: number;
  #item: string | undefined;
  readonly #encoded = new Map<string, Buffer>();

  constructor(type: WriteType, key: string, pod: PodObject, resourceVersion: number) {
    this.type = type;
    this.key = key;
    this.pod = pod;
    this.resourceVersion = resourceVersion;
  }

  /** The pod as JSON in a list. Made once, however many lists and watches show it. */
  get item(): string {
    this.#item ??= JSON.stringify(this.pod);
    return this.#item;
  }

  /** The event in some encoding. Made once, however many lists and watches show it. */
  encoded(as: string, encode: () => Buffer): Buffer {
    const known = this.#encoded.get(as);
    if (known !== undefined) return known;
    const bytes = encode();
    this.#encoded.set(as, bytes);
    return bytes;
  }
}
