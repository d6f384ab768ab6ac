import { expect, it } from 'vitest';
import { SharedValues } from './shared-values.js';

it('the same value is kept once, and no more values than a cluster has', () => {
  const values = new SharedValues<{ readonly name: string }>(({ name }) => name);
  const first = values.of({ name: 'web' });
  expect(values.of({ name: 'web' })).toBe(first);
  expect(values.of({ name: 'db' })).not.toBe(first);
  for (let n = 0; n < 50_000; n += 1) values.of({ name: `other-${n}` });
  expect(values.of({ name: 'web' })).not.toBe(first);
});
