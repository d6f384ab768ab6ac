import { expect, test } from 'vitest';
import { describeSums, describeTally } from './tally.js';

const ALL = { happened: 612, arrived: 612, duplicates: 0, queued: 0, stored: 0 };

test('the sums at the end say that nothing was lost only when everything arrived', () => {
  expect(describeSums(ALL)).toBe('612 changes happened, 612 arrived, none was lost.');
  expect(describeSums({ ...ALL, arrived: 600, queued: 7, stored: 3 })).toBe(
    '612 changes happened, 600 arrived, none is known to be lost: 12 were still on their way (3 in the outbox, 7 on the queue, 2 in between).',
  );
  // A message that was written and is not yet acknowledged is in both places.
  expect(describeSums({ ...ALL, arrived: 611, queued: 5, stored: undefined })).toMatch(
    /: 1 were still .*5 on the queue, 0 in between/,
  );
});

test('a reader that does not answer, and copies, are said', () => {
  expect(describeTally({ ...ALL, stored: undefined, duplicates: 2 })).toBe(
    '612 changes happened, the reader does not answer, 0 on the queue, 612 arrived (2 came twice, with the same event_id)',
  );
});
