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

/** The sentence at the end. */
export function describeSums({ happened, arrived, queued, stored = 0 }: Tally): string {
  const missing = happened - arrived;
  if (missing <= 0) return `${happened} changes happened, ${arrived} arrived, none was lost.`;
  const elsewhere = Math.max(0, missing - queued - stored);
  const places = [`${stored} in the outbox`, `${queued} on the queue`, `${elsewhere} in between`];
  return `${happened} changes happened, ${arrived} arrived, none is known to be lost: ${missing} were still on their way (${places.join(', ')}).`;
}
