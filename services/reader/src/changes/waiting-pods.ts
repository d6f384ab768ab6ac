import { deserialize, serialize } from 'node:v8';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { Pod } from '../cluster/pod.js';

/** The fastest: of what pods of one list have in common, little is left by any. */
const LEVEL = { level: 1 };

/**
 * Pods that wait for the end of a list, compressed and outside of the heap: they may be as many as all that is known, and take
 * some 40 bytes each then.
 */
export class WaitingPods {
  readonly #parts: Uint8Array[] = [];

  add(pods: readonly Pod[]): void {
    if (pods.length > 0) this.#parts.push(compress(pods));
  }

  /** Takes them out, as many at a time as were added together. */
  *take(): Generator<readonly Pod[]> {
    for (let part = this.#parts.shift(); part; part = this.#parts.shift())
      yield deserialize(inflateRawSync(part)) as Pod[]; // as they were added
  }
}

/** zlib's result is a view of a buffer of 16 KiB, however short it is: the copy keeps no more than its own bytes. */
export function compress(pods: readonly Pod[]): Uint8Array {
  return new Uint8Array(deflateRawSync(serialize(pods), LEVEL));
}
