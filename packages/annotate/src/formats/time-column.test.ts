import { expect, test } from 'vitest';
import { annotated, askedFor } from '../annotation.test.helpers.js';
import { parseZone, UTC } from '../time/zone.js';

const BERLIN = parseZone('Europe/Berlin') ?? UTC;
const AT_14_05 = '2026-11-26T14:05:00Z 1000';
const AT_13_05 = '2026-11-26T13:05:00Z 1000';

test.each([
  ['time,last,src\n2026-11-26T14:05:00Z,2026-11-25 14:05:00,10.64.0.1', AT_14_05],
  ['last,@t,src\n2026-11-25 14:05:00,2026-11-26T14:05:00Z,10.64.0.1', AT_14_05],
  ['date,time,src\n2026-11-26,14:05:00,10.64.0.1', '2026-11-26T13:05:00Z 1000'],
  ['id,seen,src\n1795701900,2026-11-26T14:05:00Z,10.64.0.1', AT_14_05],
  ['id,ts,src\n1764165900,1795701900,10.64.0.1', AT_14_05],
  ['1795701900.5\t10.64.0.1\n', '2026-11-26T14:05:00.500Z 1'],
  // A zone beside a time that has its own.
  ['time,tz,src\n2026-11-26 14:05:00Z,+0100,10.64.0.1', AT_14_05],
  ['ts,tz,src\n1795701900,+0100,10.64.0.1', AT_14_05],
  ['time,zone,src\n2026-11-26 15:05:00,dmz,10.64.0.1', AT_14_05],
  ['time (UTC),src\n2026-11-26 14:05:00Z,10.64.0.1', AT_14_05],
  // No table, though it has commas: the line has a time and more before them.
  ['Nov 26 15:05:00 pfsense filterlog[1]: 5,,em0,block,10.64.0.1,443', AT_14_05],
  ['Nov 26 15:05:00 a b: starting, ok\nNov 26 15:05:00 a b: user, 10.64.0.1', AT_14_05],
])('%j is asked for at %s', async (file, asked) => {
  expect(await askedFor(`${file}\n`, { zone: BERLIN })).toBe(asked);
});

test.each([
  ['a zone that is not known', 'time,src\n2026-11-26 14:05:00 CST,10.64.0.1', /^column time has no times/],
  ['AM and PM', 'time,src\n2026-11-26 02:05:00 PM,10.64.0.1', /^column time has no times.*--time-format/],
  ['an unknown word, without a header', '2026-11-26 14:05:00 XYZT,10.64.0.1', /^no column has times/],
  [
    'a time in a note alone',
    'id,src,note\n7,10.64.0.1,seen 2026-11-26 14:05:00 by me',
    /^no column has times/,
  ],
  [
    'another column with times',
    'time,last_update,src\n2026-11-26T14:05:00 CET,2026-11-25 14:05:00,10.64.0.1',
    /^column time has no times that can be read, but "2026-11-26T14:05:00 CET"/,
  ],
  [
    'two columns that may be it',
    '{"created":"2026-11-26T14:05:00Z","expires_time":"2026-11-27T14:05:00Z","ip":"10.64.0.1"}',
    'more than one column has times: created, expires_time; name the one that is meant with --time',
  ],
  ['identifiers', 'id,src,bytes\n1764165900,10.64.0.1,5', /^no column has times/],
  ['a counter', 'src,session_uptime\n10.64.0.1,1764165900', /^no column has times/],
  ['numbers without names', '1764165900,10.64.0.1,443', /^no column has times.*--time/],
  [
    'a zone beside it',
    'date,time,utc_offset,src\n2026-11-26,14:05:00,+0000,10.64.0.1',
    'column utc_offset may be a part of the times: if it is, say --time date,time,utc_offset, otherwise --time date,time',
  ],
  [
    'a zone in JSON',
    '{"time":"2026-11-26T14:05:00","timezone":"UTC","ip":"10.64.0.1"}',
    /^column timezone may/,
  ],
  [
    'times in relation to when it was written',
    'time,src\n5 minutes ago,10.64.0.1',
    /^column time has no times/,
  ],
])('a file with %s is refused', async (_, file, message) => {
  await expect(annotated([`${file}\n`])).rejects.toThrow(message);
});

test('a zone beside the time is taken, or not, as is said', async () => {
  const file = 'time,tz,src\n26.11.2026 14:05:00,+0100,10.64.0.1\n';
  const timeFormat = 'dd.MM.yyyy HH:mm:ss';
  expect(await askedFor(file, { timeFormat })).toBe('error');
  expect(await askedFor(file, { timeFormat: `${timeFormat} ZZZ`, time: ['time', 'tz'] })).toBe(AT_13_05);
  expect(await askedFor(file, { timeFormat, time: ['time'] })).toBe(AT_14_05);
  expect(
    await askedFor(file.replaceAll('.11.2026', '/Nov/2026:').replaceAll(': ', ':'), { time: ['time', 'tz'] }),
  ).toBe(AT_13_05);
});

test('a zone in the header is right if it is the one of the times', async () => {
  const file = 'time_utc,src\n2026-11-26 14:05:00,10.64.0.1\n';
  expect(await askedFor(file)).toBe(AT_14_05);
  expect(await askedFor(file, { zone: BERLIN })).toBe('error');
  expect(await askedFor(file, { zone: BERLIN, time: ['time_utc'] })).toBe(AT_13_05);
});
