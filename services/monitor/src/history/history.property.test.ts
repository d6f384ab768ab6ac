import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger, OPERATIONS } from '@podips/shared';
import fc from 'fast-check';
import { expect, inject, test } from 'vitest';
import { openHistory } from './history.js';
import { someTransitions } from './history.test.helpers.js';

const log = createLogger('monitor', 'silent');

test('whatever the lights did is read as it was written', async () => {
  await fc.assert(
    fc.asyncProperty(someTransitions, async (transitions) => {
      const dir = await mkdtemp(join(tmpdir(), 'podips-history-'));
      const now = () => Date.UTC(2026, 0, 10);
      const first = await openHistory({ dir, now, log, shownDays: 90 });
      for (const one of transitions) first.record(one);
      await first.close();
      const second = await openHistory({ dir, now, log, shownDays: 90 });
      expect(second.incidents(100)).toEqual(first.incidents(100));
      for (const operation of OPERATIONS) {
        expect(second.strip(operation, now())).toEqual(first.strip(operation, now()));
        expect(second.last(operation)).toEqual(first.last(operation));
      }
      expect(second.problem).toBeUndefined();
      await second.close();
      await rm(dir, { recursive: true });
    }),
    { numRuns: inject('propertyRuns') },
  );
});
