import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEFAULT_QUEUE_NAME } from '@podips/shared';
import {
  type ActiveMq,
  type ChildProgram,
  freePort,
  type Sink,
  startActiveMq,
  startChildProgram,
  startSink,
} from '@podips/simulation';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { PROGRAM_SPECS } from '../deploy/docker/program-specs.js';
import { writerEnvironment } from '../support/writer.js';

const PATIENCE = { timeout: 30_000, interval: 50 };
const SECRET = 'correct-horse-battery-staple';
const PASSWORDS = {
  QUEUE_PASSWORD: SECRET,
  DB_PASSWORD: SECRET,
  SMTP_PASSWORD: SECRET,
  READ_PASSWORD: SECRET,
  KUBE_APITOKEN: SECRET,
  HEARTBEAT_TOKEN: SECRET,
};

/** Whose passwords they are; some settings go in pairs. */
const USERS = { QUEUE_USERNAME: 'podips', SMTP_USER: 'podips', READ_USER: 'podips' };

const MOCKS = 'packages/simulation/dist';
const PROGRAMS = {
  reader: 'services/reader/dist/main.js',
  writer: 'services/writer/dist/main.js',
  monitor: 'services/monitor/dist/main.js',
  cronjob: 'services/cronjob/dist/main.js',
  'mock-producer': `${MOCKS}/mock-producer/main.js`,
  'mock-consumer': `${MOCKS}/mock-consumer/main.js`,
  'mock-cluster': `${MOCKS}/mock-cluster/main.js`,
} as const;
type Name = keyof typeof PROGRAMS;
// Object.keys does not say which keys an object has.
const NAMES = Object.keys(PROGRAMS) as Name[];

/** For each program: settings that are wrong, and what its message has to name. */
const WRONG: Record<Name, { env: Record<string, string>; args?: string[] }> = {
  reader: {
    env: { LOG_LEVEL: 'loud', PODIPS_HOST: `ftp://me:${SECRET}@monitor`, QUEUE_HOST: 'a b', DB_PORT: 'x' },
    args: ['--incluster=maybe'],
  },
  writer: { env: { LOG_LEVEL: 'loud', HTTP_PORT: '70000', QUEUE_PREFETCH: '0', LOG_SERVER_PORT: '-1' } },
  monitor: { env: { LOG_LEVEL: 'loud', HTTP_PORT: 'http', AGE_LIMIT_MS: '5m' } },
  cronjob: { env: { LOG_LEVEL: 'loud', CRON_SCHEDULE: 'often', POKE_TIMEOUT_MS: '0' }, args: ['--twice'] },
  'mock-producer': { env: { LOG_LEVEL: 'loud', QUEUE_PORT: '0', MOCK_INTERVAL_MS: 'fast' } },
  'mock-consumer': { env: { LOG_LEVEL: 'loud', QUEUE_PORT: '0', QUEUE_HEARTBEAT_MS: 'fast' } },
  'mock-cluster': { env: { LOG_LEVEL: 'loud', HTTP_PORT: 'http', MOCK_CHANGES_PER_SECOND: '0' } },
};
/** Settings that are missing, or wrong on the command line. */
const ALSO_NAMED: Partial<Record<Name, string>> = {
  reader: '--incluster',
  writer: 'LOG_SERVER is required',
  cronjob: '--once',
};

let dir: string;
let closedPort: number;
let children: ChildProgram[];
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'podips-programs-'));
  closedPort = await freePort();
});
afterAll(() => rm(dir, { recursive: true, force: true }));
beforeEach(() => {
  children = [];
});
afterEach(() => Promise.all(children.map((child) => child.stop())));

function launch(
  name: Name,
  env: Record<string, string>,
  args: readonly string[] = [],
  onLine: (line: string) => void = () => undefined,
): ChildProgram {
  const folders = { CONFIG_DIR: dir, STATUS_DIR: dir, MONITOR_DATA_DIR: dir, HOME: dir };
  const program = PROGRAMS[name];
  const child = startChildProgram({ name, program, args, env: { ...folders, ...env }, onLine });
  children.push(child);
  return child;
}

/** Starts a program whose surroundings are all out of reach. */
function launchAlone(name: Name, env: Record<string, string> = {}): ChildProgram {
  const nowhere = {
    ...writerEnvironment({ port: closedPort, name: DEFAULT_QUEUE_NAME }, closedPort),
    PODIPS_HOST: `127.0.0.1:${closedPort}`,
    KUBE_APISERVER_URL: `http://127.0.0.1:${closedPort}`,
  };
  return launch(name, { ...nowhere, ...env }, name === 'reader' ? ['--incluster=false'] : []);
}

/** Waits until a program has come so far that it writes a log, which is after it listens to signals. */
const hasStarted = (child: ChildProgram) =>
  vi.waitFor(() => expect(child.output()).toContain('"level":"'), PATIENCE);

describe.each(NAMES)('%s', (name) => {
  it('ends with exit code 1 and one message that names all that is wrong, and no secret', async () => {
    const { env, args } = WRONG[name];
    const child = launch(name, { ...PASSWORDS, ...env }, args);
    expect(await child.exited).toBe(1);
    const output = child.output();
    for (const setting of Object.keys(env)) expect(output).toContain(`- ${setting} `);
    expect(output).toContain(ALSO_NAMED[name] ?? '');
    expect(output.match(/wrong settings/g)).toHaveLength(1);
    expect(output).not.toContain(SECRET);
    expect(output).not.toMatch(/^\s+at /m);
  });

  it('lists all of its settings for --help, whatever else is wrong, and the flags that are right for a wrong one', async () => {
    // More lines than a child program keeps.
    const lines: string[] = [];
    const help = launch(name, WRONG[name].env, ['--help'], (line) => lines.push(line.trim()));
    expect(await help.exited).toBe(0);
    const settings = Object.keys(PROGRAM_SPECS[name] ?? {});
    // The last lines may be read after the exit is known.
    await vi.waitFor(() => expect(lines).toEqual(expect.arrayContaining(settings)), PATIENCE);
    const wrong = launch(name, {}, ['--hlep']);
    expect(await wrong.exited).toBe(1);
    await vi.waitFor(
      () => expect(wrong.output()).toMatch(/unknown: --hlep; the flags are .*--help/),
      PATIENCE,
    );
  });

  it.each(['SIGTERM', 'SIGINT'] as const)(
    'ends with exit code 0 at %s, with all it needs out of reach',
    async (signal) => {
      const child = launchAlone(name);
      await hasStarted(child);
      child.kill(signal);
      expect(await child.exited, child.output()).toBe(0);
    },
  );

  it('says no secret at the highest log level', async () => {
    const child = launchAlone(name, { ...PASSWORDS, ...USERS, LOG_LEVEL: 'trace' });
    await hasStarted(child);
    await child.stop();
    expect(child.output()).not.toContain(SECRET);
  });
});

describe('with a real broker', () => {
  let broker: ActiveMq;
  let sink: Sink;
  beforeAll(async () => {
    broker = await startActiveMq({ users: [{ name: 'podips', password: SECRET }] });
  });
  afterAll(() => broker?.destroy());
  beforeEach(async () => {
    sink = await startSink();
  });
  afterEach(() => sink.stop());
  const login = () => ({
    ...writerEnvironment({ port: broker.port, name: DEFAULT_QUEUE_NAME }, sink.port),
    QUEUE_USERNAME: 'podips',
  });

  it('mock-consumer prints what mock-producer sends, and takes it off the queue', async () => {
    const env = { ...login(), QUEUE_PASSWORD: SECRET, MOCK_INTERVAL_MS: '10' };
    const consumer = launch('mock-consumer', env);
    const producer = launch('mock-producer', env);
    await vi.waitFor(() => expect(consumer.output()).toContain('mock/mock:20'), PATIENCE);
    for (let n = 1; n <= 20; n += 1) expect(consumer.output()).toContain(`mock/mock:${n}`);
    producer.kill('SIGTERM');
    expect(await producer.exited).toBe(0);
    consumer.kill('SIGTERM');
    expect(await consumer.exited).toBe(0);
  });

  it('the writer carries what mock-producer sends to Fluentd', async () => {
    const env = { ...login(), QUEUE_PASSWORD: SECRET, MOCK_INTERVAL_MS: '10' };
    launch('mock-producer', env);
    const writer = launch('writer', env);
    await vi.waitFor(() => expect(sink.distinct).toBeGreaterThan(10), PATIENCE);
    expect(sink.records[0]).toMatchObject({ tag: 'audit.pod_ip', record: { class: 'mock' } });
    expect(writer.output()).not.toContain(SECRET);
  });

  it('a refused password is said to be refused, and not repeated', async () => {
    const wrong = `${SECRET}-but-wrong`;
    const child = launch('mock-consumer', { ...login(), QUEUE_PASSWORD: wrong, LOG_LEVEL: 'trace' });
    await vi.waitFor(
      () => expect(child.output()).toMatch(/User name \[podips\] or password is invalid/),
      PATIENCE,
    );
    expect(child.output()).not.toContain(wrong);
  });

  it('the writer waits for Fluentd at SIGTERM, and no longer at a second signal', async () => {
    sink.faults.neverAck(true);
    const env = { ...login(), QUEUE_PASSWORD: SECRET, LOG_ACK_TIMEOUT_MS: '60000' };
    const writer = launch('writer', env);
    launch('mock-producer', { ...env, MOCK_INTERVAL_MS: '10' });
    await vi.waitFor(() => expect(sink.received).toBeGreaterThan(0), PATIENCE);
    writer.kill('SIGTERM');
    await vi.waitFor(() => expect(writer.output()).toContain('"msg":"stopping"'), PATIENCE);
    expect(writer.running).toBe(true);
    writer.kill('SIGTERM');
    expect(await writer.exited).toBe('SIGKILL');
  });
});
