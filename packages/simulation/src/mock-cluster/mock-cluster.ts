import type { Logger, Running } from '@podips/shared';
import { type SimulatedCluster, startChurn, startCluster } from '../cluster/index.js';
import type { MockClusterSettings } from '../mock-settings.js';

export interface MockCluster extends Running {
  readonly cluster: SimulatedCluster;
}

/** Often enough that a reader's status file stays fresh, whatever its settings. */
const BOOKMARK_INTERVAL_MS = 10_000;
/** It runs for days, and its history is not needed. */
const TRUTH_LIMIT = 1_000;

/**
 * Serves the API of a simulated cluster over plain HTTP; its pods come and go until it is stopped.
 * @throws {ClusterError} LISTEN_FAILED
 */
export async function startMockCluster(settings: MockClusterSettings, log: Logger): Promise<MockCluster> {
  const { seed, changesPerSecond } = settings;
  const cluster = await startCluster({
    host: settings.httpHost,
    port: settings.httpPort,
    seed,
    bookmarkIntervalMs: BOOKMARK_INTERVAL_MS,
    truthLimit: TRUTH_LIMIT,
  });
  const churn = startChurn(cluster, { seed, changesPerSecond });
  log.info({ port: cluster.port, changesPerSecond }, 'simulated cluster serves');
  return {
    cluster,
    async stop() {
      churn.stop();
      await cluster.stop();
    },
  };
}
