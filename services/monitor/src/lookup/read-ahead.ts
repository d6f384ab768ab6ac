import { type Connection, type GapRow, MAX_ROWS } from '../ledger/queries.js';
import { type BoundLease, bind } from '../ledger/verdict.js';
import { gapsOfTimes, leasesAround, type Probe, toFoundLeases, toGapsOf } from './batch-queries.js';
import type { LookupLease } from './conclude.js';
import type { Known } from './known.js';
import type { LookupMemory, Moment } from './memory.js';
import { keyOf, recallOutside } from './near.js';
import { dayOf, windowOf } from './window.js';

/** Runs statements in one transaction, and with one message to the server. @returns the rows of each */
export type ReadAtOnce = (statements: readonly string[]) => Promise<readonly (readonly unknown[][])[]>;

/** Most gaps of a day that are held in memory. */
const MAX_GAPS = 5_000;

/** Gives the gaps of days; of a day that has too many to be kept, some more than that. */
const gapsOfDays = (days: readonly number[]) => gapsOfTimes(days.map(windowOf), MAX_GAPS + 1);

/** The gaps of days, in their order, for {@link keepGaps}. */
export async function findGapsOf(
  connection: Connection,
  days: readonly number[],
): Promise<readonly (readonly GapRow[])[]> {
  if (days.length === 0) return [];
  const { rows } = await connection.query<unknown[]>({ text: gapsOfDays(days), rowMode: 'array' });
  return toGapsOf(days.length, rows);
}

/** Keeps the gaps of days, but for those that have too many. */
export function keepGaps(
  moment: Moment,
  days: readonly number[],
  gaps: readonly (readonly GapRow[])[],
): void {
  for (const [n, day] of days.entries()) {
    const found = gaps[n] ?? [];
    if (found.length <= MAX_GAPS) moment.keepGaps(day, found);
  }
}

/**
 * Reads into memory what questions need of which it knows nothing yet: the leases of their addresses for a whole day each, and
 * the gaps of those days.
 * @param probes about times up to which all is known
 */
export async function readAhead(
  readAtOnce: ReadAtOnce,
  probes: readonly Probe[],
  { moment, scopeOf, memory }: Known,
): Promise<void> {
  const windows = missingWindows(probes, memory);
  const days = missingDays(probes, moment);
  const statements = [
    ...(windows.size === 0 ? [] : [leasesAround([...windows.values()])]),
    ...(days.length === 0 ? [] : [gapsOfDays(days)]),
  ];
  if (statements.length === 0) return;
  const read = [...(await readAtOnce(statements))];
  if (windows.size > 0) keepWindows(windows, read.shift() ?? []);
  if (days.length > 0) keepGaps(moment, days, toGapsOf(days.length, read.shift() ?? []));

  function keepWindows(wanted: ReadonlyMap<string, Probe>, rows: readonly unknown[][]): void {
    const all = [...wanted];
    const leases: BoundLease<LookupLease>[][] = all.map(() => []);
    for (const { probe, lease, times } of toFoundLeases(rows)) {
      const known = scopeOf(all[probe]?.[1].cluster).knownUntil(lease.cluster);
      leases[probe]?.push(bind(lease, times, known));
    }
    for (const [n, [key, { cluster }]] of all.entries()) {
      const found = leases[n] ?? [];
      const kept = found.length > MAX_ROWS ? undefined : found;
      const { allKnownUntilMs: knownUntilMs } = scopeOf(cluster);
      memory.windows.set(key, { leases: kept, knownUntilMs }, 1 + (kept?.length ?? 0));
    }
  }
}

/** The windows that are not in memory, each with its name and its time. */
function missingWindows(probes: readonly Probe[], memory: LookupMemory): ReadonlyMap<string, Probe> {
  const missing = new Map<string, Probe>();
  for (const probe of probes) {
    const key = keyOf(probe);
    if (key === undefined || memory.windows.get(key, probe.toMs) !== undefined) continue;
    if (!recallOutside(probe, memory)) missing.set(key, { ...probe, ...windowOf(dayOf(probe)) });
  }
  return missing;
}

function missingDays(probes: readonly Probe[], moment: Moment): readonly number[] {
  return [...new Set(probes.map(dayOf))].filter((day) => moment.gapsOf(day) === undefined);
}
