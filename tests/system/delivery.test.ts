import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type System, startSystem } from '../support/system.js';

const PATIENCE = { timeout: 60_000, interval: 200 };

let system: System;
let churning: NodeJS.Timeout;
beforeAll(async () => {
  system = await startSystem();
  let replicas = 0;
  churning = setInterval(() => {
    replicas = (replicas + 1) % 5;
    system.cluster.workloads.scaleDeployment('web', replicas);
  }, 500);
});
afterAll(async () => {
  clearInterval(churning);
  await system?.destroy();
});

/** What the monitor shows, for programs. */
async function status() {
  const response = await fetch(`${system.services.monitorUrl}/api/v1/status`);
  // The shape of StatusView, as far as it is used here.
  return (await response.json()) as {
    worst: string;
    headline: string;
    flow: { state: string; queued: number; oldestMs: number | null; writtenPerSecond: number } | null;
  };
}

describe('delivery, with the real broker and database', () => {
  it('is in time while all is well', async () => {
    await vi.waitFor(async () => {
      const { worst, flow } = await status();
      expect({ worst, state: flow?.state }).toEqual({ worst: 'green', state: 'in time' });
      expect(flow?.writtenPerSecond).toBeGreaterThan(0);
    }, PATIENCE);
  });

  it('that stands still with the writer shows on the page, and in no answer to scripts, until the writer thaws', async () => {
    const writer = system.services.process('writer');
    writer.kill('SIGSTOP');
    await vi.waitFor(async () => {
      const { worst, headline, flow } = await status();
      expect(worst).toBe('yellow');
      expect(headline).toMatch(/^Queue read is silent although messages wait\. .*Fluentd write follows/);
      expect(flow?.queued).toBeGreaterThan(20);
      expect(flow?.oldestMs).toBeGreaterThan(19_000);
    }, PATIENCE);
    expect(await system.status('all')).toBe('success');
    writer.kill('SIGCONT');
    await vi.waitFor(async () => {
      const { worst, flow } = await status();
      expect({ worst, state: flow?.state }).toEqual({ worst: 'green', state: 'in time' });
    }, PATIENCE);
  });
});
