import type { PodObject } from './pod-object.js';

export type WriteType = 'ADDED' | 'MODIFIED' | 'DELETED';

/** One write to a pod: the event that watches see, and the version of the pod that lists see. */
export class PodEvent {
  readonly type: WriteType;
  readonly key: string;
  readonly pod: PodObject;
  readonly resourceVersion: number;
  #item: string | undefined;
  #line: Buffer | undefined;

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

  /** The event as a line of a watch. Made once for all watches. */
  get line(): Buffer {
    this.#line ??= this.#lineOf(this.type);
    return this.#line;
  }

  /** The line with which a watch without a resource version shows what was there before it. */
  get syntheticLine(): Buffer {
    return this.type === 'ADDED' ? this.line : this.#lineOf('ADDED');
  }

  #lineOf(type: WriteType): Buffer {
    return Buffer.from(`{"type":"${type}","object":{"kind":"Pod","apiVersion":"v1",${this.item.slice(1)}}\n`);
  }
}
