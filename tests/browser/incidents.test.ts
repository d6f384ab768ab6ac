import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { expectToFit, launchChromium, openPage, SCHEMES } from '../support/browser.js';
import { type MonitorProcess, startMonitorProcess } from '../support/monitor-process.js';

/** One more than a page has. */
const INCIDENTS = 26;

const ANNOUNCEMENTS = `
announcements:
  - {id: move, title: The reader moves}
maintenance:
  - {id: up, title: Fluentd & its disk, from: 2026-01-01T00:00:00Z, to: 2999-01-01T00:00:00Z, lights: [log]}
`;

let dir: string;
let browser: Browser;
let monitor: MonitorProcess;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'podips-announcements-'));
  const file = join(dir, 'announcements.yaml');
  await writeFile(file, ANNOUNCEMENTS);
  monitor = await startMonitorProcess({ ANNOUNCEMENTS_FILE: file });
  for (let count = 1; count <= INCIDENTS; count += 1) {
    await fetch(`${monitor.url}/log/500/outage%20${count}`, { method: 'POST' });
    await fetch(`${monitor.url}/log/200/OK`, { method: 'POST' });
  }
  browser = await launchChromium();
});
afterAll(async () => {
  await browser?.close();
  await monitor?.destroy();
  await rm(dir, { recursive: true, force: true });
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

it('shows announcements, and says at the light that maintenance is planned', async () => {
  const { page, close } = await openPage(browser, monitor.url);
  onTestFinished(close);
  const region = page.getByRole('region', { name: 'Announcements and planned maintenance' });
  expect(await region.getByRole('heading', { level: 3 }).allTextContents()).toEqual([
    'Announcement The reader moves',
    'Maintenance now Fluentd & its disk',
  ]);
  expect(await page.getByText('Maintenance planned until').count()).toBe(1);
});

it('has a feed that XML readers accept, with what RFC 4287 asks for', async () => {
  const { page, close } = await openPage(browser, `${monitor.url}/incidents`);
  onTestFinished(close);
  const feed = await page.evaluate<{ error: boolean; root: string; entries: string[][] }>(`(async () => {
    const text = await (await fetch(document.querySelector('link[type="application/atom+xml"]').href)).text();
    const xml = new DOMParser().parseFromString(text, 'application/xml');
    const children = (element) => [...element.children].map(({ localName }) => localName).join(' ');
    return {
      error: xml.querySelector('parsererror') !== null,
      root: xml.documentElement.namespaceURI + ' ' + children(xml.documentElement).replace(/( entry)+$/, ' entry'),
      entries: [...xml.querySelectorAll('entry')].map((entry) => [children(entry), entry.querySelector('title').textContent]),
    };
  })()`);
  expect(feed).toMatchObject({
    error: false,
    root: 'http://www.w3.org/2005/Atom id title updated author link link entry',
  });
  expect(new Set(feed.entries.map(([children]) => children))).toEqual(
    new Set(['id title updated published link content']),
  );
  expect(feed.entries.map(([, title]) => title)).toContain('Planned maintenance: Fluentd & its disk');
  expect(feed.entries).toHaveLength(INCIDENTS + 2);
});
