import type { FlowView } from '../flow/flow-view.js';

/**
 * Where messages wait, `1,716 on the queue, 3 in the outbox`; undefined: nowhere, as far as is known.
 * @param withLeases whether leases that wait for the ledger are named, too
 */
export function describeWaiting(
  { queued, outbox, buffered, unrecorded }: FlowView,
  withLeases = false,
): string | undefined {
  const places: readonly (readonly [number | null, string])[] = [
    [queued, 'on the queue'],
    [outbox, 'in the outbox'],
    [buffered, 'in the reader'],
    [withLeases ? unrecorded : null, unrecorded === 1 ? 'lease for the ledger' : 'leases for the ledger'],
  ];
  const named = places
    .filter(([count]) => count !== null && count > 0)
    .map(([count, where]) => `${count?.toLocaleString('en')} ${where}`);
  return named.length === 0 ? undefined : named.join(', ');
}
