import { describe, expect, it } from 'vitest';
import { createWorkloadBook, MAX_WORKLOADS, type WorkloadBook } from './book.js';
import { DAY_MS, ended, HOUR_MS, life, MINUTE_MS, NOW_MS, restart, workload } from './book.test.helpers.js';
import type { PodLife } from './facts.js';
import { DEFAULT_LIMITS, instabilityOf } from './unstable.js';

/** One that has known of things for a month. */
function newBook(): WorkloadBook {
  const book = createWorkloadBook();
  book.restarted(restart((30 * DAY_MS) / MINUTE_MS, { workload: workload('old') }));
  return book;
}
const lastHour = (book: WorkloadBook) => book.measure(HOUR_MS, NOW_MS).ranked();

/** Starts and ends in the order in which they happened. */
function tell(book: WorkloadBook, ...lives: PodLife[]): WorkloadBook {
  const facts = lives.flatMap((one) => [
    { atMs: one.startedAtMs, tell: () => book.started({ ...one, end: undefined }) },
    ...(one.end === undefined ? [] : [{ atMs: one.end.atMs, tell: () => book.ended(one) }]),
  ]);
  for (const fact of facts.sort((a, b) => a.atMs - b.atMs)) fact.tell();
  return book;
}

const member = (before: number, pod: string) =>
  life(before, { workload: workload('db', 'StatefulSet'), pod });
const agent = (before: number, node: string) =>
  life(before, { workload: workload('agent', 'DaemonSet'), node });

describe('a pod counts as replaced', () => {
  it.each<[string, PodLife[], number]>([
    ['when another one of its revision starts afterwards', [ended(life(90), 30), life(29)], 1],
    ['when another one has started while it was ending', [ended(life(90), 30), life(31)], 1],
    ['not when it is the last one: that is scaling in', [ended(life(90), 30)], 0],
    ['not when another one had started long before: that is scaling out', [ended(life(90), 30), life(45)], 0],
    ['not when another one starts long afterwards', [ended(life(90), 30), life(15)], 0],
    [
      'not by one of another revision: that is a rollout',
      [ended(life(90), 30), life(29, { revision: '7f9' })],
      0,
    ],
    [
      'not by one that starts minutes after a deletion: that is scaling out again',
      [ended(life(90), 30), life(27)],
      0,
    ],
    [
      'nor minutes after one of a StatefulSet, which is stopped and started like that',
      [ended(member(90, 'db-0'), 30), member(23, 'db-0')],
      0,
    ],
    [
      'also minutes after an eviction, where there was no room for the next',
      [ended(life(90), 30, 'Evicted'), life(22)],
      1,
    ],
    [
      'of a StatefulSet only by one of its name',
      [
        ended(member(90, 'db-0'), 30),
        member(29, 'db-1'),
        ended(member(80, 'db-2'), 20),
        member(19.5, 'db-2'),
      ],
      1,
    ],
    [
      'of a DaemonSet only by one on its node',
      [ended(agent(90, 'node-1'), 30, 'Evicted'), agent(29, 'node-2')],
      0,
    ],
    ['once, however many start', [ended(life(90), 30), life(29), life(28)], 1],
    ['only if there is a start for each', [ended(life(90), 30), ended(life(90), 30), life(29)], 1],
    [
      'not when its work is done, and the next run starts',
      [
        ended(life(32, { workload: workload('backup', 'CronJob') }), 30, 'Completed'),
        life(29, { workload: workload('backup', 'CronJob') }),
      ],
      0,
    ],
  ])('%s', (_what, lives, replaced) => {
    const [measured] = lastHour(tell(newBook(), ...lives));
    expect(measured?.counts.replaced).toBe(replaced);
  });

  it('in whatever order the facts come', () => {
    const book = newBook();
    const old = ended(life(90), 30);
    book.started(life(29));
    book.ended(old);
    expect(lastHour(book)[0]?.counts.replaced).toBe(1);
  });

  it('when the start of the next one comes with its end, but once all of the past is counted no more', () => {
    const late = (isCounted: boolean) => {
      const book = newBook();
      const next = ended(life(119), 20);
      book.ended(ended(life(200), 120, 'Evicted'));
      if (isCounted) book.counted('default', NOW_MS - 30 * MINUTE_MS);
      book.started({ ...next, end: undefined });
      book.ended(next);
      return book.measure(DAY_MS, NOW_MS).of(workload())?.counts.replaced;
    };
    expect([late(false), late(true)]).toEqual([1, 0]);
  });

  it('and says which one it was, and why it ended', () => {
    const old = ended(life(90, { pod: 'web-old' }), 30, 'Evicted');
    const [measured] = lastHour(tell(newBook(), old, life(29)));
    expect(measured?.last).toEqual({
      what: 'replaced',
      pod: 'web-old',
      cause: 'Evicted',
      exitCode: undefined,
      atMs: NOW_MS - 30 * MINUTE_MS,
    });
  });
});

describe('a window', () => {
  it('counts what is in it, to the minute', () => {
    const book = newBook();
    for (const before of [61, 59, 16, 14, 1]) book.restarted(restart(before));
    expect(book.measure(15 * MINUTE_MS, NOW_MS).ranked()[0]?.counts.restarts).toBe(2);
    expect(lastHour(book)[0]?.counts.restarts).toBe(4);
    expect(book.measure(DAY_MS, NOW_MS).ranked()[0]?.counts.restarts).toBe(5);
    expect(book.measure(7 * DAY_MS, NOW_MS).ranked()[0]?.counts.restarts).toBe(5);
  });

  it('says when the first trouble was in it, to the minute', () => {
    const book = newBook();
    for (const before of [61, 42, 7]) book.restarted(restart(before));
    const first = book.look(workload())?.tally.first(['restarts', 'failed'], NOW_MS - HOUR_MS, NOW_MS);
    expect(first).toBe(NOW_MS - 42 * MINUTE_MS);
    expect(book.look(workload())?.tally.first(['failed'], NOW_MS - HOUR_MS, NOW_MS)).toBeUndefined();
  });

  it.each([61, 59 + 50 / 60])(
    'says nothing of workloads to which nothing is counted in it: %d min ago',
    (before) => {
      const book = newBook();
      book.restarted(restart(before));
      expect(lastHour(book)).toEqual([]);
      expect(book.measure(HOUR_MS, NOW_MS).of(workload())?.last).toBeUndefined();
    },
  );

  it('has the last one in it, not a later one', () => {
    const book = newBook();
    for (const before of [20, -0.3]) book.restarted(restart(before));
    expect(lastHour(book)[0]?.last?.atMs).toBe(NOW_MS - 20 * MINUTE_MS);
  });

  it('counts restarts as many as there were, also when a gap hid some', () => {
    const book = newBook();
    book.restarted(restart(5, { countBefore: 3, count: 9 }));
    expect(lastHour(book)[0]?.counts.restarts).toBe(6);
  });

  it('has the median and the shortest life of the pods that ended in it', () => {
    const lives = [ended(life(500), 70), ended(life(50), 20), ended(life(40), 30), ended(life(59), 2)];
    expect(lastHour(tell(newBook(), ...lives))[0]).toMatchObject({
      medianLifeMs: 30 * MINUTE_MS,
      shortestLifeMs: 10 * MINUTE_MS,
    });
  });

  it('has the life of a pod that got another address from its first one on', () => {
    const book = newBook();
    const first = life(50);
    book.started(first);
    book.ended(ended({ ...first, ip: '10.64.0.2', startedAtMs: NOW_MS - 20 * MINUTE_MS }, 10));
    expect(lastHour(book)[0]?.shortestLifeMs).toBe(40 * MINUTE_MS);
  });

  it('knows what is usual from the seven days before it', () => {
    const book = newBook();
    for (let hour = 2; hour < 2 + 7 * 24; hour += 1)
      for (const extra of [1, 2]) book.restarted(restart(hour * 60 + extra));
    book.restarted(restart(3));
    const [measured] = lastHour(book);
    expect(measured?.trouble).toBe(1);
    expect(measured?.usual).toBeCloseTo(2, 1);
  });

  it('does not take for usual what began with the trouble of now, however many days it lasts', () => {
    const book = newBook();
    const days = 4;
    for (let before = days * 24 * 60; before > 0; before -= 20) book.restarted(restart(before));
    expect(lastHour(book)[0]).toMatchObject({ usual: 0 });
  });

  it('knows what is usual also where nothing happens now', () => {
    const book = newBook();
    for (let hour = 2; hour < 2 + 7 * 24; hour += 1)
      if (hour < 20 || hour > 40) book.restarted(restart(hour * 60 + 1));
    expect(book.measure(HOUR_MS, NOW_MS).of(workload())).toMatchObject({ trouble: 0 });
    expect(book.measure(HOUR_MS, NOW_MS).of(workload())?.usual).toBeCloseTo(147 / 168, 2);
  });

  it('takes for usual what was so for all of seven days', () => {
    const book = newBook();
    for (let before = 8 * 24 * 60; before > 0; before -= 20) book.restarted(restart(before));
    expect(lastHour(book)[0]?.usual).toBeCloseTo(3, 1);
  });

  it('knows of each cluster for itself since when anything is known', () => {
    const book = newBook();
    const young = { ...workload(), cluster: 'young' };
    book.restarted(restart(20 * 60, { workload: young }));
    book.restarted(restart(3, { workload: young }));
    expect(lastHour(book)[0]?.usual).toBeUndefined();
    expect([book.sinceMs('young'), book.sinceMs(undefined)]).toEqual(Array(2).fill(NOW_MS - 20 * HOUR_MS));
  });

  it('does not know what is usual after less than a day', () => {
    const book = createWorkloadBook();
    book.restarted(restart(20 * 60));
    book.restarted(restart(3));
    expect(lastHour(book)[0]?.usual).toBeUndefined();
  });
});

describe('the order', () => {
  it('is by pods replaced, restarts and failed pods together, the worst first', () => {
    const book = newBook();
    book.restarted(restart(3, { workload: workload('a') }));
    book.restarted(restart(3, { workload: workload('b'), count: 4 }));
    const job = workload('import', 'Job');
    tell(
      book,
      ended(life(40, { workload: job }), 39, 'Error', 2),
      ended(life(38, { workload: job }), 37, 'Error', 2),
    );
    expect(lastHour(book).map((one) => [one.workload.name, one.trouble])).toEqual([
      ['b', 4],
      ['import', 2],
      ['a', 1],
    ]);
    expect(lastHour(book)[1]?.last).toMatchObject({ what: 'failed', cause: 'Error', exitCode: 2 });
  });

  it('puts last what only works: runs that complete, scaling, rollouts', () => {
    const book = newBook();
    tell(book, ended(life(40, { workload: workload('backup', 'CronJob') }), 39, 'Completed'));
    expect(lastHour(book)).toMatchObject([{ trouble: 0, counts: { succeeded: 1 }, last: undefined }]);
  });
});

describe('a node that is drained', () => {
  const drained = ['a', 'b', 'c', 'd'].flatMap((name, index) => [
    ended(life(90, { workload: workload(name), node: 'node-7' }), 30 - index, 'EvictionByEvictionAPI'),
    life(29 - index, { workload: workload(name), node: 'node-8' }),
  ]);

  it('is one event, not many unstable workloads', () => {
    const book = tell(newBook(), ...drained);
    expect(book.nodeEvents(NOW_MS - HOUR_MS)).toEqual([
      {
        cluster: 'default',
        node: 'node-7',
        what: 'ended',
        fromMs: NOW_MS - 30 * MINUTE_MS,
        toMs: NOW_MS - 27 * MINUTE_MS,
        pods: 4,
        workloads: 4,
        cause: 'EvictionByEvictionAPI',
      },
    ]);
    expect(lastHour(book).map(({ trouble }) => trouble)).toEqual([0, 0, 0, 0]);
    expect(lastHour(book)[0]?.counts.disrupted).toBe(1);
  });

  it('does not hide a pod that comes back to it and is evicted again', () => {
    const agent = workload('agent', 'DaemonSet');
    const again = [29.5, 28.5, 27.5].map((before) =>
      ended(life(before + 0.4, { workload: agent, node: 'node-7' }), before, 'EvictionByEvictionAPI'),
    );
    const book = tell(newBook(), ...drained, ...again, life(27, { workload: agent, node: 'node-7' }));
    expect(lastHour(book)[0]).toMatchObject({ workload: agent, counts: { replaced: 3 } });
  });

  it('is one event also where few workloads are, and a disruption budget keeps its pods apart', () => {
    const few = Array.from({ length: 8 }, (_none, index) => [
      ended(life(200, { node: 'node-7' }), 80 - index * 8, 'EvictionByEvictionAPI'),
      life(79 - index * 8, { node: 'node-8' }),
    ]).flat();
    const book = tell(newBook(), ...few);
    expect(book.nodeEvents(NOW_MS - 2 * HOUR_MS)).toMatchObject([{ node: 'node-7', pods: 8, workloads: 1 }]);
    expect(lastHour(book)[0]).toMatchObject({ trouble: 0, counts: { replaced: 0, disrupted: 5 } });
  });

  it('is none when its pods are evicted again within the hour, or its kubelet evicts those of few workloads', () => {
    const evicted = (cause: string) => {
      const pairs = [50, 40, 30, 20, 10].flatMap((before) => [
        ended(life(before + 9, { node: 'node-7' }), before, cause),
        ended(life(before + 9, { node: 'node-7' }), before, cause),
      ]);
      const book = tell(newBook(), ...pairs, life(9, { node: 'node-7' }), life(9, { node: 'node-7' }));
      return lastHour(book)[0]?.counts.replaced;
    };
    expect([evicted('EvictionByEvictionAPI'), evicted('Evicted')]).toEqual([8, 10]);
  });

  it('hides nothing else: one workload whose pods are evicted from it again and again', () => {
    const agent = workload('agent', 'DaemonSet');
    const evicted = [55, 45, 35, 25, 15, 5].map((before) =>
      ended(life(before + 9, { workload: agent, node: 'node-7' }), before, 'Evicted'),
    );
    const book = tell(newBook(), ...drained, ...evicted, life(4, { workload: agent, node: 'node-7' }));
    expect(lastHour(book)[0]).toMatchObject({ workload: agent, counts: { replaced: 6 } });
  });
});

describe('a pod that failed before it had an address', () => {
  const agent = workload('agent', 'DaemonSet');
  const reject = (cause: string) => {
    const book = newBook();
    for (const before of [55, 45, 35, 25, 15, 5])
      book.rejected(ended(life(before, { workload: agent, ip: '' }), before, cause));
    const measured = book.measure(HOUR_MS, NOW_MS).of(agent);
    const page = book.look(agent);
    return { measured, unstable: page && measured && instabilityOf(page, measured, DEFAULT_LIMITS, NOW_MS) };
  };

  it.each<[string, number, string | undefined]>([
    ['Evicted', 6, 'replaced'],
    ['UnexpectedAdmissionError', 6, 'replaced'],
    ['NodeShutdown', 0, undefined],
    ['DeletionByPodGC', 0, undefined],
    ['Disrupted', 0, undefined],
  ])('by %s counts as failed %i times of 6', (cause, failed, why) => {
    const { measured, unstable } = reject(cause);
    expect([measured?.counts.failed, unstable]).toEqual([failed, why]);
    expect(measured).toMatchObject({ counts: { ended: 6, started: 0 }, medianLifeMs: undefined });
    expect(measured?.last?.cause).toBe(failed === 0 ? undefined : cause);
  });
});

describe('a node that is started again', () => {
  const found = (name: string, before: number) =>
    restart(before, {
      workload: workload(name, 'DaemonSet'),
      node: 'node-7',
      cause: 'Unknown',
      exitCode: 255,
    });

  it('is one event, not many workloads whose containers restart', () => {
    const book = newBook();
    for (const name of ['a', 'b', 'c', 'd']) book.restarted(found(name, 30));
    expect(book.nodeEvents(NOW_MS - HOUR_MS)).toMatchObject([{ node: 'node-7', what: 'restarted', pods: 4 }]);
    expect(lastHour(book)).toEqual([]);
  });

  it('is not the last thing that happened to a workload that has troubles of its own', () => {
    const book = newBook();
    book.restarted(restart(40, { workload: workload('a', 'DaemonSet') }));
    for (const name of ['a', 'b', 'c', 'd']) book.restarted(found(name, 30));
    expect(lastHour(book)).toMatchObject([{ counts: { restarts: 1 }, last: { cause: 'OOMKilled' } }]);
  });
});

it('keeps the latest pods and restarts of each workload, no more', () => {
  const book = newBook();
  const lives = Array.from({ length: 70 }, (_none, index) => ended(life(200 - index), 100 - index));
  tell(book, ...lives);
  for (let count = 0; count < 70; count += 1) book.restarted(restart(90 - count));
  const page = book.look(workload());
  expect(page?.lives.all().map(({ podUid }) => podUid)).toEqual(lives.slice(10).map(({ podUid }) => podUid));
  expect(page?.restarts).toHaveLength(60);
  expect(book.look(workload('other'))).toBeUndefined();
});

it('forgets the workloads that nothing happened to for longest, in whatever order it is told', () => {
  const book = createWorkloadBook();
  book.restarted(restart(1));
  const runs = Array.from({ length: MAX_WORKLOADS + 1 }, (_none, index) => workload(`run-${index}`, 'Job'));
  for (const [index, run] of runs.entries())
    book.ended(ended(life(9_000 - index, { workload: run }), 8_999 - index, 'Completed'));
  expect(lastHour(book)).toMatchObject([{ workload: workload(), counts: { restarts: 1 } }]);
  expect(book.look(workload('run-1', 'Job'))).toBeUndefined();
  expect(book.forgottenUntilMs).toBe(NOW_MS - 8_998 * MINUTE_MS);
});
