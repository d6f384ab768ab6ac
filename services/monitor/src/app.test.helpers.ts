import { createLogger, type Operation } from '@podips/shared';
import type { FastifyInstance } from 'fastify';
import { onTestFinished } from 'vitest';
import { buildApp } from './app.js';
import { type Heartbeat, latestOf, type StatusStore } from './statuses.js';

/** The time at which tests take place. */
export const NOW_MS = Date.UTC(2026, 0, 31, 12, 0, 0);
export const LIMIT_MS = 300_000;

/** A good heartbeat of this very moment, but for what is given. */
export function heartbeat(operation: Operation, changes: Partial<Heartbeat> = {}): Heartbeat {
  return {
    operation,
    code: 200,
    message: 'OK',
    receivedAtMs: NOW_MS,
    remoteAddress: '10.0.0.1',
    host: 'node-1',
    ...changes,
  };
}

/** A store in memory that starts with the given heartbeats. */
export function memoryStore(heartbeats: readonly Heartbeat[] = [], problem?: string): StatusStore {
  let statuses = latestOf(heartbeats);
  return {
    latest: () => statuses,
    record(heard) {
      statuses = { ...statuses, [heard.operation]: heard };
    },
    problem,
    close: async () => undefined,
  };
}

/** The application over a store, closed after the test. */
export async function openApp(store: StatusStore): Promise<FastifyInstance> {
  const log = createLogger('monitor', 'silent');
  const app = await buildApp({ store, now: () => NOW_MS, settings: { ageLimitMs: LIMIT_MS }, log });
  onTestFinished(() => app.close());
  return app;
}
