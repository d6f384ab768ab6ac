const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** In milliseconds since the epoch. */
export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

/** The windows of time that workloads are measured in. */
export const WINDOWS = {
  '15m': { ms: 15 * MINUTE_MS, words: 'last 15 minutes' },
  '1h': { ms: HOUR_MS, words: 'last hour' },
  '24h': { ms: DAY_MS, words: 'last 24 hours' },
  '7d': { ms: 7 * DAY_MS, words: 'last 7 days' },
} as const;

export type WindowName = keyof typeof WINDOWS;
export const WINDOW_NAMES = Object.keys(WINDOWS) as [WindowName, ...WindowName[]]; // never empty
export const DEFAULT_WINDOW: WindowName = '1h';

export const isWindow = (text: string): text is WindowName => Object.hasOwn(WINDOWS, text);
