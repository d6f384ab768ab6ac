import { createLedger, type LeaseRecord } from '@podips/reader';
import { type DatabasePool, migrate } from '@podips/shared';

const time = (text: string) => new Date(`2026-11-20T${text}Z`);

/** The name of a pod that is meant to do harm. */
export const EVIL = '</bdi><script>alert(1)</script>\u202e';

interface Lease {
  readonly name: string;
  readonly ip: string;
  readonly from: string;
  readonly to?: string;
  readonly namespace?: string;
  readonly hostNetwork?: boolean;
  readonly inferred?: boolean;
  /** How far from the most likely time the bounds of start and end are, in milliseconds; 0 by default. */
  readonly unsureMs?: number;
  /** Written by an earlier version: without bounds. */
  readonly old?: boolean;
}

const LEASES: readonly Lease[] = [
  { name: 'web-5cc97bc7d5-228ts', ip: '10.64.0.182', from: '13:00:00.123', to: '14:05:20.000' },
  { name: 'web-5cc97bc7d5-x7k2p', ip: '10.64.0.182', from: '14:05:20.500', to: '15:00:00.000' },
  { name: 'cart-0', ip: '10.64.0.7', from: '13:30:00.000', inferred: true },
  { name: 'cart-0', ip: 'fd00::7', from: '13:30:00.000', inferred: true },
  { name: 'proxy-1', ip: '192.168.0.5', from: '12:00:00.000', namespace: 'kube-system', hostNetwork: true },
  { name: 'cni-1', ip: '192.168.0.5', from: '12:00:00.000', namespace: 'kube-system', hostNetwork: true },
  { name: 'job-1', ip: '10.64.0.20', from: '13:00:01.000', to: '13:00:04.000', unsureMs: 2_000 },
  { name: 'job-2', ip: '10.64.0.20', from: '13:00:05.000', to: '13:00:30.000', unsureMs: 2_000 },
  { name: 'old-1', ip: '10.64.0.30', from: '13:00:00.000', to: '14:00:00.000', old: true },
  { name: EVIL, ip: '10.64.0.66', from: '13:00:00.000' },
];

function toRecord({
  name,
  ip,
  from,
  to,
  namespace = 'shop',
  hostNetwork = false,
  inferred = false,
  unsureMs = 0,
  old = false,
}: Lease): LeaseRecord {
  const pod = {
    uid: `uid-${name}`,
    namespace,
    name,
    ownerKind: hostNetwork ? 'DaemonSet' : 'ReplicaSet',
    ownerName: name.split('-')[0] ?? '',
    node: 'node-3',
    hostNetwork,
  };
  const around = (clock: string) => ({
    notBefore: time(clock).getTime() - unsureMs,
    notAfter: time(clock).getTime() + unsureMs,
  });
  const boundsOf = (clock: string) => (old ? undefined : around(clock));
  const start = { startedAt: time(from), startBounds: boundsOf(from), startInferred: inferred };
  const end =
    to === undefined
      ? undefined
      : ({ at: time(to), bounds: boundsOf(to), reason: 'deleted', inferred: false } as const);
  return { pod, ip, occurrence: 0, ...start, end };
}

/**
 * A ledger of a day, 2026-11-20, written as the reader does: begun at 12:00, complete up to 18:00, with a gap from 15:30
 * to 15:40. Its times are exact, but for a hand-over between two jobs and for a lease that an earlier version recorded.
 */
export async function writeSampleLedger(database: DatabasePool): Promise<void> {
  await migrate(database);
  const ledger = createLedger(database, 'default');
  const { term } = await ledger.load();
  await ledger.write(term, {
    leases: LEASES.map(toRecord),
    gaps: [
      { startedAt: undefined, endedAt: time('12:00:00'), reason: 'start' },
      { startedAt: time('15:30:00'), endedAt: time('15:40:00'), reason: 'expired' },
    ],
    checkpoint: { resourceVersion: '1', knownAt: time('18:00:00') },
  });
}
