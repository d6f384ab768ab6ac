import { createLogger, PodipsError } from '@podips/shared';
import { describe, expect, it, vi } from 'vitest';
import type { LeaseEnd, LeaseRecord, LedgerBatch } from './ledger.js';
import { LedgerWriter } from './ledger-writer.js';

const START = new Date('2026-11-20T14:00:00.000Z');
const END = { at: new Date('2026-11-20T14:05:00.000Z'), reason: 'deleted', inferred: false } as const;
const NOW = new Date('2026-11-20T15:00:00.000Z');

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

const position = (resourceVersion: string) => ({ resourceVersion, knownAt: NOW });

/** A writer before a ledger that remembers, and can be told to refuse. */
function createWriter({ maxLeases = 1_000, open = [] as LeaseRecord[] } = {}) {
  const batches: LedgerBatch[] = [];
  const state = { refuses: false, taken: false, durableUpTo: 0, lastSequence: 0 };
  const onFailed = vi.fn();
  const onTaken = vi.fn();
  const writer = new LedgerWriter(
    {
      ledger: {
        async write(batch) {
          if (state.taken) throw new PodipsError('LEDGER_TAKEN', 'another reader has it');
          if (state.refuses) throw new Error('the database is away');
          batches.push(batch);
        },
      },
      durableUpTo: () => state.durableUpTo,
      lastSequence: () => state.lastSequence,
      openLeases: () => open,
      log: createLogger('test', 'silent'),
      now: () => NOW,
      onWritten: () => undefined,
      onFailed,
      onTaken,
    },
    { maxLeases, intervalMs: 1 },
  );
  return { writer, batches, state, onFailed, onTaken };
}

describe('the position', () => {
  it('is not written before all messages up to it are durable', async () => {
    const { writer, batches, state } = createWriter();
    writer.moved(position('10'), 3);
    writer.moved(position('20'), 5);
    state.durableUpTo = 2;
    expect(await writer.flush()).toBe(true);
    expect(batches).toEqual([]);
    state.durableUpTo = 4;
    await writer.flush();
    state.durableUpTo = 5;
    await writer.flush();
    expect(batches.map((batch) => batch.position?.resourceVersion)).toEqual(['10', '20']);
  });

  it('is written with the leases before it, and without those after it', async () => {
    const { writer, batches, state } = createWriter();
    writer.durable(lease(1), 1);
    writer.moved(position('10'), 1);
    writer.durable(lease(3), 3);
    writer.moved(position('30'), 3);
    state.durableUpTo = 1;
    await writer.flush();
    expect(batches.flatMap((batch) => batch.leases)).toEqual([lease(1)]);
    state.durableUpTo = 3;
    await writer.flush();
    expect(batches[1]?.leases).toEqual([lease(3)]);
  });

  it('is forgotten when another ledger is taken in', async () => {
    const { writer, batches } = createWriter();
    writer.moved(position('10'), 0);
    writer.forgetPositions();
    await writer.flush();
    expect(batches).toEqual([]);
  });
});

it('a lease stays in memory, with gap and position, while the database refuses', async () => {
  const { writer, batches, state, onFailed } = createWriter();
  const gap = { startedAt: undefined, endedAt: NOW, reason: 'start' };
  state.refuses = true;
  state.durableUpTo = state.lastSequence = 1;
  writer.durable(lease(1), 1);
  writer.gap(gap, 1);
  writer.moved(position('10'), 1);
  expect(await writer.flush()).toBe(false);
  expect(onFailed).toHaveBeenCalledOnce();
  expect(writer.pending).toBe(1);
  state.refuses = false;
  expect(await writer.flush()).toBe(true);
  expect(batches).toEqual([{ leases: [lease(1)], gaps: [gap], position: position('10') }]);
  expect(writer.pending).toBe(0);
});

describe('at the bound', () => {
  const OVERFLOW = { startedAt: END.at, endedAt: NOW, reason: 'ledger-overflow' };
  const END_OTHERS = { at: END.at, reason: 'missing', inferred: true };

  /** A writer that has just dropped the ends of eleven leases. */
  function createOverflown(open: LeaseRecord[]) {
    const parts = createWriter({ maxLeases: 10, open });
    for (let index = 1; index <= 11; index += 1) parts.writer.durable(lease(index, END), index);
    return parts;
  }

  it('leases are dropped; what is open is written once it was told, and the gap is named', async () => {
    const open = [lease(50)];
    const { writer, batches, state } = createOverflown(open);
    expect(writer.pending).toBe(0);
    writer.moved(position('12'), 12);
    state.lastSequence = 12;
    state.durableUpTo = 11;
    await writer.flush();
    expect(batches).toEqual([]);
    state.durableUpTo = 12;
    await writer.flush();
    expect(batches).toEqual([
      { leases: open, gaps: [OVERFLOW], position: position('12'), endOthers: END_OTHERS },
    ]);
  });

  it('the ledger is put right although messages never cease to be on their way', async () => {
    const open = [lease(50)];
    const { writer, batches, state } = createOverflown(open);
    writer.moved(position('12'), 12);
    state.lastSequence = 12;
    state.durableUpTo = 11;
    await writer.flush();
    // More has come meanwhile, and some of it is durable too: it belongs to the next write.
    open.push(lease(51));
    writer.durable(lease(51), 13);
    writer.moved(position('14'), 14);
    state.lastSequence = 14;
    state.durableUpTo = 13;
    await writer.flush();
    expect(batches).toMatchObject([{ position: position('12'), endOthers: END_OTHERS }]);
    state.durableUpTo = 14;
    await writer.flush();
    expect(batches[1]).toEqual({ leases: [lease(51)], gaps: [], position: position('14') });
  });

  it('the same is written again after the database refused it, unless more was dropped since', async () => {
    const open = [lease(50)];
    const { writer, batches, state } = createOverflown(open);
    writer.moved(position('12'), 12);
    state.lastSequence = state.durableUpTo = 12;
    state.refuses = true;
    expect(await writer.flush()).toBe(false);
    writer.moved(position('30'), 30);
    state.lastSequence = state.durableUpTo = 30;
    expect(await writer.flush()).toBe(false);
    for (let index = 1; index <= 11; index += 1) writer.durable(lease(index, END), index + 20);
    state.refuses = false;
    expect(await writer.flush()).toBe(true);
    expect(batches).toMatchObject([{ position: position('30'), gaps: [OVERFLOW] }]);
  });
});

it('gaps have a bound too: beyond it the newest becomes longer', async () => {
  const { writer, batches, state } = createWriter();
  const at = (minute: number) => new Date(NOW.getTime() + minute * 60_000);
  for (let minute = 0; minute < 1_000; minute += 1)
    writer.gap({ startedAt: at(minute), endedAt: at(minute + 1), reason: 'expired' }, minute);
  writer.moved(position('10'), 1_000);
  state.durableUpTo = state.lastSequence = 1_000;
  await writer.flush();
  const gaps = batches[0]?.gaps ?? [];
  expect(gaps).toHaveLength(100);
  expect(gaps.at(-1)).toEqual({ startedAt: at(99), endedAt: at(1_000), reason: 'expired' });
});

it('a position costs the same however many wait', () => {
  const { writer, state } = createWriter();
  let asked = 0;
  Object.defineProperty(state, 'durableUpTo', {
    get() {
      asked += 1;
      return 0;
    },
  });
  for (let sequence = 1; sequence <= 1_000; sequence += 1) writer.moved(position('10'), sequence);
  expect(asked).toBe(1_000);
});

it('says once that another reader has taken the ledger, and writes no more', async () => {
  const { writer, batches, state, onTaken } = createWriter();
  writer.moved(position('10'), 0);
  state.taken = true;
  expect(await writer.flush()).toBe(false);
  state.taken = false;
  expect(await writer.flush()).toBe(false);
  expect(batches).toEqual([]);
  expect(onTaken).toHaveBeenCalledOnce();
});
