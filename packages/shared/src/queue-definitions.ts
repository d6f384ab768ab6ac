import type { QueueError } from './errors.js';

/**
 * Since when the broker has the queues that one connection sends to. RabbitMQ keeps the definition of a new queue in memory
 * for up to two seconds after it has confirmed messages in it: killed then, it loses the queue and all of them.
 */
export class QueueDefinitions {
  readonly #onDiskAfterMs: number;
  /** When the first receipt from each queue came. */
  readonly #knownSinceMs = new Map<string, number>();

  /** @param onDiskAfterMs how long a definition may be in memory only, in milliseconds; 0: never */
  constructor(onDiskAfterMs: number) {
    this.#onDiskAfterMs = onDiskAfterMs;
  }

  /**
   * To be called when there is a receipt from these queues. Resolves when their definitions are on disk.
   * @param closed the end of the connection
   * @throws {QueueError} that of `closed`
   */
  async onDisk(destinations: readonly string[], closed: Promise<QueueError>): Promise<void> {
    if (this.#onDiskAfterMs === 0) return;
    const nowMs = performance.now();
    for (const name of destinations) if (!this.#knownSinceMs.has(name)) this.#knownSinceMs.set(name, nowMs);
    const newestMs = Math.max(...destinations.map((name) => this.#knownSinceMs.get(name) ?? nowMs));
    const leftMs = newestMs + this.#onDiskAfterMs - nowMs;
    if (leftMs <= 0) return;
    let timer: NodeJS.Timeout | undefined;
    const waited = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, leftMs);
    });
    const error = await Promise.race([waited, closed]);
    clearTimeout(timer);
    if (error) throw error;
  }
}
