import { createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { createLogger, type Logger, type Running } from '@podips/shared';
import { closeServer, listen } from '../listen.js';
import { freePort } from '../ports.js';
import type { SinkRecord } from './forward-protocol.js';
import type { SinkSecurity } from './login.js';
import { RecordLog } from './record-log.js';
import { serveConnection } from './sink-connection.js';
import { faultControls, SinkFaultState, type SinkFaults } from './sink-faults.js';

export interface SinkOptions {
  /** Default: a free one. */
  readonly port?: number;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** File that gets one line `{ tag, time, record }` of JSON per record, appended. */
  readonly file?: string;
  /** How many of the newest records stay in memory. Default 10,000. */
  readonly keep?: number;
  /** Called for each record when it is stored, before it is acknowledged. */
  readonly onRecord?: (record: SinkRecord) => void;
  /** Default: without a login. */
  readonly security?: SinkSecurity;
  /** Default: plain TCP. */
  readonly tls?: SinkTls;
  readonly log?: Logger;
}

/** The `<transport tls>` section. */
export interface SinkTls {
  readonly certPem: string;
  readonly keyPem: string;
  /** The authority of client certificates, which are then required; `client_cert_auth`. */
  readonly clientCaPem?: string;
}

export interface Sink extends Running {
  readonly port: number;
  readonly faults: SinkFaults;
  /** Records ever stored. */
  readonly received: number;
  /** Different `event_id`s among them. */
  readonly distinct: number;
  /** Records whose `event_id` had come before. */
  readonly duplicates: number;
  /** Whether a record with this `event_id` has come; of more than two million, the oldest are forgotten. */
  has(eventId: string): boolean;
  /** The newest records, oldest first. */
  readonly records: readonly SinkRecord[];
  /** Connections ever taken. */
  readonly connections: number;
  /** The newest of what Fluentd would log as a warning or an error, oldest first. */
  readonly warnings: readonly string[];
  /** Ends all connections at once. */
  stop(): Promise<void>;
}

const MAX_EVENT_IDS = 2_000_000;
const MAX_CONNECTIONS = 1_000;
const MAX_WARNINGS = 1_000;

/**
 * Stands in for Fluentd's `in_forward`.
 * @throws when the address cannot be bound or the file cannot be opened
 */
export async function startSink(options: SinkOptions = {}): Promise<Sink> {
  const { host = '127.0.0.1', port = await freePort(), onRecord, security } = options;
  const { log = createLogger('sink', 'silent') } = options;
  const recordLog = new RecordLog({
    file: options.file,
    keep: options.keep ?? 10_000,
    maxEventIds: MAX_EVENT_IDS,
  });
  const faults = new SinkFaultState();
  const stopping = new AbortController();
  const sockets = new Set<Socket>();
  const store = (records: readonly SinkRecord[]) => {
    recordLog.write(records);
    if (onRecord) for (const record of records) onRecord(record);
  };

  let connections = 0;
  const warnings: string[] = [];
  const warn = (message: string) => {
    warnings.push(message);
    if (warnings.length > MAX_WARNINGS) warnings.shift();
  };
  const serve = (socket: Socket) => {
    void serveConnection(socket, { security, faults, store, stopping: stopping.signal, warn, log });
  };
  const open = async (port: number): Promise<{ server: Server; port: number }> => {
    const server = options.tls ? tlsServer(options.tls, serve, warn) : createTcpServer(TCP, serve);
    server.on('connection', (socket: Socket) => {
      connections += 1;
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
    });
    server.maxConnections = MAX_CONNECTIONS;
    const bound = await listen(server, host, port);
    server.on('error', (err) => log.error({ err }, 'sink failed'));
    return { server, port: bound };
  };
  const close = async (server: Server) => {
    const closed = closeServer(server);
    for (const socket of sockets) socket.destroy();
    await closed;
  };

  let current: Server | undefined;
  const first = await open(port).catch((err) => {
    recordLog.close();
    throw err;
  });
  current = first.server;
  const refuse = async (on: boolean) => {
    const server = current;
    if (!on && !server) current = (await open(first.port)).server;
    if (!on || !server) return;
    current = undefined;
    await close(server);
  };
  return {
    port: first.port,
    faults: faultControls(faults, refuse),
    get received() {
      return recordLog.received;
    },
    get distinct() {
      return recordLog.distinct;
    },
    get duplicates() {
      return recordLog.duplicates;
    },
    has: (eventId) => recordLog.has(eventId),
    get records() {
      return recordLog.records;
    },
    get connections() {
      return connections;
    },
    get warnings() {
      return [...warnings];
    },
    async stop() {
      if (stopping.signal.aborted) return;
      stopping.abort();
      await refuse(true);
      recordLog.close();
    },
  };
}

const TCP = { noDelay: true };

/** Warns of a client that opens no TLS connection as Fluentd does, a bare TCP connection included. */
function tlsServer(
  { certPem, keyPem, clientCaPem }: SinkTls,
  serve: (socket: Socket) => void,
  warn: (message: string) => void,
): Server {
  const clients = clientCaPem === undefined ? {} : { ca: clientCaPem, requestCert: true };
  const server = createTlsServer({ ...TCP, cert: certPem, key: keyPem, ...clients }, serve);
  server.on('tlsClientError', (err) =>
    warn(`unexpected error before accepting TLS connection by OpenSSL: ${err.message}`),
  );
  return server;
}
