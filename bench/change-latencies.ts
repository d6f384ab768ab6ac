import type { SeenChange } from './pod-server.js';

/** How long each change takes to arrive, whichever of both is reported first. */
export class ChangeLatencies {
  #expected = 0;
  readonly #madeAt = new Map<string, number>();
  readonly #arrivedAt = new Map<string, number>();
  #values: number[] = [];
  #lastMadeMs = 0;
  #lastArrivedMs = 0;

  /** Restarts the count, with so many changes. */
  reset(expected: number): void {
    this.#expected = expected;
    this.#madeAt.clear();
    this.#arrivedAt.clear();
    this.#values = [];
  }

  get complete(): boolean {
    return this.#values.length >= this.#expected;
  }

  /** Of each change that has arrived, in milliseconds. */
  get values(): readonly number[] {
    return this.#values;
  }

  /** From the last change until the last arrival. */
  get leftMs(): number {
    return Math.max(0, this.#lastArrivedMs - this.#lastMadeMs);
  }

  made(changes: readonly SeenChange[]): void {
    for (const { uid, isStart, atMs } of changes) {
      const key = `${uid} ${isStart}`;
      this.#lastMadeMs = atMs;
      const arrived = this.#arrivedAt.get(key);
      if (arrived === undefined) this.#madeAt.set(key, atMs);
      else this.#arrived(key, atMs, arrived);
    }
  }

  /** A record is in the sink. Copies of it do not count. */
  arrived(record: Readonly<Record<string, unknown>>): void {
    if (this.#expected === 0) return;
    const key = `${record.pod_uid} ${record.pod_ip_status !== 'deallocated'}`;
    const now = performance.timeOrigin + performance.now();
    const made = this.#madeAt.get(key);
    if (made === undefined) this.#arrivedAt.set(key, now);
    else this.#arrived(key, made, now);
  }

  #arrived(key: string, madeMs: number, arrivedMs: number): void {
    this.#madeAt.delete(key);
    this.#arrivedAt.delete(key);
    this.#lastArrivedMs = arrivedMs;
    this.#values.push(arrivedMs - madeMs);
  }
}
