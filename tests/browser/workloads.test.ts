import { createLogger, openPool } from '@podips/shared';
import { databaseEnvironment } from '@podips/simulation';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it, onTestFinished, vi } from 'vitest';
import { getFrom } from '../support/ask-monitor.js';
import { expectToFit, launchChromium, openPage, PATIENCE, SCHEMES } from '../support/browser.js';
import { type MonitorProcess, startMonitorProcess } from '../support/monitor-process.js';
import { writeSampleWorkloads } from '../support/sample-workloads.js';
import { createDatabase } from '../support/test-databases.js';

let browser: Browser;
let monitor: MonitorProcess;
beforeAll(async () => {
  const settings = await createDatabase();
  const database = openPool(settings, createLogger('test', 'silent'));
  await writeSampleWorkloads(database, Date.now());
  await database.end();
  monitor = await startMonitorProcess(databaseEnvironment(settings));
  browser = await launchChromium();
  await vi.waitFor(async () => {
    const { body } = await getFrom(monitor, '/api/v1/workloads');
    expect(JSON.parse(body).countedUntil).not.toBeNull();
  }, PATIENCE);
});
afterAll(async () => {
  await browser?.close();
  await monitor?.destroy();
});

const PATHS = ['/', '/workloads', '/workloads/shop/DaemonSet/agent', '/workloads/shop/StatefulSet/db'];

it.each(PATHS.flatMap((path) => SCHEMES.map((scheme) => ({ path, ...scheme }))))(
  '$path is accessible, and as wide as its window, $scheme',
  async ({ path, scheme, axeWidth }) => {
    const { page, close } = await openPage(browser, `${monitor.url}${path}`, { colorScheme: scheme });
    onTestFinished(close);
    await expectToFit(page, axeWidth);
  },
);

it('the table of a workload has the pods of the picture, and the keyboard leads to their leases', async () => {
  const { page, close } = await openPage(browser, `${monitor.url}/workloads/shop/DaemonSet/agent`);
  onTestFinished(close);
  const picture = page.getByRole('img', { name: /^The lives/ });
  expect(await picture.getAttribute('aria-label')).toMatch(
    /^The lives of 7 of 7 pods: 1 run, 6 evicted, preempted or lost with its node, /,
  );
  const rows = page.getByRole('row', { name: /agent-\d/ });
  expect(await rows.count()).toBe(7);
  await page.getByRole('link', { name: 'agent-6' }).focus();
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/leases\?ip=/);
});

it('the filters are set by the keyboard', async () => {
  const { page, close } = await openPage(browser, `${monitor.url}/workloads`);
  onTestFinished(close);
  await page.getByLabel('Kind').selectOption('Job');
  await page.getByLabel('Kind').press('Tab');
  await page.keyboard.press('Enter');
  await page.waitForURL(/kind=Job/);
  expect(await page.getByRole('row').count()).toBe(2);
});
