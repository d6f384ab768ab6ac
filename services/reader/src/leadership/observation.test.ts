import { describe, expect, it } from 'vitest';
import { type Observation, observe, remainingMs } from './observation.js';

const DURATION_MS = 10_000;
const MAX_SILENCE_MS = 5_000;

/** Answers at these seconds with these versions, which took so long; how long the Lease lasts after each. */
function remaining(
  answers: ReadonlyArray<readonly [atSeconds: number, version: string, tookSeconds?: number]>,
): number[] {
  let observation: Observation | undefined;
  return answers.map(([atSeconds, version, tookSeconds = 0]) => {
    const answeredMs = atSeconds * 1_000;
    const times = { askedMs: answeredMs - tookSeconds * 1_000, answeredMs };
    observation = observe(observation, version, MAX_SILENCE_MS, times);
    return remainingMs(observation, DURATION_MS) / 1_000;
  });
}

describe('a Lease, as a candidate sees it,', () => {
  it.each([
    ['lasts from the first look', [[0, 'a']], [10]],
    [
      'expires when it does not change',
      [
        [0, 'a'],
        [4, 'a'],
        [8, 'a'],
        [10, 'a'],
        [12, 'a'],
      ],
      [10, 6, 2, 0, -2],
    ],
    [
      'lasts again from each renewal that is seen',
      [
        [0, 'a'],
        [4, 'a'],
        [8, 'b'],
        [12, 'b'],
      ],
      [10, 6, 10, 6],
    ],
    [
      'does not expire for one answer that is missing',
      [
        [0, 'a'],
        [5, 'a'],
        [10, 'a'],
      ],
      [10, 5, 0],
    ],
    [
      'lasts again after a time without answers, in which the holder could not renew it',
      [
        [0, 'a'],
        [4, 'a'],
        [60, 'a'],
        [64, 'a'],
      ],
      [10, 6, 10, 6],
    ],
    [
      'lasts from an answer, not from when it was asked for',
      [
        [3, 'a', 3],
        [7, 'a', 3],
      ],
      [10, 6],
    ],
    [
      'expires as well when each answer takes its time',
      [
        [5, 'a', 5],
        [12, 'a', 5],
        [19, 'a', 5],
      ],
      [10, 3, -4],
    ],
  ] as const)('%s', (_, answers, expected) => {
    expect(remaining(answers)).toEqual(expected);
  });
});
