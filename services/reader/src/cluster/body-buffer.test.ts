import { expect, it } from 'vitest';
import { BodyBuffer } from './body-buffer.js';

async function* chunks(...sizes: readonly number[]): AsyncGenerator<Buffer> {
  let value = 0;
  for (const size of sizes) {
    value += 1;
    yield Buffer.alloc(size, value);
  }
}

const expected = (...sizes: readonly number[]) =>
  Buffer.concat(sizes.map((size, index) => Buffer.alloc(size, index + 1)));

it('reads bodies of any length one after the other, each as it is', async () => {
  const buffer = new BodyBuffer();
  for (const sizes of [[], [10], [50_000, 1, 70_000], [3, 200_000], [7]]) {
    const { bytes, whole } = await buffer.read(chunks(...sizes), 1_000_000);
    expect([bytes.equals(expected(...sizes)), whole]).toEqual([true, true]);
  }
});

it('reads no more than its limit, and says so', async () => {
  const buffer = new BodyBuffer();
  const { bytes, whole } = await buffer.read(chunks(60, 60), 100);
  expect([bytes.equals(expected(60, 60).subarray(0, 100)), whole]).toEqual([true, false]);
  expect((await buffer.read(chunks(60, 40), 100)).whole).toBe(true);
});

it('takes no new memory for a body that has a place', async () => {
  const buffer = new BodyBuffer();
  const first = await buffer.read(chunks(100_000), 1_000_000);
  const second = await buffer.read(chunks(90_000), 1_000_000);
  expect(second.bytes.buffer).toBe(first.bytes.buffer);
});
