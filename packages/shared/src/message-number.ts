import { randomBytes } from 'node:crypto';
import type { QueueHeaders } from './queue-message.js';

/** The header by which a message says which one it is of all that a reader has sent. Consumers need not know it. */
const NUMBER_HEADER = 'podips-number';
const PATTERN = /^([0-9a-f]{8})\/(\d{1,15})$/;

/** Which message it is, of all that one run of a reader has sent to the queue; the first has 1. */
export interface MessageNumber {
  /** Names the run. */
  readonly run: string;
  readonly number: number;
}

/** A name for the run of a process; another one has another. */
export function nameRun(): string {
  return randomBytes(4).toString('hex');
}

/** The header that has the number. */
export function numberHeaders({ run, number }: MessageNumber): QueueHeaders {
  return { [NUMBER_HEADER]: `${run}/${number}` };
}

/** The number of a received message; undefined for one of another producer. */
export function numberOf(headers: QueueHeaders): MessageNumber | undefined {
  const [, run, number] = PATTERN.exec(headers[NUMBER_HEADER] ?? '') ?? [];
  return run === undefined ? undefined : { run, number: Number(number) };
}
