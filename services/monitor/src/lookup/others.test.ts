import { expect, test } from 'vitest';
import { unsure } from './conclude.js';
import { concludeOfAll, type Judged } from './others.js';

const conclusion = unsure(['the conclusion of one cluster']);
const judged = (...codes: readonly ('gap' | 'deleted')[]): Judged => ({
  conclusion,
  doubts: [{ cluster: 'ams1', reasons: codes.map((code) => ({ code, text: code })) }],
});

test('another cluster without an address near counts only where its leases of that time may have been deleted', () => {
  const isOutside = () => true;
  expect(concludeOfAll(judged('gap'), isOutside)).toBe(conclusion);
  expect(concludeOfAll(judged('gap', 'deleted'), isOutside)).toEqual(unsure(['deleted']));
  expect(concludeOfAll(judged('gap'), () => false)).toEqual(unsure(['gap']));
});
