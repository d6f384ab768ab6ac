import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import { LIGHTS } from '../status/lights.js';
import { LIGHT_IDS, type LightId } from '../status/statuses.js';
import type { Run, Span, Timeline } from './timeline.js';

const LightLine = Type.Object({
  at: Type.String(),
  operation: Type.Enum(LIGHT_IDS),
  light: Type.Enum(LIGHTS),
  code: Type.Optional(Type.Integer({ minimum: 0, maximum: 999 })),
  message: Type.String(),
});
const RunLine = Type.Object({ from: Type.String(), to: Type.String() });

/** A line of the journal: a transition, or a time in which the monitor was running. */
export function formatSpan(operation: LightId, { light, sinceMs, code, message }: Span): string {
  const line: Static<typeof LightLine> = {
    at: formatTime(sinceMs),
    operation,
    light,
    ...(code === undefined ? {} : { code }),
    message,
  };
  return `${JSON.stringify(line)}\n`;
}

export function formatRun({ fromMs, toMs }: Run): string {
  const line: Static<typeof RunLine> = { from: formatTime(fromMs), to: formatTime(toMs) };
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
    if (Value.Check(LightLine, value)) {
      const { at, operation, light, code, message } = value;
      timeline.add(operation, { light, sinceMs: parseTime(at), code, message });
    } else if (Value.Check(RunLine, value)) {
      timeline.addRun({ fromMs: parseTime(value.from), toMs: parseTime(value.to) });
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
