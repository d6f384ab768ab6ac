import type { Operation } from '@podips/shared';

/** A value for each operation. */
export function mapOperations<T>(valueFor: (operation: Operation) => T): Record<Operation, T> {
  return {
    kubernetes: valueFor('kubernetes'),
    'queue/write': valueFor('queue/write'),
    'queue/read': valueFor('queue/read'),
    log: valueFor('log'),
  };
}
