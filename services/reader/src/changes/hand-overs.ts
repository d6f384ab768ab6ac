import { handOver, type Interval } from './event-times.js';
import { addressKey, type IpChange } from './leases.js';

/**
 * Addresses that go from one pod to the next in a list. Its ends come before its starts, and perhaps in an earlier part:
 * so the starts are known before any end gets its time.
 */
export class HandOvers {
  /** Of the next holder of each address, as far as the list itself says. */
  readonly #starts = new Map<string, Interval>();
  /** Of the holder before. */
  readonly #ends = new Map<string, Interval>();

  /** A start that will be placed after all ends. */
  expect({ pod, lease, interval }: IpChange): void {
    if (!pod.hostNetwork) this.#starts.set(addressKey(lease), interval);
  }

  /** An end as the next holder bounds it. @returns undefined where there is none */
  boundEnd({ lease, interval }: IpChange): ReturnType<typeof handOver> | undefined {
    const address = addressKey(lease);
    const start = this.#starts.get(address);
    if (start === undefined) return undefined;
    const handed = handOver(interval, start);
    this.#ends.set(address, handed.end);
    return handed;
  }

  /** The end of the holder before; undefined where there is none. */
  endBefore({ lease }: IpChange): Interval | undefined {
    return this.#ends.get(addressKey(lease));
  }

  /** An end has got its time: a start in a later part is later, if only by a millisecond. */
  placed({ lease, interval }: IpChange): void {
    const address = addressKey(lease);
    if (this.#ends.has(address)) this.#ends.set(address, { ...interval, best: interval.best + 1 });
  }
}
