import { FixedOffsetZone, IANAZone } from 'luxon';

/** A time zone, as Luxon knows it. */
export type Zone = FixedOffsetZone | IANAZone;

/** Coordinated universal time. */
export const UTC: Zone = FixedOffsetZone.utcInstance;

const NAMES_OF_UTC = /^(Z|UTC|GMT)$/i;
const OFFSET = /^([+-])(\d{2})(?::?(\d{2}))?$/;
/** Names without a slash are ambiguous (CST), or depend on the season (CET). */
const PLACE = /^[A-Z][A-Z0-9_+-]*(\/[A-Z0-9_+-]+)+$/i;

/** Reads `Z`, `UTC`, `GMT`, `+01:00`, `+0100`, `+01` or a name such as `Europe/Berlin`. @returns undefined when it is none */
export function parseZone(text: string): Zone | undefined {
  if (NAMES_OF_UTC.test(text)) return UTC;
  if (PLACE.test(text)) return IANAZone.isValidZone(text) ? IANAZone.create(text) : undefined;
  const [, sign, hours, minutes = '0'] = OFFSET.exec(text) ?? [];
  if (hours === undefined || Number(hours) > 23 || Number(minutes) > 59) return undefined;
  return FixedOffsetZone.instance((sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)));
}
