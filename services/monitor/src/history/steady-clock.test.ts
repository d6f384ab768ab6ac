import { expect, test } from 'vitest';
import { createSteadyClock } from './steady-clock.js';

const HOUR_MS = 3_600_000;
const START_MS = Date.UTC(2026, 0, 31);

/** A clock whose time and true passing the test sets, in hours after the start. */
function setUp(startMs = START_MS) {
  const clock = { nowMs: startMs, passedMs: 0 };
  const isSteady = createSteadyClock({ now: () => clock.nowMs, monotonicMs: () => clock.passedMs });
  return (nowHours: number, passedHours: number) => {
    clock.nowMs = startMs + nowHours * HOUR_MS;
    clock.passedMs = passedHours * HOUR_MS;
    return isSteady();
  };
}

test('a clock is believed when it has gone steadily for an hour', () => {
  const look = setUp();
  expect(look(0.9, 0.9)).toBe(false);
  expect(look(1, 1)).toBe(true);
});

test.each([
  ['ahead', 2_400],
  ['back', -2_400],
])('a clock that jumps %s is believed after another hour', (_where, jumpHours) => {
  const look = setUp();
  expect(look(2, 2)).toBe(true);
  expect(look(2 + jumpHours, 2)).toBe(false);
  expect(look(2.9 + jumpHours, 2.9)).toBe(false);
  expect(look(3 + jumpHours, 3)).toBe(true);
});

test('a clock that was never set is never believed', () => {
  const look = setUp(0);
  expect(look(100, 100)).toBe(false);
});
