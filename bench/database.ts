import type { DatabaseSettings } from '@podips/shared';
import { startPostgres } from '@podips/simulation';
import type { BenchRun } from './measurement.js';

/** The database that is kept, or an empty one of a server that ends with the measurement. */
export async function useDatabase(run: BenchRun, resources: AsyncDisposableStack): Promise<DatabaseSettings> {
  if (run.database !== undefined) return run.database;
  const postgres = await startPostgres();
  resources.defer(() => postgres.destroy());
  return postgres.settings;
}
