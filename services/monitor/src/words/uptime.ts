import type { UptimeView } from '../view/status-view.js';
import { formatDuration } from './format.js';

/** The windows for people. */
export const WINDOW_WORDS: Readonly<Record<UptimeView['window'], string>> = {
  '24h': '24 hours',
  '7d': '7 days',
  '30d': '30 days',
  '90d': '90 days',
};

/** A share of a window that is not known, and so small that it changes no digit, is left out of the short form. */
const SMALL_SHARE = 0.0001;

/** `99.98 %`, `99.98 % of 3 d` where only so much is known, or `not known`. */
export function uptimeWords(uptime: UptimeView): string {
  const { percent, greenMs, yellowMs, redMs, unknownMs } = uptime;
  if (percent === null) return 'not known';
  const knownMs = greenMs + yellowMs + redMs;
  const text = percent === 0 && greenMs > 0 ? 'under 0.01 %' : `${percent} %`;
  return unknownMs < SMALL_SHARE * (knownMs + unknownMs) ? text : `${text} of ${formatDuration(knownMs)}`;
}

/** All of it, `failing for 40 s, silent for 5 min, not known for 2 h`; empty where the light was always green. */
export function uptimeDetails({ yellowMs, redMs, unknownMs }: UptimeView): string {
  const parts: readonly (readonly [number, string])[] = [
    [redMs, 'failing'],
    [yellowMs, 'silent'],
    [unknownMs, 'not known'],
  ];
  return parts
    .filter(([ms]) => ms > 0)
    .map(([ms, what]) => `${what} for ${ms < 1_000 ? 'under 1 s' : formatDuration(ms)}`)
    .join(', ');
}
