import type { PodIpMessage } from '@podips/shared';
import { vi } from 'vitest';
import type { Pod } from '../cluster/pod.js';
import type { Publication } from '../delivery/publisher.js';
import type { Gap, LeaseRecord, LedgerState, LoadedLedger, Position } from '../store/ledger.js';
import type { KnownPod } from './leases.js';
import { type MessageOutlet, PodChanges } from './pod-changes.js';

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
    ...overrides,
  };
}

export const bookmark = { type: 'bookmark', resourceVersion: '9' } as const;
export const at = (second: number) => new Date(NOW.getTime() + second * 1_000);

export const BEFORE = new Date('2026-11-20T13:00:00.000Z');

/** A ledger in which these pods hold the address of their index. */
export function ledgerOf(indexes: readonly number[], ended: KnownPod['ended'] = undefined): LoadedLedger {
  const known = indexes.map((index): [string, KnownPod] => {
    const { ips, finished, ...identity } = pod(index);
    const leases = ips.map((ip) => ({
      ip,
      occurrence: ended?.get(ip) ?? 0,
      startedAt: BEFORE,
      startInferred: false,
    }));
    return [identity.uid, { ...identity, leases, ...(ended && { ended }) }];
  });
  const position = { resourceVersion: '5', knownAt: BEFORE };
  return { known: new Map(known), position, term: 1, writtenMsAgo: 3_600_000 };
}

export const seen = (of: Pod) => ({ type: 'added', pod: of, resourceVersion: '7' }) as const;
export const gone = (of: Pod) => ({ type: 'deleted', pod: of, resourceVersion: '8' }) as const;

/** An outlet with so much room, and the changes in front of it. */
export function createChanges(
  room = 1_000,
  restored?: LedgerState,
  maxToldBefore = 1_000,
  restoredLateSince?: Date,
) {
  const told: PodIpMessage[] = [];
  const ledger = { leases: [] as LeaseRecord[], gaps: [] as Gap[], positions: [] as string[] };
  const time = { now: NOW };
  const knownAt = () => known;
  let known: Date | undefined;
  const pending: Array<() => void> = [];
  /** Makes all that was told durable. */
  const makeDurable = () => {
    for (const onDurable of pending.splice(0)) onDurable();
  };
  const noted: PodIpMessage[] = [];
  const gapsWritten: Array<() => void> = [];
  /** As if the ledger had written all gaps. */
  const writeGaps = () => {
    for (const onWritten of gapsWritten.splice(0)) onWritten();
  };
  const outlet = {
    room,
    lastSequence: 0,
    publish(publications: readonly Publication[]) {
      for (const { body, onDurable } of publications) {
        told.push(JSON.parse(body));
        if (onDurable) pending.push(() => onDurable(outlet.lastSequence));
      }
      outlet.room -= publications.length;
      outlet.lastSequence += publications.length;
    },
    async roomAvailable(signal: AbortSignal) {
      signal.throwIfAborted();
      outlet.room = room;
    },
  } satisfies MessageOutlet;
  const stopping = new AbortController();
  let lateSince = restoredLateSince;
  const late = {
    get since() {
      return lateSince;
    },
    set: vi.fn((since: Date) => {
      lateSince ??= since;
    }),
    clear: vi.fn(() => {
      lateSince = undefined;
    }),
  };
  const deps = {
    outlet,
    origin: { hostname: 'reader-1', dc: 'dc-1' },
    now: () => time.now,
    signal: stopping.signal,
    onChange: (message: PodIpMessage) => void noted.push(message),
    onGap: () => undefined,
    late,
    maxToldBefore,
    ledger: {
      durable: (record: LeaseRecord) => void ledger.leases.push(record),
      moved(position: Position, sequence: number) {
        ledger.positions.push(`${position.resourceVersion} after ${sequence}`);
        known = position.knownAt;
      },
      gap(gap: Gap, _sequence: number, onWritten?: () => void) {
        ledger.gaps.push(gap);
        if (onWritten) gapsWritten.push(onWritten);
      },
      forgetLeases(which: (record: LeaseRecord) => boolean) {
        ledger.leases = ledger.leases.filter((record) => !which(record));
      },
    },
  };
  const changes = new PodChanges(deps, restored);
  const short = () => told.map((message) => `${message.pod_ip_status} ${message.pod} ${message.inferred}`);
  return {
    changes,
    outlet,
    told,
    noted,
    short,
    stopping,
    ledger,
    makeDurable,
    time,
    knownAt,
    late,
    writeGaps,
  };
}
