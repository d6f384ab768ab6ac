import { expect, vi } from 'vitest';
import type { Stage } from './stage.js';

/** How long to wait for a condition; it goes on as soon as it holds. */
export const PATIENCE = { timeout: 90_000, interval: 50 };

/** Resolves when a number has grown by so much. */
async function grown(read: () => Promise<number> | number, by: number): Promise<void> {
  const before = await read();
  await vi.waitFor(async () => expect(await read()).toBeGreaterThanOrEqual(before + by), PATIENCE);
}

/** Felt when a counter of the reader grows, such as one of failures. */
export const readerCounts = (name: string) => (stage: Stage) =>
  grown(async () => (await stage.readerMetric(name)) ?? 0, 1);

/** Felt when the reader has opened so many watches more. */
export const watchedAgain = (times: number) => (stage: Stage) =>
  grown(() => stage.cluster.requests.filter(({ query }) => query.watch !== undefined).length, times);

/** Felt when a service has written such a line. */
export const wrote = (service: 'reader' | 'writer', text: string) => (stage: Stage) =>
  vi.waitFor(() => expect(stage.services.process(service).output()).toContain(text), PATIENCE);
