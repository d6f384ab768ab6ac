import type { Moment } from './asker.js';
import { timesOf } from './bounds.js';
import { knownUntil } from './coverage.js';
import type { LeaseView } from './ledger-view.js';
import { type Connection, findNear } from './queries.js';
import { type BoundLease, bind, decideBound, type Verdict } from './verdict.js';

/** Who had an address at the beginning of a moment, and by which leases that was decided. */
export interface Decision {
  readonly verdict: Verdict;
  readonly near: readonly BoundLease<LeaseView>[];
  /** There are more leases that may cover the moment. */
  readonly more: boolean;
  readonly previous: LeaseView | null;
  readonly next: LeaseView | null;
}

type Facts = Pick<Moment, 'atMs' | 'coverage' | 'gaps'>;

/** @param toMs the last millisecond of the moment */
export async function decideAddress(
  client: Connection,
  ip: string,
  toMs: number,
  { atMs, coverage, gaps }: Facts,
): Promise<Decision> {
  const { possible, previous, next } = await findNear(client, ip, atMs, toMs);
  const known = knownUntil(coverage);
  const near = uniqueLeases([...possible.rows, previous, next]).map((lease) =>
    bind(lease, timesOf(lease), known(lease.cluster)),
  );
  return { verdict: decideBound(near, atMs, gaps), near, more: possible.more, previous, next };
}

/** Of leases that may cover a time, those that no other lease of their address rules out. */
export async function withoutRuledOut(
  client: Connection,
  candidates: readonly LeaseView[],
  facts: Facts,
): Promise<LeaseView[]> {
  const kept: LeaseView[] = [];
  for (const [ip, leases] of Map.groupBy(candidates, (lease) => lease.ip)) {
    const { verdict, more } = await decideAddress(client, ip, facts.atMs, facts);
    const possible = new Set([...verdict.holders, ...verdict.candidates].map(keyOf));
    kept.push(...leases.filter((lease) => more || possible.has(keyOf(lease))));
  }
  return kept;
}

/** The neighbours of a time may be among those whose bounds include it. */
function uniqueLeases(leases: readonly (LeaseView | null)[]): LeaseView[] {
  const found = leases.filter((lease) => lease !== null);
  return [...new Map(found.map((lease) => [keyOf(lease), lease])).values()];
}

/** Of leases of one address. */
function keyOf({ cluster, podUid, network, startedAt }: LeaseView): string {
  return `${cluster} ${podUid} ${network} ${startedAt}`;
}
