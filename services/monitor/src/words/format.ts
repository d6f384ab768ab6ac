const ENTITY_BYTES = 6;
const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const UNITS = [
  { name: 'd', ms: 86_400 * SECOND_MS },
  { name: 'h', ms: 3_600 * SECOND_MS },
  { name: 'min', ms: 60 * SECOND_MS },
  { name: 's', ms: SECOND_MS },
];

/** A length of time in its two largest units, `5 min 2 s`; a negative one, from a clock set back, is `0 s`. */
export function formatDuration(ms: number): string {
  const first = UNITS.findIndex((unit) => ms >= unit.ms);
  if (first === -1) return '0 s';
  let restMs = ms;
  const parts: string[] = [];
  for (const unit of UNITS.slice(first, first + 2)) {
    const count = Math.floor(restMs / unit.ms);
    restMs -= count * unit.ms;
    if (count > 0) parts.push(`${count} ${unit.name}`);
  }
  return parts.join(' ');
}

/** A length that may have been longer, `at least 5 min`, as not all of it was watched. */
export function formatLength(ms: number, isLeast: boolean): string {
  if (!isLeast) return formatDuration(ms);
  return ms < SECOND_MS ? 'a time that is not known' : `at least ${formatDuration(ms)}`;
}

/** An exact time, `2026-01-31 12:00:00.000 UTC`. */
export function formatUtc(ms: number): string {
  return new Date(ms).toISOString().replace('T', ' ').replace('Z', ' UTC');
}

/** `2026-11-20 14:05:00 UTC`, with milliseconds only where there are some. */
export function exactUtc(time: number | string): string {
  return formatUtc(typeof time === 'string' ? Date.parse(time) : time).replace('.000 ', ' ');
}

/** A time to the minute, `2026-01-31 12:00 UTC`. */
export function minuteUtc(ms: number): string {
  return `${formatUtc(ms).slice(0, 16)} UTC`;
}

/**
 * A time that lies between two others, as exact as it is known: `2026-11-20 14:05:00 UTC (±1.3 s)`.
 * @param notBefore null: nothing is known of the earliest time
 */
export function uncertainUtc(time: string, notBefore: string | null, notAfter: string | null): string {
  return `${exactUtc(time)}${uncertainty(time, notBefore, notAfter)}`;
}

/** The part after a time that says how exact it is; empty when it is. */
export function uncertainty(time: string, notBefore: string | null, notAfter: string | null): string {
  if (notBefore === null) return ' or earlier';
  const ms = Date.parse(time);
  const offMs = Math.max(ms - Date.parse(notBefore), Date.parse(notAfter ?? time) - ms);
  if (offMs === 0) return '';
  return offMs < MINUTE_MS
    ? ` (±${(Math.ceil(offMs / 100) / 10).toFixed(1)} s)`
    : ` (±${formatDuration(offMs)})`;
}

/** The beginning of a text: as much as takes about so many bytes in a page. */
export function shorten(text: string, maxBytes: number): string {
  let [kept, bytes] = ['', 0];
  for (const char of text) {
    bytes += /[&<>"']/.test(char) ? ENTITY_BYTES : Buffer.byteLength(char);
    if (bytes > maxBytes) return `${kept}…`;
    kept += char;
  }
  return kept;
}

/**
 * Untrusted text as it can be shown: characters that are invisible, or that change the direction of the text after them,
 * become their code points. Line ends and tabs stay, and so do the joiners that some scripts are written with.
 */
export function visibleText(text: string): string {
  return text.replace(/(?![\t\n\r\u200c\u200d])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (char) => {
    const hex = (char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
    return `‹U+${hex}›`;
  });
}
