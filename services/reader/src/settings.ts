import type { KubeConfig } from '@kubernetes/client-node/dist/config.js';
import {
  type About,
  bool,
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
  monitorClientSpecs,
  parseBool,
  type QueueSettings,
  queueSettings,
  queueSpecs,
  queueTls,
  readSettings,
  SettingsError,
  secret,
  statusDirSpecs,
} from '@podips/shared';
import { str } from 'envalid';
import { loadInCluster, loadOutside } from './cluster/kube-config.js';
import { type Scope, scopeRules, scopeSettings, scopeSpecs } from './cluster/scope-settings.js';
import { parseReaderFlags, readerFlags } from './flags.js';
import {
  type ElectionSettings,
  electionRules,
  electionSettings,
  electionSpecs,
} from './leadership/election-settings.js';

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
  /** Undefined: this is the only reader, and leads without a Lease. */
  readonly election: ElectionSettings | undefined;
  readonly scope: Scope;
  readonly secondaryNetworks: boolean;
  readonly pageSize: number;
  readonly requestDeadlineMs: number;
  readonly watchIdleMs: number;
  readonly watchTimeoutSeconds: number;
  readonly maxBufferedMessages: number;
  /** Whether restarts of containers are published. */
  readonly restartMessages: boolean;
  readonly outboxIntervalMs: number;
  readonly clusterName: string;
  readonly maxPendingLeases: number;
  readonly ledgerIntervalMs: number;
  readonly ledgerRetentionDays: number;
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
  KUBECONFIG: str({
    default: undefined,
    desc: 'kubeconfig files, with `--incluster=false`; several are separated by `:` and merged as by kubectl',
  }),
  KUBE_APISERVER_URL: str({
    default: undefined,
    desc: 'API server, with `--incluster=false` and no kubeconfig',
  }),
  KUBE_APITOKEN: secret(str({ default: undefined, desc: 'bearer token for `KUBE_APISERVER_URL`' })),
  KUBE_CA_CERT_FILE: str({
    default: undefined,
    desc: 'file with the certificate authority for `KUBE_APISERVER_URL`',
  }),
  HTTPS_PROXY: str({
    default: undefined,
    desc: 'proxy to an API server with https, with `--incluster=false`; `proxy-url` of the kubeconfig goes before it',
  }),
  HTTP_PROXY: str({ default: undefined, desc: 'proxy to an API server with http, with `--incluster=false`' }),
  NO_PROXY: str({
    default: undefined,
    desc: 'names, domains, addresses and networks that are reached without a proxy, separated by commas',
  }),
  KUBE_SERVICEACCOUNT_ROOT: str({
    default: '',
    desc: 'prefix of the path of the service account, for a reader that runs outside a pod',
  }),
  KUBE_PAGE_SIZE: integer(1, 10_000)({ default: 100, desc: 'pods in one page of a list' }),
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
  RESTART_MESSAGES: bool({
    default: false,
    desc: 'whether restarts of containers are published as well, as messages of their own (`subclass` `pod_restart`); the ledger has them in any case',
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
    desc: 'maximum number of leases in memory while the database is unavailable; beyond it the ledger gets a gap. Leases whose messages are not delivered yet count, too: not below `READER_BUFFER_MESSAGES`',
  }),
  ...scopeSpecs,
  ...electionSpecs,
  DB_WAIT_MS: integer(
    0,
    3_600_000,
  )({
    default: 10_000,
    desc: 'time that a reader waits at its start for an unavailable database, before it publishes without its ledger',
  }),
};

/** The files of podips 1.1 that the reader reads. */
export const readerFiles = ['default_podips_host', 'queue.config.json', 'dbconfig.ini'] as const;

export const readerAbout: About = {
  name: 'reader',
  summary: "publishes each start and end of a pod's hold on an IP address to the queue, and keeps the ledger",
  command: 'node services/reader/dist/main.js',
  flags: readerFlags,
  specs: readerSpecs,
  files: readerFiles,
};

/**
 * Reads the reader's settings from flags, environment and the files of podips 1.1.
 * @param args the command line without program names
 * @throws {SettingsError} with every problem at once
 */
export function readReaderSettings(args: readonly string[], env: Environment): ReaderSettings {
  const problems: string[] = [];
  const inCluster = collectProblems(problems, () =>
    parseBool(parseReaderFlags(args).incluster, '--incluster'),
  );
  const ofCluster: string[] = [];
  // Where the flag is wrong, it is not known what counts.
  const load = inCluster === undefined ? undefined : inCluster ? loadInCluster : loadOutside;
  const { config: kubeConfig, namespace } = load?.(env, ofCluster) ?? {};
  const values = collectProblems(problems, () =>
    readSettings({
      specs: readerSpecs,
      env,
      files: readerFiles,
      rules: [...queueTls.rules, ...databaseRules, ...scopeRules, ...electionRules(namespace)],
    }),
  );
  problems.push(...ofCluster);
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
    election: electionSettings(values, namespace),
    scope: scopeSettings(values),
    secondaryNetworks: values.SECONDARY_NETWORKS,
    pageSize: values.KUBE_PAGE_SIZE,
    requestDeadlineMs: values.KUBE_REQUEST_TIMEOUT_MS,
    watchIdleMs: values.KUBE_WATCH_IDLE_MS,
    watchTimeoutSeconds: values.KUBE_WATCH_TIMEOUT_S,
    maxBufferedMessages: values.READER_BUFFER_MESSAGES,
    restartMessages: values.RESTART_MESSAGES,
    outboxIntervalMs: values.OUTBOX_INTERVAL_MS,
    clusterName: values.CLUSTER_NAME,
    maxPendingLeases: values.LEDGER_BUFFER_LEASES,
    ledgerIntervalMs: values.LEDGER_INTERVAL_MS,
    ledgerRetentionDays: values.LEDGER_RETENTION_DAYS,
    databaseWaitMs: values.DB_WAIT_MS,
  };
}
