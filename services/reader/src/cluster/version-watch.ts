import { setTimeout as sleep } from 'node:timers/promises';
import type { KubeClient } from './kube-client.js';
import { newestVersion } from './pod-list.js';

export interface VersionWatchOptions {
  readonly path: string;
  readonly deadlineMs: number;
  /** How long a watch may be silent before it is compared again; watches that end soon are compared ten times as often. */
  readonly intervalMs: number;
  /** The version that the watch has reached. */
  readonly position: () => string;
  /** When the server last sent something in this watch, by the monotonic clock. */
  readonly receivedMs: () => number;
  /** When the versions were last compared, for another watch; 0 for never. */
  readonly comparedMs: number;
}

/**
 * Compares a watch's position with the newest version of the server, once it is open and whenever it is silent. A server
 * that was restored from a backup, or another cluster at its address, begins its versions again lower: a watch from the
 * future sends nothing, and is no error.
 * @returns true when the server is behind the watch; false when the signal aborted before
 */
export async function untilServerIsBehind(
  client: KubeClient,
  { path, deadlineMs, intervalMs, position, receivedMs, comparedMs }: VersionWatchOptions,
  signal: AbortSignal,
  onCompared: () => void,
): Promise<boolean> {
  let waitMs = comparedMs + intervalMs / 10 - performance.now();
  for (let isFirst = true; await slept(waitMs, signal); isFirst = false) {
    waitMs = receivedMs() + intervalMs - performance.now();
    if (!isFirst && waitMs > 0) continue;
    const before = position();
    const newest = await newestVersion(client, path, deadlineMs, signal);
    if (newest !== undefined) onCompared();
    if (newest !== undefined && isBelow(newest, before)) return true;
    waitMs = intervalMs;
  }
  return false;
}

/** Whether a version is older than another. Not every server numbers them: such versions cannot be compared. */
export function isBelow(version: string, other: string): boolean {
  return [version, other].every((each) => /^\d+$/.test(each)) && BigInt(version) < BigInt(other);
}

/** False when the signal aborted before. */
async function slept(ms: number, signal: AbortSignal): Promise<boolean> {
  try {
    if (ms > 0) await sleep(ms, undefined, { signal, ref: false });
  } catch (err) {
    if (!signal.aborted) throw err;
  }
  return !signal.aborted;
}
