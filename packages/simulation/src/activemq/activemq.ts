import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BrokerProcess, BrokerTls, BrokerUser } from '../broker-process.js';
import { freePort } from '../ports.js';
import { ServerProcess, ServerProcessError } from '../server-process.js';
import { canConnect } from '../tcp.js';
import { brokerXml } from './broker-xml.js';
import { writeKeyStores } from './key-stores.js';

export interface ActiveMqOptions {
  /** Who else is refused; undefined: nobody is. */
  readonly users?: readonly BrokerUser[];
  /** Makes it listen for TLS on a port of its own, too. */
  readonly tls?: BrokerTls;
}

/** A real ActiveMQ Classic. */
export interface ActiveMq extends BrokerProcess {
  /** Starts it again on the same journal; with other logins when they are given. */
  start(users?: readonly BrokerUser[]): Promise<void>;
}

const HOME = '/usr/share/activemq';

/**
 * @throws {ServerProcessError} SERVER_MISSING when Debian's package `activemq` is not installed: nothing that needs a
 * broker is skipped; SERVER_FAILED
 */
export async function startActiveMq(options: ActiveMqOptions = {}): Promise<ActiveMq> {
  if (!existsSync(`${HOME}/lib`))
    throw new ServerProcessError(
      'SERVER_MISSING',
      'ActiveMQ is missing: install Debian\'s package "activemq"',
    );
  const base = await mkdtemp(join(tmpdir(), 'podips-activemq-'));
  const conf = join(base, 'conf');
  const ports = { stomp: await freePort(), tls: await freePort() };
  let server: ServerProcess | undefined;
  const broker: ActiveMq = {
    port: ports.stomp,
    tlsPort: options.tls && ports.tls,
    get pid() {
      if (server === undefined) throw new ServerProcessError('SERVER_FAILED', 'ActiveMQ is not running');
      return server.pid;
    },
    async start(users = options.users) {
      await writeFile(join(conf, 'activemq.xml'), brokerXml(ports, users, options.tls));
      server = await launch(base, options.tls ? [ports.stomp, ports.tls] : [ports.stomp]);
    },
    stop: async (signal) => server?.stop(signal),
    freeze: () => server?.freeze(),
    thaw: () => server?.thaw(),
    async destroy() {
      await broker.stop('SIGKILL');
      await rm(base, { recursive: true, force: true });
    },
  };
  try {
    await mkdir(conf);
    await writeFile(join(conf, 'log4j.properties'), LOG4J);
    if (options.tls) await writeKeyStores(conf, options.tls);
    await broker.start();
  } catch (err) {
    await broker.destroy();
    throw err;
  }
  return broker;
}

async function launch(base: string, ports: readonly number[]): Promise<ServerProcess> {
  const jars = (dir: string) =>
    readdir(dir).then((names) =>
      names.filter((name) => name.endsWith('.jar')).map((name) => join(dir, name)),
    );
  const classpath = [
    join(base, 'conf'),
    ...(await jars(`${HOME}/lib`)),
    ...(await jars(`${HOME}/lib/optional`)),
  ];
  const args = [
    '-Xmx512m',
    '-XX:+UseSerialGC',
    '-Djava.net.preferIPv4Stack=true',
    `-Dactivemq.home=${HOME}`,
    `-Dactivemq.base=${base}`,
    `-Dactivemq.conf=${join(base, 'conf')}`,
    `-Dactivemq.data=${join(base, 'data')}`,
    `-Djava.io.tmpdir=${base}`,
    '-cp',
    classpath.join(':'),
    'org.apache.activemq.console.Main',
    'start',
    // From the class path, which begins with `conf`: the URL of a file may have no space.
    'xbean:activemq.xml',
  ];
  const ready = async () => (await Promise.all(ports.map(canConnect))).every(Boolean);
  return ServerProcess.start({ name: 'ActiveMQ', program: 'java', args, ready });
}

const LOG4J = `log4j.rootLogger=WARN, console
log4j.appender.console=org.apache.log4j.ConsoleAppender
log4j.appender.console.layout=org.apache.log4j.PatternLayout
log4j.appender.console.layout.ConversionPattern=%d %p %c{1} %m%n
`;
