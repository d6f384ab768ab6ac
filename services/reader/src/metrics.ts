import { createRegistry } from '@podips/shared';
import { Counter, Gauge } from 'prom-client';

export type ReaderMetrics = ReturnType<typeof createReaderMetrics>;

/** The reader's Prometheus metrics, in a registry of their own. */
export function createReaderMetrics() {
  const registry = createRegistry();
  const registers = [registry];
  const counter = <L extends string>(name: string, help: string, labelNames: readonly L[] = []) =>
    new Counter({ name: `podips_reader_${name}`, help, labelNames, registers });
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name: `podips_reader_${name}`,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });
  return {
    registry,
    gauge,
    changes: counter('ip_changes_total', 'IP changes found, by status', ['status', 'inferred']),
    lists: counter('lists_total', 'Pod lists begun, by reason', ['reason']),
    apiSignals: counter('api_signals_total', 'Signs of life of the API server', ['what']),
    apiFailures: counter('api_failures_total', 'Failed lists and watches, by status', ['status']),
    skipped: counter('skipped_total', 'Input that was not understood, by kind', ['what']),
    published: counter('published_total', 'Messages that the broker has made durable'),
    publishFailures: counter('publish_failures_total', 'Failed attempts to reach the broker or to publish'),
    stored: counter('outbox_stored_total', 'Messages that went to the outbox'),
    ledgerWritten: counter('ledger_written_total', 'Starts and ends of leases written to the ledger'),
    ledgerFailures: counter('ledger_failures_total', 'Failed attempts to load or write the ledger'),
    ledgerRefused: counter('ledger_refused_total', 'Leases that PostgreSQL will never accept'),
    full: counter(
      'full_total',
      'Times that the buffer for messages or leases was full and the watch was closed',
    ),
    clockSteps: counter(
      'clock_steps_total',
      'Times that a clock was set: of the machine, or of the reader to agree with the API server',
      ['of'],
    ),
    contradictions: counter(
      'contradicting_leases_total',
      'Leases of one address that cannot both have been as they were found',
    ),
    gaps: counter('gaps_total', 'Times of which not everything can be known, by reason', ['reason']),
    outboxEmpty: counter('outbox_empty_total', 'Rows of the outbox without a message, which were deleted'),
    storeFailures: counter('outbox_failures_total', 'Failed attempts to write or send the outbox'),
  };
}
