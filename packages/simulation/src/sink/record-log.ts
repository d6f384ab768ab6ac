import { appendFileSync, closeSync, openSync } from 'node:fs';
import type { SinkRecord } from './forward-protocol.js';

export interface RecordLogOptions {
  /** File that gets one JSON line per record. */
  readonly file: string | undefined;
  /** How many of the newest records stay in memory. */
  readonly keep: number;
  /** How many `event_id`s are remembered to find duplicates; the oldest are forgotten first. */
  readonly maxEventIds: number;
}

/** Where received records go: a file, a bounded memory, and counters. */
export class RecordLog {
  readonly #options: RecordLogOptions;
  readonly #descriptor: number | undefined;
  readonly #eventIds = new Set<unknown>();
  #kept: SinkRecord[] = [];
  #received = 0;
  #distinct = 0;
  #duplicates = 0;

  /** @throws when the file cannot be opened */
  constructor(options: RecordLogOptions) {
    this.#options = options;
    this.#descriptor = options.file === undefined ? undefined : openSync(options.file, 'a');
  }

  get received(): number {
    return this.#received;
  }

  /** Different `event_id`s among the records. */
  get distinct(): number {
    return this.#distinct;
  }

  /** Records whose `event_id` had come before. */
  get duplicates(): number {
    return this.#duplicates;
  }

  /** Whether a record with it has come. An `event_id` that was forgotten has not. */
  has(eventId: string): boolean {
    return this.#eventIds.has(eventId);
  }

  /** The newest records, oldest first. */
  get records(): readonly SinkRecord[] {
    return this.#kept.slice(Math.max(0, this.#kept.length - this.#options.keep));
  }

  /** Stores records; they are in the file when it returns. @throws when the file cannot be written */
  write(records: readonly SinkRecord[]): void {
    if (this.#descriptor !== undefined) {
      const lines = records.map((record) => `${JSON.stringify(record)}\n`);
      appendFileSync(this.#descriptor, lines.join(''));
    }
    for (const { record } of records) this.#count(record.event_id);
    this.#received += records.length;
    this.#keep(records);
  }

  close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
  }

  #count(eventId: unknown): void {
    if (eventId === undefined) return;
    if (this.#eventIds.has(eventId)) {
      this.#duplicates += 1;
      return;
    }
    this.#distinct += 1;
    this.#eventIds.add(eventId);
    if (this.#eventIds.size <= this.#options.maxEventIds) return;
    const [oldest] = this.#eventIds;
    this.#eventIds.delete(oldest);
  }

  #keep(records: readonly SinkRecord[]): void {
    const { keep } = this.#options;
    for (const record of records) this.#kept.push(record);
    // Cut at twice the bound: not once per record.
    if (this.#kept.length > 2 * keep) this.#kept = this.#kept.slice(this.#kept.length - keep);
  }
}
