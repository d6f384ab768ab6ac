/** Leases are read for so long at a time. */
const DAY_MS = 86_400_000;
/** Windows overlap by that, so that no question is about two of them because it is about a few seconds. */
const OVERLAP_MS = 3_600_000;

/** In milliseconds since the epoch. */
export interface Times {
  readonly fromMs: number;
  readonly toMs: number;
}

/** The number of the day, and so of the window, in which a question begins. */
export function dayOf({ fromMs }: Pick<Times, 'fromMs'>): number {
  return Math.floor(fromMs / DAY_MS);
}

/** The times that a window reaches over, in milliseconds since the epoch; a question that ends before its end is about it alone. */
export function windowOf(day: number): Times {
  return { fromMs: day * DAY_MS, toMs: (day + 1) * DAY_MS + OVERLAP_MS };
}
