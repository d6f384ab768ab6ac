import type { PodIpMessage } from '@podips/shared';
import { vi } from 'vitest';
import type { ListReason, PodSink } from '../cluster/feed-parts.js';
import type { Pod } from '../cluster/pod.js';
import { ChangeLog } from './change-log.js';
import { SAME_CLOCK } from './clock-bounds.js';
import type { Gap, LeaseRecord } from './entry.js';
import type { KnownPod } from './leases.js';
import { NO_TIMES } from './leases.test.helpers.js';
import { PodChanges, type PodChangesDeps, type TermStart } from './pod-changes.js';
import { PodTable } from './pod-table.js';
import type { ClockJump } from './reader-clock.js';
import type { Contradiction } from './timeline.js';

export const NOW = new Date('2026-11-20T14:05:00.123Z');

export function pod(index: number, overrides: Partial<Pod> = {}): Pod {
  return {
    uid: `uid-${index}`,
    namespace: 'shop',
    name: `cart-${index}`,
    ownerKind: 'ReplicaSet',
    ownerName: 'cart',
    node: 'node-1',
    hostNetwork: false,
    ips: [`10.0.0.${index}`],
    finished: false,
    // Written at this moment.
    times: { ...NO_TIMES, writtenAt: Math.floor(NOW.getTime() / 1_000) },
    ...overrides,
  };
}

export const bookmark = { type: 'bookmark', resourceVersion: '9' } as const;
export const at = (second: number) => new Date(NOW.getTime() + second * 1_000);

export const BEFORE = new Date('2026-11-20T13:00:00.000Z');
const STARTED = { notBefore: BEFORE.getTime(), best: BEFORE.getTime(), notAfter: BEFORE.getTime() };

/** A term that begins with a ledger in which these pods hold the address of their index. */
export function startOf(indexes: readonly number[], catchUp?: TermStart['catchUp']) {
  const known = indexes.map((index): KnownPod => {
    const { ips, finished, times, endCause, restarts, ...identity } = pod(index);
    const leases = ips.map((ip) => ({ ip, occurrence: 0, started: STARTED, startInferred: false }));
    return { ...identity, leases };
  });
  return {
    known: new PodTable(known),
    checkpoint: { resourceVersion: '5', knownAt: BEFORE },
    catchUp,
    latest: BEFORE,
  };
}

export const withoutLedger = (): TermStart => ({ known: new PodTable(), checkpoint: undefined });

/** Hands over a list in pages of so many pods, until it is not accepted. */
export async function list(
  sink: Pick<PodSink, 'startList'>,
  pods: readonly Pod[],
  version: string,
  reason: ListReason,
  { mayAccept = async () => true, pageSize = 100 } = {},
): Promise<boolean> {
  const listing = sink.startList();
  for (let at = 0; at < pods.length; at += pageSize)
    if (!(await listing.page(pods.slice(at, at + pageSize), mayAccept))) return false;
  return listing.end(version, reason, mayAccept);
}

export const seen = (of: Pod) => ({ type: 'added', pod: of, resourceVersion: '7' }) as const;
export const moved = (of: Pod) => ({ type: 'modified', pod: of, resourceVersion: '9' }) as const;
export const gone = (of: Pod) => ({ type: 'deleted', pod: of, resourceVersion: '8' }) as const;

/** Changes before a log with so much room, and everything that came into it. */
export function createChanges({
  room = 1_000,
  start = withoutLedger(),
  lateSince = undefined as Date | undefined,
  isWatched = undefined as ((namespace: string) => boolean) | undefined,
  log = new ChangeLog({ maxMessages: room, maxRows: 1_000 }),
  positions = undefined as Pick<PodChangesDeps, 'moved' | 'listing'> | undefined,
} = {}) {
  const published: PodIpMessage[] = [];
  const recorded = { leases: [] as LeaseRecord[], gaps: [] as Gap[], checkpoints: [] as string[] };
  const time = { now: NOW };
  let knownAt: Date | undefined;
  /** Takes everything from the log, as if it were delivered and recorded. */
  const drain = () => {
    for (const { number, messages } of [...log.undeliveredAfter(0, Number.POSITIVE_INFINITY)]) {
      for (const message of messages) published.push(JSON.parse(message));
      log.delivered(number);
    }
    const cut = log.cut();
    if (cut === undefined) return;
    log.recorded(cut);
    recorded.leases.push(...cut.leases);
    recorded.gaps.push(...cut.gaps);
    if (cut.checkpoint) recorded.checkpoints.push(cut.checkpoint.resourceVersion);
    knownAt = cut.checkpoint?.knownAt ?? knownAt;
  };
  const stopping = new AbortController();
  const marker = { since: lateSince };
  const noted: PodIpMessage[] = [];
  const jumps: ClockJump[] = [];
  const onContradiction = vi.fn<(found: Contradiction) => void>();
  const changes = new PodChanges(
    {
      log,
      origin: { hostname: 'reader-1', dc: 'dc-1' },
      clock: { now: () => time.now, serverClock: SAME_CLOCK, takeJumps: () => jumps.splice(0) },
      outOfOrder: marker,
      restartMessages: false,
      onPublish: () => undefined,
      signal: stopping.signal,
      onChange: (message) => void noted.push(message),
      onGap: () => undefined,
      onContradiction,
      ...(isWatched && { isWatched }),
      ...positions,
    },
    start,
  );
  const short = () => {
    drain();
    return published.map((message) => `${message.pod_ip_status} ${message.pod} ${message.inferred}`);
  };
  return {
    changes,
    log,
    marker,
    time,
    stopping,
    noted,
    jumps,
    onContradiction,
    drain,
    short,
    published: () => {
      drain();
      return published;
    },
    recorded: () => {
      drain();
      return recorded;
    },
    knownAt: () => {
      drain();
      return knownAt;
    },
  };
}
