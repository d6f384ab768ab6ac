import { expect, test } from 'vitest';
import { FULL, type SlotLight, stackOf } from './strip-stack.js';

const SLOT_MS = 900_000;

/** The parts as text, from the bottom on: `green 0–4`. */
function stack(
  light: SlotLight,
  ms: Partial<Record<'greenMs' | 'yellowMs' | 'redMs' | 'unknownMs', number>>,
) {
  const slot = { from: '', to: '', message: '', greenMs: 0, yellowMs: 0, redMs: 0, unknownMs: 0 };
  return stackOf({ ...slot, light, ...ms }).map(
    ({ light: one, bottom, height }) => `${one} ${bottom.toFixed(2)}–${(bottom + height).toFixed(2)}`,
  );
}

test.each<[string, SlotLight, Parameters<typeof stack>[1], string[]]>([
  ['green', 'green', { greenMs: SLOT_MS }, ['green 0.00–4.00']],
  ['red', 'red', { redMs: SLOT_MS }, ['red 0.00–8.00']],
  ['yellow', 'yellow', { yellowMs: SLOT_MS }, ['yellow 0.00–6.00']],
  ['never reported', 'grey', { unknownMs: SLOT_MS }, ['grey 0.00–2.00']],
  ['not known', 'unknown', { unknownMs: SLOT_MS }, ['unknown 0.00–1.00']],
  [
    'red for a second: seen, and small',
    'red',
    { greenMs: SLOT_MS - 1_000, redMs: 1_000 },
    ['green 0.00–4.00', 'red 4.00–4.75'],
  ],
  [
    'red for half of it',
    'red',
    { greenMs: SLOT_MS / 2, redMs: SLOT_MS / 2 },
    ['green 0.00–2.00', 'red 2.00–6.00'],
  ],
  [
    'yellow for a moment beside red: never higher than the strip',
    'red',
    { yellowMs: 1, redMs: SLOT_MS - 1 },
    ['yellow 0.00–0.75', 'red 0.75–8.00'],
  ],
  ['red since now', 'red', { greenMs: 420_000 }, ['green 0.00–4.00', 'red 4.00–4.75']],
  ['one that has just begun', 'green', {}, ['green 0.00–4.00']],
  [
    'green, known for a third of it',
    'green',
    { greenMs: SLOT_MS / 3, unknownMs: (2 * SLOT_MS) / 3 },
    ['unknown 0.00–0.67', 'green 0.67–2.00'],
  ],
])('a slot that is %s', (_what, light, ms, expected) => {
  expect(stack(light, ms)).toEqual(expected);
  expect(
    Math.max(
      ...stackOf({
        from: '',
        to: '',
        message: '',
        greenMs: 0,
        yellowMs: 0,
        redMs: 0,
        unknownMs: 0,
        light,
        ...ms,
      }).map(({ bottom, height }) => bottom + height),
    ),
  ).toBeLessThanOrEqual(FULL + 1e-9);
});
