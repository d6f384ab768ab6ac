import type { Light } from '../status/lights.js';
import type { UptimeView } from '../view/status-view.js';
import type { Run, Span } from './timeline.js';

const DAY_MS = 86_400_000;

/** The windows of which the uptime is said. */
export const UPTIME_WINDOWS = ['24h', '7d', '30d', '90d'] as const;
export type UptimeWindow = (typeof UPTIME_WINDOWS)[number];
const WINDOW_MS: Readonly<Record<UptimeWindow, number>> = {
  '24h': DAY_MS,
  '7d': 7 * DAY_MS,
  '30d': 30 * DAY_MS,
  '90d': 90 * DAY_MS,
};

/** A time in which one light was on and the monitor was running. */
export interface Piece {
  readonly light: Light;
  readonly fromMs: number;
  readonly toMs: number;
  /** The share of it that is certain; the rest is in recoveries that were folded away. */
  readonly certain: number;
}

/** How long each light was on in a time, in milliseconds, and for how long that is not known. */
export type Amounts = Pick<UptimeView, 'greenMs' | 'yellowMs' | 'redMs' | 'unknownMs'>;

/** What is known of a light: nothing of times in which the monitor was not running, or that are later than now. */
export function knownPieces(spans: readonly Span[], runs: readonly Run[], nowMs: number): Piece[] {
  const pieces: Piece[] = [];
  let first = 0;
  for (const run of [...runs].sort((a, b) => a.fromMs - b.fromMs)) {
    const fromMs = Math.max(run.fromMs, pieces.at(-1)?.toMs ?? -Infinity);
    for (let index = first; index < spans.length; index += 1) {
      const span = spans[index];
      if (span === undefined || span.sinceMs >= run.toMs) break;
      const endMs = spans[index + 1]?.sinceMs ?? nowMs;
      if (endMs <= fromMs) first = index;
      const [start, end] = [Math.max(span.sinceMs, fromMs), Math.min(endMs, run.toMs, nowMs)];
      if (end > start)
        pieces.push({ light: span.light, fromMs: start, toMs: end, certain: certainOf(span, endMs) });
    }
  }
  return pieces;
}

function certainOf({ sinceMs, foldedMs = 0 }: Span, endMs: number): number {
  return foldedMs === 0 ? 1 : Math.max(0, 1 - foldedMs / (endMs - sinceMs));
}

/** How long each light was on in a time; what is later than it does not count. */
export function amountsIn(pieces: readonly Piece[], fromMs: number, toMs: number): Amounts {
  const sums = { green: 0, yellow: 0, red: 0, grey: 0 };
  for (const piece of pieces) {
    const ms = Math.min(piece.toMs, toMs) - Math.max(piece.fromMs, fromMs);
    if (ms > 0) sums[piece.light] += ms * piece.certain;
  }
  const [greenMs, yellowMs, redMs] = [Math.floor(sums.green), Math.round(sums.yellow), Math.round(sums.red)];
  // An operation that never reported is not known to have worked, nor to have failed.
  return { greenMs, yellowMs, redMs, unknownMs: Math.max(0, toMs - fromMs - greenMs - yellowMs - redMs) };
}

/** The uptime in each window that ends now. */
export function uptimesOf(pieces: readonly Piece[], nowMs: number): UptimeView[] {
  return UPTIME_WINDOWS.map((window) => {
    const amounts = amountsIn(pieces, nowMs - WINDOW_MS[window], nowMs);
    const wasOut = pieces.some(
      ({ light, toMs }) => (light === 'red' || light === 'yellow') && toMs > nowMs - WINDOW_MS[window],
    );
    const percent = percentOf(amounts);
    // An outage in which so much was folded away that none of it is certain was one all the same.
    return { window, percent: percent !== null && wasOut ? Math.min(percent, 99.99) : percent, ...amounts };
  });
}

/** The share of the known time in which the light was green, never rounded up; null: nothing is known. */
function percentOf({ greenMs, yellowMs, redMs }: Amounts): number | null {
  const knownMs = greenMs + yellowMs + redMs;
  return knownMs === 0 ? null : Math.floor((greenMs / knownMs) * 10_000) / 100;
}
