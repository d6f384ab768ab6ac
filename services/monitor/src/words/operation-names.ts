import type { Operation } from '@podips/shared';
import type { LightId } from '../status/statuses.js';

/** The names of the operations for people. */
export const OPERATION_NAMES: Readonly<Record<Operation, string>> = {
  kubernetes: 'Kubernetes read',
  'queue/write': 'Queue write',
  'queue/read': 'Queue read',
  log: 'Fluentd write',
};

/** The names of all that has a light. */
export const LIGHT_NAMES: Readonly<Record<LightId, string>> = { ...OPERATION_NAMES, ledger: 'Ledger' };
