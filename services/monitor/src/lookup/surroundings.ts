import type { Connection } from '../ledger/queries.js';
import { findOutside } from './batch-queries.js';
import type { LookupMemory } from './memory.js';

interface SurroundingsOptions {
  /** Up to when all changes of all clusters are known. */
  readonly allKnownUntilMs: number;
  readonly memory: LookupMemory;
}

/**
 * A name for the addresses around one: those of a /16 have it in common; each address of IPv6 has its own.
 * @param cluster for those of one cluster
 */
export function surroundingsOf(ip: string, cluster?: string): string {
  const first = ip.indexOf('.');
  const around = first === -1 ? ip : ip.slice(0, ip.indexOf('.', first + 1));
  return cluster === undefined ? around : `${around} ${cluster}`;
}

/**
 * Whether an address lies outside of the ledger, or of that of a cluster.
 * @param toMs the last time that is asked about: the ledger may have got a lease near it since it was read
 * @returns undefined when that has to be read
 */
export function isOutside(
  ip: string,
  toMs: number,
  { surroundings }: LookupMemory,
  cluster?: string,
): boolean | undefined {
  const name = surroundingsOf(ip, cluster);
  const known = surroundings.get(name, Number.NEGATIVE_INFINITY)?.isOutside;
  return known === true ? surroundings.get(name, toMs)?.isOutside : known;
}

/**
 * Finds out, and remembers, whether the ledger has leases near the addresses of questions.
 * @returns the names of surroundings without any
 */
export async function findSurroundings(
  connection: Connection,
  questions: readonly { readonly ip: string; readonly toMs: number }[],
  { allKnownUntilMs, memory }: SurroundingsOptions,
): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  const unknown = new Map<string, string>();
  for (const { ip, toMs } of questions) {
    const known = isOutside(ip, toMs, memory);
    if (known === undefined) unknown.set(surroundingsOf(ip), ip);
    else if (known) found.add(surroundingsOf(ip));
  }
  const outside = await findOutside(connection, [...unknown.values()]);
  for (const [name, ip] of unknown) {
    if (outside.has(ip)) found.add(name);
    memory.surroundings.set(name, { isOutside: outside.has(ip), knownUntilMs: allKnownUntilMs }, 1);
  }
  return found;
}
