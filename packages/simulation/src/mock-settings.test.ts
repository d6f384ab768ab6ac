import { describe, expect, test } from 'vitest';
import { readMockProducerSettings, readMockSettings } from './mock-settings.js';

describe('settings of the mocks', () => {
  test('have defaults that fit a container beside a broker called mock-queue', () => {
    expect(readMockProducerSettings({})).toMatchObject({
      logLevel: 'info',
      queue: { servers: [{ host: 'mock-queue', port: 61613 }] },
      intervalMs: 1_000,
    });
  });

  test('come from the environment', () => {
    const env = { QUEUE_HOST: 'a,b:1', QUEUE_PORT: '2', MOCK_INTERVAL_MS: '50', LOG_LEVEL: 'silent' };
    const { queue } = readMockSettings(env);
    expect(queue.servers).toEqual([
      { host: 'a', port: 2 },
      { host: 'b', port: 1 },
    ]);
    expect(readMockProducerSettings(env)).toMatchObject({ intervalMs: 50, logLevel: 'silent' });
  });

  test('name every problem at once', () => {
    const read = () => readMockProducerSettings({ QUEUE_PORT: 'x', MOCK_INTERVAL_MS: '0' });
    expect(read).toThrow(/QUEUE_PORT.*MOCK_INTERVAL_MS/s);
  });
});
