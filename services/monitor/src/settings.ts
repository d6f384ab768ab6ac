import {
  type About,
  collectProblems,
  commonSpecs,
  type DatabaseSettings,
  databaseRules,
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
import { EnvError, makeValidator, str } from 'envalid';
import { type AlertSettings, alertRules, alertSettings, alertSpecs } from './alerts/settings.js';
import { type AccessSettings, accessRules, accessSettings, accessSpecs } from './http/access/settings.js';
import { isBasePath, isOwnPath } from './http/base-path.js';
import { type PeerSettings, peerSettings, peerSpecs } from './peers/settings.js';
import { type Proxies, proxySpecs, withProxies } from './proxy.js';
import { type WorkloadSettings, workloadSettings, workloadSpecs } from './workloads/settings.js';

/** Without the slashes at its end; the root is an empty text. */
const basePath = makeValidator<string>((input) => {
  const path = input.replace(/\/+$/, '');
  if (path !== '' && !isBasePath(path))
    throw new EnvError(`must be a path such as /podips, of letters, digits and ._~-, but is "${input}"`);
  if (isOwnPath(path)) throw new EnvError(`must not begin like a path of the monitor, but is "${input}"`);
  return path;
});

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
  BASE_PATH: basePath({
    default: '',
    desc: 'path below which a proxy shows the pages, `/podips`; the monitor answers with it and without it. The `X-Forwarded-Prefix` of `TRUSTED_PROXIES` goes before it',
  }),
  HISTORY_DAYS: integer(1, 3_650)({ default: 90, desc: 'how long incidents are shown' }),
  ANNOUNCEMENTS_FILE: str({
    default: '',
    desc: 'file with announcements and planned maintenance, in YAML or JSON, which is read again when it changes',
  }),
  ...accessSpecs,
  ...peerSpecs,
  ...proxySpecs,
  ...alertSpecs,
  ...workloadSpecs,
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
  /** The file with announcements and maintenance windows; undefined: there is none. */
  readonly announcementsFile: string | undefined;
  /** Where clients see the root of this server: `/podips`, or empty. */
  readonly basePath: string;
  readonly access: AccessSettings;
  readonly peers: PeerSettings;
  /** The way to webhooks and to other monitors. */
  readonly proxies: Proxies;
  readonly alerts: AlertSettings;
  /** From when on workloads are unstable, and which of them make alerts. */
  readonly unstable: WorkloadSettings;
  /** The database of the reader's ledger; undefined: the monitor answers nothing about leases. */
  readonly database: DatabaseSettings | undefined;
}

export interface MonitorProgramSettings extends MonitorSettings {
  /** Send one alert through every channel and end, instead of monitoring. */
  readonly testAlert: boolean;
}

const monitorFlags = {
  'test-alert': {
    type: 'boolean',
    desc: 'send one message through every channel of alerts, print the results, and exit',
  },
} as const;

export const monitorAbout: About = {
  name: 'monitor',
  summary: 'shows whether reader and writer work, alerts, and answers from the ledger',
  command: 'node services/monitor/dist/main.js',
  flags: monitorFlags,
  specs: monitorSpecs,
  files: monitorFiles,
};

/** @throws {SettingsError} with every problem at once, of the flags and of the settings */
export function readProgramSettings(
  env: Environment = process.env,
  args: readonly string[] = process.argv.slice(2),
): MonitorProgramSettings {
  const problems: string[] = [];
  const flags = collectProblems(problems, () => parseFlags(args, monitorFlags));
  const settings = collectProblems(problems, () => readMonitorSettings(env));
  if (flags === undefined || settings === undefined) throw new SettingsError(problems);
  return { ...settings, testAlert: flags['test-alert'] };
}

/** @throws {SettingsError} with every problem at once */
export function readMonitorSettings(env: Environment): MonitorSettings {
  const settings = readSettings({
    specs: monitorSpecs,
    env: withProxies(env),
    files: monitorFiles,
    rules: [...accessRules, ...alertRules, ...databaseRules],
  });
  return {
    logLevel: settings.LOG_LEVEL,
    httpHost: settings.HTTP_HOST,
    httpPort: settings.HTTP_PORT,
    dataDir: settings.MONITOR_DATA_DIR,
    ageLimitMs: settings.AGE_LIMIT_MS,
    cluster: settings.CLUSTER_NAME,
    historyDays: settings.HISTORY_DAYS,
    announcementsFile: settings.ANNOUNCEMENTS_FILE || undefined,
    basePath: settings.BASE_PATH,
    access: accessSettings(settings),
    peers: peerSettings(settings),
    proxies: {
      HTTPS_PROXY: settings.HTTPS_PROXY,
      HTTP_PROXY: settings.HTTP_PROXY,
      NO_PROXY: settings.NO_PROXY,
    },
    alerts: alertSettings(settings),
    unstable: workloadSettings(settings),
    database: databaseSettings(settings),
  };
}
