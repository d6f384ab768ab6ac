import { createLogger, type DatabasePool, type Environment, openPool } from '@podips/shared';
import { databaseEnvironment } from '@podips/simulation';
import { type MonitorProcess, startMonitorProcess } from './monitor-process.js';
import { writeSampleLedger } from './sample-ledger.js';
import { createDatabase } from './test-databases.js';

/** A monitor that has the sample ledger, in a database of its own. */
export interface SampleMonitor {
  readonly monitor: MonitorProcess;
  readonly database: DatabasePool;
  stop(): Promise<void>;
}

export async function startSampleMonitor(env: Environment = {}): Promise<SampleMonitor> {
  const settings = await createDatabase();
  const database = openPool(settings, createLogger('test', 'silent'));
  await writeSampleLedger(database);
  const monitor = await startMonitorProcess({ ...databaseEnvironment(settings), ...env });
  return {
    monitor,
    database,
    async stop() {
      await monitor.destroy();
      await database.end();
    },
  };
}
