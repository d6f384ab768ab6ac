import { Registry } from 'prom-client';
import { expect, it } from 'vitest';
import { NOW_MS, workload } from './book.test.helpers.js';
import type { WorkloadFacts } from './decide-workload-alerts.js';
import type { WorkloadName } from './facts.js';
import { measureOf } from './measure.test.helpers.js';
import { workloadMetrics } from './workload-metrics.js';

function factsWith(count: number): WorkloadFacts {
  return {
    cluster: 'default',
    knownUntilMs: NOW_MS - 30_000,
    isReadable: true,
    forgottenUntilMs: Number.NEGATIVE_INFINITY,
    gaps: [],
    unstable: Array.from({ length: count }, (_none, index) => ({
      workload: workload(`w${index}`),
      why: 'restarts',
      measured: measureOf({ restarts: 100 - index }),
      ended: { pods: 0, disruptedOn: new Map(), rejected: 0 },
    })),
    measure: () => undefined,
  };
}

function registryOf(facts: () => WorkloadFacts | undefined, muted = ''): Registry {
  const registry = new Registry();
  const isMuted = ({ name }: WorkloadName) => name === muted;
  for (const metric of workloadMetrics(facts, () => NOW_MS, isMuted)) registry.registerMetric(metric);
  return registry;
}

it('the worst 50 unstable workloads have a series each, and the number of the others is a metric', async () => {
  let facts: WorkloadFacts | undefined = factsWith(63);
  const registry = registryOf(() => facts);
  const text = await registry.metrics();
  const series = text.match(/^podips_unstable_workload_troubles\{.*$/gm) ?? [];
  expect([series.length, series[0]]).toEqual([
    50,
    'podips_unstable_workload_troubles{workload_namespace="shop",workload_kind="Deployment",workload="w0",muted="false"} 100',
  ]);
  expect(text).toMatch(/^podips_unstable_workloads 63$/m);
  expect(text).toMatch(/^podips_unstable_workloads_left_out 13$/m);
  expect(text).toMatch(/^podips_workloads_behind_seconds 30$/m);
  facts = factsWith(0);
  expect(await registry.metrics()).not.toContain('podips_unstable_workload_troubles{');
});

it('those without alerts are labelled, and come after all others', async () => {
  const text = await registryOf(() => factsWith(51), 'w1').metrics();
  expect(text).toContain('workload="w50",muted="false"');
  expect(text).not.toContain('workload="w1"');
  expect(await registryOf(() => factsWith(2), 'w1').metrics()).toContain('workload="w1",muted="true"} 99');
});

it('before the ledger is counted they have no values', async () => {
  expect(await registryOf(() => undefined).metrics()).not.toMatch(/^podips_/m);
});
