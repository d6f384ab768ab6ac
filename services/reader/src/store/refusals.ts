import { type DatabaseClient, toError } from '@podips/shared';

/** What the database will never accept, or whose number something else has. */
export interface Refused<T> {
  readonly record: T;
  readonly error: Error;
}

/** So many rows are made into one statement without letting anything else run. */
const WRITE_BATCH = 1_000;
/** SQLSTATE classes that blame what was written: number of rows, data, constraint, limit of the program. */
const BLAMES_DATA = /^(21|22|23|54)/;

/**
 * Writes records within a transaction. One that the database will never accept does not hold up the others.
 * @param write writes so many at once, and returns what it refuses itself
 * @returns those that were refused
 */
export async function writeAccepted<T>(
  client: DatabaseClient,
  records: readonly T[],
  write: (records: readonly T[]) => Promise<readonly Refused<T>[]>,
): Promise<Refused<T>[]> {
  const refused: Refused<T>[] = [];
  for (let next = 0; next < records.length; next += WRITE_BATCH)
    refused.push(...(await writeBatch(client, records.slice(next, next + WRITE_BATCH), write)));
  return refused;
}

/** All at once; when something in it is refused, each half for itself. */
async function writeBatch<T>(
  client: DatabaseClient,
  records: readonly T[],
  write: (records: readonly T[]) => Promise<readonly Refused<T>[]>,
): Promise<readonly Refused<T>[]> {
  const [record] = records;
  if (record === undefined) return [];
  await client.query('SAVEPOINT records');
  try {
    const refused = await write(records);
    await client.query('RELEASE SAVEPOINT records');
    return refused;
  } catch (err) {
    const error = toError(err);
    if (!('code' in error && BLAMES_DATA.test(String(error.code)))) throw err;
    await client.query('ROLLBACK TO SAVEPOINT records; RELEASE SAVEPOINT records');
    if (records.length === 1) return [{ record, error }];
  }
  const middle = Math.ceil(records.length / 2);
  return [
    ...(await writeBatch(client, records.slice(0, middle), write)),
    ...(await writeBatch(client, records.slice(middle), write)),
  ];
}
