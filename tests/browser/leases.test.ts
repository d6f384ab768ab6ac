import { createLogger, openPool } from '@podips/shared';
import { databaseEnvironment } from '@podips/simulation';
import type { Browser, Locator } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { expectToFit, launchChromium, openPage, PATIENCE, SCHEMES } from '../support/browser.js';
import { type MonitorProcess, startMonitorProcess } from '../support/monitor-process.js';
import { writeSampleLedger } from '../support/sample-ledger.js';
import { createDatabase } from '../support/test-databases.js';

const LONG = 'x'.repeat(253);
const LONG_IP = 'fd00:1234:5678:9abc:def0:1234:5678:9abc';

let monitor: MonitorProcess;
let browser: Browser;
beforeAll(async () => {
  const settings = await createDatabase();
  const database = openPool(settings, createLogger('test', 'silent'));
  await writeSampleLedger(database);
  await database.query(
    `INSERT INTO leases SELECT cluster, 'uid-' || new_pod, new_ip, 0, new_pod, new_pod, owner_kind, new_pod, new_pod, true,
       started_at, true, ended_at, end_reason, end_inferred
     FROM leases, (VALUES ('10.64.1.1'::inet, $1), ($2, 'web-5cc97bc7d5-228ts')) AS new (new_ip, new_pod)
     WHERE pod = 'web-5cc97bc7d5-228ts'`,
    [LONG, LONG_IP],
  );
  await database.end();
  monitor = await startMonitorProcess(databaseEnvironment(settings));
  browser = await launchChromium();
});
afterAll(async () => {
  await browser?.close();
  await monitor?.destroy();
});

const PAGES = {
  'nothing asked': '/leases',
  'one holder': '/leases?ip=10.64.0.182&at=2026-11-20+14:05',
  'several holders': '/leases?ip=192.168.0.5&at=2026-11-20+14:05',
  'no pod, in a gap': '/leases?ip=10.64.0.182&at=2026-11-20+15:35',
  'a long address': `/leases?ip=${LONG_IP}&at=2026-11-20+14:00`,
  'all leases of a pod': '/leases?namespace=shop&pod=cart-0',
  'a range of time': '/leases?ip=10.64.0.182&from=2026-11-20+12:30&to=2026-11-20',
  'a network': '/leases?ip=10.64.0.0%2F16&at=2026-11-20+14:05',
  'pods of a node': '/leases?node=node-3&at=2026-11-20+14:05',
  'a page of many': '/leases?namespace=shop&from=2026-11-20&limit=2',
  'a range that ends before it begins': '/leases?namespace=shop&from=2026-11-20&to=2026-11-19',
  'names without spaces': '/leases?ip=10.64.1.1&at=2026-11-20+14:00',
  'an address that is none': '/leases?ip=web-1',
  'two questions at once': '/leases?ip=10.0.0.1&pod=web-1&namespace=shop',
};
const CASES = Object.entries(PAGES).flatMap(([name, path]) =>
  SCHEMES.map((scheme) => ({ name, path, ...scheme })),
);

const PHONE = { viewport: { width: 360, height: 740 } };

async function expectOnScreen(element: Locator): Promise<void> {
  await element.waitFor(PATIENCE);
  const isOn = () =>
    element.boundingBox().then((box) => box !== null && box.y >= 0 && box.y + box.height <= 740);
  await expect.poll(isOn, PATIENCE).toBe(true);
}

describe('the page of the ledger', () => {
  it.each(CASES)(
    '$name, $scheme: is accessible, and as wide as its window',
    async ({ path, scheme, axeWidth }) => {
      const { page, close } = await openPage(browser, `${monitor.url}${path}`, { colorScheme: scheme });
      onTestFinished(close);
      await expectToFit(page, axeWidth);
    },
  );

  it.each([true, false])(
    'is asked with the keyboard alone, with JavaScript: %s',
    async (javaScriptEnabled) => {
      const context = await browser.newContext({ javaScriptEnabled });
      onTestFinished(() => context.close());
      const page = await context.newPage();
      await page.goto(monitor.url);
      await page.getByRole('link', { name: 'Ledger' }).press('Enter');
      await page.waitForURL('**/leases');
      const address = page.getByLabel('Address', { exact: true });
      // Past the links to the pages.
      for (const key of ['Tab', 'Enter', 'Tab']) await page.keyboard.press(key);
      await page.keyboard.type('10.64.0.182');
      await page.keyboard.press('Tab');
      await page.keyboard.type('2026-11-20 14:05');
      await page.keyboard.press('Enter');
      await page.waitForURL(/ip=10\.64\.0\.182.*#answer$/);
      const answer = page.getByRole('region', { name: 'belonged to shop/web-5cc97bc7d5-228ts' });
      await answer.waitFor(PATIENCE);
      expect(await page.locator('#answer:focus').count()).toBe(1);
      expect(await address.inputValue()).toBe('10.64.0.182');
      // From the answer on, not from the top of the page.
      await page.keyboard.press('Tab');
      await page.keyboard.press('Enter');
      await page.waitForURL(/namespace=shop&pod=web-5cc97bc7d5-228ts#answer$/);
      await page.getByRole('heading', { name: 'had 1 lease of 1 address' }).waitFor(PATIENCE);
    },
  );

  it('shows the answer on the first screen of a phone, whatever way led to it, and how to ask again', async () => {
    const { page, close } = await openPage(browser, `${monitor.url}${PAGES['one holder']}`, PHONE);
    onTestFinished(close);
    await expectOnScreen(page.locator('#said'));
    await page.getByRole('link', { name: 'Ask again' }).click();
    await expectOnScreen(page.locator('#by-address'));
  });

  it('shows what is wrong on the first screen of a phone', async () => {
    const { page, close } = await openPage(
      browser,
      `${monitor.url}${PAGES['a range that ends before it begins']}#answer`,
      PHONE,
    );
    onTestFinished(close);
    await expectOnScreen(page.locator('.wrong'));
  });

  it.each(SCHEMES)(
    'is printed in black on white, without what only a screen can use, $scheme',
    async ({ scheme }) => {
      const path = PAGES['no pod, in a gap'];
      const { page, close } = await openPage(browser, `${monitor.url}${path}`, { colorScheme: scheme });
      onTestFinished(close);
      await page.emulateMedia({ media: 'print' });
      for (const screenOnly of await page.locator('nav, form, .skip, .again').all())
        expect(await screenOnly.isVisible()).toBe(false);
      const colors = await page.evaluate<string[]>(
        `[...document.querySelectorAll('#answer *')].map((one) => getComputedStyle(one).color)`,
      );
      expect(new Set(colors)).toEqual(new Set(['rgb(0, 0, 0)']));
      expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).toBe(
        'rgb(255, 255, 255)',
      );
    },
  );

  it('says beside the field what is wrong with it, and lets the form be sent to itself alone', async () => {
    const { page, complaints, close } = await openPage(browser, `${monitor.url}/leases`);
    onTestFinished(close);
    const address = page.getByLabel('Address', { exact: true });
    await address.fill('10.1.2');
    await address.press('Enter');
    await page.waitForURL(/ip=10\.1\.2&/);
    expect(await page.locator('#ip[aria-invalid=true]').getAttribute('aria-describedby')).toBe('ip-hint');
    expect(await page.locator('#ip-hint').textContent()).toMatch(/^This must be an IPv4 or IPv6 address/);
    await page.evaluate('document.forms[0].action = "https://example.org/"; document.forms[0].submit()');
    await expect.poll(() => complaints.join(), PATIENCE).toContain('form-action');
    expect(page.url()).toMatch(/ip=10\.1\.2&/);
  });
});
