import type { DatabaseSettings } from '@podips/shared';
import { startActiveMq, startPostgres } from '@podips/simulation';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  export interface ProvidedContext {
    readonly queuePort: number;
    readonly databaseServer: DatabaseSettings;
  }
}

/**
 * Starts one ActiveMQ and one PostgreSQL for all files of a run. A test makes a queue and a database of its own there;
 * a test that stops a server starts one of its own.
 */
export async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  const [broker, postgres] = await Promise.all([startActiveMq(), startPostgres()]);
  provide('queuePort', broker.port);
  provide('databaseServer', postgres.settings);
  return async () => void (await Promise.all([broker.destroy(), postgres.destroy()]));
}
