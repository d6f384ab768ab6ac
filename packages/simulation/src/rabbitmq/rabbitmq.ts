import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BrokerProcess, BrokerTls, BrokerUser } from '../broker-process.js';
import { freePort } from '../ports.js';
import { ServerProcess, ServerProcessError } from '../server-process.js';
import { canConnect } from '../tcp.js';
import { writeConfiguration } from './configuration.js';

export interface RabbitMqOptions {
  /** Default: `podips` with the password `secret`. */
  readonly users?: readonly BrokerUser[];
  /** Virtual hosts besides `/`; every user may use all of them. */
  readonly vhosts?: readonly string[];
  /** Makes it listen for TLS on a port of its own, too. */
  readonly tls?: BrokerTls;
}

/** A real RabbitMQ with its STOMP plugin, on loopback ports and with data that stay the same over restarts. */
export type RabbitMq = BrokerProcess;

/** Not rabbitmq-server(8) in PATH, which changes to another user. */
const PROGRAM = '/usr/lib/rabbitmq/bin/rabbitmq-server';
const DEFAULT_USERS = [{ name: 'podips', password: 'secret' }];

/**
 * Starts a broker; takes about five seconds.
 * @throws {ServerProcessError} SERVER_MISSING when Debian's package `rabbitmq-server` is not installed, SERVER_FAILED
 */
export async function startRabbitMq(options: RabbitMqOptions = {}): Promise<RabbitMq> {
  if (!existsSync(PROGRAM))
    throw new ServerProcessError(
      'SERVER_MISSING',
      'RabbitMQ is missing: install Debian\'s package "rabbitmq-server"',
    );
  const dir = await mkdtemp(join(tmpdir(), 'podips-rabbitmq-'));
  const ports = {
    stomp: await freePort(),
    tls: await freePort(),
    epmd: await freePort(),
    dist: await freePort(),
  };
  await writeConfiguration(dir, { users: DEFAULT_USERS, vhosts: [], ...options }, ports);
  const env = environment(dir, ports);
  let epmd: ServerProcess | undefined;
  let server: ServerProcess | undefined;
  const broker: RabbitMq = {
    port: ports.stomp,
    tlsPort: options.tls && ports.tls,
    get pid() {
      if (server === undefined) throw new ServerProcessError('SERVER_FAILED', 'RabbitMQ is not running');
      return server.pid;
    },
    async start() {
      server = await ServerProcess.start({
        name: 'RabbitMQ',
        program: PROGRAM,
        args: [],
        env,
        // Its port opens before its users exist.
        ready: (output) => output.includes('Server startup complete'),
      });
    },
    stop: async (signal) => server?.stop(signal),
    freeze: () => server?.freeze(),
    thaw: () => server?.thaw(),
    async destroy() {
      await broker.stop('SIGKILL');
      await epmd?.stop('SIGKILL');
      await rm(dir, { recursive: true, force: true });
    },
  };
  try {
    epmd = await startEpmd(ports.epmd);
    await broker.start();
  } catch (err) {
    await broker.destroy();
    throw err;
  }
  return broker;
}

/** Erlang's port mapper. Erlang would start one by itself, as a daemon that nobody ends. */
function startEpmd(port: number): Promise<ServerProcess> {
  return ServerProcess.start({
    name: 'epmd',
    program: 'epmd',
    args: ['-port', String(port), '-address', '127.0.0.1'],
    ready: () => canConnect(port),
  });
}

/** All that the script would otherwise take from the machine's own RabbitMQ (RabbitMQ, "Configuration", "Environment variables"). */
function environment(dir: string, ports: { readonly epmd: number; readonly dist: number }) {
  return {
    HOME: dir,
    RABBITMQ_CONF_ENV_FILE: join(dir, 'none'),
    RABBITMQ_CONFIG_FILE: join(dir, 'rabbitmq.conf'),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(dir, 'enabled_plugins'),
    RABBITMQ_GENERATED_CONFIG_DIR: join(dir, 'generated'),
    RABBITMQ_MNESIA_BASE: join(dir, 'data'),
    RABBITMQ_LOG_BASE: join(dir, 'log'),
    RABBITMQ_PID_FILE: join(dir, 'pid'),
    RABBITMQ_NODENAME: `podips-${ports.dist}@localhost`,
    RABBITMQ_DIST_PORT: String(ports.dist),
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '-kernel inet_dist_use_interface {127,0,0,1}',
    ERL_EPMD_PORT: String(ports.epmd),
    ERL_EPMD_ADDRESS: '127.0.0.1',
    // Holds for the short-lived nodes as well by which RabbitMQ looks after the port mapper every minute.
    ERL_FLAGS: '-start_epmd false',
    // The script then becomes the server, instead of a parent that would outlive it.
    RUNNING_UNDER_SYSTEMD: 'true',
  };
}
