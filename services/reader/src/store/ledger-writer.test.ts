import { createLogger, PodipsError } from '@podips/shared';
import { describe, expect, it, vi } from 'vitest';
import type { Gap, LeaseEnd, LeaseRecord, LedgerBatch } from './ledger.js';
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

const TERM = 7;

/** A writer before a ledger that remembers, and can be told to refuse. */
function createWriter({ maxLeases = 1_000, open = [] as LeaseRecord[], loaded = true } = {}) {
  const batches: LedgerBatch[] = [];
  const terms: number[] = [];
  const state = { refuses: false, taken: false, durableUpTo: 0, lastSequence: 0 };
  const onFailed = vi.fn();
  const onTaken = vi.fn();
  const writer = new LedgerWriter(
    {
      ledger: {
        async write(term, batch) {
          terms.push(term);
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
  if (loaded) writer.begin(TERM);
  return { writer, batches, terms, state, onFailed, onTaken };
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
});

it('nothing is written before the ledger was loaded, then in the term that this gave, with positions since', async () => {
  const { writer, batches, terms } = createWriter({ loaded: false });
  writer.moved(position('10'), 0);
  expect(await writer.flush()).toBe(false);
  writer.begin(TERM);
  expect(await writer.flush()).toBe(true);
  expect(terms).toEqual([]);
  writer.moved(position('20'), 0);
  expect(await writer.flush()).toBe(true);
  expect(terms).toEqual([TERM]);
  expect(batches).toMatchObject([{ position: position('20') }]);
});

it('leases that are forgotten before they were written are not written', async () => {
  const { writer, batches } = createWriter();
  writer.durable(lease(1), 0);
  writer.durable(lease(2), 0);
  writer.forgetLeases(({ pod }) => pod.uid === 'uid-1');
  writer.moved(position('10'), 0);
  await writer.flush();
  expect(batches).toMatchObject([{ leases: [lease(2)] }]);
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

describe('gaps have a bound too: beyond it', () => {
  const at = (minute: number) => new Date(NOW.getTime() + minute * 60_000);
  const gapOf = (from: number | undefined, to: number) => ({
    startedAt: from === undefined ? undefined : at(from),
    endedAt: at(to),
    reason: 'expired',
  });

  /** The gaps that are written with a position after the first hundred of these. */
  async function writeGaps(gaps: readonly Gap[]): Promise<readonly Gap[]> {
    const { writer, batches, state } = createWriter();
    for (const [sequence, gap] of gaps.entries()) writer.gap(gap, sequence);
    writer.moved(position('10'), 100);
    state.durableUpTo = state.lastSequence = 100;
    await writer.flush();
    return batches[0]?.gaps ?? [];
  }
  const others = Array.from({ length: 99 }, (_, minute) => gapOf(minute, minute + 1));

  it('the newest becomes longer, and is still written with the position after it', async () => {
    const gaps = Array.from({ length: 1_000 }, (_, minute) => gapOf(minute, minute + 1));
    expect(await writeGaps(gaps)).toEqual([...others, gapOf(99, 1_000)]);
  });

  it.each([
    ['an older one, which ends before it', gapOf(200, 201), gapOf(10, 20), gapOf(10, 201)],
    ['one since ever, which ends before it', gapOf(200, 201), gapOf(undefined, 20), gapOf(undefined, 201)],
    ['one after it, and is since ever', gapOf(undefined, 20), gapOf(200, 201), gapOf(undefined, 201)],
    ['one that lies in it', gapOf(10, 201), gapOf(20, 30), gapOf(10, 201)],
  ])('the newest is joined to %s', async (_, newest, further, joined) => {
    expect(await writeGaps([...others, newest, further])).toEqual([...others, joined]);
  });
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
