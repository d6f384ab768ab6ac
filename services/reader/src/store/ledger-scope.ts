import type { DatabaseClient } from '@podips/shared';
import { type Checkpoint, LIST_DUE } from '../changes/entry.js';
import { namespacesOf, narrowed, withoutUnwatched } from '../changes/positions.js';
import { isWithin, type RecordedScope, type Scope } from '../cluster/scope-settings.js';

/** Writes where the reader has got to, and whose pods it has watched until there. */
export async function writePosition(
  client: DatabaseClient,
  cluster: string,
  { ignored, secondaryNetworks }: RecordedScope,
  { resourceVersion, knownAt }: Checkpoint,
): Promise<void> {
  await client.query(
    `INSERT INTO reader_positions (cluster, resource_version, known_at, namespaces, ignored_namespaces, secondary_networks,
       written_at)
     VALUES ($1, $2, $3, $4, $5, $6, clock_timestamp())
     ON CONFLICT (cluster) DO UPDATE SET resource_version = $2, known_at = $3, namespaces = $4, ignored_namespaces = $5,
       secondary_networks = $6, written_at = clock_timestamp()`,
    [cluster, resourceVersion, knownAt, namespacesOf(resourceVersion) ?? null, ignored, secondaryNetworks],
  );
}

interface PositionRow {
  readonly resource_version: string;
  readonly known_at: Date;
  readonly namespaces: string[] | null;
  readonly ignored_namespaces: string[];
  readonly secondary_networks: boolean;
}

/** Where an earlier reader has got to. */
export interface Position {
  /** As far as this reader can continue from it. */
  readonly checkpoint: Checkpoint;
  /** This reader watches something that the earlier one did not. */
  readonly widened: boolean;
  /** What that watched. */
  readonly had: RecordedScope;
}

/**
 * A reader that has recorded a part of a list, and has no checkpoint, watches what the one before it did not. That one, should
 * it come back, has to list: what is recorded is no longer of its position.
 */
export async function requireList(client: DatabaseClient, cluster: string): Promise<void> {
  const sql = 'UPDATE reader_positions SET resource_version = $2 WHERE cluster = $1';
  await client.query(sql, [cluster, LIST_DUE]);
}

/**
 * Loads where an earlier reader has got to, and closes what is open of pods that are not watched any more. These have no
 * position from then on: one who watches them again has to list them.
 * @param scope what is watched from now on
 */
export async function enterScope(
  client: DatabaseClient,
  cluster: string,
  scope: RecordedScope,
): Promise<Position | undefined> {
  await leaveScope(client, cluster, scope);
  const { rows } = await client.query<PositionRow>(
    `SELECT resource_version, known_at, namespaces, ignored_namespaces, secondary_networks
     FROM reader_positions WHERE cluster = $1`,
    [cluster],
  );
  const [row] = rows;
  if (row === undefined) return undefined;
  const had = {
    namespaces: row.namespaces ?? undefined,
    ignored: row.ignored_namespaces,
    secondaryNetworks: row.secondary_networks,
  };
  const all = { resourceVersion: row.resource_version, knownAt: row.known_at };
  if (!isWithin(had, { ...scope, secondaryNetworks: true })) {
    const left = narrowed(all, had, scope);
    await writePosition(client, cluster, left.scope, left.checkpoint);
  }
  return { checkpoint: withoutUnwatched(all, had, scope), widened: !isWithin(scope, had), had };
}

/**
 * Leases of pods that an earlier reader watched and this one does not: their ends are not seen. They are closed at the
 * last moment of which something is known, and the time since then is a gap.
 */
const CLOSE = `
  WITH closed AS (
    UPDATE leases SET ended_at = greatest(known_at, started_at), ended_not_before = greatest(known_at, started_at),
      ended_not_after = greatest(clock_timestamp(), known_at, started_at), end_reason = 'missing', end_inferred = true
    FROM reader_positions AS position
    WHERE position.cluster = $1 AND leases.cluster = $1 AND leases.ended_at = 'infinity'
      AND (namespace <> ALL ($2::text[]) OR namespace = ANY ($3::text[]))
    RETURNING known_at)
  INSERT INTO gaps (cluster, started_at, ended_at, reason)
  SELECT $1, min(known_at), greatest(clock_timestamp(), min(known_at)), 'scope' FROM closed HAVING count(*) > 0`;

async function leaveScope(
  client: DatabaseClient,
  cluster: string,
  { namespaces, ignored }: Scope,
): Promise<void> {
  if (namespaces === undefined && ignored.length === 0) return;
  await client.query(CLOSE, [cluster, namespaces ?? null, ignored]);
}
