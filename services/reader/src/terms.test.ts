import { createLogger } from '@podips/shared';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { KnownPod } from './changes/leases.js';
import { startOf } from './changes/pod-changes.test.helpers.js';
import { PodTable } from './changes/pod-table.js';
import { soleLeadership } from './leadership/election.js';
import type { LoadedLedger } from './store/ledger.js';
import type { EndedTerm, Term, TermOptions } from './term.js';
import type { TermEnd } from './term-start.js';
import { runTerms } from './terms.js';

vi.mock('@podips/shared', async (original) => ({
  ...(await original<object>()),
  ...(await import('./pause.test.helpers.js')),
}));

const HOUR_MS = 3_600_000;
const RETRY_MS = 1_000;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** Runs terms that do nothing, over a ledger that can be loaded or not. */
function run({ isUp = true } = {}) {
  const state: { isUp: boolean; loads: number; version: string | undefined; pods: KnownPod[] } = {
    isUp,
    loads: 0,
    version: '5',
    pods: [],
  };
  const opened: Array<TermOptions & { end(ended: EndedTerm): void }> = [];
  const ledger = {
    async load(): Promise<LoadedLedger> {
      if (!state.isUp) throw new Error('no database');
      state.loads += 1;
      const { version } = state;
      const checkpoint =
        version === undefined ? undefined : { resourceVersion: version, knownAt: new Date() };
      const known = new PodTable(state.pods);
      return { known, ended: new Map(), checkpoint, term: state.loads, latest: undefined };
    },
  };
  const open = (options: TermOptions): Term => {
    const { promise, resolve } = Promise.withResolvers<EndedTerm>();
    opened.push({ ...options, end: resolve });
    return { bufferedMessages: 0, pendingLeases: 0, knownPods: 0, run: () => promise };
  };
  const onLoadFailed = vi.fn();
  const log = createLogger('test', 'silent');
  const deps = { ledger, databaseWaitMs: HOUR_MS, log, onLoadFailed, open };
  const stopping = new AbortController();
  const leadership = soleLeadership();
  const ended = runTerms(deps, leadership, { term: undefined }, stopping.signal);
  /** Ends the term that runs, as a real one does, when the ledger for the next one is loaded. */
  const restart = async (end: TermEnd) => {
    const term = opened.at(-1);
    const next = await term?.untilLedger(stopping.signal);
    term?.end({ end, ledger: next });
  };
  return { state, opened, onLoadFailed, stopping, ended, restart };
}

const pass = (ms = 0) => vi.advanceTimersByTimeAsync(ms);

it('opens no term without a ledger when it is stopped while it waits for it', async () => {
  const { opened, onLoadFailed, stopping, ended } = run({ isUp: false });
  await pass(10 * RETRY_MS);
  expect(onLoadFailed.mock.calls.length).toBeGreaterThan(5);
  stopping.abort();
  await ended;
  expect(opened).toEqual([]);
});

it('opens a term without a ledger when the wait for it is over', async () => {
  const { opened } = run({ isUp: false });
  await pass(HOUR_MS - RETRY_MS);
  expect(opened).toEqual([]);
  await pass(3 * RETRY_MS);
  expect(opened).toMatchObject([{ ledger: undefined, previous: undefined }]);
});

it.each(['ledger-late', 'ledger-overflow'] as const)(
  'ends a term by %s only with the ledger of the next one, and does not load it twice',
  async (end) => {
    const { state, opened, restart } = run();
    await pass();
    state.isUp = false;
    void restart(end);
    await pass(2 * HOUR_MS);
    expect(opened).toHaveLength(1);
    state.isUp = true;
    await pass(RETRY_MS);
    expect(opened).toHaveLength(2);
    // As soon as it can be loaded, whatever becomes of the database afterwards.
    expect(opened[1]).toMatchObject({ ledger: { term: 2 }, previous: end });
    expect(state.loads).toBe(2);
  },
);

it('rests between restarts when the ledger can be loaded, but nothing be written to it', async () => {
  const { state, opened, restart } = run();
  await pass();
  void restart('ledger-overflow');
  await pass(RETRY_MS);
  expect(opened).toHaveLength(2);
  void restart('ledger-overflow');
  await pass(5 * 60_000);
  expect(opened).toHaveLength(2);
  await pass(5 * 60_000);
  expect(opened).toHaveLength(3);
  state.version = '6';
  void restart('ledger-overflow');
  await pass(RETRY_MS);
  expect(opened).toHaveLength(4);
});

it('does not rest while a first list gets further in the ledger, whatever its terms did with the pods of theirs', async () => {
  const { state, opened, restart } = run();
  state.version = undefined;
  await pass();
  for (let term = 1; term <= 3; term += 1) {
    const known = opened.at(-1)?.ledger?.known;
    state.pods = [...startOf(Array.from({ length: term }, (_, index) => index)).known];
    for (const pod of state.pods) known?.set(pod);
    void restart('ledger-overflow');
    await pass(RETRY_MS);
    expect(opened).toHaveLength(term + 1);
  }
});
