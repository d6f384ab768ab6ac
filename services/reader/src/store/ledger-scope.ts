import type { DatabaseClient } from '@podips/shared';
import type { Checkpoint } from '../changes/entry.js';
import type { Scope } from '../cluster/scope-settings.js';

/** Writes where the reader has got to, and whose pods it watches. */
export async function writePosition(
  client: DatabaseClient,
  cluster: string,
  { namespaces, ignored }: Scope,
  { resourceVersion, knownAt }: Checkpoint,
): Promise<void> {
  await client.query(
    `INSERT INTO reader_positions (cluster, resource_version, known_at, namespaces, ignored_namespaces, written_at)
     VALUES ($1, $2, $3, $4, $5, clock_timestamp())
     ON CONFLICT (cluster) DO UPDATE SET resource_version = $2, known_at = $3, namespaces = $4, ignored_namespaces = $5,
       written_at = clock_timestamp()`,
    [cluster, resourceVersion, knownAt, namespaces ?? null, ignored],
  );
}

/**
 * Leases of pods that an earlier reader watched and this one does not: when they end nobody sees. They are closed at the
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

/** Closes what is open of pods that are not watched any more. */
export async function leaveScope(
  client: DatabaseClient,
  cluster: string,
  { namespaces, ignored }: Scope,
): Promise<void> {
  if (namespaces === undefined && ignored.length === 0) return;
  await client.query(CLOSE, [cluster, namespaces ?? null, ignored]);
}
