import { expect, it } from 'vitest';
import { NOW_MS, workload } from './book.test.helpers.js';
import { mergeWorkloadNews, type WorkloadChange, type WorkloadNews } from './workload-alerts.js';

const change = (kind: WorkloadChange['kind'], name: string): WorkloadChange => ({
  kind,
  trouble: {
    workload: workload(name),
    ...{
      why: 'restarts',
      sinceMs: NOW_MS,
      atMs: NOW_MS,
      replaced: 0,
      restarts: 5,
      failed: 0,
      usual: 0,
      last: null,
    },
  },
  untilMs: null,
});
const news = (changes: WorkloadChange[], lasting = 0, more = 0): WorkloadNews => ({
  ...{ changes, lasting, more, likelyNode: null },
});
const many = Array.from({ length: 50 }, (_none, index) => change('started', `w${index}`));

it.each<[string, WorkloadNews, WorkloadNews, number]>([
  ['one that was not reported', news([change('started', 'a')]), news([change('started', 'b')], 1), 0],
  [
    'one that was, and one that was not',
    news([change('started', 'a')], 1),
    news([change('started', 'b')], 2),
    1,
  ],
  ['one that is stable again', news([change('ended', 'a')], 1), news([change('started', 'b')], 1), 1],
  ['those that were too many for the message', news(many, 0, 11), news([change('started', 'b')], 61), 0],
])(
  'a message that takes up one that waits does not count as reported before: %s',
  (_what, older, newer, lasting) => {
    expect(mergeWorkloadNews(older, newer)?.lasting).toBe(lasting);
  },
);
