import { LIGHT_IDS, type LightId } from '../status/statuses.js';
import type { IncidentView } from '../view/status-view.js';
import { LIGHT_NAMES } from '../words/operation-names.js';
import { plausibleSpans } from './plausible.js';
import type { Span, Timeline } from './timeline.js';

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
  readonly worst: Span;
}

/** The newest incidents first: from a transition to red or yellow until the light is green (or grey) again. */
export function listIncidents(timeline: Timeline, query: IncidentQuery): IncidentView[] {
  const { limit, beforeMs = Infinity, endedAfterMs = -Infinity, nowMs } = query;
  const newest = LIGHT_IDS.flatMap((operation) =>
    incidentsOf(operation, plausibleSpans(timeline.spans(operation), nowMs)),
  )
    .filter(({ startedAtMs, endedAtMs = nowMs }) => startedAtMs < beforeMs && endedAtMs >= endedAfterMs)
    .sort((a, b) => b.startedAtMs - a.startedAtMs);
  const lastMs = newest[limit - 1]?.startedAtMs ?? -Infinity;
  return newest.filter(({ startedAtMs }) => startedAtMs >= lastMs).map((one) => toView(one, nowMs));
}

function incidentsOf(operation: LightId, spans: readonly Span[]): Incident[] {
  const incidents: Incident[] = [];
  let open: { first: Span; worst: Span } | undefined;
  for (const span of spans) {
    if (span.light === 'red' || span.light === 'yellow') {
      open ??= { first: span, worst: span };
      if (span.light === 'red' && open.worst.light === 'yellow') open.worst = span;
    } else if (open !== undefined) {
      incidents.push({
        operation,
        startedAtMs: open.first.sinceMs,
        endedAtMs: span.sinceMs,
        worst: open.worst,
      });
      open = undefined;
    }
  }
  if (open !== undefined)
    incidents.push({ operation, startedAtMs: open.first.sinceMs, endedAtMs: undefined, worst: open.worst });
  return incidents;
}

function toView({ operation, startedAtMs, endedAtMs, worst }: Incident, nowMs: number): IncidentView {
  return {
    operation,
    name: LIGHT_NAMES[operation],
    light: worst.light === 'red' ? 'red' : 'yellow',
    startedAt: new Date(startedAtMs).toISOString(),
    worstAt: new Date(worst.sinceMs).toISOString(),
    endedAt: endedAtMs === undefined ? null : new Date(endedAtMs).toISOString(),
    durationMs: Math.max(0, (endedAtMs ?? nowMs) - startedAtMs),
    code: worst.code ?? null,
    message: worst.message,
  };
}
