import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Environment } from '@podips/shared';
import { type ChildProgram, freePort, readMetrics, startChildProgram } from '@podips/simulation';
import type { ReaderCase } from './reader-case.js';

/** A reader as a process of its own, for what a process in the test's own cannot suffer. */
export interface ReaderProcess {
  readonly child: ChildProgram;
  readonly statusDir: string;
  /** The value of `podips_reader_<name>`, labels included; undefined when there is none, or no answer. */
  metric(name: string): Promise<number | undefined>;
  /** HTTP status of `/readyz`. */
  readiness(): Promise<number>;
}

/** Starts one; it is killed at the latest when `owner` is disposed of. */
export async function startReaderProcess(
  test: ReaderCase,
  owner: AsyncDisposableStack,
  name: string,
  env: Environment,
): Promise<ReaderProcess> {
  const statusDir = join(test.dir, name);
  await mkdir(statusDir, { recursive: true });
  const httpPort = await freePort();
  const child = startChildProgram({
    name,
    program: 'services/reader/dist/main.js',
    args: ['--incluster=false'],
    env: {
      KUBE_APISERVER_URL: test.cluster.url,
      ...test.withQueue,
      HTTP_HOST: '127.0.0.1',
      HTTP_PORT: String(httpPort),
      STATUS_DIR: statusDir,
      CONFIG_DIR: statusDir,
      HOME: statusDir,
      // The next reader waits no longer than this for one that was killed.
      LEASE_DURATION_S: '2',
      STANDBY_INTERVAL_MS: '200',
      ...env,
    },
  });
  owner.defer(async () => {
    if (!child.running) return;
    child.kill('SIGKILL');
    await child.exited;
  });
  const url = `http://127.0.0.1:${httpPort}`;
  return {
    child,
    statusDir,
    metric: async (metric) => (await readMetrics(`${url}/metrics`)).get(`podips_reader_${metric}`),
    readiness: async () => (await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(2_000) })).status,
  };
}
