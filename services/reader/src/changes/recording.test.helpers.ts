import { readFileSync } from 'node:fs';
import type { PodTimes } from './pod-times.js';

/** One minute of a real Kubernetes 1.36: see packages/simulation/recordings/README.md. */
const REPLAY = new URL('../../../../packages/simulation/recordings/replay/', import.meta.url);

export interface RecordedEvent {
  readonly type: string;
  readonly object: RecordedPod;
  /** When it arrived at a watch, in milliseconds since the epoch. */
  readonly arrivedAt: number;
}

export interface RecordedPod {
  readonly metadata: { readonly uid: string; readonly name: string; readonly resourceVersion: string };
  readonly status?: { readonly phase?: string; readonly podIP?: string };
}

/** When a pod really had its address, in milliseconds since the epoch. */
export interface RecordedLease {
  readonly startedAt: number;
  /** Undefined for a pod that had it to the end of the recording. */
  readonly endedAt: number | undefined;
}

const linesOf = (file: string) => readFileSync(new URL(file, REPLAY), 'utf8').trim().split('\n');

export function recordedEvents(): RecordedEvent[] {
  return linesOf('live.ndjson')
    .map((line): { arrived: string; event: Omit<RecordedEvent, 'arrivedAt'> } => JSON.parse(line))
    .filter(({ event }) => event.type !== 'BOOKMARK')
    .map(({ arrived, event }) => ({ ...event, arrivedAt: Date.parse(arrived) }));
}

export function recordedList(): RecordedPod[] {
  const { items }: { items: RecordedPod[] } = JSON.parse(readFileSync(new URL('list.json', REPLAY), 'utf8'));
  return items;
}

/** An address is free when its sandbox is gone, and that of a pod that ends by itself when its containers have ended. */
export function recordedLeases(): ReadonlyMap<string, RecordedLease> {
  const leases = new Map<string, RecordedLease>();
  for (const line of linesOf('truth.ndjson')) {
    const { at, what, uid }: { at: string; what: string; uid: string } = JSON.parse(line);
    const lease = leases.get(uid);
    if (what === 'sandbox has address') leases.set(uid, { startedAt: Date.parse(at), endedAt: undefined });
    else if (['sandbox gone', 'containers ended'].includes(what) && lease && lease.endedAt === undefined)
      leases.set(uid, { ...lease, endedAt: Date.parse(at) });
  }
  return leases;
}

/** The first version of a recorded pod that fits. */
export function recordedVersion(name: string, fits: (event: RecordedEvent) => boolean): RecordedEvent {
  const found = recordedEvents().find((event) => event.object.metadata.name === name && fits(event));
  if (found === undefined) throw new Error(`no such version of ${name} was recorded`);
  return found;
}

/** The same, had the kubelet written all of its times by a clock that is ahead. */
export function withNodeAhead(honest: PodTimes, seconds: number): PodTimes {
  const ahead = (second: number | undefined) => second && second + seconds;
  return {
    ...honest,
    acceptedAt: ahead(honest.acceptedAt),
    kubeletNewest: ahead(honest.kubeletNewest),
    firstStartedAt: ahead(honest.firstStartedAt),
    lastFinishedAt: ahead(honest.lastFinishedAt),
    sandboxChangedAt: ahead(honest.sandboxChangedAt),
  };
}
