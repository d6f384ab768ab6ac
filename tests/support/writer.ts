import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { createLogger, type Environment, type Logger, type Running } from '@podips/shared';
import { parseMetrics } from '@podips/simulation';
import { readWriterSettings, startWriter } from '@podips/writer';
import { queueEnvironment, type TestQueue } from './pod-queue.js';

/** A writer inside the test's own process. */
export interface WriterUnderTest extends Running {
  readonly url: string;
  readonly statusDir: string;
  /** Writes nothing; a test may spy on it. */
  readonly log: Logger;
  /** The value of one metric, 0 for one that has no value yet. */
  metric(name: string): Promise<number>;
  /** The answer to `GET /readyz`. */
  readiness(): Promise<{ status: number; problems: Readonly<Record<string, string>> }>;
}

/** A Fluentd that does not acknowledge shows within a second. */
export const QUICK_ACK = { LOG_ACK_TIMEOUT_MS: '1000' };

/** Where a writer finds its surroundings. */
export function writerEnvironment(queue: TestQueue, logPort: number): Environment {
  return {
    HTTP_HOST: '127.0.0.1',
    HTTP_PORT: '0',
    ...queueEnvironment(queue),
    LOG_SERVER: '127.0.0.1',
    LOG_SERVER_PORT: String(logPort),
    LOG_ACK_TIMEOUT_MS: '60000',
    LOG_PROBE_INTERVAL_MS: '100',
  };
}

/** @param env the whole environment of the writer, but for the folders, which are its own */
export async function startTestWriter(
  env: Environment,
  log = createLogger('writer', 'silent'),
): Promise<WriterUnderTest> {
  const statusDir = await mkdtemp(join(tmpdir(), 'podips-writer-'));
  const settings = readWriterSettings({ CONFIG_DIR: statusDir, STATUS_DIR: statusDir, ...env });
  const writer = await startWriter(settings, log);
  const url = `http://127.0.0.1:${writer.httpPort}`;
  let stopped = false;
  return {
    url,
    statusDir,
    log,
    metric: async (name) => parseMetrics(await writer.metrics()).get(`podips_writer_${name}`) ?? 0,
    readiness: () => readReadiness(url),
    async stop() {
      if (stopped) return;
      stopped = true;
      await writer.stop();
      await rm(statusDir, { recursive: true, force: true });
    },
  };
}

async function readReadiness(url: string): ReturnType<WriterUnderTest['readiness']> {
  const response = await fetch(`${url}/readyz`);
  // The shape that the operations server gives it; absent when nothing is wrong.
  const { problems = {} } = (await response.json()) as { problems?: Record<string, string> };
  return { status: response.status, problems };
}

/** Watches how many messages a writer holds, until it is asked for the most that it ever saw. */
export function watchHeld(writer: WriterUnderTest): () => Promise<number> {
  let most = 0;
  let watching = true;
  const watched = (async () => {
    while (watching) {
      most = Math.max(most, await writer.metric('held_messages'));
      await setImmediate();
    }
  })();
  return async () => {
    watching = false;
    await watched;
    return most;
  };
}
