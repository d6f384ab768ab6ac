import {
  collectProblems,
  commonSpecs,
  type DatabaseSettings,
  databaseSettings,
  databaseSpecs,
  type Environment,
  httpSpecs,
  integer,
  type LogLevel,
  parseFlags,
  readSettings,
  SettingsError,
} from '@podips/shared';
import { str } from 'envalid';
import { type AlertSettings, alertSettings, alertSpecs, checkAlerts } from './alerts/settings.js';
import { type AccessSettings, accessSettings, accessSpecs, checkAccess } from './http/access/settings.js';
import { type PeerSettings, peerSettings, peerSpecs } from './peers/settings.js';

export const monitorSpecs = {
  ...commonSpecs,
  ...httpSpecs,
  MONITOR_DATA_DIR: str({
    default: '/var/lib/podips',
    desc: 'folder for the last heartbeats and the history; a volume in a container',
  }),
  AGE_LIMIT_MS: integer(
    1_000,
    86_400_000,
  )({
    default: 300_000,
    desc: 'age of the last heartbeat that reported success after which its light is yellow',
  }),
  CLUSTER_NAME: str({
    default: 'default',
    desc: 'name of the cluster on the page, in alerts and in the ledger',
  }),
  HISTORY_DAYS: integer(1, 3_650)({ default: 90, desc: 'how long incidents are shown' }),
  ...accessSpecs,
  ...peerSpecs,
  ...alertSpecs,
  ...databaseSpecs,
};

/** The files of podips 1.1 that the monitor reads. */
export const monitorFiles = ['dbconfig.ini'] as const;

export interface MonitorSettings {
  readonly logLevel: LogLevel;
  readonly httpHost: string;
  readonly httpPort: number;
  readonly dataDir: string;
  readonly ageLimitMs: number;
  /** The cluster that this monitor watches. */
  readonly cluster: string;
  readonly historyDays: number;
  readonly access: AccessSettings;
  readonly peers: PeerSettings;
  readonly alerts: AlertSettings;
  /** The database of the reader's ledger; undefined: the monitor answers nothing about leases. */
  readonly database: DatabaseSettings | undefined;
}

export interface MonitorProgramSettings extends MonitorSettings {
  /** Send one alert through every channel and end, instead of monitoring. */
  readonly testAlert: boolean;
}

/** @throws {SettingsError} with every problem at once, of the flags and of the settings */
export function readProgramSettings(
  env: Environment = process.env,
  args: readonly string[] = process.argv.slice(2),
): MonitorProgramSettings {
  const problems: string[] = [];
  const options = { 'test-alert': { type: 'boolean', default: false } } as const;
  const flags = collectProblems(problems, () => parseFlags(args, options, 'the only flag is --test-alert'));
  const settings = collectProblems(problems, () => readMonitorSettings(env));
  if (flags === undefined || settings === undefined) throw new SettingsError(problems);
  return { ...settings, testAlert: flags['test-alert'] };
}

/** @throws {SettingsError} with every problem at once */
export function readMonitorSettings(env: Environment): MonitorSettings {
  const settings = readSettings({
    specs: monitorSpecs,
    env,
    files: monitorFiles,
    check: (all) => [...checkAccess(all), ...checkAlerts(all)],
  });
  return {
    logLevel: settings.LOG_LEVEL,
    httpHost: settings.HTTP_HOST,
    httpPort: settings.HTTP_PORT,
    dataDir: settings.MONITOR_DATA_DIR,
    ageLimitMs: settings.AGE_LIMIT_MS,
    cluster: settings.CLUSTER_NAME,
    historyDays: settings.HISTORY_DAYS,
    access: accessSettings(settings),
    peers: peerSettings(settings),
    alerts: alertSettings(settings),
    database: databaseSettings(settings),
  };
}
