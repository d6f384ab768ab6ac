// Takes pictures of the status page for the README: real monitors with invented heartbeats, in a real Chromium.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import { chromium } from 'playwright-core';
import { createLogger, migrate, openPool } from '../packages/shared/dist/index.js';
import { startPostgres } from '../packages/simulation/dist/index.js';
import { writeInventedWorkloads } from './invented-workloads.mjs';
import { ROOT } from './steps.mjs';

const IMAGES = join(ROOT, 'docs/images');
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const HOSTS = {
  kubernetes: 'podips-reader-0',
  'queue/write': 'podips-reader-0',
  'queue/read': 'podips-writer-6d4f9c5b8-x2x7q',
  log: 'podips-writer-6d4f9c5b8-x2x7q',
};
const ADDRESSES = {
  kubernetes: '10.64.2.11',
  'queue/write': '10.64.2.11',
  'queue/read': '10.64.3.27',
  log: '10.64.3.27',
};
const OPERATIONS = Object.keys(HOSTS);
const BROKER_GONE = 'connect ECONNREFUSED 10.96.14.3:61613';

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
    ...OPERATIONS.map((operation) => line(nowMs - 90 * HOUR_MS, operation, 'green', 200, 'OK')),
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
  const heartbeats = OPERATIONS.map((operation) => ({
    operation,
    code: 200,
    message: 'OK',
    receivedAt,
    remoteAddress: ADDRESSES[operation],
    host: HOSTS[operation],
  }));
  return JSON.stringify({ version: 1, heartbeats });
}

/** A monitor with a past, on a port that is free. */
async function startMonitor(cluster, resources, env = {}) {
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
    monitor.kill();
    return monitor.exitCode ?? once(monitor, 'exit');
  });
  for await (const text of createInterface(monitor.stdout)) {
    const url = /http:\/\/127\.0\.0\.1:\d+/.exec(text)?.[0];
    if (url !== undefined) {
      monitor.stdout.resume();
      return url;
    }
  }
  throw new Error('the monitor ended before it listened');
}

async function beat(url, operation, code = 200, message = 'OK') {
  const headers = { 'x-podips-host': HOSTS[operation], 'x-forwarded-for': ADDRESSES[operation] };
  await fetch(`${url}/${operation}/${code}/${encodeURIComponent(message)}`, { method: 'POST', headers });
}

async function beatAll(url) {
  for (const operation of OPERATIONS) await beat(url, operation);
}

async function breakBroker(url) {
  await beat(url, 'queue/write', 500, BROKER_GONE);
  await beat(url, 'queue/read', 500, BROKER_GONE);
}

/** A database with what `fill` writes. @returns the settings by which a monitor finds it */
async function startDatabase(resources, fill) {
  const postgres = await startPostgres();
  resources.defer(() => postgres.destroy());
  const { host, port, user, password, database } = postgres.settings;
  const pool = openPool(postgres.settings, createLogger('screenshots', 'warn'));
  await migrate(pool);
  await fill(pool);
  await pool.end();
  return { DB_HOST: host, DB_PORT: String(port), DB_USER: user, DB_PASSWORD: password, DB_NAME: database };
}

/** A ledger of some days. */
async function fillLedger(pool) {
  await pool.query(`
    INSERT INTO leases SELECT 'fra1', 'uid-' || pod, '10.64.0.182', 0, 'shop', pod, 'ReplicaSet', 'web-5cc97bc7d5', node, false,
      starts::timestamptz, false, ends::timestamptz, 'deleted', false
    FROM (VALUES ('web-5cc97bc7d5-228ts', 'node-3', '2026-11-19 22:14:07.318Z', '2026-11-20 14:05:20.602Z'),
      ('web-5cc97bc7d5-x7k2p', 'node-1', '2026-11-20 14:05:24.117Z', '2026-11-20 18:40:00.441Z')) AS pods (pod, node, starts, ends)`);
  await pool.query(
    `INSERT INTO gaps (cluster, ended_at, reason) VALUES ('fra1', '2026-11-01 08:00Z', 'start')`,
  );
  await pool.query(`INSERT INTO reader_positions VALUES ('fra1', '1', now())`);
}

/** Waits until all of the ledger is counted. */
async function untilCounted(url) {
  for (;;) {
    const { countedUntil } = await (await fetch(`${url}/api/v1/workloads`)).json();
    if (countedUntil !== null) return;
    await setTimeout(200);
  }
}

/** Only these pictures, when some are named on the command line. */
const ONLY = process.argv.slice(2);

async function take(browser, url, name, options = {}) {
  if (ONLY.length > 0 && !ONLY.includes(name)) return;
  const { width = 1_280, height = 800, colorScheme = 'light', live = true, text } = options;
  const context = await browser.newContext({ viewport: { width, height }, colorScheme });
  const page = await context.newPage();
  await page.goto(url);
  if (live) await page.waitForSelector('html.live');
  if (text !== undefined) await page.getByText(text).waitFor();
  await page.screenshot({ path: join(IMAGES, `${name}.png`) });
  await context.close();
  console.log(`  docs/images/${name}.png`);
}

await using resources = new AsyncDisposableStack();
await mkdir(IMAGES, { recursive: true });
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
resources.defer(() => browser.close());
const ams = await startMonitor('ams1', resources);
const lon = await startMonitor('lon1', resources);
await beatAll(ams);
await beatAll(lon);
await beat(lon, 'log', 504, 'no ack from Fluentd within 30 s');
const webhook = createServer((_request, response) => response.end()).listen(0, '127.0.0.1');
await once(webhook, 'listening');
resources.defer(() => webhook.close());
const alone = await startMonitor('fra1', resources, {
  ALERT_WEBHOOK_URLS: `http://localhost:${webhook.address().port}/alerts`,
});
await beatAll(alone);
await take(browser, alone, 'all-green');
await take(browser, alone, 'all-green-dark', { colorScheme: 'dark' });
await breakBroker(alone);
await take(browser, alone, 'broker-down', { text: 'Last alert' });
await take(browser, `${alone}/incidents`, 'incidents', { live: false });
await take(browser, alone, 'phone', { width: 390, height: 844 });
const overview = await startMonitor('fra1', resources, {
  OTHER_MONITORS: `ams1=${ams},lon1=${lon},nyc1=http://127.0.0.1:9`,
  OTHER_MONITORS_INTERVAL_MS: '1000',
});
await beatAll(overview);
await take(browser, overview, 'clusters', { height: 900 });
const withLedger = await startMonitor('fra1', resources, await startDatabase(resources, fillLedger));
await beatAll(withLedger);
const question = new URLSearchParams({ ip: '10.64.0.182', at: '2026-11-20 14:05' });
await take(browser, `${withLedger}/leases?${question}`, 'leases', { height: 860, live: false });
const sick = await startDatabase(resources, (pool) => writeInventedWorkloads(pool, 'fra1', Date.now()));
const withWorkloads = await startMonitor('fra1', resources, sick);
await beatAll(withWorkloads);
await untilCounted(withWorkloads);
const ranking = `${withWorkloads}/workloads?window=24h`;
const workload = `${withWorkloads}/workloads/shop/Deployment/cart?window=24h`;
await take(browser, withWorkloads, 'dashboard-unstable', { height: 1_150 });
await take(browser, ranking, 'workloads', { live: false });
await take(browser, ranking, 'workloads-dark', { live: false, colorScheme: 'dark' });
await take(browser, ranking, 'workloads-phone', { live: false, width: 390, height: 844 });
await take(browser, ranking, 'workloads-wide', { live: false, width: 2_560, height: 1_200 });
await take(browser, workload, 'workload', { live: false, height: 720 });
await take(browser, workload, 'workload-dark', { live: false, height: 720, colorScheme: 'dark' });
await take(browser, workload, 'workload-phone', { live: false, width: 390, height: 844 });
await take(browser, workload, 'workload-wide', { live: false, width: 2_560, height: 1_200 });
