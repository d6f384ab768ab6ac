import { type Connection, MAX_ROWS } from '../ledger/queries.js';
import { type BoundLease, bind } from '../ledger/verdict.js';
import { type FoundLease, findNeighbours, findPossible, findWithNext, type Probe } from './batch-queries.js';
import type { LookupLease } from './conclude.js';
import type { LookupMemory, Near, WindowLeases } from './memory.js';
import { isOutside } from './surroundings.js';
import { dayOf, windowOf } from './window.js';

/** What a batch knows of the ledger. */
export interface NearOptions {
  /** Up to when the changes of a cluster are known, as far as a probe asks about it. */
  readonly knownUntil: (probe: Probe, cluster: string) => number;
  /** Up to when all that a probe asks about is known. */
  readonly allKnownUntil: (probe: Probe) => number;
  readonly memory: LookupMemory;
}

/** The leases that decide whose an address was, as {@link findNear} gives them. @returns undefined when they have to be read */
export function recallNear(probe: Probe, memory: LookupMemory): Near | undefined {
  const key = keyOf(probe);
  const window = key === undefined ? undefined : memory.windows.get(key, probe.toMs);
  if (window !== undefined) return touching(window.leases, probe);
  return isSurelyOutside(probe, memory) ? [] : undefined;
}

/** No address near it had a lease up to the time of the probe. */
function isSurelyOutside({ ip, toMs }: Probe, memory: LookupMemory): boolean {
  return isOutside(ip, toMs, memory) === true;
}

/**
 * The leases that decide whose an address was, for each probe. Those of an address are read for a whole day, and used for all
 * questions about it. Where a lease may or may not have covered the time, its neighbours decide as well: then they are read for
 * that very time.
 */
export async function findNear(
  connection: Connection,
  probes: readonly Probe[],
  options: NearOptions,
): Promise<readonly Near[]> {
  const windows = await readWindows(connection, probes, options);
  const near = probes.map((probe, n) =>
    isSurelyOutside(probe, options.memory) ? [] : touching(windows[n], probe),
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

/** @returns for each probe the leases of its window; undefined for one that is about more than a window */
async function readWindows(
  connection: Connection,
  probes: readonly Probe[],
  options: NearOptions,
): Promise<readonly (Near | undefined)[]> {
  const { memory, allKnownUntil } = options;
  const keys = probes.map(keyOf);
  const missing = new Map<string, Probe>();
  const found = new Map<string, WindowLeases>();
  for (const [key, probe] of latestOf(probes, keys)) {
    const kept = memory.windows.get(key, probe.toMs);
    if (kept !== undefined) found.set(key, kept);
    else if (!isSurelyOutside(probe, memory)) missing.set(key, { ...probe, ...windowOf(dayOf(probe)) });
  }
  const wanted = [...missing];
  const leases: BoundLease<LookupLease>[][] = wanted.map(() => []);
  for (const lease of await findWithNext(
    connection,
    wanted.map(([, window]) => window),
  )) {
    const window = wanted[lease.probe]?.[1];
    if (window) leases[lease.probe]?.push(bound(window, lease, options));
  }
  for (const [n, [key, window]] of wanted.entries()) {
    const all = leases[n] ?? [];
    const kept = {
      leases: all.length > MAX_ROWS ? undefined : all,
      knownUntilMs: allKnownUntil(window),
    };
    found.set(key, kept);
    memory.windows.set(key, kept, 1 + (kept.leases?.length ?? 0));
  }
  return keys.map((key) => (key === undefined ? undefined : found.get(key)?.leases));
}

/** For each window the probe that asks furthest: what was read before that was known is of no use to any of them. */
function latestOf(probes: readonly Probe[], keys: readonly (string | undefined)[]): Map<string, Probe> {
  const latest = new Map<string, Probe>();
  for (const [n, probe] of probes.entries()) {
    const key = keys[n];
    if (key !== undefined && probe.toMs >= (latest.get(key)?.toMs ?? Number.NEGATIVE_INFINITY))
      latest.set(key, probe);
  }
  return latest;
}

/** @returns undefined for a probe that is about more than a window */
function keyOf(probe: Probe): string | undefined {
  const day = dayOf(probe);
  return probe.toMs < windowOf(day).toMs ? `${day} ${probe.ip} ${probe.cluster ?? ''}` : undefined;
}

function bound(probe: Probe, { lease, times }: FoundLease, options: NearOptions): BoundLease<LookupLease> {
  return bind(lease, times, options.knownUntil(probe, lease.cluster));
}

/** @returns those that may have been held in the time; undefined where their neighbours decide as well */
function touching(leases: Near | undefined, { fromMs, toMs }: Probe): Near | undefined {
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
