import { expect, test } from 'vitest';
import { parseLine } from './lookup-question.js';

const NOW_MS = Date.parse('2026-11-26T16:00:00Z');
const AT_MS = Date.parse('2026-11-26T14:05:00Z');
const line = (fields: object) => JSON.stringify({ ip: '10.64.0.1', ...fields });

test.each([
  [{ at: '2026-11-26T14:05:00Z' }, 1_000],
  [{ at: '2026-11-26T14:05:00Z', until: '2026-11-26T14:05:00Z' }, 1_000],
  [{ at: '2026-11-26T14:05:00.000Z', until: '2026-11-26T14:05:09.999Z' }, 10_000],
  [{ at: 1795701900, until: '2026-11-26 14:06' }, 120_000],
])('the question %j is about all of the time that it names', (fields, precisionMs) => {
  expect(parseLine(line(fields), NOW_MS)).toEqual({ ip: '10.64.0.1', at: { ms: AT_MS, precisionMs } });
});

test.each([
  [{ until: '2026-11-26T14:05:00Z' }],
  [{ at: '2026-11-26T14:05:00Z', until: '2026-11-26T14:04:59Z' }],
  [{ at: '2026-11-26T14:05:00Z', until: null }],
  [{ at: '2026-11-26T14:05:00Z', until: 'later' }],
])('the question %j has an end that is none', (fields) => {
  expect(() => parseLine(line(fields), NOW_MS)).toThrow('until must be a time that is not before at');
});
