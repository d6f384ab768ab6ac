import { createRegistry } from '@podips/shared';
import { Counter, Gauge, Histogram } from 'prom-client';

export type WriterMetrics = ReturnType<typeof createWriterMetrics>;

/** From what is usual to an outage of a day, in seconds. */
const DELAY_BUCKETS = [0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1_800, 7_200, 43_200, 86_400];

/** The writer's Prometheus metrics, in a registry of their own. */
export function createWriterMetrics(held: () => number) {
  const registry = createRegistry();
  const registers = [registry];
  new Gauge({
    name: 'podips_writer_held_messages',
    help: 'Messages in flight without an acknowledgement; at most QUEUE_PREFETCH',
    registers,
    collect() {
      this.set(held());
    },
  });
  const fluentServer = new Gauge({
    name: 'podips_writer_fluentd_server',
    help: 'Place in LOG_SERVER of the server in use, from 0',
    registers,
  });
  const counter = <L extends string>(name: string, help: string, labelNames: readonly L[] = []) =>
    new Counter({ name: `podips_writer_${name}`, help, labelNames, registers });
  return {
    registry,
    fluentServer,
    delay: new Histogram({
      name: 'podips_writer_delivery_delay_seconds',
      help: 'Time until the ack of Fluentd: from the change, or from when the reader observed it',
      labelNames: ['from'],
      buckets: DELAY_BUCKETS,
      registers,
    }),
    received: counter('received_total', 'Messages received from the queue'),
    written: counter('written_total', 'Records that Fluentd has acknowledged'),
    requeued: counter('requeued_total', 'Messages requeued because Fluentd failed'),
    invalid: counter('invalid_total', 'Invalid messages that were dead-lettered, by reason', ['reason']),
    heldInvalid: new Gauge({
      name: 'podips_writer_held_invalid_messages',
      help: 'Invalid messages held without an acknowledgement, because the broker refuses the dead-letter queue',
      registers,
    }),
    queueFailures: counter('queue_failures_total', 'Lost or failed connections to the broker'),
    fluentFailures: counter(
      'fluentd_failures_total',
      'Lost or failed connections to Fluentd, and missing acks',
    ),
  };
}
