import { expect, test } from 'vitest';
import { createMemory } from './memory.js';
import { recallNear } from './near.js';
import { surroundingsOf } from './surroundings.js';

const DAY_MS = 86_400_000;
const OUTSIDE = { ip: '203.0.113.7', cluster: undefined, fromMs: 0 };

test('an address that is outside is known to be of nobody for the time of a window, of which all gaps are known, and no longer', () => {
  const memory = createMemory(() => 0);
  memory.surroundings.set(
    surroundingsOf(OUTSIDE.ip),
    { isOutside: true, knownUntilMs: Number.POSITIVE_INFINITY },
    1,
  );
  expect(recallNear({ ...OUTSIDE, toMs: 1_000 }, memory)).toEqual([]);
  expect(recallNear({ ...OUTSIDE, toMs: 3 * DAY_MS }, memory)).toBeUndefined();
});
