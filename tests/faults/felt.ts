import { expect, vi } from 'vitest';
import type { Felt } from './fault.js';
import type { Stage } from './stage.js';

/** How long to wait for a condition; the wait ends as soon as it holds. */
export const PATIENCE = { timeout: 90_000, interval: 100 };

/** Felt when a number has grown by so much since before the fault. */
export async function grown(read: () => Promise<number> | number, by: number): Promise<Felt> {
  const before = await read();
  return () => vi.waitFor(async () => expect(await read()).toBeGreaterThanOrEqual(before + by), PATIENCE);
}

/** Felt when all of these are. */
export async function all(...felt: readonly Promise<Felt>[]): Promise<Felt> {
  const each = await Promise.all(felt);
  return async () => void (await Promise.all(each.map((wait) => wait())));
}

/** Felt when a counter of the reader grows, such as one of failures. */
export const readerCounts = (name: string) => (stage: Stage) =>
  grown(async () => (await stage.readerMetric(name)) ?? 0, 1);

/** Felt when the reader has opened so many watches more. */
export const watchedAgain = (times: number) => (stage: Stage) =>
  grown(() => stage.cluster.requests.filter(({ query }) => query.watch !== undefined).length, times);

/** Felt when so many chunks of bytes were held back on the way. */
export const heldBack = (proxy: 'brokerProxy' | 'databaseProxy' | 'monitorProxy') => (stage: Stage) =>
  grown(() => stage[proxy].delayed, 5);

/** The effect: the reader has learned that its version is forgotten, and has recorded the gap. */
export const forgotten =
  (reason = 'expired') =>
  (stage: Stage) =>
    all(
      readerCounts(`lists_total{reason="${reason}"}`)(stage),
      grown(async () => (await stage.database.query('SELECT FROM gaps')).rowCount ?? 0, 1),
    );

/** Felt when a service has written such a line. */
export const wrote = (service: 'reader' | 'writer', text: string) => async (stage: Stage) => () =>
  vi.waitFor(() => expect(stage.services.process(service).output()).toContain(text), PATIENCE);
