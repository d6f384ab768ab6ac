import { EndedLeases } from './changes/ended-leases.js';
import type { TermStart } from './changes/pod-changes.js';
import { PodTable } from './changes/pod-table.js';
import type { LoadedLedger } from './store/ledger.js';
import type { Marker } from './store/marker-file.js';

/** Why a term ended: it was stopped, another reader owns the ledger, or it has to be restarted from the ledger. */
export type TermEnd = 'stopped' | 'fenced' | 'ledger-late' | LedgerLoss;

/** The ledger lacks what this process has published: its backlog was full, or the database went back. */
export type LedgerLoss = 'ledger-overflow' | 'ledger-reverted';

export function isLedgerLoss(reason: string | undefined): reason is LedgerLoss {
  return reason === 'ledger-overflow' || reason === 'ledger-reverted';
}

export interface TermOrigin {
  /** Undefined while it cannot be loaded, or when there is none. */
  readonly ledger: LoadedLedger | undefined;
  /** How the term before this one ended; undefined for the first. */
  readonly previous: TermEnd | undefined;
}

/**
 * Finds out where a term begins, and whether it may publish out of order what happened before.
 * @param outOfOrder the marker; undefined without a database
 */
export function findTermStart({ ledger, previous }: TermOrigin, outOfOrder: Marker | undefined): TermStart {
  if (ledger === undefined) return { known: new PodTable(), checkpoint: undefined };
  const { known, checkpoint, latest, widened } = ledger;
  const start = { known, ended: new EndedLeases(ledger.ended), checkpoint, latest, widened };
  // Nothing was known before the first list of a ledger, whatever its order.
  if (checkpoint === undefined) outOfOrder?.clear();
  if (checkpoint === undefined || !isLedgerLoss(previous)) return start;
  return { ...start, catchUp: { startedAt: checkpoint.knownAt, reason: previous } };
}
