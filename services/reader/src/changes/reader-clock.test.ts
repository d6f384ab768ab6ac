import { beforeEach, describe, expect, it, vi } from 'vitest';
import { type ClockStep, ReaderClock } from './reader-clock.js';

const T0 = Date.parse('2026-11-20T14:00:00.000Z');
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

/** How long the machine has been on, what its clock shows too much, and what the API server's does. */
let passedMs: number;
let machineAheadMs: number;
let serverAheadMs: number;
const onStep = vi.fn<(step: ClockStep) => void>();

beforeEach(() => {
  passedMs = machineAheadMs = serverAheadMs = 0;
  onStep.mockClear();
});

const start = () =>
  new ReaderClock({
    machineMs: () => T0 + passedMs + machineAheadMs,
    monotonicMs: () => 7_000 + passedMs,
    onStep,
  });
/** An answer of the API server that took 20 ms. */
function answer(clock: ReaderClock): void {
  const asked = clock.asked();
  passedMs += 10;
  const date = new Date(T0 + passedMs + serverAheadMs).toUTCString();
  passedMs += 10;
  clock.answered(date, asked);
}
const now = (clock: ReaderClock) => clock.now().getTime() - T0 - passedMs;
const jumpsOf = (clock: ReaderClock) =>
  clock.takeJumps().map(({ from, to }) => [from.getTime() - T0, to.getTime() - T0]);
const steps = () => onStep.mock.calls.map(([{ of, byMs }]) => [of, Math.round(byMs / 1_000)]);

describe('the clock of a machine that agrees with the API server', () => {
  it('is the reader’s, also when it is corrected in passing', () => {
    machineAheadMs = 300;
    const clock = start();
    answer(clock);
    expect(now(clock)).toBe(300);
    machineAheadMs = -600;
    passedMs += MINUTE_MS;
    expect(now(clock)).toBe(-600);
    expect([steps(), jumpsOf(clock)]).toEqual([[], []]);
  });

  it('may be off by less than ten seconds', () => {
    machineAheadMs = -9_000;
    const clock = start();
    answer(clock);
    expect(now(clock)).toBe(-9_000);
    expect(clock.machineAheadMs).toBeLessThan(-7_900);
  });
});

describe('a clock that is set, an hour or two back or ahead,', () => {
  it.each([-HOUR_MS, -2 * HOUR_MS, 10 * MINUTE_MS])('by %i ms, moves no time', (byMs) => {
    const clock = start();
    answer(clock);
    machineAheadMs = byMs;
    passedMs += 5;
    expect(now(clock)).toBe(0);
    answer(clock);
    expect(now(clock)).toBe(0);
    expect(steps()).toEqual([['machine', byMs / 1_000]]);
    machineAheadMs = 0;
    expect(now(clock)).toBe(0);
    expect(jumpsOf(clock)).toEqual([]);
  });

  it('is followed without an API server that says when it is: forwards, or by standing still', () => {
    const clock = start();
    expect(now(clock)).toBe(0);
    machineAheadMs = HOUR_MS;
    expect(now(clock)).toBe(HOUR_MS);
    expect(jumpsOf(clock)).toEqual([[0, HOUR_MS]]);
    machineAheadMs = 0;
    passedMs = MINUTE_MS;
    expect(clock.now().getTime() - T0).toBe(HOUR_MS);
    expect(jumpsOf(clock)).toEqual([[HOUR_MS + MINUTE_MS, MINUTE_MS]]);
    passedMs = HOUR_MS + MINUTE_MS + 1;
    expect(now(clock)).toBe(0);
  });

  it('was wrong from the start, and is right when the API server answers for the first time', () => {
    machineAheadMs = 2 * HOUR_MS;
    const clock = start();
    clock.now();
    machineAheadMs = 0;
    clock.now();
    answer(clock);
    expect([now(clock), jumpsOf(clock)]).toEqual([0, []]);
  });

  it('was wrong from the start: the first answer of the API server is before every time', () => {
    machineAheadMs = 2 * HOUR_MS;
    const clock = start();
    clock.now();
    answer(clock);
    expect(Math.abs(now(clock))).toBeLessThan(1_000);
    expect(jumpsOf(clock)).toEqual([]);
    expect(clock.machineAheadMs).toBeGreaterThanOrEqual(2 * HOUR_MS - 1_000);
    machineAheadMs = 0;
    answer(clock);
    expect(Math.abs(now(clock))).toBeLessThan(1_000);
    expect(jumpsOf(clock)).toEqual([]);
  });
});

it('beside a wrong machine, it comes as close to the API server’s as the answers say together', () => {
  machineAheadMs = HOUR_MS;
  const clock = start();
  answer(clock);
  expect(now(clock)).toBeGreaterThan(400);
  passedMs += 900;
  answer(clock);
  expect(Math.abs(now(clock))).toBeLessThan(50);
  expect([steps(), jumpsOf(clock)]).toEqual([[['reader', -HOUR_MS / 1_000]], []]);
});

it('a machine that slept continues by its clock once the API server has confirmed it, and names the time', () => {
  const clock = start();
  answer(clock);
  // The monotonic clock of a machine stands still with it.
  machineAheadMs = serverAheadMs = HOUR_MS;
  answer(clock);
  expect(now(clock)).toBe(HOUR_MS);
  expect(jumpsOf(clock)).toMatchObject([[expect.any(Number), HOUR_MS + passedMs]]);
  expect(steps()).toEqual([
    ['machine', HOUR_MS / 1_000],
    ['reader', HOUR_MS / 1_000],
  ]);
});

it('where the clock of the API server is set back, time stands still, and the time is named', () => {
  const clock = start();
  answer(clock);
  const before = clock.now();
  serverAheadMs = -MINUTE_MS;
  answer(clock);
  expect(clock.now().getTime() - before.getTime()).toBeLessThan(50);
  const [jump] = jumpsOf(clock);
  expect((jump?.[0] ?? 0) - (jump?.[1] ?? 0)).toBeGreaterThan(MINUTE_MS - 1_000);
  passedMs += 2 * MINUTE_MS;
  expect(Math.abs(now(clock) + MINUTE_MS)).toBeLessThan(1_000);
});

describe('a ledger with a time that is ahead', () => {
  it('by hours, of a reader with a wrong clock: time stands still until then, and that is named', () => {
    const clock = start();
    answer(clock);
    clock.startAt(new Date(T0 + HOUR_MS));
    expect(clock.now()).toEqual(new Date(T0 + HOUR_MS));
    expect(jumpsOf(clock)).toEqual([[HOUR_MS, passedMs]]);
    passedMs = HOUR_MS + 1;
    expect(now(clock)).toBe(0);
  });

  it('of the machine, whose clock is wrong, is not when the API server has said so', () => {
    machineAheadMs = -2 * HOUR_MS;
    const clock = start();
    clock.startAt(new Date(T0 - MINUTE_MS));
    answer(clock);
    expect(Math.abs(now(clock))).toBeLessThan(1_000);
    expect(jumpsOf(clock)).toEqual([]);
  });
});

describe('the clock of the API server', () => {
  it('is known to a part of a second after some answers, and less surely the longer ago they were', () => {
    serverAheadMs = 2_500;
    const clock = start();
    for (let asked = 0; asked < 20; asked += 1) {
      passedMs += 730;
      answer(clock);
    }
    const { leastMs, mostMs } = clock.serverClock;
    expect(leastMs).toBeLessThanOrEqual(2_500);
    expect(mostMs).toBeGreaterThanOrEqual(2_500);
    expect(mostMs - leastMs).toBeLessThan(600);
    passedMs += HOUR_MS;
    expect(clock.serverClock.mostMs - clock.serverClock.leastMs).toBeGreaterThan(3_000);
  });

  it('is unknown without an answer, or by one without a date', () => {
    const clock = start();
    clock.answered(undefined, clock.asked());
    expect(clock.serverClock.mostMs).toBe(Number.POSITIVE_INFINITY);
    expect(clock.machineAheadMs).toBe(0);
  });
});
