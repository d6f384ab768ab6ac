import { collectDefaultMetrics, Registry } from 'prom-client';

/** Gauges that are named like counters, which Prometheus' rules for names forbid. Others have the same numbers by type. */
const MISNAMED = [
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
  'nodejs_active_resources_total',
];

/** A registry of a process's own, with the metrics of every process with Node.js. */
export function createRegistry(): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  for (const name of MISNAMED) registry.removeSingleMetric(name);
  return registry;
}
