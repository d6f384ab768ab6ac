import { createLogger } from '@podips/shared';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { readMockClusterSettings } from '../mock-settings.js';
import { type MockCluster, startMockCluster } from './mock-cluster.js';

let running: MockCluster | undefined;
afterEach(() => running?.stop());

async function start(): Promise<MockCluster> {
  const env = { HTTP_HOST: '127.0.0.1', HTTP_PORT: '0', MOCK_CHANGES_PER_SECOND: '100' };
  running = await startMockCluster(readMockClusterSettings(env), createLogger('test', 'silent'));
  return running;
}

async function answer(path: string): Promise<{ status: number; text: string }> {
  const response = await fetch(`${running?.cluster.url}${path}`);
  return { status: response.status, text: await response.text() };
}

describe('the mock cluster', () => {
  test('is ready, and lists pods', async () => {
    await start();
    expect((await answer('/readyz')).status).toBe(200);
    const list: { items: unknown[] } = JSON.parse((await answer('/api/v1/pods?limit=5')).text);
    expect(list.items).toHaveLength(5);
  });

  test('has pods that come and go', async () => {
    const { cluster } = await start();
    const before = cluster.truth.changeCount;
    await vi.waitFor(() => expect(cluster.truth.changeCount).toBeGreaterThan(before + 5));
  });

  test('has settings that fit a container, and says what is wrong with others', () => {
    expect(readMockClusterSettings({})).toMatchObject({ httpHost: '::', httpPort: 8080, seed: 1 });
    const read = () => readMockClusterSettings({ MOCK_SEED: '-1', MOCK_CHANGES_PER_SECOND: '0' });
    expect(read).toThrow(/MOCK_CHANGES_PER_SECOND.*MOCK_SEED/s);
  });
});
