import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pause } from '@podips/shared';
import { freePort } from '@podips/simulation';
import { readComposeFile } from './compose-file.js';
import { collect } from './container.js';
import { ROOT } from './dockerfile.js';

/** Debian's ActiveMQ, started by the command and the configuration of the compose file. */
export interface ComposeBroker {
  readonly port: number;
  /** Runs the compose file's healthcheck. @returns its exit code */
  probe(env?: Readonly<Record<string, string>>): Promise<number>;
  stop(): Promise<void>;
}

const START_DEADLINE_MS = 60_000;
const COMPOSE_PORT = '61613';
/** A configuration that expands expressions would make another password of it. */
export const HOSTILE_PASSWORD = `a\${HOME}b#{1+1}c$&<"'>d`;

/** Resolves when the healthcheck passes. What differs from a container are paths and the port. */
export async function startComposeBroker(): Promise<ComposeBroker> {
  const service = readComposeFile({ QUEUE_PASSWORD: HOSTILE_PASSWORD }).services['podips-queue'];
  if (!service) throw new Error('the compose file has no broker');
  const dir = await mkdtemp(join(tmpdir(), 'podips-compose-broker-'));
  const port = await freePort();
  const xml = await readFile(new URL('deploy/compose/activemq.xml', ROOT), 'utf8');
  await writeFile(join(dir, 'activemq.xml'), xml.replace(`0.0.0.0:${COMPOSE_PORT}`, `127.0.0.1:${port}`));
  await mkdir(join(dir, 'tmp'));
  const local = (word: string) =>
    word
      .replace('/etc/podips', dir)
      .replace('/var/lib/activemq', join(dir, 'data'))
      .replace('/opt/apache-activemq/conf', join(dir, 'conf'))
      .replace('/opt/apache-activemq', '/usr/share/activemq')
      .replace('=/tmp', `=${join(dir, 'tmp')}`);
  const [java = '', ...words] = [...(service.entrypoint ?? []), ...(service.command ?? [])].map(local);
  const base = { PATH: process.env.PATH, ...service.environment };
  const child = spawn(java, words, { env: base, stdio: ['ignore', 'pipe', 'pipe'] });
  const { ended, output } = collect(child);
  const [, program = '', ...args] = service.healthcheck?.test ?? [];
  const broker: ComposeBroker = {
    port,
    async probe(env = {}) {
      const script = args.map((word) => word.replace(`/127.0.0.1/${COMPOSE_PORT}`, `/127.0.0.1/${port}`));
      const [code] = await once(
        spawn(program, script, { env: { ...base, ...env }, stdio: 'ignore' }),
        'exit',
      );
      return code;
    },
    async stop() {
      child.kill('SIGTERM');
      await ended;
      await rm(dir, { recursive: true, force: true });
    },
  };
  const deadline = AbortSignal.timeout(START_DEADLINE_MS);
  while ((await broker.probe()) !== 0) {
    if (deadline.aborted || child.exitCode !== null) {
      await broker.stop();
      throw new Error(`the broker did not become healthy:\n${output()}`);
    }
    await pause(200);
  }
  return broker;
}
