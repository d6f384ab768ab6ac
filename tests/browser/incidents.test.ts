import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { expectToFit, launchChromium, openPage, SCHEMES } from '../support/browser.js';
import { type MonitorProcess, startMonitorProcess } from '../support/monitor-process.js';

/** One more than a page has. */
const INCIDENTS = 26;

let browser: Browser;
let monitor: MonitorProcess;
beforeAll(async () => {
  monitor = await startMonitorProcess();
  for (let count = 1; count <= INCIDENTS; count += 1) {
    await fetch(`${monitor.url}/log/500/outage%20${count}`, { method: 'POST' });
    await fetch(`${monitor.url}/log/200/OK`, { method: 'POST' });
  }
  browser = await launchChromium();
});
afterAll(async () => {
  await browser?.close();
  await monitor?.destroy();
});

it.each(SCHEMES)(
  'the page of incidents is accessible, and as wide as its window, $scheme',
  async (options) => {
    const { scheme, axeWidth } = options;
    const { page, close } = await openPage(browser, `${monitor.url}/incidents`, { colorScheme: scheme });
    onTestFinished(close);
    await expectToFit(page, axeWidth);
  },
);

it('leads from the dashboard through the strips to the earliest incident, by the keyboard', async () => {
  const { page, close } = await openPage(browser, monitor.url);
  onTestFinished(close);
  await page.getByRole('link', { name: /^All incidents/ }).press('Enter');
  await page.getByRole('link', { name: '90 days' }).press('Enter');
  const strip = page.getByRole('slider', { name: 'Fluentd write, the last 90 days' });
  await strip.press('End');
  const today = new Date().toISOString().slice(0, 10);
  expect(await page.locator('.tip').textContent()).toMatch(
    new RegExp(`^${today} \\(UTC\\): failing for .*: 500 outage ${INCIDENTS}$`),
  );
  await page.getByText('outage 2', { exact: true }).waitFor();
  expect(await page.getByText('outage 1', { exact: true }).count()).toBe(0);
  await page.getByRole('link', { name: 'Earlier' }).press('Enter');
  await page.getByText('outage 1', { exact: true }).waitFor();
  await page.getByRole('link', { name: 'Newest' }).press('Enter');
  await page.getByText(`outage ${INCIDENTS}`, { exact: true }).waitFor();
});
