import type { AddressInfo } from 'node:net';
import type { Logger, Running } from '@podips/shared';
import type { FastifyInstance } from 'fastify';
import { buildApp } from './app.js';
import type { MonitorSettings } from './settings.js';
import { openStatusStore } from './status-store.js';

export type { MonitorSettings } from './settings.js';

export interface Monitor extends Running {
  /** The port that it listens on, also when the settings left the choice to the system. */
  readonly port: number;
}

/** Requests under way at a stop get this long to end. */
const CLOSE_GRACE_MS = 2_000;

/**
 * Starts the monitor. `stop()` closes the connections, then saves the last heartbeats.
 * @throws when the address cannot be bound
 */
export async function startMonitor(settings: MonitorSettings, log: Logger): Promise<Monitor> {
  const store = await openStatusStore({ dir: settings.dataDir, log, now: Date.now });
  try {
    const app = await buildApp({ store, now: Date.now, settings, log });
    await app.listen({ host: settings.httpHost, port: settings.httpPort });
    app.server.on('error', (err) => log.error({ err }, 'HTTP server failed'));
    // A TCP server that listens has an AddressInfo; only pipes and closed servers have not.
    const { port } = app.server.address() as AddressInfo;
    return {
      port,
      async stop() {
        try {
          await closePromptly(app);
        } finally {
          await store.close();
        }
      },
    };
  } catch (err) {
    await store.close();
    throw err;
  }
}

async function closePromptly(app: FastifyInstance): Promise<void> {
  const timer = setTimeout(() => app.server.closeAllConnections(), CLOSE_GRACE_MS);
  try {
    await app.close();
  } finally {
    clearTimeout(timer);
  }
}
