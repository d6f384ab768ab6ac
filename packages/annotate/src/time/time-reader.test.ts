import fc from 'fast-check';
import { expect, inject, test } from 'vitest';
import { parseLogged } from './instant.js';
import { createTimeReader } from './time-reader.js';
import { parseZone, UTC } from './zone.js';

const NOW_MS = Date.parse('2026-11-26T14:05:30Z');

test('reads the common notation as the parser of all notations does', () => {
  const zones = ['UTC', '+05:30', 'Europe/Berlin'].map((name) => parseZone(name) ?? UTC);
  const readers = zones.map((zone) => ({ zone, read: createTimeReader({ zone, nowMs: NOW_MS }) }));
  const valid = { min: new Date('1000-01-01'), max: new Date('9999-12-31T23:59:59Z'), noInvalidDate: true };
  const suffix = fc.constantFrom('', 'Z', '+01:00', '-0530', '+2400', '.5', ',123456Z', '.000+01:00');
  const broken = fc.constantFrom(
    ['', ''],
    ['-02-', '-30-'],
    ['-02-', '-00-'],
    ['-02-', '-13-'],
    ['T1', 'T3'],
    [':0', ':7'],
    ['T', ' '],
  );
  fc.assert(
    fc.property(
      fc.date(valid),
      suffix,
      broken,
      fc.integer({ min: 0, max: 2 }),
      (time, end, [from = '', to = ''], index) => {
        const text = `${time.toISOString().slice(0, 19).replace(from, to)}${end}`;
        const { zone, read } = readers[index] ?? { zone: UTC, read: () => undefined };
        expect(read(text), text).toEqual(parseLogged(text, NOW_MS, zone));
      },
    ),
    { numRuns: inject('propertyRuns') },
  );
});
