import { statSync } from 'node:fs';
import { get } from 'node:http';
import { join } from 'node:path';
import { toError } from '../errors.js';

export interface ProbeOptions {
  /** Folder of the status files. */
  readonly statusDir: string;
  /** Port of the service's own HTTP server. */
  readonly httpPort: number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Deadline for an HTTP response, in milliseconds. */
  readonly timeoutMs: number;
}

/** An older status file means that the operation is stalled, although nothing has failed. */
export const STATUS_AGE_LIMIT_MS = 300_000;

/**
 * Checks whether a service on this machine is alive.
 * @param targets names of status files, and paths such as `/healthz` that the service's HTTP server must answer with 2xx
 * @returns a sentence for each target that fails
 */
export async function probe(targets: readonly string[], options: ProbeOptions): Promise<string[]> {
  if (targets.length === 0) return ['nothing to probe: name status files, or paths such as /healthz'];
  const problems = await Promise.all(
    targets.map((target) =>
      target.startsWith('/') ? httpProblem(target, options) : fileProblem(target, options),
    ),
  );
  return problems.filter((problem) => problem !== undefined);
}

function fileProblem(name: string, { statusDir, now }: ProbeOptions): string | undefined {
  const path = join(statusDir, name);
  try {
    const ageMs = now() - statSync(path).mtimeMs;
    if (ageMs <= STATUS_AGE_LIMIT_MS) return undefined;
    const limit = `${STATUS_AGE_LIMIT_MS / 1_000} s`;
    return `${path} is ${Math.round(ageMs / 1_000)} s old; more than ${limit} means that the operation is stalled`;
  } catch (err) {
    if (err instanceof Error && 'code' in err && err.code === 'ENOENT')
      return `${path} is missing: the operation has not succeeded yet, or fails`;
    return `${path} cannot be read: ${toError(err).message}`;
  }
}

/** `node:http`, because loading `fetch` takes longer than all the rest of a probe. */
function httpProblem(path: string, { httpPort, timeoutMs }: ProbeOptions): Promise<string | undefined> {
  const url = `http://127.0.0.1:${httpPort}${path}`;
  const signal = AbortSignal.timeout(timeoutMs);
  return new Promise((resolve) => {
    const request = get(url, { signal, agent: false }, (response) => {
      const status = response.statusCode ?? 0;
      resolve(status >= 200 && status < 300 ? undefined : `${url} answers ${status}`);
      response.destroy();
    });
    request.on('error', (err) => {
      const reason = signal.aborted ? `no answer within ${timeoutMs} ms` : err.message;
      resolve(`${url} does not answer: ${reason}`);
    });
  });
}
