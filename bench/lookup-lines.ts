/** The lines of a log, in the order of their times, about the addresses of a ledger that was filled. */
export interface LogOfLines {
  readonly lines: number;
  /** How many addresses pods have. */
  readonly addresses: number;
  /** Milliseconds since the epoch. */
  readonly fromMs: number;
  readonly toMs: number;
}

/** The addresses of the ledger that is filled in, and the steps in which lines go through them. */
export const FLEET = { nodes: 200, step: 7_919 } as const;
