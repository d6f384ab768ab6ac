import { collectDefaultMetrics, Registry } from 'prom-client';
import { addEventLoopLag } from './event-loop-lag.js';

/** Gauges that are named like counters, which Prometheus' rules for names forbid. Others have the same numbers by type. */
const MISNAMED = [
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
  'nodejs_active_resources_total',
];

const DAY_MS = 86_400_000;

/** A registry of a process's own, with the metrics of every process with Node.js. */
export function createRegistry(): Registry {
  const registry = new Registry();
  // Its own look at the event loop cannot be switched off, but it need not wake anybody: ours replaces it.
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: DAY_MS });
  for (const name of MISNAMED) registry.removeSingleMetric(name);
  addEventLoopLag(registry);
  return registry;
}
