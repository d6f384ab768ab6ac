import type { LeaseView } from './ledger-view.js';

/** `namespace/pod`, with the network where that is not the default one. */
export function nameOf({
  namespace,
  pod,
  network,
}: Pick<LeaseView, 'namespace' | 'pod' | 'network'>): string {
  return `${namespace}/${pod}${network === '' ? '' : ` on the network ${network}`}`;
}
