import { type MessageNumber, nameRun, numberOf, type WriterReport } from '@podips/shared';
import type { InFlightMessage } from './inbox.js';
import { parseTimestamp } from './record.js';

/** Where a delay begins: at the change itself, or when a reader observed it. */
export type DelayFrom = 'change' | 'observed';

/** Readers whose messages are remembered: the one that leads, and those that it has followed. */
const MAX_RUNS = 3;

/** How far this writer has got, for its metrics and its reports. */
export class Progress {
  readonly #run = nameRun();
  /** The newest delivered message of each reader, by its run. */
  readonly #delivered = new Map<string, number>();
  readonly #onDelay: (from: DelayFrom, seconds: number) => void;
  #received = 0;
  #written = 0;
  #lagMs: number | undefined;

  constructor(onDelay: (from: DelayFrom, seconds: number) => void) {
    this.#onDelay = onDelay;
  }

  received(): void {
    this.#received += 1;
  }

  /** Fluentd has acknowledged these. @param nowMs milliseconds since the epoch */
  written(batch: readonly InFlightMessage[], nowMs: number): void {
    this.#written += batch.length;
    for (const { received, event } of batch) {
      this.#note(numberOf(received.headers));
      for (const { from, ms } of delaysOf(event.record, nowMs)) {
        this.#onDelay(from, ms / 1_000);
        if (from === 'observed') this.#lagMs = Math.max(this.#lagMs ?? 0, ms);
      }
    }
  }

  /** A report of all until now; the next one has a lag of its own. */
  report(inFlight: number): WriterReport {
    const lagMs = this.#lagMs ?? null;
    this.#lagMs = undefined;
    return {
      service: 'writer',
      run: this.#run,
      delivered: [...this.#delivered].map(([run, number]) => ({ run, number })),
      received: this.#received,
      written: this.#written,
      inFlight,
      lagMs,
    };
  }

  #note(newest: MessageNumber | undefined): void {
    if (newest === undefined) return;
    const { run, number } = newest;
    this.#delivered.set(run, Math.max(number, this.#delivered.get(run) ?? 0));
    const [oldest] = this.#delivered.keys();
    if (this.#delivered.size > MAX_RUNS && oldest !== undefined) this.#delivered.delete(oldest);
  }
}

/**
 * The delays of a message. Its `timestamp` is when the change happened, but of a pod that was running already, or of what
 * was deduced from a list, it may be long before a reader could know of it: such a message tells only the second delay.
 */
function delaysOf(
  { timestamp, observed_at, pod_ip_status, inferred }: InFlightMessage['event']['record'],
  nowMs: number,
): { readonly from: DelayFrom; readonly ms: number }[] {
  const isLate = pod_ip_status === 'alreadyRunning' || inferred === true;
  const delay = (from: DelayFrom, time: unknown) => {
    const atMs = parseTimestamp(time);
    // Clocks of two machines may disagree.
    return atMs === undefined ? [] : [{ from, ms: Math.max(0, nowMs - atMs) }];
  };
  const observed = delay('observed', observed_at);
  return isLate || observed.length === 0 ? observed : [...observed, ...delay('change', timestamp)];
}
