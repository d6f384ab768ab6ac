// What stands on the stage of the pictures: real monitors over real databases, with an invented past and an invented chain.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { createLogger, migrate, openPool } from '../../packages/shared/dist/index.js';
import { startPostgres } from '../../packages/simulation/dist/index.js';
import { ROOT } from '../steps.mjs';

export const IMAGES = join(ROOT, 'docs/images');
export const BROKER_GONE = 'connect ECONNREFUSED 10.96.14.3:61613';
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const SECOND_MS = 1_000;
const RUNS = { reader: '1f3a9c2e', writer: '7b2d4e60' };
const PER_SECOND = 5;
const [READER, WRITER] = [
  { host: 'podips-reader-0', address: '10.64.2.11' },
  { host: 'podips-writer-6d4f9c5b8-x2x7q', address: '10.64.3.27' },
];
const SENDERS = { kubernetes: READER, 'queue/write': READER, 'queue/read': WRITER, log: WRITER };
const OPERATIONS = Object.keys(SENDERS);

/** Trouble of the last days: what, how many hours ago, for how many minutes, and why. */
const TROUBLE = [
  ['log', 52, 7, 504, 'no ack from Fluentd within 30 s'],
  ['queue/write', 16.4, 22, 500, BROKER_GONE],
  ['queue/read', 16.4, 23, 500, BROKER_GONE],
  ['kubernetes', 6.2, 3, 503, 'the server is currently unable to handle the request'],
];

/** The history of a monitor that has been running for days. */
function history(nowMs) {
  const time = (ms) => new Date(ms).toISOString();
  const line = (atMs, operation, light, code, message) => ({
    at: time(atMs),
    operation,
    light,
    code,
    message,
  });
  const transitions = [
    ...[...OPERATIONS, 'ledger'].map((light) => line(nowMs - 90 * HOUR_MS, light, 'green', 200, 'OK')),
    ...TROUBLE.flatMap(([operation, hoursAgo, minutes, code, message]) => [
      line(nowMs - hoursAgo * HOUR_MS, operation, 'red', code, message),
      line(nowMs - hoursAgo * HOUR_MS + minutes * MINUTE_MS, operation, 'green', 200, 'OK'),
    ]),
  ];
  const ran = { from: time(nowMs - 90 * HOUR_MS), to: time(nowMs) };
  return [ran, ...transitions].map((entry) => `${JSON.stringify(entry)}\n`).join('');
}

/** The heartbeats that it received last. */
function statuses(nowMs) {
  const receivedAt = new Date(nowMs).toISOString();
  const heartbeats = OPERATIONS.map((operation) => {
    const { host, address } = SENDERS[operation];
    return { operation, code: 200, message: 'OK', receivedAt, remoteAddress: address, host };
  });
  return JSON.stringify({ version: 1, heartbeats });
}

/** A monitor with a past, on a port that is free. */
export async function startMonitor(cluster, resources, env = {}) {
  const dir = await mkdtemp(join(tmpdir(), 'podips-screenshots-'));
  resources.defer(() => rm(dir, { recursive: true, force: true }));
  await writeFile(join(dir, 'history.jsonl'), history(Date.now()));
  await writeFile(join(dir, 'statuses.json'), statuses(Date.now()));
  const settings = {
    HTTP_HOST: '127.0.0.1',
    HTTP_PORT: '0',
    MONITOR_DATA_DIR: dir,
    CLUSTER_NAME: cluster,
    TRUSTED_PROXIES: '127.0.0.1',
  };
  const monitor = spawn(process.execPath, [join(ROOT, 'services/monitor/dist/main.js')], {
    env: { ...settings, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  resources.defer(() => {
    monitor.kill('SIGCONT');
    monitor.kill();
    return monitor.exitCode ?? once(monitor, 'exit');
  });
  for await (const text of createInterface(monitor.stdout)) {
    const url = /http:\/\/127\.0\.0\.1:\d+/.exec(text)?.[0];
    if (url === undefined) continue;
    monitor.stdout.resume();
    return { url, monitor };
  }
  throw new Error('the monitor ended before it listened');
}

/** A database with what `fill` writes. @returns the settings by which a monitor finds it, and how to use and to stop it */
export async function startDatabase(resources, fill) {
  const postgres = await startPostgres();
  resources.defer(() => postgres.destroy());
  const { host, port, user, password, database } = postgres.settings;
  const use = async (work) => {
    const pool = openPool(postgres.settings, createLogger('screenshots', 'warn'));
    await work(pool);
    await pool.end();
  };
  await use(migrate);
  await use(fill);
  const env = {
    DB_HOST: host,
    DB_PORT: String(port),
    DB_USER: user,
    DB_PASSWORD: password,
    DB_NAME: database,
  };
  return { env, use, stop: () => postgres.destroy() };
}

export async function beat(url, operation, code = 200, message = 'OK') {
  const { host, address } = SENDERS[operation];
  const headers = { 'x-podips-host': host, 'x-forwarded-for': address };
  await fetch(`${url}/${operation}/${code}/${encodeURIComponent(message)}`, { method: 'POST', headers });
}

/**
 * A chain that works until it meets trouble, a second after the other until it is stopped. Trouble: heartbeats that fail as
 * code and text, those that do not come, what delivers nothing, how many messages are in the outbox, and what the ledger reports.
 */
export function startChain(url, resources) {
  let trouble = {};
  let published = 0;
  let delivered = 0;
  const stopped = new AbortController();
  const second = async () => {
    const { fails = {}, silent = [], frozen, outbox = 0, ledger = null } = trouble;
    if (fails['queue/write'] === undefined && fails.kubernetes === undefined) published += PER_SECOND;
    if (frozen === undefined) delivered = published;
    for (const operation of OPERATIONS)
      if (!silent.includes(operation))
        await beat(url, operation, ...(fails[operation] ?? [200, `${PER_SECOND} messages`]));
    await report(url, { service: 'reader', run: RUNS.reader, published, buffered: 0, outbox, ledger });
    if (frozen === 'writer') return;
    const counts = { received: delivered, written: delivered, inFlight: 0, lagMs: frozen ? null : 9 };
    const got = [{ run: RUNS.reader, number: delivered }];
    await report(url, { service: 'writer', run: RUNS.writer, delivered: got, ...counts });
  };
  const run = async () => {
    while (!stopped.signal.aborted) {
      await second();
      await sleep(SECOND_MS);
    }
  };
  const running = run();
  const stop = async () => {
    stopped.abort();
    await running;
  };
  resources.defer(stop);
  const meet = (next) => {
    trouble = next;
  };
  return { stop, meet };
}

async function report(url, body) {
  const headers = { 'content-type': 'application/json' };
  await fetch(`${url}/api/v1/reports`, { method: 'POST', headers, body: JSON.stringify(body) });
}
