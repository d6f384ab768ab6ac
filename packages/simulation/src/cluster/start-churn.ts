import { Churn, type ChurnOptions } from './churn.js';
import { Pacer } from './pacer.js';
import type { SimulatedCluster } from './start-cluster.js';

export interface RunningChurnOptions extends ChurnOptions {
  /** Starts and ends of holds on addresses per second, on average. */
  readonly changesPerSecond: number;
  /** Whether all pods are started at once before; true by default. */
  readonly fill?: boolean;
}

export interface RunningChurn {
  /** Changes of addresses that it has made, those of the filling not counted. */
  readonly changes: number;
  /** While it is on, nothing happens; what was missed is not made up for. */
  paused: boolean;
  /** Ends it. The pods stay as they are, some in the middle of something. */
  stop(): void;
}

const TICK_MS = 10;
/** Some steps change no address: more than so many for one change mean that nothing is left to change. */
const MAX_STEPS_PER_CHANGE = 1_000;

/**
 * Lets pods of the cluster come and go at a given rate until stopped. It continues while the API server is stopped.
 * @throws {ClusterError} OPTION_INVALID when the cluster has too few addresses for so many pods
 */
export function startChurn(
  cluster: Pick<SimulatedCluster, 'pods' | 'truth'>,
  options: RunningChurnOptions,
): RunningChurn {
  const { pods, truth } = cluster;
  const churn = new Churn(pods, options);
  if (options.fill ?? true) churn.fill();
  let pacer = new Pacer(options.changesPerSecond, performance.now());
  let changes = 0;
  let paused = false;

  const timer = setInterval(() => {
    if (paused) return;
    const due = pacer.due(performance.now());
    const before = truth.changeCount;
    for (let steps = 0; truth.changeCount - before < due && steps < due * MAX_STEPS_PER_CHANGE; steps += 1)
      churn.step();
    const made = truth.changeCount - before;
    pacer.made(made);
    changes += made;
  }, TICK_MS);

  return {
    get changes() {
      return changes;
    },
    get paused() {
      return paused;
    },
    set paused(on) {
      paused = on;
      pacer = new Pacer(options.changesPerSecond, performance.now());
    },
    stop: () => clearInterval(timer),
  };
}
