import { tmpdir } from 'node:os';
import { createLogger } from '@podips/shared';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { ChangeLog } from './changes/change-log.js';
import { BEFORE, bookmark, pod, seen, startOf } from './changes/pod-changes.test.helpers.js';
import { PodTable } from './changes/pod-table.js';
import { ReaderClock } from './changes/reader-clock.js';
import type { PodSink } from './cluster/feed-parts.js';
import { createKubeClient } from './cluster/kube-client.js';
import { followPods } from './cluster/pod-feed.js';
import { soleLeadership } from './leadership/election.js';
import { createReaderMetrics } from './metrics.js';
import { startOutlet } from './outlet.js';
import { readReaderSettings } from './settings.js';
import type { LedgerBatch, LoadedLedger } from './store/ledger.js';
import { openTerm } from './term.js';
import type { TermEnd } from './term-start.js';

vi.mock('./outlet.js');
vi.mock('./cluster/pod-feed.js');
vi.mock('@podips/shared', async (original) => ({
  ...(await original<object>()),
  ...(await import('./pause.test.helpers.js')),
}));

const LEDGER: LoadedLedger = { ended: new Map(), ...startOf([1]), term: 7 };
const NEXT: LoadedLedger = { ...LEDGER, term: 8 };

beforeEach(() => {
  vi.useFakeTimers({ now: BEFORE });
});
afterEach(() => {
  vi.useRealTimers();
});

/** The real term between a feed that the test plays, an outlet that accepts everything, and a ledger. */
function runTerm({
  ledger = undefined as LoadedLedger | undefined,
  previous = undefined as TermEnd | undefined,
} = {}) {
  const feed: { sink?: PodSink } = {};
  vi.mocked(followPods).mockImplementation(async (_client, sink) => {
    feed.sink = sink;
  });
  const onMessages = vi.fn();
  const settle = vi.fn(async () => undefined);
  vi.mocked(startOutlet).mockImplementation((_parts, changes: ChangeLog) => {
    changes.onChange(() => {
      const last = [...changes.undeliveredAfter(0, Number.POSITIVE_INFINITY)].at(-1);
      if (last === undefined) return;
      onMessages();
      changes.delivered(last.number);
    });
    return { settle };
  });
  const settings = readReaderSettings(['--incluster=false'], {
    HOME: tmpdir(),
    CONFIG_DIR: tmpdir(),
    KUBE_APISERVER_URL: 'https://cluster:6443',
    LEDGER_BUFFER_LEASES: '100',
  });
  const batches: LedgerBatch[] = [];
  const state = { isUp: true, loaded: Promise.withResolvers<LoadedLedger | undefined>() };
  const database = {
    problem: undefined,
    ledgerState: { problem: undefined, migratingMs: undefined },
    ledger: {
      load: async () => NEXT,
      async write(_term: number, batch: LedgerBatch) {
        if (!state.isUp) throw new Error('no database');
        batches.push(batch);
      },
      announce: async () => undefined,
      prune: () => new Promise<number>(() => undefined),
    },
    outbox: {
      store: async () => undefined,
      drain: async () => 0,
      trackEarlier: () => async () => 0,
      rows: 0,
    },
  };
  const outOfOrder = { since: undefined as Date | undefined, set: vi.fn(), clear: vi.fn() };
  const health = {
    works: vi.fn(),
    connected: vi.fn(),
    alive: vi.fn(),
    standsBy: vi.fn(),
    note: vi.fn(),
    impaired: vi.fn(),
    fails: vi.fn(),
  };
  const operation = { ...health, problem: undefined };
  const parts = {
    settings,
    log: createLogger('test', 'silent'),
    metrics: createReaderMetrics(),
    health: { kubernetes: operation, queue: operation },
    client: createKubeClient(settings.kubeConfig),
    database,
    markers: { outOfOrder },
    clock: new ReaderClock({ onStep: vi.fn() }),
    numbering: { run: '00000000', sent: 0, published: 0 },
  };
  const stopping = new AbortController();
  const untilLedger = vi.fn(() => state.loaded.promise);
  const leadership = soleLeadership();
  // A term owns what is known.
  const own = ledger && { ...ledger, known: new PodTable(ledger.known) };
  const term = openTerm(parts, { ledger: own, previous, untilLedger, leadership });
  const ended = term.run(stopping.signal);
  return { feed, onMessages, settle, batches, state, outOfOrder, stopping, untilLedger, ended };
}

const pass = (ms = 0) => vi.advanceTimersByTimeAsync(ms);

it.each([
  ['the ledger that it waits for', undefined],
  ['the ledger that is pruned', LEDGER],
])('delivers at its end whatever the database does: %s', async (_what, ledger) => {
  const { settle, stopping, ended } = runTerm({ ledger });
  await pass();
  stopping.abort();
  await pass();
  // Before the deadline of the database.
  expect(settle).toHaveBeenCalledOnce();
  await pass(3_000);
  expect(await ended).toMatchObject({ end: 'stopped', ledger: undefined });
});

it('without a ledger sets the marker before it publishes, and not if it publishes nothing', async () => {
  const { feed, outOfOrder, onMessages } = runTerm();
  await pass();
  await feed.sink?.startList().end('5', 'start', async () => true);
  expect(outOfOrder.set).not.toHaveBeenCalled();
  onMessages.mockImplementation(() => expect(outOfOrder.set).toHaveBeenCalledExactlyOnceWith(BEFORE));
  feed.sink?.apply(seen(pod(2)));
  expect(onMessages).toHaveBeenCalled();
});

it('with its ledger sets no marker', async () => {
  const { feed, outOfOrder, onMessages } = runTerm({ ledger: LEDGER });
  await pass();
  feed.sink?.apply(seen(pod(2)));
  expect(onMessages).toHaveBeenCalled();
  expect(outOfOrder.set).not.toHaveBeenCalled();
});

it('without a ledger ends with the one that was loaded meanwhile', async () => {
  const { state, untilLedger, ended } = runTerm();
  await pass();
  expect(untilLedger).toHaveBeenCalledOnce();
  state.loaded.resolve(NEXT);
  await pass();
  expect(await ended).toMatchObject({ end: 'ledger-late', ledger: NEXT });
});

it('after an overflow publishes until the ledger is loaded', async () => {
  const { feed, state, outOfOrder, untilLedger, ended, settle } = runTerm({ ledger: LEDGER });
  await pass();
  expect(untilLedger).not.toHaveBeenCalled();
  state.isUp = false;
  feed.sink?.apply(seen(pod(2)));
  await pass(1_000);
  for (let index = 3; index < 110; index += 1) feed.sink?.apply(seen(pod(index)));
  await pass(30_000);
  expect(untilLedger).toHaveBeenCalledOnce();
  // For a successor, should this process be killed before the gap is named.
  expect(outOfOrder.set).toHaveBeenCalledOnce();
  expect(feed.sink?.apply(seen(pod(200)))).toBe(true);
  expect(settle).not.toHaveBeenCalled();
  state.loaded.resolve(NEXT);
  await pass(3_000);
  expect(await ended).toMatchObject({ end: 'ledger-overflow', ledger: NEXT });
});

it('after an overflow names the gap with the first bookmark, and removes the marker when the ledger has it', async () => {
  const { feed, batches, outOfOrder } = runTerm({ ledger: LEDGER, previous: 'ledger-overflow' });
  const since = new Date(BEFORE.getTime() + 1_000);
  outOfOrder.since = since;
  await pass();
  feed.sink?.apply(seen(pod(2)));
  await pass(1_000);
  expect(batches).toMatchObject([{ gaps: [] }]);
  expect(outOfOrder.clear).not.toHaveBeenCalled();
  feed.sink?.apply(bookmark);
  await pass(1_000);
  // One gap, from the watermark on, although there is a marker, too.
  expect(batches[1]?.gaps).toMatchObject([{ startedAt: BEFORE, reason: 'ledger-overflow' }]);
  expect(outOfOrder.clear).toHaveBeenCalledOnce();
});

it('records at its end what was received', async () => {
  const { feed, batches, stopping, ended } = runTerm({ ledger: LEDGER });
  await pass();
  feed.sink?.apply(seen(pod(2)));
  stopping.abort();
  await pass(3_000);
  await ended;
  expect(batches).toMatchObject([{ leases: [{ ip: '10.0.0.2' }] }]);
});
