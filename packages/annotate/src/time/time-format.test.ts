import { expect, test } from 'vitest';
import { createFormatReader } from './time-format.js';
import { parseZone, UTC } from './zone.js';

const BERLIN = parseZone('Europe/Berlin') ?? UTC;
const HOUR_MS = 3_600_000;

test.each([
  ['11/26/2026 02:05:00 PM', 'MM/dd/yyyy hh:mm:ss a', '2026-11-26T13:05:00Z', 1_000],
  ['26.11.26 14:05', 'dd.MM.yy HH:mm', '2026-11-26T13:05:00Z', 60_000],
  ['26.11.2026 um 14:05 Uhr', "dd.MM.yyyy 'um' HH:mm 'Uhr'", '2026-11-26T13:05:00Z', 60_000],
  ['26.11.2026 14', 'dd.MM.yyyy HH', '2026-11-26T13:00:00Z', HOUR_MS],
  ['26/11/2026', 'dd/MM/yyyy', '2026-11-25T23:00:00Z', 24 * HOUR_MS],
  ['25/10/2026', 'dd/MM/yyyy', '2026-10-24T22:00:00Z', 25 * HOUR_MS],
  ['29/03/2026', 'dd/MM/yyyy', '2026-03-28T23:00:00Z', 23 * HOUR_MS],
  ['26.11.2026 14:05:00.123', 'dd.MM.yyyy HH:mm:ss.SSS', '2026-11-26T13:05:00.123Z', 1],
  ['26.11.2026 14:05:00 -0500', 'dd.MM.yyyy HH:mm:ss ZZZ', '2026-11-26T19:05:00Z', 1_000],
  ['26.11.2026 14:05 Asia/Tokyo', 'dd.MM.yyyy HH:mm z', '2026-11-26T05:05:00Z', 60_000],
  ['11/26/2026, 2:05 PM', 'f', '2026-11-26T13:05:00Z', 60_000],
])('%s, written as %s, is from %s on, for %d ms', (text, format, instant, precisionMs) => {
  const read = createFormatReader(format, BERLIN);
  expect(read(text)).toEqual({ ms: Date.parse(instant), precisionMs });
  expect(read('26 Nov')).toBeUndefined();
});

test.each([
  ['25.10.2026 02:30', 'dd.MM.yyyy HH:mm'],
  ['29.03.2026 02:30', 'dd.MM.yyyy HH:mm'],
  ['26.11.2026 24:00', 'dd.MM.yyyy HH:mm'],
])('%s, written as %s, is no time in its zone, or two', (text, format) => {
  expect(createFormatReader(format, BERLIN)(text)).toBeUndefined();
});

test.each([
  ['HH:mm:ss', /has no day/],
  ['dd/MM HH:mm:ss', /has no year/],
  ['MM/yyyy', /has no day/],
  ['dd/MM/yyyy mm:ss', /has no hour/],
  ['dd/MM/yyyy HH:ss', /has no minute/],
  ['dd/MM/yyyy hh:mm', /AM and PM/],
  ["'dd/MM/yyyy HH:mm'", /has no day/],
  ['', /has no day/],
])('%s is refused: a part of the time would be made up', (format, message) => {
  expect(() => createFormatReader(format, UTC)).toThrow(message);
});
