import { expect, it } from 'vitest';
import type { BodyBuffer } from './body-buffer.js';
import { PageTurns } from './page-turns.js';

it('two are read at once, the others in their order, whether or not those before them fail', async () => {
  const turns = new PageTurns(2);
  const begun: number[] = [];
  const ends: PromiseWithResolvers<void>[] = [];
  const results = [0, 1, 2, 3].map((n) =>
    turns.run(() => {
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

it('each page is read into the memory of one before it, until no list is under way', async () => {
  const turns = new PageTurns(2);
  const read = () => turns.run(async (memory) => memory);
  const lists = [turns.list(), turns.list()];
  const used = new Set<BodyBuffer>();
  for (let page = 0; page < 3; page += 1)
    for (const memory of await Promise.all([read(), read(), read()])) used.add(memory);
  expect(used.size).toBe(2);
  lists[0]?.[Symbol.dispose]();
  expect(used).toContain(await read());
  lists[1]?.[Symbol.dispose]();
  expect(used).not.toContain(await read());
});
