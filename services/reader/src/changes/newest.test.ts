import { expect, it } from 'vitest';
import { putNewest } from './newest.js';

it('keeps the values that were set last, a tenth more than the limit at the most', () => {
  const map = new Map<string, number>();
  for (let n = 0; n < 1_000; n += 1) {
    putNewest(map, 'again', n, 50);
    putNewest(map, `key-${n}`, n, 50);
    expect(map.size).toBeLessThanOrEqual(55);
  }
  expect(map.get('again')).toBe(999);
  for (let n = 960; n < 1_000; n += 1) expect(map.get(`key-${n}`)).toBe(n);
});
