import { Gauge, Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { createMetricsText } from './metrics-text.js';

test('metrics are collected at most once a second, however many ask', async () => {
  const registry = new Registry();
  let collected = 0;
  new Gauge({
    name: 'asked',
    help: 'Asked',
    registers: [registry],
    collect() {
      collected += 1;
      this.set(collected);
    },
  });
  let nowMs = 5_000;
  const text = createMetricsText(registry, () => nowMs);
  const ask = async () => String(await text());
  expect(new Set(await Promise.all(Array.from({ length: 100 }, ask))).size).toBe(1);
  nowMs += 999;
  expect(await ask()).toContain('\nasked 1\n');
  nowMs += 1;
  expect(await ask()).toContain('\nasked 2\n');
});
