import type { Light } from '../status/lights.js';
import type { SlotView } from '../view/status-view.js';
import { plausibleSpans } from './plausible.js';
import type { Run, Span } from './timeline.js';

export const SLOT_MS = 900_000;
export const SLOTS = 96;

/** Worst first. The order differs from LIGHTS: an operation with a heartbeat in a slot is not grey in it. */
const WORST_FIRST: readonly Light[] = ['red', 'yellow', 'green', 'grey'];

export interface StripInput {
  readonly spans: readonly Span[];
  readonly runs: readonly Run[];
  readonly nowMs: number;
}

interface Piece {
  readonly light: Light;
  readonly message: string;
  readonly fromMs: number;
  readonly toMs: number;
}

/** The last 24 hours of an operation in slots of 15 minutes, aligned to the clock; the last slot is the current one. */
export function buildStrip({ spans, runs, nowMs }: StripInput): SlotView[] {
  const endMs = Math.floor(nowMs / SLOT_MS) * SLOT_MS + SLOT_MS;
  const pieces = toPieces(plausibleSpans(spans, nowMs), endMs);
  return Array.from({ length: SLOTS }, (_slot, index) => {
    const toMs = endMs - (SLOTS - 1 - index) * SLOT_MS;
    return toSlot(pieces, runs, toMs - SLOT_MS, toMs);
  });
}

/** The spans with their ends, and the time before the first of them, without any heartbeat. */
function toPieces(spans: readonly Span[], endMs: number): Piece[] {
  const first = { light: 'grey' as const, sinceMs: 0, code: undefined, message: '' };
  const all = [first, ...spans];
  return all
    .map((span, index) => ({
      light: span.light,
      message: describe(span),
      fromMs: span.sinceMs,
      toMs: all[index + 1]?.sinceMs ?? endMs,
    }))
    .filter(({ toMs }) => toMs > endMs - SLOTS * SLOT_MS);
}

function toSlot(pieces: readonly Piece[], runs: readonly Run[], fromMs: number, toMs: number): SlotView {
  const seen = runs.filter((run) => run.fromMs < toMs && run.toMs >= fromMs);
  const shown = pieces.filter((piece) =>
    seen.some(
      (run) =>
        Math.max(run.fromMs, piece.fromMs, fromMs) <= Math.min(run.toMs, piece.toMs, toMs - 1) &&
        piece.toMs > fromMs,
    ),
  );
  const light = WORST_FIRST.find((one) => shown.some((piece) => piece.light === one)) ?? 'unknown';
  return {
    from: new Date(fromMs).toISOString(),
    to: new Date(toMs).toISOString(),
    light,
    message: shown.findLast((piece) => piece.light === light)?.message ?? '',
  };
}

function describe({ light, code, message }: Span): string {
  if (light === 'red') return `${String(code ?? 0).padStart(3, '0')} ${message}`;
  return light === 'yellow' ? message : '';
}
