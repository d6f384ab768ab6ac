import type { Logger, OperationHealth } from '@podips/shared';
import type { ReaderClock } from './changes/reader-clock.js';
import type { KubeClient } from './cluster/kube-client.js';
import type { Numbering } from './delivery/queue-sender.js';
import type { ReaderMetrics } from './metrics.js';
import type { ReaderSettings } from './settings.js';
import type { Ledger } from './store/ledger.js';
import type { LedgerState } from './store/ledger-state.js';
import type { ReaderMarkers } from './store/marker-file.js';
import type { Outbox } from './store/outbox.js';

/** The stores of the reader in the database. Tables are made or widened when they are first used. */
export interface ReaderDatabase {
  readonly outbox: Outbox;
  readonly ledger: Ledger;
  readonly ledgerState: Pick<LedgerState, 'problem' | 'migratingMs'>;
  /** What has to be set right before it can be used; undefined while it can, or is only unavailable. */
  readonly problem: string | undefined;
}

/** The objects that the parts of a reader share, from one term to the next. */
export interface ReaderParts {
  readonly settings: ReaderSettings;
  readonly log: Logger;
  readonly metrics: ReaderMetrics;
  readonly health: { readonly kubernetes: OperationHealth; readonly queue: OperationHealth };
  readonly client: KubeClient;
  /** Undefined when no database is set. */
  readonly database: ReaderDatabase | undefined;
  readonly markers: ReaderMarkers;
  readonly clock: ReaderClock;
  /** Of the messages that are sent to the queue. */
  readonly numbering: Numbering;
}
