import { PodEvent, type WriteType } from './pod-event.js';
import type { PodObject } from './pod-object.js';
import { firstIndexWhere } from './sorted.js';

export interface Page {
  readonly events: readonly PodEvent[];
  /** How many pods come after this page. */
  readonly remaining: number;
}

export interface PageRequest {
  /** Undefined: pods of all namespaces. */
  readonly namespace?: string | undefined;
  readonly resourceVersion: number;
  /** Key to start from, itself included; the empty string for the first. */
  readonly from: string;
  /** Number of pods; 0 means all. */
  readonly limit: number;
}

/**
 * Pods in every version since the last compaction, as etcd keeps them. The log of writes is bounded: a write beyond
 * the bound compacts the oldest away. Positions number the writes from 0 on and stay the same when older ones go.
 */
export class VersionedStore {
  readonly #historyLimit: number;
  readonly #keys: string[] = [];
  readonly #versions = new Map<string, PodEvent[]>();
  readonly #listeners = new Set<() => void>();
  /** Everything below `#head` is compacted and only waits to be cut off in one go. */
  #log: PodEvent[] = [];
  #head = 0;
  #cutOff = 0;
  #revision = 1;
  #compacted = 0;

  /** @param historyLimit number of writes that are kept */
  constructor(historyLimit: number) {
    this.#historyLimit = historyLimit;
  }

  /** The resource version of the last write of anything. */
  get revision(): number {
    return this.#revision;
  }

  /** Versions before this one are gone. */
  get compactedRevision(): number {
    return this.#compacted;
  }

  get firstPosition(): number {
    return this.#cutOff + this.#head;
  }

  get endPosition(): number {
    return this.#cutOff + this.#log.length;
  }

  eventAt(position: number): PodEvent | undefined {
    return position < this.firstPosition ? undefined : this.#log[position - this.#cutOff];
  }

  /** Position of the first write after this resource version. */
  positionAfter(resourceVersion: number): number {
    const index = firstIndexWhere(this.#log, (event) => event.resourceVersion > resourceVersion);
    return this.#cutOff + Math.max(index, this.#head);
  }

  /** Calls the listener after every pod write. Returns a function that ends this. */
  onWrite(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Other objects of the cluster were written: the resource version moves on, no pod changes. */
  advance(writes: number): void {
    this.#revision += writes;
  }

  write(type: WriteType, pod: PodObject): PodEvent {
    this.#revision += 1;
    const stored = { ...pod, metadata: { ...pod.metadata, resourceVersion: String(this.#revision) } };
    const key = `${pod.metadata.namespace}/${pod.metadata.name}`;
    const event = new PodEvent(type, key, stored, this.#revision);
    this.#addVersion(event);
    this.#log.push(event);
    while (this.endPosition - this.firstPosition > this.#historyLimit) this.#compactOldest();
    for (const listener of this.#listeners) listener();
    return event;
  }

  /** The pods as they were at a resource version, in the order of their keys. */
  page({ namespace, resourceVersion, from, limit }: PageRequest): Page {
    const events: PodEvent[] = [];
    let remaining = 0;
    const prefix = namespace === undefined ? '' : `${namespace}/`;
    const start = from > prefix ? from : prefix;
    const first = firstIndexWhere(this.#keys, (key) => key >= start);
    for (let index = first; index < this.#keys.length; index += 1) {
      const key = this.#keys[index] ?? '';
      if (!key.startsWith(prefix)) break;
      const event = this.#versionAt(key, resourceVersion);
      if (event === undefined) continue;
      if (limit === 0 || events.length < limit) events.push(event);
      else remaining += 1;
    }
    return { events, remaining };
  }

  /** Forgets every version that was replaced at or before this resource version, by default all. */
  compact(resourceVersion = this.#revision): void {
    while (
      this.#head < this.#log.length &&
      (this.#log[this.#head]?.resourceVersion ?? Infinity) <= resourceVersion
    )
      this.#compactOldest();
    this.#compacted = Math.max(this.#compacted, Math.min(resourceVersion, this.#revision));
  }

  /** Numbers the pods from 1 again and forgets all history, as etcd does that was restored elsewhere. */
  beginAgain(): void {
    const pods = this.#keys.flatMap((key) => this.#versionAt(key, this.#revision)?.pod ?? []);
    this.#keys.length = this.#log.length = 0;
    this.#versions.clear();
    this.#head = this.#cutOff = this.#compacted = 0;
    this.#revision = 1;
    for (const pod of pods) this.write('ADDED', pod);
    this.compact();
  }

  #versionAt(key: string, resourceVersion: number): PodEvent | undefined {
    const event = this.#versions.get(key)?.findLast((version) => version.resourceVersion <= resourceVersion);
    return event?.type === 'DELETED' ? undefined : event;
  }

  #addVersion(event: PodEvent): void {
    const versions = this.#versions.get(event.key);
    if (versions) {
      versions.push(event);
      return;
    }
    this.#versions.set(event.key, [event]);
    this.#keys.splice(
      firstIndexWhere(this.#keys, (key) => key > event.key),
      0,
      event.key,
    );
  }

  #compactOldest(): void {
    const event = this.#log[this.#head];
    if (event === undefined) return;
    this.#head += 1;
    this.#compacted = event.resourceVersion;
    this.#forgetVersionsBefore(event);
    if (this.#head * 4 > this.#historyLimit) {
      this.#log = this.#log.slice(this.#head);
      this.#cutOff += this.#head;
      this.#head = 0;
    }
  }

  #forgetVersionsBefore(event: PodEvent): void {
    const versions = this.#versions.get(event.key) ?? [];
    while (versions.length > 0 && versions[0] !== event) versions.shift();
    if (event.type === 'DELETED') versions.shift();
    if (versions.length > 0) return;
    this.#versions.delete(event.key);
    this.#keys.splice(
      firstIndexWhere(this.#keys, (key) => key >= event.key),
      1,
    );
  }
}
