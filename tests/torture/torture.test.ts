import { expect, it } from 'vitest';
import { torture } from './run.js';

const MINUTES = 2;
const TEST_TIMEOUT_MS = 600_000;

it(
  'loses nothing and says nothing untrue, whatever fails at the same time',
  async ({ signal }) => {
    const print = (line: string) => console.log(line);
    const verdict = await torture({ minutes: MINUTES, seed: 1, print, signal });
    expect(verdict).toMatchObject({
      missing: [],
      untrue: [],
      contradicting: [],
      overlapping: [],
      ledger: [],
    });
    expect(new Set(Object.values(verdict.lights))).toEqual(new Set(['green']));
    for (const bytes of Object.values(verdict.peakBytes)) expect(bytes).toBeLessThan(300_000_000);
    expect(verdict.faults).toBeGreaterThan(20);
    expect(verdict.changes).toBeGreaterThan(1_000);
  },
  TEST_TIMEOUT_MS,
);
