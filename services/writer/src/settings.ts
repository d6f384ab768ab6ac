import {
  type About,
  collectProblems,
  commonSpecs,
  type Environment,
  httpSpecs,
  integer,
  type LogLevel,
  monitorClientSpecs,
  parseFlags,
  parseServers,
  port,
  type QueueSettings,
  queueSettings,
  queueSpecs,
  queueTls,
  type Rule,
  readSettings,
  SettingsError,
  secret,
  serverList,
  statusDirSpecs,
  tlsClientSettings,
} from '@podips/shared';
import { type CleanedEnv, str } from 'envalid';
import type { FluentLogin } from './fluent-session.js';
import type { ForwarderOptions } from './forwarder.js';

export interface WriterSettings {
  readonly logLevel: LogLevel;
  readonly monitorUrl: string | undefined;
  readonly monitorTlsVerify: boolean;
  readonly heartbeatToken: string | undefined;
  readonly queue: QueueSettings;
  readonly prefetch: number;
  readonly fluent: ForwarderOptions;
  readonly statusDir: string;
  readonly httpHost: string;
  readonly httpPort: number;
}

/** With more, stompit and the broker can both wait for the other to read. */
const MAX_PREFETCH = 100;
const MAX_BATCH_DELAY_MS = 100;
const CONNECT_TIMEOUT_MS = 5_000;
const TLS = tlsClientSettings('LOG', 'Fluentd');

/** Every variable that the writer knows; `desc` is its row in docs/settings.md. */
export const writerSpecs = {
  ...commonSpecs,
  ...httpSpecs,
  ...monitorClientSpecs,
  ...queueSpecs('podips-queue'),
  ...statusDirSpecs,
  QUEUE_PREFETCH: integer(
    1,
    MAX_PREFETCH,
  )({
    default: MAX_PREFETCH,
    desc: 'maximum number of messages in flight without an acknowledgement',
  }),
  LOG_SERVER: serverList({
    desc: 'Fluentd or Fluent Bit, or several as `a,b:24225`; when one fails, the next is used',
  }),
  LOG_SERVER_PORT: port({
    default: 24224,
    desc: 'port for the forward protocol of servers without a port in `LOG_SERVER`',
  }),
  LOG_SHARED_KEY: secret(str({ default: '', desc: "`shared_key` of Fluentd's `<security>`" })),
  LOG_USERNAME: str({ default: '', desc: "user name of Fluentd's `<user>`, with `user_auth`" }),
  LOG_PASSWORD: secret(str({ default: '', desc: 'password of that user' })),
  ...TLS.specs,
  LOG_TAG: str({
    default: 'audit',
    desc: 'records get the tag `<LOG_TAG>.pod_ip`, those of restarts `<LOG_TAG>.pod_restart`',
  }),
  LOG_ACK_TIMEOUT_MS: integer(
    1_000,
    300_000,
  )({
    default: 30_000,
    desc: 'messages without an ack from Fluentd for this long are requeued',
  }),
  LOG_BATCH_DELAY_MS: integer(
    0,
    MAX_BATCH_DELAY_MS,
  )({
    default: 5,
    desc: 'how long a record may wait for others to fill a chunk',
  }),
  LOG_PROBE_INTERVAL_MS: integer(
    100,
    240_000,
  )({
    default: 30_000,
    desc: 'interval at which an idle link to Fluentd is probed with a connection that ends after TLS and login',
  }),
};

/** The files of podips 1.1 that the writer reads. */
export const writerFiles = ['podips_host', 'log_server', 'queue.config.json'] as const;

export const writerAbout: About = {
  name: 'writer',
  summary: 'delivers the messages of the queue to Fluentd',
  command: 'node services/writer/dist/main.js',
  specs: writerSpecs,
  files: writerFiles,
};

/**
 * Reads the writer's settings from environment and the files of podips 1.1.
 * @param args the command line, which has no flags but the common ones
 * @throws {SettingsError} with every problem at once
 */
export function readWriterSettings(env: Environment, args: readonly string[] = []): WriterSettings {
  const problems: string[] = [];
  collectProblems(problems, () => parseFlags(args, {}));
  const values = collectProblems(problems, () =>
    readSettings({
      specs: writerSpecs,
      env,
      files: writerFiles,
      rules: [...queueTls.rules, ...loginRules, ...TLS.rules],
    }),
  );
  if (values === undefined || problems.length > 0) throw new SettingsError(problems);
  return {
    logLevel: values.LOG_LEVEL,
    monitorUrl: values.PODIPS_HOST,
    monitorTlsVerify: values.PODIPS_TLS_VERIFY,
    heartbeatToken: values.HEARTBEAT_TOKEN,
    queue: queueSettings(values),
    prefetch: values.QUEUE_PREFETCH,
    fluent: {
      servers: parseServers(values.LOG_SERVER, values.LOG_SERVER_PORT),
      tls: TLS.read(values),
      login: loginOf(values),
      tagPrefix: values.LOG_TAG,
      connectTimeoutMs: CONNECT_TIMEOUT_MS,
      ackTimeoutMs: values.LOG_ACK_TIMEOUT_MS,
      batchDelayMs: values.LOG_BATCH_DELAY_MS,
      // A quarter of the prefetch: the broker sends more only when half of it is acknowledged.
      batchSize: Math.ceil(values.QUEUE_PREFETCH / 4),
      probeIntervalMs: values.LOG_PROBE_INTERVAL_MS,
    },
    statusDir: values.STATUS_DIR,
    httpHost: values.HTTP_HOST,
    httpPort: values.HTTP_PORT,
  };
}

type Values = CleanedEnv<typeof writerSpecs>;

/** Users are known to Fluentd only below a shared key. */
const loginRules: readonly Rule<Values>[] = [
  ({ LOG_USERNAME: username, LOG_PASSWORD: password }) =>
    username === '' && password !== '' ? ['LOG_PASSWORD needs LOG_USERNAME'] : [],
  ({ LOG_USERNAME: username, LOG_SHARED_KEY: key }) =>
    username !== '' && key === '' ? ['LOG_USERNAME needs LOG_SHARED_KEY'] : [],
];

function loginOf(values: Values): FluentLogin | undefined {
  const { LOG_SHARED_KEY: sharedKey, LOG_USERNAME: username, LOG_PASSWORD: password } = values;
  return sharedKey === '' ? undefined : { sharedKey, username, password };
}
