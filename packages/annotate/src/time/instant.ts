import { DateTime } from 'luxon';
import { parseZone, UTC, type Zone } from './zone.js';

/** A time as exact as it was written: `14:05` is a minute that begins at `ms`. */
export interface Instant {
  /** Milliseconds since the epoch. */
  readonly ms: number;
  readonly precisionMs: number;
}

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
const UNITS_MS = {
  second: SECOND_MS,
  minute: MINUTE_MS,
  hour: 60 * MINUTE_MS,
  day: 1_440 * MINUTE_MS,
} as const;
const AGO = /^(\d{1,6}) *(second|minute|hour|day)s? ago$/i;
const EPOCH_SECONDS = /^(\d{10})(?:\.(\d{1,9}))?$/;
const EPOCH_MS = /^\d{13}$/;
/** As programs write times: RFC 3339 in UTC. */
const RFC_3339_UTC = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(\.\d{3})?Z$/;
/** A fraction of a second, at the end. */
const FRACTION = /(?<=:\d{2}:\d{2})[.,](\d{1,9})$/;
/** The first character of a time in a zone of its own: a clock with two digits of minutes was before it. */
const ZONE = /(?<=:\d{2}(?:[.,]\d{1,9})?) *([A-Z+-].*)$/i;

/** What is accepted, in the notation of Luxon; the year, or the name of the month, says which number is the day. */
const FORMATS = [
  ['yyyy-MM-dd HH:mm:ss', SECOND_MS],
  ['yyyy-MM-dd HH:mm', MINUTE_MS],
  ['yyyy/MM/dd HH:mm:ss', SECOND_MS],
  ['yyyy/MM/dd HH:mm', MINUTE_MS],
  // The common log format of web servers.
  ['dd/MMM/yyyy:HH:mm:ss', SECOND_MS],
  // As in HTTP, and in mail.
  ['ccc, dd MMM yyyy HH:mm:ss', SECOND_MS],
  // As in the syslog of Cisco devices.
  ['MMM dd yyyy HH:mm:ss', SECOND_MS],
  ['MMM d yyyy HH:mm:ss', SECOND_MS],
] as const;
/** Syslog names no year. */
const FORMATS_WITHOUT_YEAR = [
  ['yyyy MMM d HH:mm:ss', SECOND_MS],
  ['yyyy MMM dd HH:mm:ss', SECOND_MS],
] as const;

/**
 * Reads a time in one of the notations that logs have. One that can be read in two ways is none: days and months as numbers,
 * or an hour that a change of the clocks repeats in its zone.
 * @param nowMs for times that are said in relation to now, and for the year of a syslog line, which is not in the future
 * @param zone of a time that names none
 * @returns undefined when it is none
 */
export function parseInstant(text: string, nowMs: number, zone: Zone = UTC): Instant | undefined {
  const trimmed = text.trim().replace(/ +/g, ' ');
  const [, seconds, fraction] = EPOCH_SECONDS.exec(trimmed) ?? [];
  if (seconds !== undefined)
    return withFraction({ ms: Number(seconds) * SECOND_MS, precisionMs: SECOND_MS }, fraction);
  if (EPOCH_MS.test(trimmed)) return { ms: Number(trimmed), precisionMs: 1 };
  return parseRfc3339(trimmed) ?? parseAgo(trimmed, nowMs) ?? parseWritten(trimmed, nowMs, zone);
}

/** Many times faster than the way of the other notations, for files of a million lines. */
function parseRfc3339(text: string): Instant | undefined {
  const [, clock, fraction] = RFC_3339_UTC.exec(text) ?? [];
  if (clock === undefined) return undefined;
  const ms = Date.parse(text);
  // Date takes the 30th of February for the 2nd of March.
  if (Number.isNaN(ms) || !new Date(ms).toISOString().startsWith(clock)) return undefined;
  return { ms, precisionMs: fraction === undefined ? SECOND_MS : 1 };
}

/**
 * Reads a time in a notation of its own.
 * @param format in the notation of Luxon: `dd/MM/yyyy HH:mm:ss`
 * @returns undefined when the text is not written so
 */
export function parseInstantAs(text: string, format: string, zone: Zone): Instant | undefined {
  const precisionMs = /S|u/.test(format) ? 1 : /s/.test(format) ? SECOND_MS : MINUTE_MS;
  return parseFormat(text.trim(), format, precisionMs, zone);
}

function parseAgo(text: string, nowMs: number): Instant | undefined {
  const [, count, name] = AGO.exec(text) ?? [];
  const unit = Object.entries(UNITS_MS).find(([unitName]) => unitName === name?.toLowerCase());
  return unit && { ms: nowMs - Number(count) * unit[1], precisionMs: 1 };
}

function parseWritten(text: string, nowMs: number, defaultZone: Zone): Instant | undefined {
  const named = ZONE.exec(text);
  const zone = named?.[1] === undefined ? defaultZone : parseZone(named[1]);
  if (zone === undefined) return undefined;
  const wall = text.slice(0, named?.index).replace(/(?<=\d)T(?=\d)/i, ' ');
  const fraction = FRACTION.exec(wall);
  const parsed = parseWall(wall.slice(0, fraction?.index), zone, nowMs);
  return parsed && withFraction(parsed, fraction?.[1]);
}

/** @param digits after the point of the seconds; what is finer than a millisecond is cut off */
function withFraction(instant: Instant, digits: string | undefined): Instant {
  if (digits === undefined) return instant;
  return { ms: instant.ms + Number(digits.padEnd(3, '0').slice(0, 3)), precisionMs: 1 };
}

function parseWall(wall: string, zone: Zone, nowMs: number): Instant | undefined {
  const ofFormats = (text: string, formats: readonly (readonly [string, number])[]) =>
    formats.map(([format, precisionMs]) => parseFormat(text, format, precisionMs, zone)).find(Boolean);
  const { year } = DateTime.fromMillis(nowMs, { zone });
  const latest = [year + 1, year, year - 1]
    .map((each) => ofFormats(`${each} ${wall}`, FORMATS_WITHOUT_YEAR))
    .find((instant) => instant !== undefined && instant.ms <= nowMs + UNITS_MS.day);
  return ofFormats(wall, FORMATS) ?? latest;
}

/** Written again it must be what it was: Luxon takes 24:00 for the next day, and an hour that its zone skips for the next. */
function parseFormat(text: string, format: string, precisionMs: number, zone: Zone): Instant | undefined {
  const options = { zone, locale: 'en-US', numberingSystem: 'latn' } as const;
  const time = DateTime.fromFormat(text, format, options);
  if (!time.isValid || time.toFormat(format).toLowerCase() !== text.toLowerCase()) return undefined;
  if (time.getPossibleOffsets().length > 1) return undefined;
  return { ms: time.toMillis(), precisionMs };
}
