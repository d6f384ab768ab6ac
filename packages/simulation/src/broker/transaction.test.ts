import { describe, expect, test } from 'vitest';
import type { StoredMessage } from './stored-message.js';
import { Transaction } from './transaction.js';

function message(bytes: number): StoredMessage {
  const body = Buffer.alloc(bytes);
  return {
    id: 'm',
    sequence: 1,
    queue: '/queue/q',
    destination: '/queue/q',
    headers: new Map(),
    body,
    attempts: 0,
  };
}

describe('transaction', () => {
  test('holds a bounded number of frames', () => {
    const transaction = new Transaction();
    const step = { kind: 'send', message: message(0) } as const;
    for (let n = 0; n < 100_000; n += 1) transaction.add(step);
    expect(() => transaction.add(step)).toThrow(/too many/);
  });

  test('holds a bounded number of bytes', () => {
    const transaction = new Transaction();
    const step = { kind: 'send', message: message(100 * 1024 * 1024) } as const;
    for (let n = 0; n < 2; n += 1) transaction.add(step);
    expect(() => transaction.add(step)).toThrow(/too many/);
    expect(transaction.steps).toHaveLength(2);
  });
});
