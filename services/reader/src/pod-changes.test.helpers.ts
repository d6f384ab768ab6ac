import type { PodIpMessage } from '@podips/shared';
import { vi } from 'vitest';
import type { Gap, LeaseRecord, LedgerState, Position } from './ledger.js';
import type { Pod } from './pod.js';
import { type MessageOutlet, PodChanges } from './pod-changes.js';
import type { Publication } from './publisher.js';

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

export const seen = (of: Pod) => ({ type: 'added', pod: of, resourceVersion: '7' }) as const;
export const gone = (of: Pod) => ({ type: 'deleted', pod: of, resourceVersion: '8' }) as const;

/** An outlet with so much room, and the changes in front of it. */
export function createChanges(room = 1_000, restored?: LedgerState, maxToldBefore = 1_000) {
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
  const withoutLedger = vi.fn<() => void>();
  const deps = {
    outlet,
    origin: { hostname: 'reader-1', dc: 'dc-1' },
    now: () => time.now,
    signal: stopping.signal,
    onChange: (message: PodIpMessage) => void noted.push(message),
    onGap: () => undefined,
    onToldWithoutLedger: withoutLedger,
    maxToldBefore,
    ledger: {
      durable: (record: LeaseRecord) => void ledger.leases.push(record),
      moved(position: Position, sequence: number) {
        ledger.positions.push(`${position.resourceVersion} after ${sequence}`);
        known = position.knownAt;
      },
      gap: (gap: Gap) => void ledger.gaps.push(gap),
      forgetLeases(which: (record: LeaseRecord) => boolean) {
        ledger.leases = ledger.leases.filter((record) => !which(record));
      },
    },
  };
  const changes = new PodChanges(deps, restored);
  const short = () => told.map((message) => `${message.pod_ip_status} ${message.pod} ${message.inferred}`);
  return { changes, outlet, told, noted, short, stopping, ledger, makeDurable, time, knownAt, withoutLedger };
}
