import type { Light } from '../status/lights.js';
import type { SlotView } from '../view/status-view.js';
import { statusOf } from '../words/status-code.js';
import { plausibleSpans } from './plausible.js';
import type { Run, Span } from './timeline.js';
import { amountsIn, type Piece as KnownPiece, knownPieces } from './uptime.js';

export const SLOT_MS = 900_000;
export const SLOTS = 96;

/** The slots of each strip; they are aligned to the clock, days to UTC. */
export const STRIPS = {
  '24h': { slotMs: SLOT_MS, slots: SLOTS },
  '7d': { slotMs: 7_200_000, slots: 84 },
  '90d': { slotMs: 86_400_000, slots: 90 },
} as const;
export type StripWindow = keyof typeof STRIPS;
export const STRIP_WINDOWS = ['24h', '7d', '90d'] as const satisfies readonly StripWindow[];

/** Worst first. The order differs from LIGHTS: an operation with a heartbeat in a slot is not grey in it. */
const WORST_FIRST: readonly Light[] = ['red', 'yellow', 'green', 'grey'];

export interface StripInput {
  readonly spans: readonly Span[];
  readonly runs: readonly Run[];
  readonly nowMs: number;
  /** 24 hours without it. */
  readonly window?: StripWindow;
}

interface Piece {
  readonly light: Light;
  readonly message: string;
  readonly fromMs: number;
  readonly toMs: number;
}

/** The last hours or days of an operation in slots, aligned to the clock; the last slot is the current one. */
export function buildStrip({ spans, runs, nowMs, window = '24h' }: StripInput): SlotView[] {
  const { slotMs, slots } = STRIPS[window];
  const endMs = Math.floor(nowMs / slotMs) * slotMs + slotMs;
  const startMs = endMs - slots * slotMs;
  const plausible = plausibleSpans(spans, nowMs);
  const seen = runs.filter(({ toMs }) => toMs >= startMs);
  const pieces = slotBySlot(toPieces(plausible, endMs, startMs));
  const known = slotBySlot(knownPieces(plausible, seen, nowMs));
  return Array.from({ length: slots }, (_slot, index) => {
    const fromMs = startMs + index * slotMs;
    const toMs = fromMs + slotMs;
    return toSlot(
      { pieces: pieces(fromMs, toMs), runs: seen, known: known(fromMs, toMs), nowMs },
      fromMs,
      toMs,
    );
  });
}

/** A function that gives those of each slot, for slots that only go forward, without looking at all of them for each. */
function slotBySlot<T extends { readonly fromMs: number; readonly toMs: number }>(
  inOrder: readonly T[],
): (fromMs: number, toMs: number) => readonly T[] {
  let first = 0;
  return (fromMs, toMs) => {
    while ((inOrder[first]?.toMs ?? Infinity) < fromMs) first += 1;
    let end = first;
    while ((inOrder[end]?.fromMs ?? Infinity) < toMs) end += 1;
    return inOrder.slice(first, end);
  };
}

/** The spans with their ends, and the time before the first of them, without any heartbeat. */
function toPieces(spans: readonly Span[], endMs: number, startMs: number): Piece[] {
  const first = { light: 'grey' as const, sinceMs: 0, code: undefined, message: '' };
  const all = [first, ...spans];
  return all
    .map((span, index) => ({
      light: span.light,
      message: describe(span),
      fromMs: span.sinceMs,
      toMs: all[index + 1]?.sinceMs ?? endMs,
    }))
    .filter(({ toMs }) => toMs > startMs);
}

interface Known {
  readonly pieces: readonly Piece[];
  readonly runs: readonly Run[];
  readonly known: readonly KnownPiece[];
  readonly nowMs: number;
}

function toSlot({ pieces, runs, known, nowMs }: Known, fromMs: number, toMs: number): SlotView {
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
    ...amountsIn(known, fromMs, Math.min(toMs, nowMs)),
  };
}

function describe({ light, code, message }: Span): string {
  if (light === 'red') return `${statusOf({ code: code ?? null, message })} ${message}`.trimStart();
  return light === 'yellow' ? message : '';
}
