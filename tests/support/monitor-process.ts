import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Environment } from '@podips/shared';
import { type ChildProgram, freePort, startChildProgram } from '@podips/simulation';
import { vi } from 'vitest';
import { PATIENCE } from './browser.js';

/** The monitor as a program of its own, which can be stopped and started again at the same address. */
export interface MonitorProcess {
  readonly url: string;
  /** Where it keeps its data. */
  readonly dataDir: string;
  /** The running process. */
  readonly process: ChildProgram;
  /** Sends a heartbeat, for example `log/500/gone`. */
  beat(path: string): Promise<void>;
  /** Returns when it answers. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Stops it and removes its data. */
  destroy(): Promise<void>;
}

export async function startMonitorProcess(env: Environment = {}): Promise<MonitorProcess> {
  const port = await freePort();
  const dir = await mkdtemp(join(tmpdir(), 'podips-monitor-'));
  const url = `http://127.0.0.1:${port}`;
  const launch = () =>
    startChildProgram({
      name: 'monitor',
      program: 'services/monitor/dist/main.js',
      env: { HTTP_HOST: '127.0.0.1', HTTP_PORT: String(port), MONITOR_DATA_DIR: dir, ...env },
    });
  const untilReady = () => vi.waitFor(() => fetch(`${url}/readyz`), PATIENCE);
  let child = launch();
  await untilReady();
  return {
    url,
    dataDir: dir,
    get process() {
      return child;
    },
    async beat(path) {
      const response = await fetch(`${url}/${path}`, { method: 'POST' });
      if (!response.ok) throw new Error(`the monitor answered ${response.status} to ${path}`);
    },
    async start() {
      child = launch();
      await untilReady();
    },
    stop: () => child.stop(),
    async destroy() {
      await child.stop();
      await rm(dir, { recursive: true, force: true });
    },
  };
}
