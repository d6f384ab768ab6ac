import { DateTime, IANAZone } from 'luxon';
import { ABBREVIATION, type Place, parseFormat } from './parse-format.js';
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
/** As `date` and the C library write times: the year is last. */
const YEAR_LAST = /^([A-Z]{3} [A-Z]{3} \d{1,2}) (\S+(?: \S+)?) (\d{4})$/i;

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
  ['ccc, d MMM yyyy HH:mm:ss', SECOND_MS],
  ['dd MMM yyyy HH:mm:ss', SECOND_MS],
  // As in the syslog of Cisco devices.
  ['MMM dd yyyy HH:mm:ss', SECOND_MS],
  ['MMM d yyyy HH:mm:ss', SECOND_MS],
  ['ccc MMM dd yyyy HH:mm:ss', SECOND_MS],
  ['ccc MMM d yyyy HH:mm:ss', SECOND_MS],
] as const;
/** Syslog names no year. */
const FORMATS_WITHOUT_YEAR = [
  ['yyyy MMM d HH:mm:ss', SECOND_MS],
  ['yyyy MMM dd HH:mm:ss', SECOND_MS],
  ['yyyy ccc MMM d HH:mm:ss', SECOND_MS],
  ['yyyy ccc MMM dd HH:mm:ss', SECOND_MS],
] as const;
type Formats = readonly (readonly [format: string, precisionMs: number])[];
/** Those that begin with a year, with a day, and with a word. */
const BY_START: readonly (readonly [start: RegExp, formats: Formats])[] = [
  [/^\d{4}/, FORMATS.filter(([format]) => format.startsWith('y'))],
  [/^\d/, FORMATS.filter(([format]) => format.startsWith('d'))],
  [/^[A-Z]/i, FORMATS.filter(([format]) => /^[Mc]/.test(format))],
];

/**
 * Reads a time that a person gives: one in a notation of logs, or `5 minutes ago`.
 * @param nowMs for times that are said in relation to now, and for the year of a syslog line
 * @param zone of a time that names none
 * @returns undefined when it is none
 */
export function parseInstant(text: string, nowMs: number, zone: Zone = UTC): Instant | undefined {
  return parseAgo(text.trim(), nowMs) ?? parseLogged(text, nowMs, zone);
}

/**
 * Reads a time in one of the notations that logs have. One that can be read in two ways is none: days and months as numbers,
 * or an hour that a change of the clocks repeats in its zone.
 * @param nowMs for the year of a syslog line, which is not in the future
 * @param zone of a time that names none
 * @returns undefined when it is none
 */
export function parseLogged(text: string, nowMs: number, zone: Zone): Instant | undefined {
  const trimmed = text.trim().replace(/ +/g, ' ');
  const [, seconds, fraction] = EPOCH_SECONDS.exec(trimmed) ?? [];
  if (seconds !== undefined)
    return withFraction({ ms: Number(seconds) * SECOND_MS, precisionMs: SECOND_MS }, fraction);
  if (EPOCH_MS.test(trimmed)) return { ms: Number(trimmed), precisionMs: 1 };
  return parseRfc3339(trimmed) ?? parseWritten(trimmed, nowMs, zone);
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

function parseAgo(text: string, nowMs: number): Instant | undefined {
  const [, count, name] = AGO.exec(text) ?? [];
  const unit = Object.entries(UNITS_MS).find(([unitName]) => unitName === name?.toLowerCase());
  return unit && { ms: nowMs - Number(count) * unit[1], precisionMs: 1 };
}

function parseWritten(text: string, nowMs: number, defaultZone: Zone): Instant | undefined {
  const yearFirst = text.replace(YEAR_LAST, '$1 $3 $2');
  const named = ZONE.exec(yearFirst);
  const place = placeOf(named?.[1], defaultZone);
  if (place === undefined) return undefined;
  const wall = yearFirst.slice(0, named?.index).replace(/(?<=\d)T(?=\d)/i, ' ');
  const fraction = FRACTION.exec(wall);
  const parsed = parseWall(wall.slice(0, fraction?.index), place, nowMs);
  return parsed && withFraction(parsed, fraction?.[1]);
}

/** A zone is known by its name; an abbreviation only says which of the offsets of the given zone is meant. */
function placeOf(name: string | undefined, given: Zone): Place | undefined {
  if (name === undefined) return { zone: given };
  const zone = parseZone(name);
  if (zone !== undefined) return { zone };
  return ABBREVIATION.test(name) && given instanceof IANAZone
    ? { zone: given, abbreviation: name }
    : undefined;
}

/** @param digits after the point of the seconds; what is finer than a millisecond is cut off */
function withFraction(instant: Instant, digits: string | undefined): Instant {
  if (digits === undefined) return instant;
  return { ms: instant.ms + Number(digits.padEnd(3, '0').slice(0, 3)), precisionMs: 1 };
}

function parseWall(wall: string, place: Place, nowMs: number): Instant | undefined {
  const [, formats = []] = BY_START.find(([start]) => start.test(wall)) ?? [];
  const instant = parseOneOf(formats, wall, place);
  if (instant !== undefined) return instant;
  const year = yearOf(wall, place.zone, nowMs);
  return year === undefined ? undefined : parseOneOf(FORMATS_WITHOUT_YEAR, `${year} ${wall}`, place);
}

/**
 * The year of a line that names none: the latest in which its clock is not in the future, a day apart. It is chosen by the clock
 * alone: an hour that a change of the clocks repeats or skips is that of no other year.
 */
function yearOf(wall: string, zone: Zone, nowMs: number): number | undefined {
  const latest = DateTime.fromMillis(nowMs + UNITS_MS.day, { zone });
  const latestMs = latest.toMillis() + latest.offset * MINUTE_MS;
  return [latest.year, latest.year - 1].find((year) => {
    const clock = parseOneOf(FORMATS_WITHOUT_YEAR, `${year} ${wall}`, { zone: UTC });
    return clock !== undefined && clock.ms <= latestMs;
  });
}

function parseOneOf(formats: Formats, text: string, place: Place): Instant | undefined {
  for (const [format, precisionMs] of formats) {
    const time = parseFormat(text, format, place);
    if (time !== undefined) return { ms: time.toMillis(), precisionMs };
  }
  return undefined;
}
