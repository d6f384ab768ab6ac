import { DateTime } from 'luxon';
import type { Zone } from './zone.js';

/** Where a clock shows a time. */
export interface Place {
  readonly zone: Zone;
  /** What the clock calls its offset: the zone must call it so then. */
  readonly abbreviation?: string;
}

/** Such as CET. */
export const ABBREVIATION = /^[A-Z]{3,4}$/;
/** Each knows other abbreviations: in English CET is one in Britain, EST in America. */
const LOCALES = ['en-US', 'en-GB', 'en-CA', 'en-AU', 'en-NZ', 'en-IN'];
/** They take long to make. */
const namers = new WeakMap<Zone, readonly Intl.DateTimeFormat[]>();

/**
 * Reads a time in a notation of Luxon. One that its zone has twice, or never, is none; nor is one whose zone has no such name then.
 * Written again it must be what it was: Luxon takes 24:00 for the next day, and an hour that its zone skips for the next.
 * @param setZone the text names its zone
 */
export function parseFormat(
  text: string,
  format: string,
  { zone, abbreviation }: Place,
  setZone = false,
): DateTime<true> | undefined {
  const time = DateTime.fromFormat(text, format, { zone, setZone, locale: 'en-US', numberingSystem: 'latn' });
  if (!time.isValid || time.toFormat(format).toLowerCase() !== text.toLowerCase()) return undefined;
  const possible = time
    .getPossibleOffsets()
    .filter((each) => abbreviation === undefined || isCalled(each, zone, abbreviation));
  const [only] = possible;
  return possible.length === 1 && only?.isValid ? only : undefined;
}

function isCalled(time: DateTime, zone: Zone, abbreviation: string): boolean {
  const ofZone =
    namers.get(zone) ??
    LOCALES.map((locale) => new Intl.DateTimeFormat(locale, { timeZone: zone.name, timeZoneName: 'short' }));
  namers.set(zone, ofZone);
  const isName = ({ type, value }: Intl.DateTimeFormatPart) =>
    type === 'timeZoneName' && value === abbreviation;
  return ofZone.some((namer) => namer.formatToParts(time.toMillis()).some(isName));
}
