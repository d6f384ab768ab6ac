import { describe, expect, it } from 'vitest';
import { createWorkloadBook, type WorkloadBook } from './book.js';
import { DAY_MS, ended, HOUR_MS, life, MINUTE_MS, NOW_MS, restart, workload } from './book.test.helpers.js';
import {
  decideWorkloadAlerts,
  NO_WORKLOADS_REPORTED,
  WORKLOAD_WAITS,
  type WorkloadAlertState,
  type WorkloadDecision,
  type WorkloadFacts,
} from './decide-workload-alerts.js';
import { findUnstable } from './find-unstable.js';
import { DEFAULT_LIMITS } from './unstable.js';

const RULES = {
  ...WORKLOAD_WAITS,
  repeatIntervalMs: 4 * HOUR_MS,
  isMuted: () => false,
};

function newBook(): WorkloadBook {
  const book = createWorkloadBook();
  book.restarted(restart((30 * DAY_MS) / MINUTE_MS, { workload: workload('old') }));
  return book;
}

/** Restarts of one workload, so many minutes before now. */
function restarts(book: WorkloadBook, name: string, ...before: number[]): WorkloadBook {
  for (const one of before) book.restarted(restart(one, { workload: workload(name) }));
  return book;
}

interface Told {
  /** Minutes after the time of the tests. */
  readonly at?: number;
  readonly known?: number;
  readonly changes?: Partial<WorkloadFacts>;
  readonly rules?: Partial<typeof RULES>;
  readonly limitMs?: number;
}

function decideAt(
  book: WorkloadBook,
  state: WorkloadAlertState,
  { at = 0, known = at, changes = {}, rules = {}, limitMs = 0 }: Told = {},
): WorkloadDecision {
  const knownUntilMs = NOW_MS + known * MINUTE_MS;
  const { gaps = [] } = changes;
  const measures = book.measure(HOUR_MS, knownUntilMs);
  const facts = {
    cluster: 'default',
    knownUntilMs,
    isReadable: true,
    forgottenUntilMs: book.forgottenUntilMs,
    gaps,
    unstable: findUnstable(book, { cluster: 'default', atMs: knownUntilMs, gaps }, DEFAULT_LIMITS),
    measure: measures.of,
    ...changes,
  };
  return decideWorkloadAlerts(
    state,
    { facts, nowMs: NOW_MS + at * MINUTE_MS, limitMs },
    { ...RULES, ...rules },
  );
}

/** Lets the group wait pass. */
function decideTwice(book: WorkloadBook, state = NO_WORKLOADS_REPORTED, told: Told = {}): WorkloadDecision {
  return decideAt(book, decideAt(book, state, told).state, { ...told, at: (told.at ?? 0) + 1 });
}

const saidIn = ({ news }: WorkloadDecision) =>
  news?.changes.map(({ kind, trouble }) => `${kind} ${trouble.workload.name}`);

const FIVE = [25, 20, 15, 10, 5];

it.each([
  ['in the hour before it became unstable', 30, true],
  ['before that', 70, undefined],
])('a gap %s is known in the alert', (_when, ago, expected) => {
  const gapMs = NOW_MS - ago * MINUTE_MS;
  const changes = { gaps: [{ fromMs: gapMs - MINUTE_MS, toMs: gapMs }] };
  const { news } = decideTwice(restarts(newBook(), 'web', ...FIVE), NO_WORKLOADS_REPORTED, { changes });
  expect(news?.changes.map(({ hasGap }) => hasGap)).toEqual([expected]);
});

describe('a workload that becomes unstable', () => {
  it('is reported after the group wait, with what happened to it', () => {
    const book = restarts(newBook(), 'web', ...FIVE);
    const first = decideAt(book, NO_WORKLOADS_REPORTED);
    expect([first.news, first.waitMs]).toEqual([undefined, MINUTE_MS]);
    const { news, state } = decideAt(book, first.state, { at: 1 });
    expect(news).toMatchObject({ lasting: 0, more: 0, likelyNode: null });
    expect(news?.changes).toMatchObject([
      {
        kind: 'started',
        untilMs: null,
        trouble: { workload: workload(), why: 'restarts', restarts: 5, last: { cause: 'OOMKilled' } },
      },
    ]);
    expect(decideAt(book, state, { at: 2 }).news).toBeUndefined();
  });

  it('shares a message with the others, the worst first', () => {
    const book = restarts(newBook(), 'web', ...FIVE);
    const { state } = decideAt(book, NO_WORKLOADS_REPORTED);
    restarts(book, 'api', 6, 5, 4, 3, 2, 1);
    expect(saidIn(decideAt(book, state, { at: 1 }))).toEqual(['started api', 'started web']);
  });

  it('waits for the pause after the last message', () => {
    const book = restarts(newBook(), 'web', ...FIVE);
    const { state } = decideTwice(book);
    restarts(book, 'api', 6, 5, 4, 3, 2);
    const next = decideAt(book, state, { at: 2 });
    expect([next.news, next.waitMs]).toEqual([undefined, 4 * MINUTE_MS]);
    const sent = decideAt(book, next.state, { at: 6 });
    expect([saidIn(sent), sent.news?.lasting]).toEqual([['started api'], 1]);
  });

  it('is not reported when it is muted, or of another cluster', () => {
    const book = restarts(newBook(), 'web', ...FIVE);
    for (const told of [{ rules: { isMuted: () => true } }, { changes: { cluster: 'lon1' } }])
      expect(decideTwice(book, NO_WORKLOADS_REPORTED, told).news).toBeUndefined();
  });

  it('is reported in the next message when the hourly limit suppresses this one, which counts once', () => {
    const book = restarts(newBook(), 'web', ...FIVE);
    const { state } = decideAt(book, NO_WORKLOADS_REPORTED);
    const first = decideAt(book, state, { at: 1, limitMs: 10 * MINUTE_MS });
    expect(first).toMatchObject({ state: { suppressed: 1 }, waitMs: 10 * MINUTE_MS });
    const second = decideAt(book, first.state, { at: 2, limitMs: 9 * MINUTE_MS });
    expect([second.state.suppressed, second.news]).toEqual([1, undefined]);
    expect(saidIn(decideAt(book, second.state, { at: 11 }))).toEqual(['started web']);
  });

  it('is reported with the node on which most of what ended was, if that was not its own doing', () => {
    const evicted = (cause: string) => {
      const book = newBook();
      for (const before of [55, 45, 35, 25, 15, 5]) {
        book.ended(ended(life(before + 9, { node: before > 10 ? 'node-7' : 'node-8' }), before, cause, 1));
        book.started(life(before - 0.5, { node: 'node-9' }));
      }
      return decideTwice(book).news?.likelyNode;
    };
    expect(evicted('DeletionByTaintManager')).toEqual({ node: 'node-7', pods: 5, of: 6 });
    expect(evicted('Error')).toBeNull();
  });

  it('is not reported with a node that is not the cause: one that was drained beside a crash loop', () => {
    const book = restarts(newBook(), 'web', ...Array.from({ length: 20 }, (_none, index) => 50 - 2 * index));
    for (const name of ['web', 'web', 'web', 'a', 'b', 'c'])
      book.ended(ended(life(90, { workload: workload(name), node: 'node-7' }), 30, 'EvictionByEvictionAPI'));
    expect(decideTwice(book).news).toMatchObject({
      changes: [{ trouble: { restarts: 20 } }],
      likelyNode: null,
    });
  });

  it.each<[string, Told]>([
    ['was so in an hour long ago, of a ledger that is behind', { at: 4_320, known: 0 }],
    ['is of a ledger that cannot be read', { changes: { isReadable: false } }],
  ])('is not reported when it %s', (_what, told) => {
    const { news } = decideTwice(restarts(newBook(), 'web', ...FIVE), NO_WORKLOADS_REPORTED, told);
    expect(news).toBeUndefined();
  });

  it('is not reported for restarts that a gap hid, which may be of any time in it', () => {
    const book = newBook();
    book.restarted(restart(10, { countBefore: 3, count: 20 }));
    const gap = (before: number) => ({ fromMs: NOW_MS - before * MINUTE_MS, toMs: NOW_MS - 12 * MINUTE_MS });
    const told = (before: number) => ({ changes: { gaps: [gap(before)] } });
    expect(decideTwice(book, NO_WORKLOADS_REPORTED, told(600)).news).toBeUndefined();
    expect(saidIn(decideTwice(book, NO_WORKLOADS_REPORTED, told(50)))).toEqual(['started web']);
  });
});

describe('an unstable workload that was reported', () => {
  const reported = () => {
    const book = restarts(newBook(), 'web', ...FIVE);
    return { book, state: decideTwice(book).state };
  };

  it('is reported again after the repeat interval, with the figures of then', () => {
    const { book, state } = reported();
    restarts(book, 'web', -235, -239);
    const wait = decideAt(book, state, { at: 2 }).waitMs;
    expect(wait).toBe(239 * MINUTE_MS);
    const again = decideAt(book, state, { at: 241 });
    expect(saidIn(again)).toEqual(['continues web']);
    expect(again.news?.changes[0]?.trouble).toMatchObject({ restarts: 2, sinceMs: NOW_MS + MINUTE_MS });
  });

  it('is repeated with the others, the worst first', () => {
    const { book, state } = reported();
    restarts(book, 'api', ...FIVE);
    const { state: both } = decideAt(book, decideAt(book, state, { at: 2 }).state, { at: 7 });
    restarts(book, 'api', -235, -239);
    restarts(book, 'web', -236);
    expect(saidIn(decideAt(book, both, { at: 250 }))).toEqual(['continues api', 'continues web']);
  });

  it('is stable after an hour in which nothing happened, not as soon as it is below the limits', () => {
    const { book, state } = reported();
    expect(saidIn(decideTwice(book, state, { at: 50 }))).toBeUndefined();
    const { news, state: after } = decideTwice(book, state, { at: 60 });
    expect(news?.changes).toMatchObject([{ kind: 'ended', untilMs: NOW_MS + 61 * MINUTE_MS }]);
    expect(after.reported).toEqual([]);
  });

  it('makes no second alert however long it is near the limits', () => {
    const { book, state } = reported();
    const kinds = new Set<string>();
    let now = state;
    for (let at = 5; at < 600; at += 5) {
      // Four to six in each hour.
      if (at % 60 < 20 || at % 120 < 30) restarts(book, 'web', -at);
      const decision = decideAt(book, now, { at, rules: { repeatIntervalMs: 0 } });
      now = decision.state;
      for (const { kind } of decision.news?.changes ?? []) kinds.add(kind);
    }
    expect([...kinds]).toEqual([]);
  });

  it('is stable when no more happens than was usual before', () => {
    const book = newBook();
    const usual = Array.from({ length: 7 * 24 * 2 }, (_none, index) => 7 * 24 * 60 + 60 - index * 30);
    restarts(book, 'web', ...usual, ...FIVE, 4, 3);
    const { state } = decideTwice(book);
    expect(state.reported).toMatchObject([{ usual: 2 }]);
    restarts(book, 'web', -30, -60, -90, -120);
    expect(saidIn(decideTwice(book, state, { at: 121 }))).toEqual(['ended web']);
  });

  const GAP = [{ fromMs: NOW_MS + 30 * MINUTE_MS, toMs: NOW_MS + 31 * MINUTE_MS }];
  it.each<[string, Told]>([
    ['while the ledger is behind', { known: 100 }],
    ['while the ledger cannot be read', { changes: { isReadable: false } }],
    ['when there was a gap in that hour', { at: 80, changes: { gaps: GAP } }],
  ])('is not said to be stable, or still unstable, %s', (_when, told) => {
    const { book, state } = reported();
    const rules = { repeatIntervalMs: told.known === undefined ? 0 : HOUR_MS };
    const one = { at: 120, ...told, rules };
    expect(decideTwice(book, state, one).news).toBeUndefined();
    expect(saidIn(decideTwice(book, state, { at: 120 }))).toEqual(['ended web']);
  });

  it('is stable when the book has forgotten it because nothing happened', () => {
    const { book, state } = reported();
    const measure = () => undefined;
    expect(saidIn(decideTwice(book, state, { at: 50, changes: { measure } }))).toBeUndefined();
    expect(saidIn(decideTwice(book, state, { at: 60, changes: { measure } }))).toEqual(['ended web']);
  });

  it('is not said to be stable when the book has forgotten it because there are so many', () => {
    const { book, state } = reported();
    const forgotten = (minutes: number) => ({
      measure: () => undefined,
      forgottenUntilMs: NOW_MS + minutes * MINUTE_MS,
    });
    expect(saidIn(decideTwice(book, state, { at: 120, changes: forgotten(90) }))).toBeUndefined();
    expect(saidIn(decideTwice(book, state, { at: 120, changes: forgotten(30) }))).toEqual(['ended web']);
  });

  it('is forgotten without a word when it is muted', () => {
    const { book, state } = reported();
    const muted = decideTwice(book, state, { at: 120, rules: { isMuted: () => true } });
    expect([muted.news, muted.state.reported]).toEqual([undefined, []]);
  });
});

it('of many at once a message keeps the worst, and says how many more there are', () => {
  const book = newBook();
  for (let index = 0; index < 60; index += 1) restarts(book, `w${index}`, ...FIVE);
  restarts(book, 'worst', 3, 2);
  restarts(book, 'worst', ...FIVE);
  const { news, state } = decideTwice(book);
  expect([news?.changes.length, news?.changes[0]?.trouble.workload.name, news?.more, news?.lasting]).toEqual([
    50,
    'worst',
    11,
    0,
  ]);
  expect(state.reported).toHaveLength(61);
});

it('a drained node makes no alert', () => {
  const book = newBook();
  for (let index = 0; index < 40; index += 1) {
    const app = workload(`app-${index}`);
    for (let pod = 0; pod < 6; pod += 1) {
      const old = life(90, { workload: app, node: 'node-7' });
      book.ended(ended(old, 30 - index * 0.1, 'EvictionByEvictionAPI'));
      book.started(life(29 - index * 0.1, { workload: app, node: 'node-8' }));
    }
  }
  expect(decideTwice(book).news).toBeUndefined();
});
