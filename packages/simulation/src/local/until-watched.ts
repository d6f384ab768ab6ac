import { pause } from '@podips/shared';
import type { SimulatedCluster } from '../cluster/index.js';

const DEADLINE_MS = 30_000;

/** Resolves when a reader watches: what comes and goes before that cannot be known. */
export async function untilWatched(cluster: Pick<SimulatedCluster, 'openWatches'>): Promise<void> {
  const deadline = AbortSignal.timeout(DEADLINE_MS);
  while (cluster.openWatches === 0) {
    if (deadline.aborted) throw new Error('no reader watches the cluster');
    await pause(20);
  }
}
