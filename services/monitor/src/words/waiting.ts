import type { FlowView } from '../flow/flow-view.js';

/** Where messages wait, `1,716 on the queue, 3 in the outbox`; undefined: nowhere, as far as is known. */
export function describeWaiting({ queued, outbox, buffered }: FlowView): string | undefined {
  const places: readonly (readonly [number | null, string])[] = [
    [queued, 'on the queue'],
    [outbox, 'in the outbox'],
    [buffered, 'in the reader'],
  ];
  const named = places
    .filter(([count]) => count !== null && count > 0)
    .map(([count, where]) => `${count?.toLocaleString('en')} ${where}`);
  return named.length === 0 ? undefined : named.join(', ');
}
