import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Gauge, type Registry } from 'prom-client';

/** How often a timer looks, in ms. Each look wakes the process: prom-client's 100 a second are most of what it does when idle. */
const LOOK_MS = 100;
/** A histogram has times from one look to the next, in ns. What is beyond the interval is the lag. */
const LOOK_NS = LOOK_MS * 1e6;

/**
 * Metrics of how late timers fire, sampled ten times a second: of what holds up the event loop for longer than that, none is
 * missed, and at most a tenth of a second of it. They replace those of the same names in prom-client, which count the interval
 * as lag. Without a sample since the last collection they are NaN.
 */
export function addEventLoopLag(registry: Registry): void {
  const histogram = monitorEventLoopDelay({ resolution: LOOK_MS });
  histogram.enable();
  const lag = (timeNs: number) => (histogram.count === 0 ? Number.NaN : Math.max(0, timeNs - LOOK_NS) / 1e9);
  const gauge = (name: string, what: string, collect: () => number) => {
    registry.removeSingleMetric(name);
    const help = `${what} of the event loop since the last collection, in seconds`;
    return new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(collect());
      },
    });
  };
  gauge('nodejs_eventloop_lag_min_seconds', 'Shortest lag', () => lag(histogram.min));
  gauge('nodejs_eventloop_lag_mean_seconds', 'Mean lag', () => lag(histogram.mean));
  gauge('nodejs_eventloop_lag_stddev_seconds', 'Standard deviation of the lag', () => histogram.stddev / 1e9);
  gauge('nodejs_eventloop_lag_p50_seconds', 'Median lag', () => lag(histogram.percentile(50)));
  gauge('nodejs_eventloop_lag_p90_seconds', '90th percentile of the lag', () =>
    lag(histogram.percentile(90)),
  );
  gauge('nodejs_eventloop_lag_p99_seconds', '99th percentile of the lag', () =>
    lag(histogram.percentile(99)),
  );
  // Collected in this order, so that the last one ends the interval of all.
  gauge('nodejs_eventloop_lag_max_seconds', 'Longest lag', () => {
    const max = lag(histogram.max);
    histogram.reset();
    return max;
  });
}
