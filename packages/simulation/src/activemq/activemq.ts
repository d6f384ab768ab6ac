import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pause } from '@podips/shared';
import { onExit } from '../on-exit.js';
import { freePort } from '../ports.js';
import { canConnect } from './tcp.js';

/** Passwords by name. Who is not among them is refused. */
export type Users = Readonly<Record<string, string>>;

/** A real ActiveMQ Classic, with a STOMP connector on a loopback port that stays the same over restarts. */
export interface ActiveMq {
  readonly port: number;
  readonly pid: number;
  /** Starts it again on the same journal; with other logins when they are given. */
  start(users?: Users): Promise<void>;
  /** Ends it: SIGTERM lets it close its journal, SIGKILL does not. */
  stop(signal?: 'SIGTERM' | 'SIGKILL'): Promise<void>;
  /** SIGSTOP and SIGCONT: the sockets stay open, nothing answers. */
  freeze(): void;
  thaw(): void;
  /** Stops it and removes its files. */
  destroy(): Promise<void>;
}

const HOME = '/usr/share/activemq';
const START_DEADLINE_MS = 60_000;
const STOP_DEADLINE_MS = 20_000;

/** @throws when Debian's package `activemq` is not installed: nothing that needs a broker is skipped */
export async function startActiveMq(options: { users?: Users } = {}): Promise<ActiveMq> {
  if (!existsSync(`${HOME}/lib`))
    throw new Error('ActiveMQ is missing: install Debian\'s package "activemq"');
  const base = await mkdtemp(join(tmpdir(), 'podips-activemq-'));
  const port = await freePort();
  await mkdir(join(base, 'conf'));
  const configure = (users: Users | undefined) =>
    writeFile(join(base, 'conf', 'activemq.xml'), brokerXml(port, users));
  await writeFile(join(base, 'conf', 'log4j.properties'), LOG4J);
  let child: ChildProcess | undefined;

  const broker: ActiveMq = {
    port,
    get pid() {
      if (child?.pid === undefined) throw new Error('ActiveMQ is not running');
      return child.pid;
    },
    async start(users = options.users) {
      await configure(users);
      child = await launch(base);
      await waitUntilListening(port, child);
    },
    async stop(signal = 'SIGTERM') {
      if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, 'exit');
      child.kill(signal);
      // A frozen one ends by SIGKILL as it is, without another word.
      if (signal === 'SIGTERM') child.kill('SIGCONT');
      const hurry = setTimeout(() => child?.kill('SIGKILL'), STOP_DEADLINE_MS);
      await exited;
      clearTimeout(hurry);
    },
    freeze: () => void child?.kill('SIGSTOP'),
    thaw: () => void child?.kill('SIGCONT'),
    async destroy() {
      await broker.stop('SIGKILL');
      await rm(base, { recursive: true, force: true });
    },
  };
  try {
    await broker.start();
  } catch (err) {
    await broker.destroy();
    throw err;
  }
  return broker;
}

async function launch(base: string): Promise<ChildProcess> {
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
  const child = spawn('java', args, { stdio: ['ignore', 'pipe', 'pipe'] });
  child.stdout?.resume();
  child.stderr?.resume();
  child.on('error', () => undefined); // a failed spawn shows as an exit below
  child.once(
    'exit',
    onExit(() => child.kill('SIGKILL')),
  );
  return child;
}

async function waitUntilListening(port: number, child: ChildProcess): Promise<void> {
  const deadline = AbortSignal.timeout(START_DEADLINE_MS);
  while (!(await canConnect(port))) {
    if (deadline.aborted) throw new Error('ActiveMQ did not start in time');
    if (child.exitCode !== null) throw new Error(`ActiveMQ ended with exit code ${child.exitCode}`);
    await pause(100);
  }
}

const LOG4J = `log4j.rootLogger=WARN, console
log4j.appender.console=org.apache.log4j.ConsoleAppender
log4j.appender.console.layout=org.apache.log4j.PatternLayout
log4j.appender.console.layout.ConversionPattern=%d %p %c{1} %m%n
`;

/** The settings that an operator would use as well: a journal, limits on memory and disk, non-blocking STOMP. */
function brokerXml(port: number, users: Users | undefined): string {
  const accounts = Object.entries(users ?? {}).map(
    ([name, password]) => `<authenticationUser username="${name}" password="${password}" groups="users"/>`,
  );
  const login = users
    ? `<plugins><simpleAuthenticationPlugin><users>${accounts.join('')}</users></simpleAuthenticationPlugin></plugins>`
    : '';
  return `<beans xmlns="http://www.springframework.org/schema/beans"
  xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
  xsi:schemaLocation="http://www.springframework.org/schema/beans http://www.springframework.org/schema/beans/spring-beans-2.0.xsd
  http://activemq.apache.org/schema/core http://activemq.apache.org/schema/core/activemq-core.xsd">
  <bean class="org.springframework.beans.factory.config.PropertyPlaceholderConfigurer"/>
  <broker xmlns="http://activemq.apache.org/schema/core" brokerName="podips" useJmx="false"
          dataDirectory="\${activemq.base}/data" schedulePeriodForDestinationPurge="0">
    <destinationPolicy><policyMap><policyEntries>
      <policyEntry queue="&gt;" memoryLimit="64mb" producerFlowControl="true"/>
    </policyEntries></policyMap></destinationPolicy>
    <persistenceAdapter><kahaDB directory="\${activemq.base}/data/kahadb"/></persistenceAdapter>
    ${login}
    <systemUsage><systemUsage>
      <memoryUsage><memoryUsage limit="256 mb"/></memoryUsage>
      <storeUsage><storeUsage limit="2 gb"/></storeUsage>
      <tempUsage><tempUsage limit="256 mb"/></tempUsage>
    </systemUsage></systemUsage>
    <transportConnectors>
      <transportConnector name="stomp" uri="stomp+nio://127.0.0.1:${port}"/>
    </transportConnectors>
  </broker>
</beans>
`;
}
