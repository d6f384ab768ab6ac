import type { Operation } from '@podips/shared';
import type { OperationState } from '../status/tracker.js';

export type Chain = Readonly<Record<Operation, OperationState>>;

export interface AlertRules {
  /** A light that is red for less makes no alert. */
  readonly holdMs: number;
  /** How often an alert is repeated while it lasts; 0: never. */
  readonly reminderMs: number;
  readonly maxPerHour: number;
  /** Lights that change within this time share an alert. */
  readonly collectMs: number;
  /** Since when heartbeats are taken: silence before that is our own. */
  readonly listeningSinceMs: number;
  readonly ageLimitMs: number;
}
