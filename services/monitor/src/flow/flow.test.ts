import type { ReaderReport, WriterReport } from '@podips/shared';
import { expect, onTestFinished, test } from 'vitest';
import { createAttention } from '../status/attention.js';
import { createFlow } from './flow.js';
import { SLOT_MS } from './series.js';

const [READER, WRITER] = ['aaaaaaaa', 'bbbbbbbb'];

/** A flow with a clock that the test moves. */
function open() {
  let nowMs = 0;
  const clocks = { now: () => nowMs, monotonicMs: () => nowMs };
  const attention = createAttention(clocks);
  const flow = createFlow({ ...clocks, attention });
  onTestFinished(() => {
    flow.stop();
    attention.stop();
  });
  const reader = (published: number, changes: Partial<ReaderReport> = {}) =>
    flow.receive({
      service: 'reader',
      run: READER,
      published,
      buffered: 0,
      outbox: null,
      ledger: null,
      ...changes,
    });
  const writer = (number: number, changes: Partial<WriterReport> = {}) =>
    flow.receive({
      service: 'writer',
      run: WRITER,
      delivered: [{ run: READER, number }],
      received: number,
      written: number,
      inFlight: 0,
      lagMs: 8,
      ...changes,
    });
  /** Lets time go on while the monitor listens. */
  const wait = (ms: number) => {
    for (const endMs = nowMs + ms; nowMs < endMs; attention.look()) nowMs = Math.min(nowMs + 1_000, endMs);
  };
  const standStill = (ms: number) => {
    nowMs += ms;
  };
  return { flow, reader, writer, wait, standStill };
}

test('counts what is published and not delivered, and since when', () => {
  const { flow, reader, writer, wait } = open();
  reader(10);
  writer(10);
  expect(flow.view()).toMatchObject({ state: 'in time', queued: 0, oldestMs: null, lagMs: 8 });
  wait(2_000);
  reader(15);
  wait(2_000);
  reader(20);
  writer(12);
  expect(flow.view()).toMatchObject({ queued: 8, oldestMs: 2_000, publishedPerSecond: 2.5 });
  writer(15);
  expect(flow.view()).toMatchObject({ queued: 5, oldestMs: 0 });
});

test('after the monitor stood still, nothing is known of what waits before both have reported again', () => {
  const { flow, reader, writer, wait, standStill } = open();
  reader(10);
  writer(10);
  wait(2_000);
  reader(15);
  standStill(60_000);
  expect(flow.view()).toMatchObject({ state: 'not known', queued: null, oldestMs: null });
  expect(flow.isOverdue('queue/read')).toBeUndefined();
  // What waited for the monitor is of before.
  reader(500);
  wait(3_000);
  reader(900);
  writer(900);
  expect(flow.view()).toMatchObject({ state: 'in time', queued: 0 });
});

test('queue read is overdue 20 seconds after a writer was frozen, until it delivers', () => {
  const { flow, reader, writer, wait } = open();
  reader(10);
  writer(10);
  let published = 10;
  const freezeFor = (ms: number) => {
    for (const endMs = published + ms / 1_000; published < endMs; ) {
      wait(1_000);
      published += 1;
      reader(published);
    }
  };
  freezeFor(20_000);
  expect(flow.isOverdue('queue/read')).toBe(false);
  freezeFor(2_000);
  expect(flow.isOverdue('queue/read')).toBe(true);
  expect(flow.isOverdue('log')).toBe(true);
  expect(flow.isOverdue('queue/write')).toBe(false);
  expect(flow.view()).toMatchObject({ state: 'late', queued: 22, oldestMs: 21_000, writerSilentMs: 22_000 });
  freezeFor(40_000);
  expect(flow.view()).toMatchObject({ state: 'late', queued: 62 });
  writer(30);
  expect(flow.isOverdue('queue/read')).toBe(false);
  writer(72);
  expect(flow.view()).toMatchObject({ state: 'in time', queued: 0, writerSilentMs: null });
});

test('a writer that reports, but receives nothing, is overdue; one that waits for Fluentd is not', () => {
  const { flow, reader, writer, wait } = open();
  reader(10);
  writer(10);
  reader(11);
  wait(21_000);
  writer(10, { inFlight: 1 });
  expect(flow.isOverdue('queue/read')).toBe(false);
  writer(10);
  expect(flow.isOverdue('queue/read')).toBe(true);
});

test('whether something waits of what was published before the first report is not known until a writer names that reader', () => {
  const { flow, reader, writer, wait } = open();
  reader(1_000);
  writer(0, { delivered: [] });
  wait(60_000);
  reader(1_000);
  expect(flow.view()).toMatchObject({ state: 'not known', queued: null, oldestMs: null });
  reader(1_001);
  expect(flow.view()).toMatchObject({ queued: 1 });
  writer(1_001);
  expect(flow.view()).toMatchObject({ state: 'in time', queued: 0 });
});

test('a start finds what waits since before it, late once it has seen it for a minute', () => {
  const { flow, reader, writer, wait } = open();
  reader(10_000);
  writer(8_284);
  expect(flow.view()).toMatchObject({ state: 'not known', queued: 1_716, oldestMs: null });
  wait(61_000);
  reader(10_000);
  writer(8_300);
  const lateSince = new Date(61_000).toISOString();
  expect(flow.view()).toMatchObject({ state: 'late', queued: 1_700, oldestMs: 61_000, lateSince });
  wait(5_000);
  writer(8_400);
  expect(flow.view()).toMatchObject({ state: 'late', lateSince });
  writer(10_000);
  expect(flow.view()).toMatchObject({ state: 'in time', queued: 0, lateSince: null });
});

test('after a start it is not known whether the writer is frozen, until it delivers or has received nothing for long', () => {
  const { flow, reader, writer, wait } = open();
  const overdue = () => [flow.isOverdue('queue/read'), flow.isOverdue('log')];
  expect(overdue()).toEqual([undefined, undefined]);
  reader(10);
  expect(overdue()).toEqual([undefined, undefined]);
  // Its first report says nothing of whether it goes on.
  writer(5);
  expect(overdue()).toEqual([undefined, false]);
  wait(21_000);
  reader(10);
  expect(overdue()).toEqual([true, true]);
  writer(6);
  expect(overdue()).toEqual([false, false]);
});

test('a writer without reports that takes over delivers, though nobody knows how much waits', () => {
  const { flow, reader, writer, wait } = open();
  reader(10);
  writer(10);
  reader(20);
  wait(30_000);
  reader(20);
  expect(flow.isOverdue('log')).toBe(true);
  flow.onHeartbeat({ operation: 'queue/read', code: 200 });
  reader(20);
  expect(flow.isOverdue('queue/read')).toBe(false);
  expect(flow.isOverdue('log')).toBeUndefined();
  expect(flow.view()).toMatchObject({ state: 'not known', queued: null });
});

test('what a silent reader had in memory is not what waits now', () => {
  const { flow, reader, writer, wait } = open();
  reader(10, { buffered: 300, outbox: 5 });
  writer(10);
  expect(flow.view()).toMatchObject({ buffered: 300, outbox: 5 });
  wait(16_000);
  expect(flow.view()).toMatchObject({ buffered: null, outbox: null, queued: 0 });
});

test('what an earlier run of the reader has published waits until it, or what comes after it, is delivered', () => {
  const { flow, reader, writer } = open();
  reader(10);
  writer(7);
  reader(0, { run: 'cccccccc' });
  reader(4, { run: 'cccccccc' });
  expect(flow.view()).toMatchObject({ queued: 7 });
  writer(7, {
    delivered: [
      { run: READER, number: 7 },
      { run: 'cccccccc', number: 4 },
    ],
  });
  expect(flow.view()).toMatchObject({ queued: 0 });
});

test('without any writer that reports, continuing heartbeats of queue write alone make queue read overdue', () => {
  const { flow, wait } = open();
  const beat = (operation: 'queue/write' | 'queue/read') => flow.onHeartbeat({ operation, code: 200 });
  beat('queue/read');
  for (let second = 0; second < 15; second += 1) {
    beat('queue/write');
    expect(flow.isOverdue('queue/read')).toBe(false);
    wait(1_000);
  }
  beat('queue/write');
  expect(flow.isOverdue('queue/read')).toBe(true);
  beat('queue/read');
  expect(flow.isOverdue('queue/read')).toBe(false);
  // A single one may be about the connection alone.
  beat('queue/write');
  wait(60_000);
  beat('queue/write');
  expect(flow.isOverdue('queue/read')).toBe(false);
  for (let second = 0; second < 16; second += 1) {
    wait(1_000);
    beat('queue/write');
  }
  expect(flow.isOverdue('queue/read')).toBe(true);
  // A pause of the reader delivers nothing.
  wait(60_000);
  beat('queue/write');
  expect(flow.isOverdue('queue/read')).toBe(true);
});

test('the last 24 hours have sums of counts, and the worst of delays', () => {
  const { flow, reader, writer, wait } = open();
  reader(0);
  writer(0, { lagMs: null });
  reader(30, { buffered: 2, outbox: 3 });
  writer(10, { lagMs: 90 });
  writer(30, { lagMs: 40 });
  expect(flow.view()?.series).toEqual([{ atMs: 0, published: 30, written: 30, lagMs: 90, waiting: 35 }]);
  for (let slot = 0; slot < 300; slot += 1) {
    wait(SLOT_MS);
    reader(30);
  }
  expect(flow.view()?.series).toHaveLength(288);
});

test('ten thousand reports of what waits keep the age of the oldest', () => {
  const { flow, reader, writer, wait } = open();
  reader(0);
  writer(0);
  for (let count = 1; count <= 10_000; count += 1) {
    wait(2_000);
    reader(count);
  }
  expect(flow.view()).toMatchObject({ queued: 10_000, oldestMs: 9_999 * 2_000 });
});
