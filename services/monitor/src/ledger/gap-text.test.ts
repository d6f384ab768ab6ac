import { expect, test } from 'vitest';
import { describeGap } from './gap-text.js';

test.each([
  [
    { startedAt: '2026-11-20T14:00:00Z', reason: 'expired', cluster: 'fra1' },
    'From 2026-11-20 14:00:00 UTC to 2026-11-20 15:00:00 UTC podips may have missed changes (expired: the API server no longer had the events of a time without a watch): a pod may have held an address unseen.',
  ],
  [
    { startedAt: '2026-11-20T14:00:00Z', reason: 'of the future', cluster: 'ams1' },
    'From 2026-11-20 14:00:00 UTC to 2026-11-20 15:00:00 UTC podips may have missed changes in ams1 (of the future): a pod may have held an address unseen.',
  ],
  [
    { startedAt: null, reason: 'start', cluster: 'fra1' },
    'Before 2026-11-20 15:00:00 UTC podips was not watching: which pod held an address then is unknown.',
  ],
])('a gap is named plainly', (changes, sentence) => {
  expect(describeGap({ endedAt: '2026-11-20T15:00:00Z', ...changes }, 'fra1')).toBe(sentence);
});
