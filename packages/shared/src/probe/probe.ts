import { statSync } from 'node:fs';
import { get } from 'node:http';
import { join } from 'node:path';
import { toError } from '../errors.js';

export interface ProbeOptions {
  /** Folder of the status files. */
  readonly statusDir: string;
  /** Address and port of the service's own HTTP server. */
  readonly httpHost: string;
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

/** Where the service's own HTTP server may listen when it listens on all addresses. */
const LOOPBACK = ['127.0.0.1', '::1'];
const ALL_ADDRESSES = ['::', '0.0.0.0'];

/** The first address that answers counts. */
async function httpProblem(path: string, options: ProbeOptions): Promise<string | undefined> {
  const { httpHost } = options;
  const problems: string[] = [];
  for (const host of ALL_ADDRESSES.includes(httpHost) ? LOOPBACK : [httpHost]) {
    const url = `http://${host.includes(':') ? `[${host}]` : host}:${options.httpPort}${path}`;
    const status = await statusOf(url, options.timeoutMs);
    if (typeof status === 'string') problems.push(`${url} does not answer: ${status}`);
    else return status >= 200 && status < 300 ? undefined : `${url} answers ${status}`;
  }
  return problems[0];
}

/**
 * `node:http`, because loading `fetch` takes longer than all the rest of a probe.
 * @returns the status of the answer, or why there is none
 */
function statusOf(url: string, timeoutMs: number): Promise<number | string> {
  const signal = AbortSignal.timeout(timeoutMs);
  return new Promise((resolve) => {
    const request = get(url, { signal, agent: false }, (response) => {
      resolve(response.statusCode ?? 0);
      response.destroy();
    });
    request.on('error', (err) => resolve(signal.aborted ? `no answer within ${timeoutMs} ms` : err.message));
  });
}
