import {
  commonSpecs,
  type Environment,
  httpSpecs,
  integer,
  type LogLevel,
  readSettings,
} from '@podips/shared';
import { str } from 'envalid';

export const monitorSpecs = {
  LOG_LEVEL: commonSpecs.LOG_LEVEL,
  ...httpSpecs,
  MONITOR_DATA_DIR: str({
    default: '/var/lib/podips',
    desc: 'folder in which the monitor keeps the last heartbeats; a volume in a container',
  }),
  AGE_LIMIT_MS: integer(
    1_000,
    86_400_000,
  )({ default: 300_000, desc: 'age in milliseconds after which a good heartbeat no longer counts' }),
};

export interface MonitorSettings {
  readonly logLevel: LogLevel;
  readonly httpHost: string;
  readonly httpPort: number;
  readonly dataDir: string;
  readonly ageLimitMs: number;
}

/** @throws {SettingsError} with every problem at once */
export function readMonitorSettings(env: Environment = process.env): MonitorSettings {
  const settings = readSettings({ specs: monitorSpecs, env });
  return {
    logLevel: settings.LOG_LEVEL,
    httpHost: settings.HTTP_HOST,
    httpPort: settings.HTTP_PORT,
    dataDir: settings.MONITOR_DATA_DIR,
    ageLimitMs: settings.AGE_LIMIT_MS,
  };
}
