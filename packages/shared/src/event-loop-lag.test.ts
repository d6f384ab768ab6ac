import { createRequire } from 'node:module';
import { expect, onTestFinished, test, vi } from 'vitest';
import { createRegistry } from './metrics.js';

/** The module as prom-client has it. */
const perfHooks: typeof import('node:perf_hooks') = createRequire(import.meta.url)('node:perf_hooks');

async function lagOf(registry: ReturnType<typeof createRegistry>, name: string): Promise<number> {
  const text = await registry.getSingleMetricAsString(`nodejs_eventloop_lag_${name}_seconds`);
  return Number(/^nodejs_\S+ (\S+)$/m.exec(text)?.[1]);
}

/** Collects all, as a scrape does, which begins a new interval. */
async function samplesOf(registry: ReturnType<typeof createRegistry>) {
  const text = await registry.metrics();
  const value = (name: string) =>
    Number(new RegExp(`^nodejs_eventloop_lag_${name}_seconds (\\S+)$`, 'm').exec(text)?.[1]);
  return { min: value('min'), p50: value('p50'), max: value('max') };
}

test('what holds up the event loop is in the lag, and the time between two looks is not', async () => {
  const registry = createRegistry();
  await vi.waitFor(async () => expect(await lagOf(registry, 'min')).toBeLessThan(0.09));
  const until = Date.now() + 500;
  while (Date.now() < until);
  await vi.waitFor(async () => expect(await lagOf(registry, 'p99')).toBeGreaterThan(0.39));
  const { min, p50, max } = await samplesOf(registry);
  expect(min).toBeLessThanOrEqual(p50);
  expect(max).toBeGreaterThan(0.39);
});

test('without a sample the lag is not known', async () => {
  expect(await samplesOf(createRegistry())).toEqual({ min: NaN, p50: NaN, max: NaN });
});

test('prom-client wakes no idle process to look at the event loop', () => {
  const looks = vi.spyOn(perfHooks, 'monitorEventLoopDelay');
  onTestFinished(() => looks.mockRestore());
  createRegistry();
  const intervals = looks.mock.calls.map(([options]) => options?.resolution ?? 0);
  expect(intervals.length).toBeGreaterThan(0);
  for (const intervalMs of intervals) expect(intervalMs).toBeGreaterThanOrEqual(100);
});
