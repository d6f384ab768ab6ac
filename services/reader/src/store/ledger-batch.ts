import type { Gap, LeaseRecord } from './ledger.js';

/** Of each lease one record: its end, if that is among them, says all that its start said. */
export function lastOfEach(records: readonly LeaseRecord[]): LeaseRecord[] {
  const last = new Map<string, LeaseRecord>();
  for (const record of records) {
    const key = `${record.pod.uid} ${record.ip} ${record.occurrence}`;
    if (last.get(key)?.end === undefined) last.set(key, record);
  }
  return [...last.values()];
}

/** Of a clock that was set back: what lies between the two times is what is not known, whichever is the later. */
export function gapBetween(knownAt: Date | undefined, seenAt: Date, reason: string): Gap {
  if (knownAt === undefined || knownAt <= seenAt) return { startedAt: knownAt, endedAt: seenAt, reason };
  return { startedAt: seenAt, endedAt: knownAt, reason };
}

/** The shortest gap that has all of both, and the reason of the first. */
export function joinGaps(first: Gap, second: Gap): Gap {
  // Since ever, if one of them is.
  const startedAt = first.startedAt && second.startedAt && earlier(first.startedAt, second.startedAt);
  const endedAt = new Date(Math.max(first.endedAt.getTime(), second.endedAt.getTime()));
  return { startedAt, endedAt, reason: first.reason };
}

export function changedAt({ startedAt, end }: LeaseRecord): Date {
  return end?.at ?? startedAt;
}

export function earlier(a: Date, b: Date): Date {
  return a < b ? a : b;
}
