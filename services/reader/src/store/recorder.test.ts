import { createLogger, PodipsError } from '@podips/shared';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { ChangeLog } from '../changes/change-log.js';
import type { LeaseEnd, LeaseRecord } from '../changes/entry.js';
import type { LedgerBatch } from './ledger.js';
import { Recorder } from './recorder.js';

const START = new Date('2026-11-20T14:00:00.000Z');
const END = { at: new Date('2026-11-20T14:05:00.000Z'), reason: 'deleted', inferred: false } as const;
const TERM = 7;
const INTERVAL_MS = 1_000;

function lease(index: number, end?: LeaseEnd): LeaseRecord {
  const pod = {
    uid: `uid-${index}`,
    namespace: 'shop',
    name: `cart-${index}`,
    ownerKind: 'ReplicaSet',
    ownerName: 'cart',
    node: 'node-1',
    hostNetwork: false,
  };
  return { pod, ip: `10.0.0.${index}`, occurrence: 0, startedAt: START, startInferred: false, end };
}

const checkpoint = (resourceVersion: string) => ({ resourceVersion, knownAt: START });

vi.mock('@podips/shared', async (original) => ({
  ...(await original<object>()),
  ...(await import('../pause.test.helpers.js')),
}));

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** A recorder that runs, before a ledger that remembers and can be made to refuse. */
function runRecorder({ maxRows = 10 } = {}) {
  const batches: Array<LedgerBatch & { readonly term: number }> = [];
  const state: { ledger: 'accepts' | 'fails' | 'is owned by another' } = { ledger: 'accepts' };
  const changes = new ChangeLog({ maxMessages: 1_000, maxRows });
  const onFailed = vi.fn();
  const onRecorded = vi.fn();
  const log = createLogger('test', 'silent');
  const logged = vi.spyOn(log, 'error');
  const recorder = new Recorder({
    changes,
    ledger: {
      async write(term, { leases, gaps, checkpoint }) {
        if (state.ledger === 'is owned by another') throw new PodipsError('LEDGER_TAKEN', 'loaded again');
        if (state.ledger === 'fails') throw new Error('no database');
        batches.push({ term, leases, gaps, checkpoint });
      },
    },
    term: TERM,
    intervalMs: INTERVAL_MS,
    log,
    onRecorded,
    onFailed,
  });
  let number = 0;
  const append = (version: string, leases: readonly LeaseRecord[]) => {
    number += 1;
    const messages = leases.map(({ ip }) => ip);
    changes.append({ messages, leases, gaps: [], checkpoint: checkpoint(version) });
    changes.delivered(number);
  };
  const stopping = new AbortController();
  const ended = recorder.run(stopping.signal);
  return { changes, recorder, batches, state, append, onFailed, onRecorded, logged, stopping, ended };
}

it('writes at intervals what has come, in the term that the ledger was loaded in', async () => {
  const { batches, append, onRecorded, stopping, ended } = runRecorder();
  append('10', [lease(1)]);
  append('20', [lease(2)]);
  await vi.advanceTimersByTimeAsync(INTERVAL_MS);
  expect(batches).toEqual([
    { term: TERM, leases: [lease(1), lease(2)], gaps: [], checkpoint: checkpoint('20') },
  ]);
  await vi.advanceTimersByTimeAsync(10 * INTERVAL_MS);
  expect(batches).toHaveLength(1);
  expect(onRecorded).toHaveBeenCalledOnce();
  stopping.abort();
  expect(await ended).toBeUndefined();
});

it('waits for no interval while much has come, and does not spin where that cannot be written yet', async () => {
  const { batches, append, changes, stopping } = runRecorder({ maxRows: 100_000 });
  await vi.advanceTimersByTimeAsync(1);
  const cut = vi.spyOn(changes, 'cut');
  const many = (from: number) => Array.from({ length: 500 }, (_, n) => lease(from + n));
  for (let n = 0; n < 6; n += 1) append(`${n}`, many(500 * n));
  await vi.advanceTimersByTimeAsync(1);
  expect(batches.flatMap(({ leases }) => leases)).toHaveLength(3_000);
  cut.mockClear();
  const nothing = { leases: [], gaps: [], checkpoint: undefined };
  changes.append({ ...nothing, messages: ['not durable yet'] });
  for (let n = 0; n < 6; n += 1) changes.append({ ...nothing, messages: [], leases: many(500 * n) });
  await vi.advanceTimersByTimeAsync(10 * INTERVAL_MS);
  expect(batches.flatMap(({ leases }) => leases)).toHaveLength(3_000);
  expect(cut.mock.calls.length).toBeLessThan(15);
  stopping.abort();
});

it('writes each lease once: its end says all that its start said', async () => {
  const { batches, append, recorder } = runRecorder();
  append('10', [lease(1), lease(1, END), lease(2)]);
  await recorder.flush();
  expect(batches[0]?.leases).toEqual([lease(1, END), lease(2)]);
});

it('keeps everything in memory while the database fails, and writes it afterwards', async () => {
  const { batches, append, changes, state, onFailed } = runRecorder();
  state.ledger = 'fails';
  append('10', [lease(1)]);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(onFailed.mock.calls.length).toBeGreaterThan(2);
  append('20', [lease(2)]);
  expect(changes.unrecorded).toBe(2);
  state.ledger = 'accepts';
  await vi.advanceTimersByTimeAsync(10_000);
  expect(batches).toMatchObject([{ leases: [lease(1), lease(2)], checkpoint: checkpoint('20') }]);
  expect(changes.unrecorded).toBe(0);
});

it('ends when changes were dropped, and writes none of what followed', async () => {
  const { batches, append, changes, recorder, state, logged, ended } = runRecorder();
  state.ledger = 'fails';
  append('10', [lease(1)]);
  await vi.advanceTimersByTimeAsync(INTERVAL_MS);
  append(
    '20',
    Array.from({ length: 10 }, (_, index) => lease(index)),
  );
  expect(changes.isRecordable).toBe(false);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(await ended).toBe('incomplete');
  expect(logged).toHaveBeenCalledExactlyOnceWith(expect.stringContaining('ledger backlog full'));
  append('30', [lease(3)]);
  state.ledger = 'accepts';
  await recorder.flush();
  expect(batches).toEqual([]);
});

it('ends at once when another reader owns the ledger', async () => {
  const { batches, append, state, ended } = runRecorder();
  state.ledger = 'is owned by another';
  append('10', [lease(1)]);
  await vi.advanceTimersByTimeAsync(INTERVAL_MS);
  expect(await ended).toBe('fenced');
  expect(batches).toEqual([]);
});
