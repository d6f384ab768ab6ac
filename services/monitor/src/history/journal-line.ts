import { fits } from '../schema/check.js';
import { type Static, Type } from '../schema/type.js';
import { LIGHTS } from '../status/lights.js';
import { LIGHT_IDS, type LightId } from '../status/statuses.js';
import type { Run, Span, Timeline } from './timeline.js';

const LightLine = Type.Object({
  at: Type.String(),
  operation: Type.Enum(LIGHT_IDS),
  light: Type.Enum(LIGHTS),
  code: Type.Optional(Type.Integer({ minimum: 0, maximum: 999 })),
  message: Type.String(),
  foldedMs: Type.Optional(Type.Integer({ minimum: 0 })),
});
const RunLine = Type.Object({
  from: Type.String(),
  to: Type.String(),
  isStart: Type.Optional(Type.Literal(true)),
});

/** A line of the journal: a transition, or a time in which the monitor was running. */
export function formatSpan(operation: LightId, { light, sinceMs, code, message, foldedMs }: Span): string {
  const line: Static<typeof LightLine> = {
    at: formatTime(sinceMs),
    operation,
    light,
    ...(code === undefined ? {} : { code }),
    message,
    ...(foldedMs === undefined ? {} : { foldedMs }),
  };
  return `${JSON.stringify(line)}\n`;
}

export function formatRun({ fromMs, toMs, isStart }: Run): string {
  const line: Static<typeof RunLine> = {
    from: formatTime(fromMs),
    to: formatTime(toMs),
    ...(isStart && { isStart }),
  };
  return `${JSON.stringify(line)}\n`;
}

/** All lines of a timeline, in an order from which it comes out the same. */
export function formatTimeline(timeline: Timeline): string[] {
  const spans = LIGHT_IDS.flatMap((operation) =>
    timeline.spans(operation).map((span) => formatSpan(operation, span)),
  );
  return [...timeline.runs.map(formatRun), ...spans];
}

/** Adds a line to the timeline, unless it is damaged. */
export function readLine(timeline: Timeline, text: string): 'good' | 'damaged' {
  try {
    const value: unknown = JSON.parse(text);
    if (fits(LightLine, value)) {
      const { at, operation, light, code, message, foldedMs } = value;
      const span = { light, sinceMs: parseTime(at), code, message };
      timeline.add(operation, foldedMs === undefined ? span : { ...span, foldedMs });
    } else if (fits(RunLine, value)) {
      const { from, to, isStart } = value;
      timeline.addRun({ fromMs: parseTime(from), toMs: parseTime(to), ...(isStart && { isStart }) });
    } else return 'damaged';
    return 'good';
  } catch {
    // The reason does not matter: the line itself is kept for inspection.
    return 'damaged';
  }
}

function formatTime(ms: number): string {
  return new Date(ms).toISOString();
}

/** @throws when the text is no time */
function parseTime(text: string): number {
  return Date.parse(new Date(text).toISOString());
}
