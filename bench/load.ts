import { createHistogram } from 'node:perf_hooks';
import { OPERATIONS, pause } from '@podips/shared';
import { HttpConnection } from './http-connection.js';

/** How requests were answered. */
export interface Load {
  readonly perSecond: number;
  readonly p99Ms: number;
}

export interface LoadOptions {
  readonly url: string;
  readonly connections: number;
  readonly seconds: number;
  /** Between two requests of a connection. */
  readonly restMs?: number;
  /** So many are sent in all, as evenly as timers allow, instead of as many as are answered. */
  readonly perSecond?: number;
  readonly signal: AbortSignal;
  readonly requestOf: (n: number) => Request;
}

export interface Request {
  readonly method: 'GET' | 'POST';
  readonly path: string;
}

/** One of this many heartbeats reports a failure, the next one its end: lights and history change. */
const HEARTBEATS_PER_FAILURE = 1_000;
const US_PER_MS = 1_000;

export function heartbeatOf(n: number): Request {
  const operation = OPERATIONS[n % OPERATIONS.length];
  const code = n % HEARTBEATS_PER_FAILURE === 0 ? 503 : 200;
  return { method: 'POST', path: `/${operation}/${code}/heartbeat%20${n}` };
}

/**
 * Sends as many requests as are answered, one at a time over each connection. One that had to wait for the answer before it
 * counts from when it was due. @throws for any answer but 200
 */
export async function load(options: LoadOptions): Promise<Load> {
  const { url, connections, seconds, restMs = 0, perSecond, signal, requestOf } = options;
  const histogram = createHistogram();
  const startedMs = performance.now();
  const endMs = startedMs + seconds * 1_000;
  let sent = 0;
  const client = async (_: unknown, first: number) => {
    using connection = new HttpConnection(url, signal);
    for (let n = first; performance.now() < endMs; n += connections) {
      signal.throwIfAborted();
      const lateMs =
        perSecond === undefined ? 0 : await untilDue(startedMs + (n * 1_000) / perSecond, signal);
      const sentMs = performance.now() - lateMs;
      sent += 1;
      const { method, path } = requestOf(sent);
      const status = await connection.ask(method, path);
      if (status !== 200) throw new Error(`the monitor answered ${status}`);
      histogram.record(Math.max(1, Math.round((performance.now() - sentMs) * US_PER_MS)));
      if (restMs > 0) await pause(restMs, signal);
    }
  };
  await Promise.all(Array.from({ length: connections }, client));
  const tookMs = performance.now() - startedMs;
  return { perSecond: (histogram.count * 1_000) / tookMs, p99Ms: histogram.percentile(99) / US_PER_MS };
}

/** @returns by how much it is later already */
async function untilDue(dueMs: number, signal: AbortSignal): Promise<number> {
  const aheadMs = dueMs - performance.now();
  if (aheadMs <= 0) return -aheadMs;
  await pause(aheadMs, signal);
  return 0;
}
