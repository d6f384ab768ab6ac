import type { KnownPod } from './leases.js';
import { packedNamespace, packPod, unpackPod } from './packed-pod.js';

const FIRST_CAPACITY = 1_024;

/**
 * Known pods by UID, in little memory. A round over all of them finds those that were neither put nor seen in it, which takes
 * no second copy of what is known.
 */
export class PodTable {
  readonly #slots = new Map<string, number>();
  /** By slot; empty in a free one. */
  readonly #packed: string[] = [];
  readonly #free: number[] = [];
  /** By slot, the last round in which the pod was put or seen. */
  #seenIn = new Uint32Array(FIRST_CAPACITY);
  #round = 0;

  constructor(pods: Iterable<KnownPod> = []) {
    for (const pod of pods) this.set(pod);
  }

  get size(): number {
    return this.#slots.size;
  }

  has(uid: string): boolean {
    return this.#slots.has(uid);
  }

  get(uid: string): KnownPod | undefined {
    const slot = this.#slots.get(uid);
    return slot === undefined ? undefined : unpackPod(uid, this.#packedIn(slot));
  }

  /** Adds a pod, or takes the place of what was known of it. */
  set(pod: KnownPod): void {
    this.#put(pod.uid, packPod(pod));
  }

  delete(uid: string): void {
    const slot = this.#slots.get(uid);
    if (slot === undefined) return;
    this.#slots.delete(uid);
    this.#packed[slot] = '';
    this.#free.push(slot);
  }

  *[Symbol.iterator](): Generator<KnownPod> {
    for (const [uid, slot] of this.#slots) yield unpackPod(uid, this.#packedIn(slot));
  }

  /** Begins a round. */
  startRound(): void {
    this.#round += 1;
  }

  see(uid: string): void {
    const slot = this.#slots.get(uid);
    if (slot !== undefined) this.#seenIn[slot] = this.#round;
  }

  /** Goes through all pods: the UID of each that was neither put nor seen in this round, and undefined for any other. */
  *unseen(): Generator<string | undefined> {
    for (const [uid, slot] of this.#slots) yield this.#seenIn[slot] === this.#round ? undefined : uid;
  }

  /** Takes the pods of a namespace out. */
  take(namespace: string): PodTable {
    const taken = new PodTable();
    const beginning = packedNamespace(namespace);
    for (const [uid, slot] of this.#slots) {
      const packed = this.#packedIn(slot);
      if (!packed.startsWith(beginning)) continue;
      taken.#put(uid, packed);
      this.delete(uid);
    }
    return taken;
  }

  #put(uid: string, packed: string): void {
    let slot = this.#slots.get(uid);
    if (slot === undefined) {
      slot = this.#free.pop() ?? this.#packed.length;
      this.#slots.set(uid, slot);
    }
    // What did not change keeps its place in memory: a list of all pods would replace the strings of all.
    if (this.#packed[slot] !== packed) this.#packed[slot] = packed;
    if (slot >= this.#seenIn.length) this.#grow();
    this.#seenIn[slot] = this.#round;
  }

  #packedIn(slot: number): string {
    return this.#packed[slot] ?? '';
  }

  #grow(): void {
    const larger = new Uint32Array(this.#seenIn.length * 2);
    larger.set(this.#seenIn);
    this.#seenIn = larger;
  }
}
