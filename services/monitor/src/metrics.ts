import { OK, OPERATIONS, type Operation } from '@podips/shared';
import { Counter, Gauge, Registry } from 'prom-client';
import { LIGHTS, lightOf } from './lights.js';
import { heardOf, type StatusStore } from './statuses.js';

export interface MetricsOptions {
  readonly store: StatusStore;
  readonly now: () => number;
  readonly ageLimitMs: number;
}

export interface Metrics {
  readonly registry: Registry;
  countHeartbeat(operation: Operation, code: number): void;
}

/** The monitor's Prometheus metrics; lights and ages are computed when they are asked for. */
export function createMetrics({ store, now, ageLimitMs }: MetricsOptions): Metrics {
  const registry = new Registry();
  const heartbeats = new Counter({
    name: 'podips_heartbeats_received_total',
    help: 'Heartbeats received',
    labelNames: ['operation', 'outcome'],
    registers: [registry],
  });
  new Gauge({
    name: 'podips_operation_light',
    help: 'Light of an operation: 1 for the light that is on',
    labelNames: ['operation', 'light'],
    registers: [registry],
    collect() {
      for (const operation of OPERATIONS) {
        const on = lightOf(store.latest()[operation], now(), ageLimitMs);
        for (const light of LIGHTS) this.set({ operation, light }, light === on ? 1 : 0);
      }
    },
  });
  new Gauge({
    name: 'podips_operation_age_seconds',
    help: 'Seconds since the last heartbeat of an operation; absent when there was none',
    labelNames: ['operation'],
    registers: [registry],
    collect() {
      for (const { operation, receivedAtMs } of heardOf(store.latest()))
        this.set({ operation }, Math.max(0, now() - receivedAtMs) / 1_000);
    },
  });
  new Gauge({
    name: 'podips_statuses_saved',
    help: '1 while the last heartbeats can be saved, else 0',
    registers: [registry],
    collect() {
      this.set(store.problem === undefined ? 1 : 0);
    },
  });
  return {
    registry,
    countHeartbeat: (operation, code) =>
      heartbeats.inc({ operation, outcome: code === OK ? 'ok' : 'failed' }),
  };
}
