import { EventTime } from '@fluent-org/logger';
import { type MessageRecord, parseMessage } from '@podips/shared';

/** A message in the form that Fluentd accepts. */
export interface LogEvent {
  /** The last part of its tag: its kind. What is not of podips counts as `pod_ip`, as it did before there were others. */
  readonly label: 'pod_ip' | 'pod_restart';
  readonly time: EventTime;
  readonly record: MessageRecord;
}

/**
 * Makes a log event of a message body. Values that msgpack or Fluentd cannot process are replaced, because one bad
 * record fails all others on the connection.
 * @param now event time, in milliseconds, of a message that names none
 * @throws {MessageError} for a body that can never be delivered
 */
export function toLogEvent(body: Uint8Array, now: number): LogEvent {
  const message = parseMessage(body);
  const record = isSafe(message) ? message : safeObject(message);
  const label = record.subclass === 'pod_restart' ? 'pod_restart' : 'pod_ip';
  return { label, record, time: toEventTime(parseTimestamp(record.timestamp) ?? now) };
}

/** Go's debug format, as podips 1.1 wrote it: `2021-03-04 10:11:12.123456789 +0000 UTC m=+0.001`. */
const GO_TIMESTAMP = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(\.\d{1,9})? ([+-]\d\d)(\d\d)\b/;
const RFC_3339 = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/;

/** Milliseconds since 1970, or undefined for anything but a timestamp of podips or podips 1.1. */
export function parseTimestamp(value: unknown): number | undefined {
  if (typeof value !== 'string') return undefined;
  const go = GO_TIMESTAMP.exec(value);
  const text = go ? `${go[1]}T${go[2]}${(go[3] ?? '').slice(0, 4)}${go[4]}:${go[5]}` : value;
  if (!go && !RFC_3339.test(value)) return undefined;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? undefined : ms;
}

/** The forward protocol's EventTime counts seconds from 1970 to 2106; beyond them only the record has the time. */
const MAX_EPOCH_MS = 0xffff_ffff * 1_000;

function toEventTime(ms: number): EventTime {
  return EventTime.fromTimestamp(Math.min(Math.max(ms, 0), MAX_EPOCH_MS));
}

/** Whether nothing in it has to be replaced, as is usual: a copy costs more than to look. */
function isSafe(value: unknown): boolean {
  if (typeof value === 'string') return value.isWellFormed();
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value !== 'object' || value === null) return true;
  return Object.keys(value).every((key) => key.isWellFormed()) && Object.values(value).every(isSafe);
}

function safeObject(object: MessageRecord): MessageRecord {
  const copy: [string, unknown][] = [];
  for (const [key, value] of Object.entries(object)) copy.push([key.toWellFormed(), safe(value)]);
  return Object.fromEntries(copy);
}

function safe(value: unknown): unknown {
  if (typeof value === 'string') return value.toWellFormed();
  // JSON.parse makes Infinity of 1e999, which Fluentd cannot write as JSON.
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  if (Array.isArray(value)) return value.map(safe);
  if (typeof value === 'object' && value !== null) return safeObject({ ...value });
  return value;
}
