import { execFile } from 'node:child_process';
import { cpus, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { postgresVersion } from '@podips/simulation';
import { withStompClient } from './stomp-client.js';

const ROOT = join(import.meta.dirname, '../..');
const BYTES_PER_GIB = 2 ** 30;

/** Describes in a line the machine of the measurement, and what runs on it. */
export async function describeMachine(brokerPort: number, signal: AbortSignal): Promise<string> {
  const cores = cpus();
  const memory = `${(totalmem() / BYTES_PER_GIB).toFixed(0)} GiB`;
  const broker = await withStompClient(
    brokerPort,
    signal,
    async ({ headers }) => headers.server ?? 'unknown broker',
  );
  const model = cores[0]?.model.trim() || 'unknown processor';
  const system = `${process.platform} ${release()}`;
  return `${cores.length} cores (${model}), ${memory}, Node ${process.version}, ${broker}, ${await postgresVersion()}, ${system}`;
}

/** The commit that is measured, with a plus when files were changed since; without git, that it is unknown. */
export async function describeCommit(): Promise<string> {
  const git = async (...args: readonly string[]) =>
    (await promisify(execFile)('git', [...args], { cwd: ROOT })).stdout.trim();
  try {
    const changed = await git('status', '--porcelain', '--', '.', ':!bench/RESULTS.md');
    return `commit ${await git('rev-parse', '--short=10', 'HEAD')}${changed === '' ? '' : '+'}`;
  } catch {
    return 'of an unknown commit';
  }
}
