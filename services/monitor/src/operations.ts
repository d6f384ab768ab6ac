import type { Operation } from '@podips/shared';

/** What people call the operations. */
export const OPERATION_NAMES: Readonly<Record<Operation, string>> = {
  kubernetes: 'Kubernetes read',
  'queue/write': 'Queue write',
  'queue/read': 'Queue read',
  log: 'Fluentd write',
};

/** A value for each operation. */
export function mapOperations<T>(valueFor: (operation: Operation) => T): Record<Operation, T> {
  return {
    kubernetes: valueFor('kubernetes'),
    'queue/write': valueFor('queue/write'),
    'queue/read': valueFor('queue/read'),
    log: valueFor('log'),
  };
}
