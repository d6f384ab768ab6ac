import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
// Not from the package itself, which loads every API of Kubernetes: 50 MB.
import { KubeConfig } from '@kubernetes/client-node/dist/config.js';
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
  monitorClientSpecs,
  parseBool,
  parseFlags,
  type QueueSettings,
  queueSettings,
  queueSpecs,
  readSettings,
  SettingsError,
  statusDirSpecs,
  toError,
} from '@podips/shared';
import { str } from 'envalid';

export interface ReaderSettings {
  readonly logLevel: LogLevel;
  readonly monitorUrl: string | undefined;
  readonly monitorTlsVerify: boolean;
  readonly heartbeatToken: string | undefined;
  readonly queue: QueueSettings;
  readonly database: DatabaseSettings | undefined;
  readonly statusDir: string;
  readonly httpHost: string;
  readonly httpPort: number;
  readonly dc: string;
  readonly kubeConfig: KubeConfig;
  readonly pageSize: number;
  readonly requestDeadlineMs: number;
  readonly watchIdleMs: number;
  readonly watchTimeoutSeconds: number;
  readonly maxBufferedMessages: number;
  readonly outboxIntervalMs: number;
  readonly clusterName: string;
  readonly maxPendingLeases: number;
  readonly ledgerIntervalMs: number;
  readonly ledgerRetentionDays: number;
  readonly standbyIntervalMs: number;
  readonly databaseWaitMs: number;
}

/** Every variable that the reader knows; `desc` is its row in docs/settings.md. */
export const readerSpecs = {
  ...commonSpecs,
  ...httpSpecs,
  ...monitorClientSpecs,
  ...queueSpecs('podips-queue'),
  ...databaseSpecs,
  ...statusDirSpecs,
  LOG_DC: str({ default: 'unknown', desc: 'data centre; the field `dc` of every message' }),
  KUBECONFIG: str({ default: undefined, desc: 'kubeconfig file, with `--incluster=false`' }),
  KUBE_APISERVER_URL: str({
    default: undefined,
    desc: 'API server, with `--incluster=false` and no kubeconfig',
  }),
  KUBE_APITOKEN: str({ default: undefined, desc: 'bearer token for `KUBE_APISERVER_URL`' }),
  KUBE_CA_CERT_FILE: str({
    default: undefined,
    desc: 'file with the certificate authority for `KUBE_APISERVER_URL`',
  }),
  KUBE_SERVICEACCOUNT_ROOT: str({
    default: '',
    desc: 'prefix of the path of the service account, for a reader that runs outside a pod',
  }),
  KUBE_PAGE_SIZE: integer(1, 10_000)({ default: 500, desc: 'pods in one page of a list' }),
  KUBE_REQUEST_TIMEOUT_MS: integer(
    100,
    300_000,
  )({
    default: 30_000,
    desc: 'deadline for a page of a list, and for the response to a watch request',
  }),
  KUBE_WATCH_IDLE_MS: integer(
    100,
    3_600_000,
  )({
    default: 90_000,
    desc: 'a watch without an event or bookmark for this long is reopened; must be longer than the bookmark interval of a minute',
  }),
  KUBE_WATCH_TIMEOUT_S: integer(
    1,
    86_400,
  )({ default: 480, desc: 'time after which the API server is asked to end a watch' }),
  READER_BUFFER_MESSAGES: integer(
    100,
    1_000_000,
  )({
    default: 20_000,
    desc: 'maximum number of messages in memory while neither queue nor database accepts them; then the watch is closed until there is room',
  }),
  OUTBOX_INTERVAL_MS: integer(
    100,
    3_600_000,
  )({
    default: 10_000,
    desc: 'interval at which the outbox is sent to the queue; also at once after a reconnect',
  }),
  CLUSTER_NAME: str({
    default: 'default',
    desc: 'cluster of the ledger; clusters may share a database, and then share the outbox, if all use one broker',
  }),
  LEDGER_RETENTION_DAYS: integer(
    1,
    36_500,
  )({ default: 400, desc: 'leases that ended longer ago are deleted' }),
  LEDGER_INTERVAL_MS: integer(
    10,
    60_000,
  )({ default: 1_000, desc: 'interval at which the ledger is written' }),
  LEDGER_BUFFER_LEASES: integer(
    100,
    1_000_000,
  )({
    default: 100_000,
    desc: 'maximum number of leases in memory while the database is unavailable; beyond it the ledger gets a gap',
  }),
  STANDBY_INTERVAL_MS: integer(
    100,
    10_000,
  )({
    default: 2_000,
    desc: 'how often a second reader asks whether the first one is gone',
  }),
  DB_WAIT_MS: integer(
    0,
    3_600_000,
  )({
    default: 10_000,
    desc: 'a reader that starts without its database waits so long before it goes on without',
  }),
};

/** The files of podips 1.1 that the reader reads. */
export const readerFiles = ['default_podips_host', 'queue.config.json', 'dbconfig.ini'] as const;

/**
 * Reads the reader's settings from flags, environment and the files of podips 1.1.
 * @param args the command line without program names
 * @throws {SettingsError} with every problem at once
 */
export function readReaderSettings(args: readonly string[], env: Environment): ReaderSettings {
  const problems: string[] = [];
  const inCluster = collectProblems(problems, () => parseInCluster(args)) ?? true;
  const values = collectProblems(problems, () =>
    readSettings({ specs: readerSpecs, env, files: readerFiles }),
  );
  const kubeConfig = collectProblems(problems, () => (inCluster ? loadInCluster(env) : loadOutside(env)));
  if (values === undefined || kubeConfig === undefined || problems.length > 0)
    throw new SettingsError(problems);
  return {
    logLevel: values.LOG_LEVEL,
    monitorUrl: values.PODIPS_HOST,
    monitorTlsVerify: values.PODIPS_TLS_VERIFY,
    heartbeatToken: values.HEARTBEAT_TOKEN,
    queue: queueSettings(values),
    database: databaseSettings(values),
    statusDir: values.STATUS_DIR,
    httpHost: values.HTTP_HOST,
    httpPort: values.HTTP_PORT,
    dc: values.LOG_DC,
    kubeConfig,
    pageSize: values.KUBE_PAGE_SIZE,
    requestDeadlineMs: values.KUBE_REQUEST_TIMEOUT_MS,
    watchIdleMs: values.KUBE_WATCH_IDLE_MS,
    watchTimeoutSeconds: values.KUBE_WATCH_TIMEOUT_S,
    maxBufferedMessages: values.READER_BUFFER_MESSAGES,
    outboxIntervalMs: values.OUTBOX_INTERVAL_MS,
    clusterName: values.CLUSTER_NAME,
    maxPendingLeases: values.LEDGER_BUFFER_LEASES,
    ledgerIntervalMs: values.LEDGER_INTERVAL_MS,
    ledgerRetentionDays: values.LEDGER_RETENTION_DAYS,
    standbyIntervalMs: values.STANDBY_INTERVAL_MS,
    databaseWaitMs: values.DB_WAIT_MS,
  };
}

/** `--incluster`, `--incluster=false` and, as the original's flag package took it, `-incluster=false`. */
function parseInCluster(args: readonly string[]): boolean {
  const normalised = args
    .map((arg) => arg.replace(/^--?incluster(?==|$)/, '--incluster'))
    .map((arg) => (arg === '--incluster' ? '--incluster=true' : arg));
  const options = { incluster: { type: 'string', default: 'true' } } as const;
  const { incluster } = parseFlags(
    normalised,
    options,
    'the only flag is --incluster=true or --incluster=false',
  );
  return parseBool(incluster, '--incluster');
}

function loadInCluster(env: Environment): KubeConfig {
  if (!env.KUBERNETES_SERVICE_HOST || !env.KUBERNETES_SERVICE_PORT)
    throw new SettingsError([
      '--incluster is true, but KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set: run inside a cluster, or pass --incluster=false',
    ]);
  const config = new KubeConfig();
  config.loadFromCluster(env.KUBE_SERVICEACCOUNT_ROOT ?? '');
  return config;
}

function loadOutside(env: Environment): KubeConfig {
  const config = new KubeConfig();
  const home = env.HOME ?? homeOfUser();
  const homeFile = home && join(home, '.kube', 'config');
  if (env.KUBECONFIG) loadFiles(config, env.KUBECONFIG.split(delimiter));
  else if (homeFile && existsSync(homeFile)) loadFiles(config, [homeFile]);
  else loadFromUrl(config, env);
  return allowPlainHttp(config);
}

/** The user of a container may have no entry, and so no home. */
function homeOfUser(): string | undefined {
  try {
    return homedir();
  } catch {
    return undefined; // then there is no kubeconfig in it either
  }
}

/** KUBECONFIG may name several files; the first one wins where they disagree, as in kubectl. */
function loadFiles(config: KubeConfig, list: readonly string[]): void {
  const files = list.filter((file) => file !== '');
  for (const [index, file] of files.entries()) {
    try {
      const next = index === 0 ? config : new KubeConfig();
      next.loadFromFile(file);
      if (next !== config) config.mergeConfig(next, true);
    } catch (err) {
      throw new SettingsError([`the kubeconfig ${file} cannot be read: ${toError(err).message}`]);
    }
  }
}

function loadFromUrl(config: KubeConfig, env: Environment): void {
  const server = env.KUBE_APISERVER_URL;
  if (!server)
    throw new SettingsError([
      '--incluster is false, but there is no way to a cluster: set KUBECONFIG, or have $HOME/.kube/config, or set KUBE_APISERVER_URL (with KUBE_APITOKEN and KUBE_CA_CERT_FILE)',
    ]);
  const url = URL.parse(server);
  if (!url || !['http:', 'https:'].includes(url.protocol))
    throw new SettingsError([`KUBE_APISERVER_URL must be an http(s) URL, but is "${server}"`]);
  const caFile = env.KUBE_CA_CERT_FILE;
  config.loadFromClusterAndUser(
    { name: 'cluster', server, skipTLSVerify: false, ...(caFile ? { caData: readBase64(caFile) } : {}) },
    { name: 'reader', ...(env.KUBE_APITOKEN ? { token: env.KUBE_APITOKEN } : {}) },
  );
}

function readBase64(caFile: string): string {
  try {
    return readFileSync(caFile).toString('base64');
  } catch (err) {
    throw new SettingsError([`KUBE_CA_CERT_FILE cannot be read: ${toError(err).message}`]);
  }
}

/** The library refuses http:// unless told that there is no certificate to verify; `kubectl proxy` speaks plain HTTP. */
function allowPlainHttp(config: KubeConfig): KubeConfig {
  config.clusters = config.clusters.map((cluster) =>
    cluster.server.startsWith('http:') ? { ...cluster, skipTLSVerify: true } : cluster,
  );
  if (!config.getCurrentCluster()) throw new SettingsError(['the kubeconfig names no current cluster']);
  return config;
}
