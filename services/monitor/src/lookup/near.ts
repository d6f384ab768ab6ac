import type { Connection } from '../ledger/queries.js';
import { type BoundLease, bind } from '../ledger/verdict.js';
import { type FoundLease, findNeighbours, findPossible, type Probe } from './batch-queries.js';
import type { LookupLease } from './conclude.js';

type Near = readonly BoundLease<LookupLease>[];
/** Up to when the changes of a cluster are known, as far as a probe asks about it. */
type KnownUntil = (probe: Probe, cluster: string) => number;

/** The leases that decide whose an address was, for each probe. */
export async function findNear(
  connection: Connection,
  probes: readonly Probe[],
  knownUntil: KnownUntil,
): Promise<readonly Near[]> {
  const near: BoundLease<LookupLease>[][] = probes.map(() => []);
  const add = (probe: Probe, leases: BoundLease<LookupLease>[], { lease, times }: FoundLease) =>
    void leases.push(bind(lease, times, knownUntil(probe, lease.cluster)));
  for (const found of await findPossible(connection, probes)) {
    const [probe, leases] = [probes[found.probe], near[found.probe]];
    if (probe && leases) add(probe, leases, found);
  }
  const doubtful = probes.flatMap((probe, n) => {
    const leases = near[n] ?? [];
    return needsNeighbours(leases, probe) ? [{ probe, leases }] : [];
  });
  const asked = doubtful.map(({ probe }) => probe);
  for (const found of await findNeighbours(connection, asked)) {
    const { probe, leases = [] } = doubtful[found.probe] ?? {};
    if (probe && !leases.some((one) => isSame(one, found))) add(probe, leases, found);
  }
  return near;
}

/** Only a lease that may or may not have covered the time can be ruled out by others. */
function needsNeighbours(near: Near, { fromMs, toMs }: Probe): boolean {
  return near.some(
    ({ lease, startTo, endFrom }) => !lease.hostNetwork && (startTo > fromMs || endFrom <= toMs),
  );
}

type Identity = Pick<FoundLease, 'lease' | 'times'>;

/** The neighbours of a time may be among the leases whose bounds include it. */
function isSame(one: Identity, other: Identity): boolean {
  return (
    one.lease.podUid === other.lease.podUid &&
    one.times.startedMs === other.times.startedMs &&
    one.lease.cluster === other.lease.cluster &&
    one.lease.network === other.lease.network
  );
}
