import type { Registry } from 'prom-client';

/** The greatest age of what is shown. */
const FRESH_MS = 1_000;

/**
 * The metrics of a registry in Prometheus' text format, collected at most once a second, however often they are asked for.
 * @param monotonicMs milliseconds of a clock that is never set back
 */
export function createMetricsText(
  registry: Pick<Registry, 'metrics'>,
  monotonicMs: () => number = () => performance.now(),
): () => Promise<Buffer> {
  let text: Promise<Buffer> | undefined;
  let startedMs = 0;
  return () => {
    const nowMs = monotonicMs();
    if (text === undefined || nowMs - startedMs >= FRESH_MS) {
      startedMs = nowMs;
      text = registry.metrics().then((rendered) => Buffer.from(rendered));
    }
    return text;
  };
}
