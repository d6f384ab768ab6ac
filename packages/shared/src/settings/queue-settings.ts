import { type CleanedEnv, EnvError, makeValidator, str } from 'envalid';
import { BROKERS, type BrokerName } from '../broker-dialect.js';
import type { TlsSettings } from '../tls-client.js';
import { secret } from './secrets.js';
import { parseServers, type ServerAddress, serverList } from './server-list.js';
import { tlsClientSettings } from './tls-settings.js';
import { integer, port } from './validators.js';

export type QueueServer = ServerAddress;

export const DEFAULT_QUEUE_NAME = '/queue/pods';
export const DEFAULT_VHOST = '/';

/** Brokers read commas, wildcards, question marks and spaces in a destination as more than a name. */
const queueName = makeValidator<string>((input) => {
  if (!/^\/queue\/[A-Za-z0-9._-]{1,200}$/.test(input))
    throw new EnvError(`must be /queue/ followed by letters, digits or characters of ._-, but is "${input}"`);
  return input;
});

/** Where messages go that can never be delivered. */
export const invalidQueueOf = (queueName: string) => `${queueName}.invalid`;

/** TLS to the broker; `check` belongs into the service's own. */
export const queueTls = tlsClientSettings('QUEUE', 'the broker');

export function queueSpecs(defaultHost: string) {
  return {
    QUEUE_HOST: serverList({
      default: defaultHost,
      desc: 'broker, or several as `a,b:61613`; when one fails, the next is tried',
    }),
    QUEUE_PORT: port({ default: 61613, desc: 'STOMP port of brokers without a port in `QUEUE_HOST`' }),
    QUEUE_NAME: queueName({
      default: DEFAULT_QUEUE_NAME,
      desc: 'the queue, the same for reader and writer; messages that can never be delivered go to `<QUEUE_NAME>.invalid`',
    }),
    QUEUE_BROKER: str({
      choices: ['auto', ...BROKERS],
      default: 'auto',
      desc: 'which broker it is; `auto`: as it says when it accepts a connection',
    }),
    QUEUE_VHOST: str({ default: DEFAULT_VHOST, desc: 'virtual host of RabbitMQ; other brokers ignore it' }),
    QUEUE_USERNAME: str({ default: '', desc: 'user name at the broker' }),
    QUEUE_PASSWORD: secret(str({ default: '', desc: 'password at the broker' })),
    ...queueTls.specs,
    QUEUE_HEARTBEAT_MS: integer(
      100,
      60_000,
    )({
      default: 5_000,
      desc: 'interval of STOMP heart-beats in both directions; the connection to a broker that is silent for two to four of them is closed',
    }),
    QUEUE_CONNECT_TIMEOUT_MS: integer(
      100,
      60_000,
    )({ default: 5_000, desc: 'deadline from the first packet to the CONNECTED frame' }),
    QUEUE_RECEIPT_TIMEOUT_MS: integer(
      100,
      300_000,
    )({ default: 10_000, desc: 'deadline for a RECEIPT frame' }),
  };
}

export interface QueueSettings {
  readonly servers: readonly QueueServer[];
  /** The queue as a STOMP destination. */
  readonly name: string;
  readonly broker?: BrokerName | undefined;
  readonly vhost?: string | undefined;
  readonly tls?: TlsSettings | undefined;
  readonly username: string;
  readonly password: string;
  readonly heartbeatMs: number;
  readonly connectTimeoutMs: number;
  readonly receiptTimeoutMs: number;
}

/** The queue part of a service's settings, ready for {@link QueueLink}. */
export function queueSettings(env: CleanedEnv<ReturnType<typeof queueSpecs>>): QueueSettings {
  return {
    servers: parseServers(env.QUEUE_HOST, env.QUEUE_PORT),
    name: env.QUEUE_NAME,
    broker: BROKERS.find((name) => name === env.QUEUE_BROKER),
    vhost: env.QUEUE_VHOST,
    tls: queueTls.read(env),
    username: env.QUEUE_USERNAME,
    password: env.QUEUE_PASSWORD,
    heartbeatMs: env.QUEUE_HEARTBEAT_MS,
    connectTimeoutMs: env.QUEUE_CONNECT_TIMEOUT_MS,
    receiptTimeoutMs: env.QUEUE_RECEIPT_TIMEOUT_MS,
  };
}
