import type { Operation } from '@podips/shared';
import { LIGHT_IDS, type LightId, type PerLight } from './statuses.js';

/** A value for each operation. */
export function mapOperations<T>(valueFor: (operation: Operation) => T): Record<Operation, T> {
  return {
    kubernetes: valueFor('kubernetes'),
    'queue/write': valueFor('queue/write'),
    'queue/read': valueFor('queue/read'),
    log: valueFor('log'),
  };
}

/** The values that there are, in the order of the lights. */
export function entriesOf<T>(values: PerLight<T>): [LightId, T][] {
  return LIGHT_IDS.flatMap((id): [LightId, T][] => {
    const value = values[id];
    return value === undefined ? [] : [[id, value]];
  });
}

/** Other values for the same lights. */
export function mapLights<A, B>(values: PerLight<A>, other: (value: A, id: LightId) => B): PerLight<B> {
  const { ledger } = values;
  return {
    ...mapOperations((operation) => other(values[operation], operation)),
    ...(ledger === undefined ? {} : { ledger: other(ledger, 'ledger') }),
  };
}
