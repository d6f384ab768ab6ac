import { eventId } from '@podips/shared';
import type { Truth } from '../cluster/index.js';

/** How far the changes have come. */
export interface Tally {
  readonly happened: number;
  /** At Fluentd, each counted once. */
  readonly arrived: number;
  /** Those that arrived again, with the same `event_id`. */
  readonly duplicates: number;
  readonly queued: number;
  /** In the outbox; undefined: the reader does not answer. */
  readonly stored: number | undefined;
}

/** A line while it runs. */
export function describeTally({ happened, arrived, duplicates, queued, stored }: Tally): string {
  return [
    `${happened} changes happened`,
    stored === undefined ? 'the reader does not answer' : `${stored} in the outbox`,
    `${queued} on the queue`,
    `${arrived} arrived${duplicates > 0 ? ` (${duplicates} came twice, with the same event_id)` : ''}`,
  ].join(', ');
}

/**
 * The changes that have not arrived, by the `event_id` that each must have: as many records of something else hide none.
 * @returns undefined when there were too many to remember all of them
 */
export function countMissing(
  { changes, dropped }: Truth,
  hasArrived: (eventId: string) => boolean,
): number | undefined {
  if (dropped > 0) return undefined;
  const occurrences = new Map<string, number>();
  return changes.filter(({ podUid, ip, kind }) => {
    const edge = `${podUid} ${ip} ${kind}`;
    const occurrence = occurrences.get(edge) ?? 0;
    occurrences.set(edge, occurrence + 1);
    const status = kind === 'assigned' ? 'allocated' : 'deallocated';
    return !hasArrived(eventId(podUid, ip, status, occurrence));
  }).length;
}

/** The sentence at the end. */
export function describeSums(tally: Tally, missing: number | undefined): string {
  const { happened, arrived } = tally;
  if (missing === undefined)
    return `${happened} changes happened, ${arrived} records arrived; there were too many to compare one by one.`;
  const surplus = arrived - (happened - missing);
  const others = surplus > 0 ? ` ${surplus} more arrived that did not happen.` : '';
  const sum = `${happened} changes happened, ${happened - missing} arrived`;
  if (missing === 0) return `${sum}, none was lost.${others}`;
  return `${sum}, ${missing} did not: ${describePlaces(tally, missing)}.${others}`;
}

/** Where those may be that have not arrived. What has arrived may also still be in the outbox, or again on the queue. */
function describePlaces({ stored, queued }: Tally, missing: number): string {
  const inOutbox = Math.min(stored ?? 0, missing);
  const onQueue = Math.min(queued, missing - inOutbox);
  const rest = missing - inOutbox - onQueue;
  return [
    stored === undefined
      ? 'the reader does not say what is in the outbox'
      : `${inOutbox} may be in the outbox`,
    `${onQueue} may be on the queue`,
    `${rest} are not accounted for`,
  ].join(', ');
}
