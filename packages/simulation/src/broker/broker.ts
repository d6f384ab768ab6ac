import { createServer, type Socket } from 'node:net';
import { createLogger, type Logger, type Running, toError } from '@podips/shared';
import type { BrokerUser } from '../broker-process.js';
import { closeServer, listen } from '../listen.js';
import { freePort } from '../ports.js';
import { ARTEMIS } from './artemis.js';
import { type BrokerFaults, FaultState, faultControls } from './broker-faults.js';
import { CLASSIC } from './classic.js';
import { Connection, type ConnectionDeps } from './connection.js';
import { Journal } from './journal.js';
import { MessageStore } from './message-store.js';
import { AddressRouter, queueRouter } from './router.js';

export interface BrokerOptions {
  /** The broker that it behaves like. Default: ActiveMQ Classic. */
  readonly like?: 'activemq' | 'artemis';
  /** Default: a free one. */
  readonly port?: number;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Offered to clients in both directions, in milliseconds; 0: none. Default 5,000. */
  readonly heartbeatMs?: number;
  /** Who else is refused; undefined: nobody is. */
  readonly users?: readonly BrokerUser[];
  /** File that keeps persistent messages over a stop or a kill; without it they are gone with the broker. */
  readonly journalPath?: string;
  /** Longest body of a message. Default 10 MiB. */
  readonly maxBodyBytes?: number;
  /** Bytes that a client may leave unread before it gets no more messages. Default 1 MiB. */
  readonly maxPendingBytes?: number;
  /** Messages in all queues together; a SEND beyond is refused. Default 1,000,000. */
  readonly maxMessages?: number;
  readonly log?: Logger;
}

export interface Broker extends Running {
  readonly port: number;
  readonly faults: BrokerFaults;
  /** Messages on a queue that are not acknowledged. Queues are named as in frames, `/queue/pods`. */
  depth(queue: string): number;
  /** Messages put on a queue since the broker started, those restored from the journal included. */
  enqueued(queue: string): number;
  /** Subscriptions to a queue. */
  consumers(queue: string): number;
  /** Ends all connections at once. */
  stop(): Promise<void>;
}

const MAX_HEAD_BYTES = 64 * 1024;
const MAX_CONNECTIONS = 1_000;

/**
 * A small STOMP broker (1.0 to 1.2) that behaves like ActiveMQ Classic, or like Artemis, as far as podips depends on it.
 * @throws when the address cannot be bound or the journal cannot be read
 */
export async function startBroker(options: BrokerOptions = {}): Promise<Broker> {
  const { host = '127.0.0.1', port = await freePort(), log = createLogger('broker', 'silent') } = options;
  const opened = options.journalPath === undefined ? undefined : await Journal.open(options.journalPath);
  const store = new MessageStore(options.maxMessages ?? 1_000_000, opened?.journal, opened?.messages);
  const faults = new FaultState();
  const router = options.like === 'artemis' ? new AddressRouter(store) : queueRouter;
  const rules = { ...rulesOf(options), store, faults, log };
  const connections = new Set<Connection>();
  let stopping: Promise<void> | undefined;
  const destroyAll = () => {
    for (const connection of connections) connection.destroy();
  };

  /** One turn: work, then the journal, then what clients may see of it. */
  const turn = (work: () => void) => {
    if (stopping) return;
    try {
      work();
      store.flush();
      for (const connection of connections) connection.flush();
    } catch (err) {
      log.error({ err: toError(err) }, 'broker failed');
      void stop();
    }
  };
  const server = createServer({ noDelay: true }, (socket: Socket) => {
    const connection = new Connection(socket, { ...rules, turn, router });
    connections.add(connection);
    socket.on('close', () => connections.delete(connection));
  });
  server.maxConnections = MAX_CONNECTIONS;
  const stop = () => {
    stopping ??= (async () => {
      const closed = closeServer(server);
      destroyAll();
      await closed;
      opened?.journal.close();
    })();
    return stopping;
  };
  try {
    const bound = await listen(server, host, port);
    server.on('error', (err) => log.error({ err }, 'broker failed'));
    return {
      port: bound,
      faults: faultControls(faults, destroyAll),
      depth: (queue) => store.queue(queue).depth,
      enqueued: (queue) => store.queue(queue).enqueued,
      consumers: (queue) => store.queue(queue).consumerCount,
      stop,
    };
  } catch (err) {
    opened?.journal.close();
    throw err;
  }
}

type Rules = Pick<ConnectionDeps, 'behaviour' | 'users' | 'heartbeatMs' | 'limits'>;

/** What holds for every connection. */
function rulesOf(options: BrokerOptions): Rules {
  return {
    behaviour: options.like === 'artemis' ? ARTEMIS : CLASSIC,
    users: options.users,
    heartbeatMs: options.heartbeatMs ?? 5_000,
    limits: {
      maxHeadBytes: MAX_HEAD_BYTES,
      maxBodyBytes: options.maxBodyBytes ?? 10 * 1024 * 1024,
      maxPendingBytes: options.maxPendingBytes ?? 1024 * 1024,
    },
  };
}
