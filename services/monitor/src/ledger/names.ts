import type { LeaseView } from './ledger-view.js';

/** `namespace/pod`. */
export function nameOf({ namespace, pod }: Pick<LeaseView, 'namespace' | 'pod'>): string {
  return `${namespace}/${pod}`;
}
