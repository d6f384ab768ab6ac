import { Gauge, type Metric } from 'prom-client';
import type { LedgerView } from './ledger-view.js';

/** Metrics of the ledger; a value that is not known is absent. */
export function ledgerMetrics(view: () => LedgerView, now: () => number): Metric[] {
  const gauge = (name: string, help: string, value: (view: LedgerView) => number | null) =>
    new Gauge({
      name,
      help,
      registers: [],
      collect() {
        const known = value(view());
        if (known === null) this.remove();
        else this.set(known);
      },
    });
  return [
    gauge('podips_ledger_up', '1 if the last query of the database succeeded, else 0', (ledger) =>
      ledger.answeredAt !== null && ledger.error === null ? 1 : 0,
    ),
    gauge(
      'podips_ledger_outbox_messages',
      'Messages in the outbox at the last look, at most 100,000',
      ({ waiting }) => waiting,
    ),
    gauge(
      'podips_ledger_behind_seconds',
      'Seconds since the watermark up to which the ledger is complete; absent before the first write',
      ({ knownUntil }) => (knownUntil === null ? null : Math.max(0, now() - Date.parse(knownUntil)) / 1_000),
    ),
    gauge(
      'podips_ledger_gaps_last_day',
      'Gaps of the ledger that ended within the last 24 hours',
      ({ gaps }) => gaps,
    ),
  ];
}
