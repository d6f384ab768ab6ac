import { beforeEach, describe, expect, it } from 'vitest';
import { OrderClock } from './order-clock.js';

let nowMs: number;
let clock: OrderClock;
beforeEach(() => {
  nowMs = 1_000_000;
  clock = new OrderClock(() => new Date(nowMs));
});

const use = () => {
  const at = clock.next();
  clock.used(at);
  return at.getTime();
};

describe('the order clock', () => {
  it('tells things of one millisecond apart', () => {
    expect([use(), use(), use()]).toEqual([1_000_000, 1_000_001, 1_000_002]);
  });

  it('follows the clock', () => {
    use();
    nowMs += 500;
    expect(use()).toBe(1_000_500);
  });

  it('does not move for what is not published', () => {
    for (let i = 0; i < 100; i += 1) clock.next();
    expect(use()).toBe(1_000_000);
  });

  it('keeps the order when the clock is set back a little, and gives it up when it is set back by a lot', () => {
    use();
    nowMs -= 2_000;
    expect(use()).toBe(1_000_001);
    nowMs -= 3_600_000;
    expect(use()).toBe(nowMs);
  });
});
