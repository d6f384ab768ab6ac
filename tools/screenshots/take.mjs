// Takes the pictures of the documents into docs/images, or another folder, with a real Chromium.
// Usage: node tools/screenshots/take.mjs [FOLDER]
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { chromium } from 'playwright-core';
import { INCIDENT_MS, INCIDENTS } from './incidents.mjs';
import { writeInventedWorkloads } from './invented-workloads.mjs';
import { beat, IMAGES, startChain, startDatabase, startMonitor } from './stage.mjs';

const FOLDER = resolve(process.argv[2] ?? IMAGES);
const PATIENCE_MS = 120_000;
const DESK = { width: 1_280, height: 800 };
const VARIANTS = {
  '': { ...DESK },
  '-dark': { ...DESK, colorScheme: 'dark' },
  '-phone': { width: 360, height: 740 },
  '-wide': { width: 2_560, height: 1_440 },
};

/** A day of workloads, and an address with two holders. */
async function fillLedger(pool) {
  await writeInventedWorkloads(pool, 'fra1', Date.now());
  await pool.query(`
    INSERT INTO leases (cluster, pod_uid, ip, occurrence, namespace, pod, owner_kind, owner_name, node, host_network, started_at,
      start_inferred, ended_at, end_reason, end_inferred, started_not_before, started_not_after, ended_not_before, ended_not_after,
      workload_kind, workload)
    SELECT 'fra1', 'uid-' || pod, '10.64.9.182', 0, 'shop', pod, 'ReplicaSet', 'web-5cc97bc7d5', node, false, starts, false, ends,
      'deleted', false, starts, starts, ends, ends, 'Deployment', 'web'
    FROM (VALUES ('web-5cc97bc7d5-228ts', 'node-3', '2026-11-19 22:14:07.318Z'::timestamptz, '2026-11-20 14:04:20.602Z'::timestamptz),
      ('web-5cc97bc7d5-x7k2p', 'node-1', '2026-11-20 14:04:24.117Z', '2026-11-20 18:40:00.441Z'))
      AS pods (pod, node, starts, ends)`);
  await pool.query(
    `INSERT INTO gaps (cluster, ended_at, reason) VALUES ('fra1', '2026-11-01 08:00Z', 'start')`,
  );
}

function fillOutbox(pool, count) {
  return pool.query(`INSERT INTO messages (message) SELECT '{}' FROM generate_series(1, $1)`, [count]);
}

async function startWebhook(resources) {
  const webhook = createServer((_request, response) => response.end()).listen(0, '127.0.0.1');
  await once(webhook, 'listening');
  resources.defer(() => webhook.close());
  return { ALERT_WEBHOOK_URLS: `http://localhost:${webhook.address().port}/alerts` };
}

/** Waits until the monitor's answer says that it is ready. */
async function until(url, isReady) {
  while (!isReady(await (await fetch(url)).json())) await sleep(200);
}

/** All of the ledger is counted. */
const untilCounted = (url) => until(`${url}/api/v1/workloads`, ({ countedUntil }) => countedUntil !== null);

/** It is known how much is published and delivered. */
const untilMeasured = (url) =>
  until(
    `${url}/api/v1/status`,
    ({ flow }) => flow?.publishedPerSecond != null && flow.writtenPerSecond != null,
  );

async function shoot(page, name, { width, height, colorScheme = 'light' }) {
  await page.setViewportSize({ width, height });
  await page.emulateMedia({ colorScheme });
  await page.screenshot({ path: join(FOLDER, `${name}.png`) });
  console.log(`  ${name}.png`);
}

async function takePage(browser, url, name, suffixes, { height, live = true } = {}) {
  const page = await browser.newPage();
  await page.goto(url);
  if (live) await page.waitForSelector('html.live');
  for (const suffix of suffixes) {
    const variant = VARIANTS[suffix];
    await shoot(page, `${name}${suffix}`, suffix === '' && height ? { ...variant, height } : variant);
  }
  await page.close();
}

const ALL = Object.keys(VARIANTS);

async function takeHealthy(browser, resources) {
  const database = await startDatabase(resources, fillLedger);
  const { url } = await startMonitor('fra1', resources, {
    ...database.env,
    ...(await startWebhook(resources)),
  });
  startChain(url, resources);
  await untilCounted(url);
  await untilMeasured(url);
  await takePage(browser, url, 'all-green', ALL, { height: 1_280 });
  await takePage(browser, `${url}/incidents`, 'incidents', [''], { live: false });
  const question = new URLSearchParams({ ip: '10.64.9.182', at: '2026-11-20 14:05' });
  await takePage(browser, `${url}/leases?${question}`, 'leases', [''], { live: false });
  await takePage(browser, `${url}/workloads?window=24h`, 'workloads', ALL, { live: false });
  const workload = `${url}/workloads/shop/Deployment/cart?window=24h`;
  await takePage(browser, workload, 'workload', ALL, { live: false });
}

async function takeClusters(browser, resources) {
  const [ams, lon] = await Promise.all(['ams1', 'lon1'].map((name) => startMonitor(name, resources)));
  await beat(lon.url, 'log', 504, 'no ack from Fluentd within 30 s');
  const overview = await startMonitor('fra1', resources, {
    OTHER_MONITORS: `ams1=${ams.url},lon1=${lon.url},nyc1=http://127.0.0.1:9`,
    OTHER_MONITORS_INTERVAL_MS: '1000',
  });
  await sleep(5_000);
  await takePage(browser, overview.url, 'clusters', ['']);
}

async function takeIncident(browser, [name, { trouble = {}, stops, headline }]) {
  await using resources = new AsyncDisposableStack();
  const database = await startDatabase(resources, fillLedger);
  const { url, monitor } = await startMonitor('fra1', resources, {
    ...database.env,
    ...(await startWebhook(resources)),
  });
  const chain = startChain(url, resources);
  const page = await browser.newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  await page.goto(url);
  await page.waitForSelector('html.live');
  await untilCounted(url);
  await sleep(4_000);
  chain.meet(trouble);
  await database.use((pool) => fillOutbox(pool, trouble.outbox ?? 0));
  if (stops === 'database') await database.stop();
  if (stops === 'monitor') {
    await chain.stop();
    monitor.kill('SIGSTOP');
  }
  await sleep(INCIDENT_MS);
  await page.getByText(headline).first().waitFor();
  for (const [suffix, variant] of Object.entries(VARIANTS))
    await shoot(page, `incident-${name}${suffix}`, variant);
  await page.close();
}

await mkdir(FOLDER, { recursive: true });
await using resources = new AsyncDisposableStack();
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
resources.defer(() => browser.close());
await takeHealthy(browser, resources);
await takeClusters(browser, resources);
for (const incident of Object.entries(INCIDENTS)) await takeIncident(browser, incident);
