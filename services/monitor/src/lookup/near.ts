import type { Connection } from '../ledger/queries.js';
import { type BoundLease, bind } from '../ledger/verdict.js';
import { type FoundLease, findNeighbours, findPossible, type Probe } from './batch-queries.js';
import type { LookupLease } from './conclude.js';
import type { LookupMemory, Near, WindowLeases } from './memory.js';
import { surroundingsOf } from './surroundings.js';
import { dayOf, windowOf } from './window.js';

/** What a batch knows of the ledger. */
export interface NearOptions {
  /** Whether all that a probe asks about was known then: else what is in memory may be of a later moment. */
  readonly isKnown: (probe: Probe) => boolean;
  /** Up to when the changes of a cluster are known, as far as a probe asks about it. */
  readonly knownUntil: (probe: Probe, cluster: string) => number;
  readonly memory: LookupMemory;
}

/**
 * The leases that decide whose an address was, from memory: those of an address are kept for a whole day, for all questions about
 * it. Where a lease may or may not have covered the time, its neighbours decide as well: then they are read for that very time.
 * @returns undefined when they have to be read
 */
export function recallNear(probe: Probe, memory: LookupMemory): Near | undefined {
  const key = keyOf(probe);
  if (key === undefined) return undefined;
  const window = memory.windows.get(key, probe.toMs);
  if (window !== undefined) return touching(window, probe);
  return recallOutside(probe, memory) ? [] : undefined;
}

/** Whether it is known that no address around one had a lease up to the time of the probe. */
export function recallOutside({ ip, toMs }: Probe, { surroundings }: LookupMemory): boolean {
  return surroundings.get(surroundingsOf(ip), toMs)?.isOutside === true;
}

/** The leases that decide whose an address was, for each probe. */
export async function findNear(
  connection: Connection,
  probes: readonly Probe[],
  options: NearOptions,
): Promise<readonly Near[]> {
  const near = probes.map((probe) =>
    options.isKnown(probe) ? recallNear(probe, options.memory) : undefined,
  );
  const open = probes.flatMap((_, n) => (near[n] === undefined ? [n] : []));
  const exact = await findExactly(
    connection,
    open.flatMap((n) => probes[n] ?? []),
    options,
  );
  for (const [at, leases] of exact.entries()) near[open[at] ?? 0] = leases;
  return near.map((leases) => leases ?? []);
}

/** The name of a window. @returns undefined for a probe that is about more than one */
export function keyOf(probe: Probe): string | undefined {
  const day = dayOf(probe);
  return probe.toMs < windowOf(day).toMs ? `${day} ${probe.ip} ${probe.cluster ?? ''}` : undefined;
}

function bound(probe: Probe, { lease, times }: FoundLease, options: NearOptions): BoundLease<LookupLease> {
  return bind(lease, times, options.knownUntil(probe, lease.cluster));
}

/** @returns those that may have been held in the time; undefined where their neighbours decide as well */
function touching({ leases }: WindowLeases, { fromMs, toMs }: Probe): Near | undefined {
  const near = leases?.filter(({ startFrom, endTo }) => startFrom <= toMs && endTo > fromMs);
  const isDoubtful = near?.some(
    ({ lease, startTo, endFrom }) => !lease.hostNetwork && (startTo > fromMs || endFrom <= toMs),
  );
  return isDoubtful ? undefined : near;
}

async function findExactly(
  connection: Connection,
  probes: readonly Probe[],
  options: NearOptions,
): Promise<readonly Near[]> {
  const near: BoundLease<LookupLease>[][] = probes.map(() => []);
  const add = (found: FoundLease) => {
    const [probe, leases] = [probes[found.probe], near[found.probe]];
    if (probe && leases) leases.push(bound(probe, found, options));
  };
  for (const found of await findPossible(connection, probes)) add(found);
  // The neighbours of a time may be among the leases whose bounds include it.
  for (const found of await findNeighbours(connection, probes))
    if (!near[found.probe]?.some((one) => isSame(one, found))) add(found);
  return near;
}

type Identity = Pick<FoundLease, 'lease' | 'times'>;

function isSame(one: Identity, other: Identity): boolean {
  return (
    one.lease.podUid === other.lease.podUid &&
    one.times.startedMs === other.times.startedMs &&
    one.lease.cluster === other.lease.cluster &&
    one.lease.network === other.lease.network
  );
}
