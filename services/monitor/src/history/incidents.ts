import { LIGHT_IDS, type LightId } from '../status/statuses.js';
import type { IncidentView } from '../view/status-view.js';
import { LIGHT_NAMES } from '../words/operation-names.js';
import { plausibleSpans, runsUntil } from './plausible.js';
import type { Span, Timeline } from './timeline.js';
import { amountsIn, knownPieces, type Piece } from './uptime.js';

export interface IncidentQuery {
  /** At least 1. A few more are given when they began in the same moment as the last. */
  readonly limit: number;
  /** Only incidents that began earlier. */
  readonly beforeMs?: number;
  /** Only incidents that ended later, or last. */
  readonly endedAfterMs?: number;
  readonly nowMs: number;
}

interface Incident {
  readonly operation: LightId;
  readonly startedAtMs: number;
  readonly endedAtMs: number | undefined;
  /** The light is not known now, so that it may be over. */
  readonly mayBeOver: boolean;
  readonly worst: Span;
  /** When it began, became worse, or its light became unknown or known again, whichever was last. */
  readonly changedAtMs: number;
}

/** How much is known of a time in which a light was red or yellow. */
export interface Extent {
  /** For how long it is known to have been so, in milliseconds. */
  readonly durationMs: number;
  /** It may have been longer: the monitor did not watch in a part of it, or at one of its ends. */
  readonly durationIsLeast: boolean;
  /** It may have begun earlier, while the monitor was not watching. */
  readonly startIsLatest: boolean;
  /** It may have ended earlier, while the monitor was not watching. */
  readonly endIsLatest: boolean;
}

/** @param pieces what is known of the light, oldest first */
export function extentOf(pieces: readonly Piece[], startMs: number, endMs: number): Extent {
  const { yellowMs, redMs } = amountsIn(pieces, startMs, endMs);
  const isWatchedAt = (ms: number) => pieces.some(({ light, toMs }) => light !== 'grey' && toMs === ms);
  const [startIsLatest, endIsLatest] = [!isWatchedAt(startMs), !isWatchedAt(endMs)];
  const durationMs = yellowMs + redMs;
  const durationIsLeast = startIsLatest || endIsLatest || durationMs < endMs - startMs;
  return { durationMs, durationIsLeast, startIsLatest, endIsLatest };
}

/**
 * The newest incidents first: from a transition to red or yellow until the light is green again. While it is grey, it is
 * not known; a ledger that is followed no more has no incident.
 */
export function listIncidents(timeline: Timeline, query: IncidentQuery): IncidentView[] {
  const { limit, beforeMs = Infinity, endedAfterMs = -Infinity, nowMs } = query;
  const spans = (operation: LightId) => plausibleSpans(timeline.spans(operation), nowMs);
  const newest = LIGHT_IDS.flatMap((operation) => incidentsOf(operation, spans(operation)))
    .filter(({ startedAtMs, endedAtMs = nowMs }) => startedAtMs < beforeMs && endedAtMs >= endedAfterMs)
    .sort((a, b) => b.startedAtMs - a.startedAtMs);
  const lastMs = newest[limit - 1]?.startedAtMs ?? -Infinity;
  const runs = runsUntil(timeline, nowMs);
  const known = new Map<LightId, Piece[]>();
  const piecesOf = (operation: LightId) => {
    const pieces = known.get(operation) ?? knownPieces(spans(operation), runs, nowMs);
    known.set(operation, pieces);
    return pieces;
  };
  return newest
    .filter(({ startedAtMs }) => startedAtMs >= lastMs)
    .map((one) => toView(one, extentOf(piecesOf(one.operation), one.startedAtMs, one.endedAtMs ?? nowMs)));
}

function incidentsOf(operation: LightId, spans: readonly Span[]): Incident[] {
  const incidents: Incident[] = [];
  let open: { first: Span; worst: Span; changedAtMs: number } | undefined;
  for (const [index, span] of spans.entries()) {
    if (span.light === 'red' || span.light === 'yellow') {
      open ??= { first: span, worst: span, changedAtMs: span.sinceMs };
      const isWorse = span.light === 'red' && open.worst.light === 'yellow';
      if (isWorse) open.worst = span;
      if (isWorse || spans[index - 1]?.light === 'grey') open.changedAtMs = span.sinceMs;
    } else if (open !== undefined && (span.light === 'green' || span.code === undefined)) {
      incidents.push({
        operation,
        startedAtMs: open.first.sinceMs,
        endedAtMs: span.sinceMs,
        mayBeOver: false,
        worst: open.worst,
        changedAtMs: span.sinceMs,
      });
      open = undefined;
    } else if (open !== undefined) open.changedAtMs = span.sinceMs;
  }
  if (open === undefined) return incidents;
  const mayBeOver = spans.at(-1)?.light === 'grey';
  const { first, worst, changedAtMs } = open;
  const last = { operation, startedAtMs: first.sinceMs, endedAtMs: undefined, mayBeOver, worst, changedAtMs };
  return [...incidents, last];
}

function toView(
  { operation, startedAtMs, endedAtMs, mayBeOver, worst, changedAtMs }: Incident,
  extent: Extent,
): IncidentView {
  return {
    operation,
    name: LIGHT_NAMES[operation],
    light: worst.light === 'red' ? 'red' : 'yellow',
    startedAt: new Date(startedAtMs).toISOString(),
    worstAt: new Date(worst.sinceMs).toISOString(),
    changedAt: new Date(changedAtMs).toISOString(),
    endedAt: endedAtMs === undefined ? null : new Date(endedAtMs).toISOString(),
    ...extent,
    endIsLatest: endedAtMs === undefined ? mayBeOver : extent.endIsLatest,
    code: worst.code ?? null,
    message: worst.message,
  };
}
