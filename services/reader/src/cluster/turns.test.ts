import { expect, it } from 'vitest';
import { takeTurns } from './turns.js';

it('two run at once, the others in their order, whether or not those before them fail', async () => {
  const inTurn = takeTurns(2);
  const begun: number[] = [];
  const ends: PromiseWithResolvers<void>[] = [];
  const results = [0, 1, 2, 3].map((n) =>
    inTurn(() => {
      begun.push(n);
      ends[n] = Promise.withResolvers<void>();
      return ends[n].promise;
    }),
  );
  expect(begun).toEqual([0, 1]);
  ends[1]?.reject(new Error('broken'));
  await expect(results[1]).rejects.toThrow('broken');
  expect(begun).toEqual([0, 1, 2]);
  ends[0]?.resolve();
  ends[2]?.resolve();
  await Promise.all([results[0], results[2]]);
  expect(begun).toEqual([0, 1, 2, 3]);
  ends[3]?.resolve();
  await results[3];
});
