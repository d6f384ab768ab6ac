import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test, vi } from 'vitest';
import { HISTORY_FILE } from './history/history.js';
import { STATUS_FILE } from './status/status-store.js';

// The program as it is shipped: tests run after the build.
const MAIN = fileURLToPath(new URL('../dist/main.js', import.meta.url));

async function newDir(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'podips-monitor-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

function launch(settings: Record<string, string>) {
  const env = { HTTP_HOST: '127.0.0.1', HTTP_PORT: '0', ...settings };
  const child = spawn(process.execPath, [MAIN], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  return child;
}

async function ended(child: ChildProcess): Promise<unknown> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return child.exitCode ?? child.signalCode;
}

/** Where the process says that it listens. */
async function baseUrlOf(stdout: Readable): Promise<string> {
  for await (const line of createInterface(stdout)) {
    const url = /http:\/\/127\.0\.0\.1:\d+/.exec(line)?.[0];
    if (url !== undefined) return url;
  }
  throw new Error('the monitor did not start');
}

/** Sends heartbeats, 20 at a time, until the monitor is gone. */
async function burst(url: string, message: string, codes = [200]): Promise<void> {
  let count = 0;
  const sendOne = async () => {
    count += 1;
    const response = await fetch(`${url}/log/${codes[count % codes.length]}/${message}`);
    await response.text();
    return true;
  };
  let answered = true;
  while (answered) {
    const outcomes = await Promise.allSettled(Array.from({ length: 20 }, sendOne));
    answered = outcomes.every(({ status }) => status === 'fulfilled');
  }
}

interface Incident {
  readonly startedAt: string;
  readonly message: string;
}

/** All incidents that the monitor knows, the newest first. */
async function allIncidents(url: string): Promise<Incident[]> {
  const all: Incident[] = [];
  for (let before = '9999-01-01T00:00:00Z'; ; before = all.at(-1)?.startedAt ?? '') {
    const reply = await fetch(`${url}/api/v1/incidents?limit=500&before=${before}`);
    const { incidents }: { incidents: Incident[] } = JSON.parse(await reply.text());
    if (incidents.length === 0) return all;
    all.push(...incidents);
  }
}

/** The last heartbeats in the file of a monitor, which must be whole. */
async function readSaved(dir: string): Promise<Record<string, { message: string } | undefined>> {
  const { version, heartbeats } = JSON.parse(await readFile(join(dir, STATUS_FILE), 'utf8'));
  expect(version).toBe(1);
  return Object.fromEntries(heartbeats.map((one: { operation: string }) => [one.operation, one]));
}

test('a kill in the middle of a burst leaves a whole file, which the next start reads', async () => {
  const dir = await newDir();
  for (const round of ['first', 'second', 'third']) {
    const child = launch({ MONITOR_DATA_DIR: dir });
    const url = await baseUrlOf(child.stdout);
    const bursting = burst(url, round);
    await vi.waitFor(async () => expect((await readSaved(dir)).log?.message).toBe(round));
    child.kill('SIGKILL');
    expect(await ended(child)).toBe('SIGKILL');
    await bursting;
    expect((await readSaved(dir)).log?.message).toBe(round);
  }
});

test('a kill while a light flaps leaves a history that the next start continues', async () => {
  const dir = await newDir();
  const readHistory = () => readFile(join(dir, HISTORY_FILE), 'utf8');
  const rounds = ['first', 'second', 'third'];
  for (const round of rounds) {
    const child = launch({ MONITOR_DATA_DIR: dir });
    const url = await baseUrlOf(child.stdout);
    const bursting = burst(url, round, [500, 200]);
    await vi.waitFor(async () => expect(await readHistory()).toContain(`"code":500,"message":"${round}"`));
    child.kill('SIGKILL');
    expect(await ended(child)).toBe('SIGKILL');
    await bursting;
  }
  const url = await baseUrlOf(launch({ MONITOR_DATA_DIR: dir }).stdout);
  const status = await (await fetch(`${url}/api/v1/status`)).json();
  expect(status).toMatchObject({ problems: [] });
  const messages = new Set((await allIncidents(url)).map(({ message }) => message));
  expect([...messages].reverse()).toEqual(rounds);
});

test('SIGTERM saves the last heartbeat and ends the process with code 0', async () => {
  const dir = await newDir();
  const child = launch({ MONITOR_DATA_DIR: dir });
  const url = await baseUrlOf(child.stdout);
  for (const count of [1, 2, 3]) await fetch(`${url}/kubernetes/200/${count}`);
  child.kill('SIGTERM');
  expect(await ended(child)).toBe(0);
  expect((await readSaved(dir)).kubernetes?.message).toBe('3');
});

test('a disk that does not answer holds up neither heartbeats nor the stop', async () => {
  const dir = await newDir();
  // Without a reader: every write waits for ever.
  execFileSync('mkfifo', [join(dir, `${STATUS_FILE}.new`)]);
  const child = launch({ MONITOR_DATA_DIR: dir });
  const url = await baseUrlOf(child.stdout);
  await vi.waitFor(async () => {
    await fetch(`${url}/log/503/refused`);
    expect(await readFile(join(dir, HISTORY_FILE), 'utf8')).toContain('refused');
  });
  const output = text(child.stdout);
  child.kill('SIGTERM');
  expect(await ended(child)).toBe('SIGKILL');
  expect(await output).toContain('the last heartbeats are not saved: the disk does not answer');
});

test('wrong settings end the process with code 1 and a message for each', async () => {
  const child = launch({ HTTP_PORT: '70000', AGE_LIMIT_MS: 'long' });
  const [code, stderr] = await Promise.all([ended(child), text(child.stderr)]);
  expect(code).toBe(1);
  expect(stderr).toMatch(/HTTP_PORT must be.*AGE_LIMIT_MS must be/s);
});
