import type { LedgerReport, ReaderReport } from '@podips/shared';
import type { ReaderDatabase, ReaderParts } from './parts.js';
import type { Term } from './term.js';

/** How far this reader has got, for the monitor. */
export function reportOf({ database, numbering }: ReaderParts, term: Term): ReaderReport {
  return {
    service: 'reader',
    run: numbering.run,
    published: numbering.published,
    buffered: term.bufferedMessages,
    outbox: database?.outbox.rows ?? null,
    ledger: database ? ledgerReport(database, term) : null,
  };
}

function ledgerReport({ ledgerState, problem }: ReaderDatabase, term: Term): LedgerReport {
  const { migratingMs } = ledgerState;
  return {
    problem: ledgerState.problem ?? problem ?? null,
    migratingMs: migratingMs === undefined ? null : Math.round(migratingMs),
    pending: term.pendingLeases,
  };
}
