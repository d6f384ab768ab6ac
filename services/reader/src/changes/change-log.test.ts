import { describe, expect, it, vi } from 'vitest';
import { ChangeLog } from './change-log.js';
import type { Entry, LeaseRecord } from './entry.js';

const NOW = new Date('2026-11-20T14:05:00.123Z');
const never = new AbortController().signal;

function lease(index: number): LeaseRecord {
  const pod = {
    uid: `uid-${index}`,
    namespace: 'shop',
    name: `cart-${index}`,
    ownerKind: 'ReplicaSet',
    ownerName: 'cart',
    node: 'node-1',
    hostNetwork: false,
  };
  return { pod, ip: `10.0.0.${index}`, occurrence: 0, startedAt: NOW, startInferred: false, end: undefined };
}

const checkpoint = (resourceVersion: string) => ({ resourceVersion, knownAt: NOW });
const NOTHING: Entry = { messages: [], leases: [], gaps: [], checkpoint: undefined };

/** The entry of an event that starts so many leases, and leaves the checkpoint at a version. */
function event(version: string, count = 1): Entry {
  const numbers = Array.from({ length: count }, (_, index) => index);
  return {
    ...NOTHING,
    messages: numbers.map((n) => `${version}-${n}`),
    leases: numbers.map(lease),
    checkpoint: checkpoint(version),
  };
}

function createLog({ maxMessages = 100, maxRows = 1_000_000 } = {}) {
  return new ChangeLog({ maxMessages, maxRows });
}

describe('delivery', () => {
  it('gets entries after the last one that it has, as many as fit', () => {
    const log = createLog();
    for (const version of ['1', '2', '3']) log.append(event(version, 10));
    const numbers = (after: number, max: number) =>
      [...log.undeliveredAfter(after, max)].map(({ number }) => number);
    expect(numbers(0, 20)).toEqual([1, 2]);
    expect(numbers(2, 20)).toEqual([3]);
    expect(numbers(3, 20)).toEqual([]);
    expect(numbers(0, 1)).toEqual([1]);
  });

  it('is asked for messages only', () => {
    const log = createLog();
    log.append({ ...NOTHING, checkpoint: checkpoint('1') });
    expect([...log.undeliveredAfter(0, 100)]).toEqual([]);
  });
});

describe('a cut', () => {
  it('is never ahead of delivery', () => {
    const log = createLog();
    log.append(event('1'));
    log.append(event('2'));
    expect(log.cut()).toBeUndefined();
    log.delivered(1);
    expect(log.cut()).toMatchObject({ checkpoint: checkpoint('1'), leases: [lease(0)] });
    log.delivered(2);
    expect(log.cut()).toMatchObject({ checkpoint: checkpoint('2'), leases: [lease(0), lease(0)] });
  });

  it('has all that is durable, whether or not it has a checkpoint', () => {
    const log = createLog();
    log.append({ ...event('1', 2), checkpoint: undefined });
    log.delivered(1);
    expect(log.cut()).toMatchObject({ number: 1, checkpoint: undefined, leases: [lease(0), lease(1)] });
    const gap = { startedAt: undefined, endedAt: NOW, reason: 'start' };
    log.append({ ...NOTHING, gaps: [gap], checkpoint: checkpoint('1') });
    expect(log.cut()).toEqual({
      number: 2,
      checkpoint: checkpoint('1'),
      leases: [lease(0), lease(1)],
      restarts: [],
      failures: [],
      gaps: [gap],
    });
  });

  it('is left out of the next one, and not what came meanwhile', () => {
    const log = createLog();
    log.append({ ...NOTHING, checkpoint: checkpoint('1') });
    const cut = log.cut();
    log.append({ ...NOTHING, checkpoint: checkpoint('2') });
    if (cut) log.recorded(cut);
    expect(log.cut()).toMatchObject({ checkpoint: checkpoint('2') });
  });

  it('has the newest checkpoint of a quiet cluster, however many there were', () => {
    const log = createLog();
    log.append(event('1'));
    for (let n = 0; n < 10_000; n += 1) log.append({ ...NOTHING, checkpoint: checkpoint(`1${n}`) });
    expect(log.cut()).toBeUndefined();
    log.delivered(1);
    expect(log.cut()).toMatchObject({ checkpoint: checkpoint('19999'), leases: [lease(0)] });
  });

  it('there is none without a ledger', () => {
    const log = new ChangeLog({ maxMessages: 100, maxRows: undefined });
    log.append(event('1'));
    log.delivered(1);
    expect([log.cut(), log.isRecordable, log.unrecorded]).toEqual([undefined, false, 0]);
  });
});

describe('room', () => {
  it('is bounded, and an entry beyond it is a mistake that changes nothing', () => {
    const log = createLog({ maxMessages: 10 });
    log.append(event('1', 7));
    expect(log.room).toBe(3);
    expect(() => log.append(event('2', 4))).toThrow(RangeError);
    log.append(event('2', 3));
    expect([log.room, log.undelivered, log.fullOf]).toEqual([0, 10, 'messages']);
  });

  it('is there for as many messages as the bound says', () => {
    const log = createLog({ maxMessages: 1_000_000, maxRows: 10_000_000 });
    for (let n = 0; n < 2_000; n += 1) log.append(event(`${n}`, 500));
    expect(log.room).toBe(0);
  });

  it('is announced when half of the messages are durable, not before', async () => {
    const log = createLog({ maxMessages: 4 });
    for (const version of ['1', '2', '3', '4']) log.append(event(version));
    const announced = vi.fn();
    const waiting = log.roomAvailable(never).then(announced);
    log.delivered(1);
    await Promise.resolve();
    expect(announced).not.toHaveBeenCalled();
    log.delivered(2);
    await waiting;
    expect(announced).toHaveBeenCalled();
  });

  it('is not waited for after an abort', async () => {
    const log = createLog({ maxMessages: 1 });
    log.append(event('1'));
    const stopping = new AbortController();
    const waiting = expect(log.roomAvailable(stopping.signal)).rejects.toThrow('stopped');
    stopping.abort(new Error('stopped'));
    await waiting;
    await expect(log.roomAvailable(stopping.signal)).rejects.toThrow('stopped');
  });

  it('there is none for events while the ledger is written too slowly', async () => {
    const log = createLog({ maxMessages: 1_000, maxRows: 10 });
    log.append({ ...event('1', 10), checkpoint: undefined });
    log.delivered(1);
    expect([log.room, log.listRoom, log.fullOf]).toEqual([0, 500, 'leases']);
    const announced = vi.fn();
    const waiting = [log.roomAvailable(never), log.listRoomAvailable(never, 10)];
    for (const each of waiting) void each.then(announced);
    await Promise.resolve();
    expect(announced).not.toHaveBeenCalled();
    const cut = log.cut();
    expect(cut?.leases).toHaveLength(10);
    if (cut) log.recorded(cut);
    await Promise.all(waiting);
    expect(log.room).toBe(500);
  });
});

describe('a list that is under way', () => {
  const part = (version: string): Entry => ({ ...event(version, 10), checkpoint: undefined });

  it('is ahead of the queue by no more than half of what fits', async () => {
    const log = createLog({ maxMessages: 30 });
    log.append(part('1'));
    expect(await log.listMayContinue(never)).toBe(false);
    log.append(part('2'));
    const waiting = log.listMayContinue(never);
    log.delivered(1);
    expect(await waiting).toBe(true);
  });

  it('is ahead of the ledger by no more than half of what fits, but waits for none that fails', async () => {
    const log = createLog({ maxMessages: 1_000, maxRows: 18 });
    log.append(part('1'));
    log.delivered(1);
    const waiting = log.listMayContinue(never);
    const cut = log.cut();
    if (cut) log.recorded(cut);
    expect(await waiting).toBe(true);
    log.append(part('2'));
    log.delivered(2);
    const failing = log.listMayContinue(never);
    log.recordingFailed();
    expect(await failing).toBe(true);
  });

  it('takes all the room there is while nothing becomes durable, and waits again afterwards', async () => {
    vi.useFakeTimers();
    const log = createLog({ maxMessages: 30 });
    for (const version of ['1', '2']) log.append(part(version));
    const waiting = log.listMayContinue(never);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(await waiting).toBe(true);
    expect(await log.listMayContinue(never)).toBe(false);
    await log.listRoomAvailable(never, 10);
    log.append(part('3'));
    const ended = vi.fn();
    const full = log.listRoomAvailable(never, 1).then(ended);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(ended).not.toHaveBeenCalled();
    log.delivered(1);
    const again = log.listMayContinue(never).then(ended);
    await vi.advanceTimersByTimeAsync(0);
    expect(ended).not.toHaveBeenCalled();
    log.delivered(2);
    await Promise.all([full, again]);
    vi.useRealTimers();
  });
});

describe('while the ledger cannot be written', () => {
  it('everything is kept up to the bound, and recorded afterwards', () => {
    const log = createLog({ maxRows: 10 });
    log.recordingFailed();
    log.append(event('1', 10));
    log.delivered(1);
    const cut = log.cut();
    expect(cut?.leases).toHaveLength(10);
    if (cut) log.recorded(cut);
    expect([log.unrecorded, log.isRecordable]).toEqual([0, true]);
  });

  it('beyond the bound nothing is kept any more, and delivery continues', () => {
    const log = createLog({ maxRows: 10 });
    log.recordingFailed();
    log.append(event('1', 10));
    log.append(event('2'));
    expect([log.unrecorded, log.isRecordable, log.room]).toEqual([0, false, 89]);
    log.append(event('3'));
    log.delivered(3);
    expect([log.undelivered, log.unrecorded, log.cut()]).toEqual([0, 0, undefined]);
  });

  it('gaps count, too: lists without a change do not pile up', () => {
    const log = createLog({ maxRows: 10 });
    log.recordingFailed();
    const gap = { startedAt: undefined, endedAt: NOW, reason: 'expired' };
    for (let n = 0; n < 100; n += 1) log.append({ ...NOTHING, gaps: [gap], checkpoint: checkpoint(`${n}`) });
    expect(log.isRecordable).toBe(false);
  });

  it('the bound holds from the first failure on, also for what came before it', () => {
    const log = createLog({ maxRows: 10 });
    log.append({ ...event('1', 20), checkpoint: undefined });
    expect(log.isRecordable).toBe(true);
    log.recordingFailed();
    expect(log.isRecordable).toBe(false);
  });
});
