import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BrokerName } from '@podips/shared';
import {
  type BrokerOptions,
  type BrokerProcess,
  type BrokerRights,
  type BrokerTls,
  type BrokerUser,
  startActiveMq,
  startBroker,
  startRabbitMq,
} from '@podips/simulation';

/** May do everything. */
export const USER = { name: 'podips', password: 'secret' };
/** The rights that the services need, as docs/install.md lists them. */
export const READER = user('reader', { sendTo: ['pods'], receiveFrom: [] });
export const WRITER = user('writer', { sendTo: ['pods', 'pods.invalid'], receiveFrom: ['pods'] });
/** A writer that has no right to send to the dead-letter queue. */
export const RESTRICTED_WRITER = user('restricted', { sendTo: ['pods'], receiveFrom: ['pods'] });
const USERS = [USER, READER, WRITER, RESTRICTED_WRITER];

function user(name: string, may: BrokerRights): BrokerUser {
  return { name, password: 'secret', may };
}

/** A broker that the suite stops and starts again, on the same port and data. */
export type BrokerUnderTest = Pick<BrokerProcess, 'port' | 'tlsPort' | 'start' | 'stop' | 'destroy'>;

export interface BrokerCase {
  readonly name: string;
  /** What it says of a login that it refuses. */
  readonly loginRefused: RegExp;
  readonly hasVhosts: boolean;
  /** Whether it can be had with TLS. */
  readonly isReal: boolean;
  /** Where its own dialect waits for the disk, the one for messages that need not outlive it. */
  readonly fillAs?: BrokerName;
  /** How many messages the writer finds waiting: where more than its bound could come, more than it could bear. */
  readonly waiting: number;
  start(tls?: BrokerTls): Promise<BrokerUnderTest>;
}

export const ACTIVEMQ: BrokerCase = {
  name: 'ActiveMQ Classic',
  loginRefused: /User name \[podips\] or password is invalid/,
  hasVhosts: false,
  isReal: true,
  waiting: 5_000,
  start: (tls) => startActiveMq({ users: USERS, ...(tls ? { tls } : {}) }),
};

export const RABBITMQ: BrokerCase = {
  name: 'RabbitMQ',
  loginRefused: /Access refused for user 'podips'/,
  hasVhosts: true,
  isReal: true,
  // The receipt of COMMIT says that messages are on the queue, not that they are on disk.
  fillAs: 'activemq',
  waiting: 20_000,
  start: (tls) => startRabbitMq({ users: USERS, vhosts: ['clusters'], ...(tls ? { tls } : {}) }),
};

export const ARTEMIS_STAND_IN: BrokerCase = {
  name: 'the stand-in of Artemis',
  loginRefused: /User name \[podips\] or password is invalid/,
  hasVhosts: false,
  isReal: false,
  waiting: 5_000,
  start: () => startStandIn('artemis'),
};

export const ACTIVEMQ_STAND_IN: BrokerCase = {
  name: 'the stand-in of ActiveMQ Classic',
  loginRefused: /user name or password is wrong/,
  hasVhosts: false,
  isReal: false,
  waiting: 2_000,
  start: () => startStandIn('activemq'),
};

/** A stand-in with a journal: what it has confirmed is on file, so that any stop is as good as a kill. */
async function startStandIn(like: NonNullable<BrokerOptions['like']>): Promise<BrokerUnderTest> {
  const dir = await mkdtemp(join(tmpdir(), 'podips-stand-in-'));
  const options = { like, users: USERS, journalPath: join(dir, 'journal'), heartbeatMs: 500 };
  let broker = await startBroker(options);
  const { port } = broker;
  return {
    port,
    tlsPort: undefined,
    async start() {
      broker = await startBroker({ ...options, port });
    },
    stop: () => broker.stop(),
    async destroy() {
      await broker.stop();
      await rm(dir, { recursive: true, force: true });
    },
  };
}
