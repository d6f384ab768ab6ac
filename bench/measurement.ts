import type { Scale } from './settings.js';

/** What every measurement gets. */
export interface BenchRun {
  readonly scale: Scale;
  /** STOMP port of a real ActiveMQ on loopback; its queue is empty before and after every measurement. */
  readonly brokerPort: number;
  /** Aborts when the run is to end early. */
  readonly signal: AbortSignal;
  /** Tells the user how far it is. */
  readonly tell: (line: string) => void;
}

export type Measurement = (run: BenchRun) => Promise<Figure[]>;

export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: '/s' | 'ms' | 'MB' | 'times' | '%';
  readonly expectation?: Expectation;
  /** One line on how the value came about. */
  readonly meaning: string;
}

export type Expectation = { readonly atLeast: number } | { readonly below: number };

/** Undefined when nothing is expected of the figure. */
export function isMet({ value, expectation }: Figure): boolean | undefined {
  if (expectation === undefined) return undefined;
  return 'below' in expectation ? value < expectation.below : value >= expectation.atLeast;
}
