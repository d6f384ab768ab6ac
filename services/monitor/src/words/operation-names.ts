import type { Operation } from '@podips/shared';

/** The names of the operations for people. */
export const OPERATION_NAMES: Readonly<Record<Operation, string>> = {
  kubernetes: 'Kubernetes read',
  'queue/write': 'Queue write',
  'queue/read': 'Queue read',
  log: 'Fluentd write',
};
