import type { DatabaseSettings } from '@podips/shared';
import type { Scale } from './settings.js';

/** The context of every measurement. */
export interface BenchRun {
  readonly scale: Scale;
  /** STOMP port of a real ActiveMQ on loopback; its queue is empty before and after every measurement. */
  readonly brokerPort: number;
  /** A ledger that may be there already, instead of one that is filled in for this run. */
  readonly database?: DatabaseSettings | undefined;
  /** Aborts when the run has to end early. */
  readonly signal: AbortSignal;
  /** Prints the progress for the user. */
  readonly print: (line: string) => void;
}

export type Measurement = (run: BenchRun) => Promise<Figure[]>;

export interface Figure {
  readonly name: string;
  /** The median, where it was measured several times. */
  readonly value: number;
  readonly range?: readonly [least: number, most: number];
  readonly unit: '/s' | 'ms' | 'us' | 'bytes' | 'MB' | 'times' | '%';
  readonly expectation?: Expectation;
  /** One line on how the value was measured. */
  readonly meaning: string;
}

export type Expectation = { readonly atLeast: number } | { readonly below: number };

/** @returns undefined for a figure without an expectation */
export function isMet({ value, expectation }: Figure): boolean | undefined {
  if (expectation === undefined) return undefined;
  return 'below' in expectation ? value < expectation.below : value >= expectation.atLeast;
}
