import { expect, it } from 'vitest';
import { torture } from './run.js';
import { summarize, whatIsWrong } from './summary.js';

const MINUTES = 2;
const TEST_TIMEOUT_MS = 600_000;
const MEMORY_LIMIT_BYTES = 300_000_000;

it(
  'loses nothing and says nothing untrue, whatever fails at the same time',
  async ({ signal }) => {
    const print = (line: string) => console.log(line);
    const verdict = await torture({ minutes: MINUTES, seed: 1, print, signal });
    for (const line of summarize(verdict)) print(line);
    expect(whatIsWrong(verdict)).toEqual([]);
    for (const bytes of Object.values(verdict.peakBytes)) expect(bytes).toBeLessThan(MEMORY_LIMIT_BYTES);
    expect(verdict.faults).toBeGreaterThan(20);
    expect(verdict.changes).toBeGreaterThan(1_000);
  },
  TEST_TIMEOUT_MS,
);
