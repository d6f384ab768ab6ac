// Takes pictures of incidents: real monitors with invented heartbeats and reports, in a real Chromium.
// Usage: node tools/take-incident-screenshots.mjs [FOLDER]: all of them into a folder, else into docs/images those that the
// documents show.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { chromium } from 'playwright-core';
import { ROOT } from './steps.mjs';

const FOLDER = resolve(process.argv[2] ?? join(ROOT, 'docs/images'));
const OPERATIONS = ['kubernetes', 'queue/write', 'queue/read', 'log'];
const [READER, WRITER] = ['1f3a9c2e', '7b2d4e60'];
const SECOND_MS = 1_000;
const PATIENCE_MS = 120_000;
/** Longer than it takes to notice any of them. */
const INCIDENT_S = 32;

/** Each case by what it changes in a chain that works: heartbeats as code and text, none for a silent operation. */
const CASES = {
  'writer-frozen': { silent: ['queue/read', 'log'], frozen: 'writer', headline: 'no writer delivers them' },
  'broker-dead': {
    fails: {
      'queue/write': [503, 'connect ECONNREFUSED 10.96.14.3:61613'],
      'queue/read': [503, 'connect ECONNREFUSED 10.96.14.3:61613'],
    },
    outbox: 1_716,
    headline: 'The broker cannot be used',
  },
  'fluentd-dead': {
    fails: { log: [503, 'connect ECONNREFUSED 10.96.20.8:24224'] },
    silent: ['queue/read'],
    frozen: 'delivery',
    headline: 'Fluentd accepts no records',
  },
  'database-gone': { env: { DB_HOST: '127.0.0.1', DB_PORT: '9' }, headline: 'The ledger cannot be used' },
  'reader-without-rights': {
    fails: {
      kubernetes: [
        403,
        'pods is forbidden: User "system:serviceaccount:podips:podips-reader" cannot watch resource "pods" at the cluster scope: it needs its ClusterRole, or WATCH_NAMESPACES',
      ],
    },
    headline: 'The API server refuses the reader',
  },
  'monitor-frozen': { isStopped: true, headline: 'This page is stale' },
};
const SHOTS = [
  { suffix: '', width: 1_280, height: 800, colorScheme: 'light' },
  { suffix: '-dark', width: 1_280, height: 800, colorScheme: 'dark', of: 'writer-frozen' },
  { suffix: '-phone', width: 360, height: 740, colorScheme: 'light' },
  { suffix: '-wide', width: 2_560, height: 1_440, colorScheme: 'dark', of: 'writer-frozen' },
];

async function startMonitor(resources, env = {}) {
  const dir = await mkdtemp(join(tmpdir(), 'podips-incidents-'));
  resources.defer(() => rm(dir, { recursive: true, force: true }));
  const settings = { HTTP_HOST: '127.0.0.1', HTTP_PORT: '0', MONITOR_DATA_DIR: dir, CLUSTER_NAME: 'fra1' };
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

/** A second of a chain that works, but for the case. */
async function tellSecond(url, second, { fails = {}, silent = [], frozen, outbox = 0, env }, isIncident) {
  for (const operation of OPERATIONS) {
    if (isIncident && silent.includes(operation)) continue;
    const [code, message] = (isIncident && fails[operation]) || [200, '5 messages'];
    await fetch(`${url}/${operation}/${code}/${encodeURIComponent(message)}`, {
      method: 'POST',
      headers: {
        'x-podips-host':
          OPERATIONS.indexOf(operation) < 2 ? 'podips-reader-0' : 'podips-writer-6d4f9c5b8-x2x7q',
      },
    });
  }
  const isBroken = isIncident && fails['queue/write'] !== undefined;
  const published = 5 * (isBroken ? 4 : second);
  const delivered = 5 * (isIncident && frozen ? 4 : Math.min(second, published / 5));
  const report = (body) =>
    fetch(`${url}/api/v1/reports`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  const ledger =
    env === undefined
      ? null
      : { problem: 'connect ECONNREFUSED 10.96.3.3:5432', migratingMs: null, pending: 160 };
  await report({
    service: 'reader',
    run: READER,
    published,
    buffered: 0,
    outbox: isBroken ? outbox : 0,
    ledger,
  });
  if (isIncident && frozen === 'writer') return;
  const counts = {
    received: delivered,
    written: delivered,
    inFlight: 0,
    lagMs: isIncident && frozen ? null : 9,
  };
  await report({
    service: 'writer',
    run: WRITER,
    delivered: [{ run: READER, number: delivered }],
    ...counts,
  });
}

async function takeCase(browser, name, one) {
  await using resources = new AsyncDisposableStack();
  const { url, monitor } = await startMonitor(resources, one.env);
  for (let second = 1; second <= 4; second += 1) {
    await tellSecond(url, second, one, false);
    await sleep(SECOND_MS);
  }
  const page = await browser.newPage();
  resources.defer(() => page.close());
  page.setDefaultTimeout(PATIENCE_MS);
  await page.goto(url, { timeout: PATIENCE_MS });
  await page.waitForSelector('html.live');
  if (one.isStopped) monitor.kill('SIGSTOP');
  for (let second = 5; second < 5 + INCIDENT_S; second += 1) {
    if (!one.isStopped) await tellSecond(url, second, one, true);
    await sleep(SECOND_MS);
  }
  await page.getByText(one.headline).first().waitFor();
  for (const { suffix, width, height, colorScheme, of } of SHOTS) {
    if (process.argv[2] === undefined && of !== undefined && of !== name) continue;
    await page.setViewportSize({ width, height });
    await page.emulateMedia({ colorScheme });
    await page.screenshot({ path: join(FOLDER, `incident-${name}${suffix}.png`) });
  }
  console.log(`  ${name}`);
}

await mkdir(FOLDER, { recursive: true });
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
try {
  for (const [name, one] of Object.entries(CASES)) await takeCase(browser, name, one);
} finally {
  await browser.close();
}
