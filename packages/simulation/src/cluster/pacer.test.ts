import { expect, it } from 'vitest';
import { Pacer } from './pacer.js';

it('holds its rate on average, whatever the moments at which it is asked', () => {
  const pacer = new Pacer(250, 0);
  let made = 0;
  for (const nowMs of [7, 10, 50, 51, 333, 700, 1_000]) {
    const due = pacer.due(nowMs);
    made += due;
    pacer.made(due);
  }
  expect(made).toBe(250);
});

it('lets a surplus count against what is due later', () => {
  const pacer = new Pacer(10, 0);
  expect(pacer.due(100)).toBe(1);
  pacer.made(3);
  expect(pacer.due(250)).toBe(0);
  expect(pacer.due(400)).toBe(1);
});

it('makes up for a second at most after a stall', () => {
  expect(new Pacer(100, 0).due(60_000)).toBe(100);
});
