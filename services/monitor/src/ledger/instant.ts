/** A time as exact as it was written: `14:05` is a minute that begins at `ms`. */
export interface Instant {
  /** Milliseconds since the epoch. */
  readonly ms: number;
  readonly precisionMs: number;
}

const MINUTE_MS = 60_000;
const SECOND_MS = 1_000;
const WRITTEN =
  /^(\d{4})-(\d{2})-(\d{2})[Tt ](\d{2}):(\d{2})(?::(\d{2})([.,]\d{1,9})?)?\s*([Zz]|UTC|[+-]\d{2}:?\d{2})?$/;

/**
 * Reads a time in the form of RFC 3339, with or without zone and seconds; without a zone it is UTC.
 * @returns undefined when it is none
 */
export function parseInstant(text: string): Instant | undefined {
  const match = WRITTEN.exec(text.trim());
  if (match === null) return undefined;
  const [, year = '', month = '', day = '', hour = '', minute = '', second, fraction, zone] = match;
  const offsetMinutes = parseZone(zone);
  const wall = `${year}-${month}-${day}T${hour}:${minute}:${second ?? '00'}.000Z`;
  const wallMs = Date.parse(wall);
  // Date.parse takes the 30th of February for the 1st of March, and 24:00 for the next day.
  if (offsetMinutes === undefined || Number.isNaN(wallMs) || new Date(wallMs).toISOString() !== wall)
    return undefined;
  const fractionMs = fraction === undefined ? 0 : Math.floor(Number(`0.${fraction.slice(1)}`) * SECOND_MS);
  return {
    ms: wallMs + fractionMs - offsetMinutes * MINUTE_MS,
    precisionMs: second === undefined ? MINUTE_MS : fraction === undefined ? SECOND_MS : 1,
  };
}

function parseZone(zone: string | undefined): number | undefined {
  const match = /^([+-])(\d{2}):?(\d{2})$/.exec(zone ?? '');
  if (match === null) return 0;
  const [, sign, hours, minutes] = match;
  if (Number(hours) > 23 || Number(minutes) > 59) return undefined;
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes));
}
