import { Gauge, type Metric } from 'prom-client';
import type { LedgerView } from './ledger-view.js';

/** What Prometheus learns of the ledger; a value that is not known is absent. */
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
    gauge('podips_ledger_up', '1 when the database answered the last time it was asked, else 0', (ledger) =>
      ledger.answeredAt !== null && ledger.error === null ? 1 : 0,
    ),
    gauge(
      'podips_ledger_outbox_messages',
      'Messages that waited in the outbox when it was last looked at; never more than 100,000',
      ({ waiting }) => waiting,
    ),
    gauge(
      'podips_ledger_behind_seconds',
      'Seconds since the time up to which the ledger is complete; absent when nothing is written yet',
      ({ knownUntil }) => (knownUntil === null ? null : Math.max(0, now() - Date.parse(knownUntil)) / 1_000),
    ),
    gauge(
      'podips_ledger_gaps_last_day',
      'Gaps of the ledger that ended within the last 24 hours',
      ({ gaps }) => gaps,
    ),
  ];
}
