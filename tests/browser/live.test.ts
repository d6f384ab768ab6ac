import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import {
  accessibilityViolations,
  launchChromium,
  openPage,
  PATIENCE,
  untilLive,
} from '../support/browser.js';
import { type MonitorProcess, startMonitorProcess } from '../support/monitor-process.js';

const OPERATIONS = [
  ['Kubernetes read', 'kubernetes'],
  ['Queue write', 'queue/write'],
  ['Queue read', 'queue/read'],
  ['Fluentd write', 'log'],
] as const;

let browser: Browser;
let monitor: MonitorProcess;
beforeAll(async () => {
  browser = await launchChromium();
  monitor = await startMonitorProcess();
});
afterAll(async () => {
  await browser?.close();
  await monitor?.destroy();
});

/** A page that is closed after the test, which must not have complained about anything. */
async function open(url = monitor.url, options: Parameters<typeof openPage>[2] = {}): Promise<Page> {
  const { page, complaints, close } = await openPage(browser, url, options);
  onTestFinished(async () => {
    expect(complaints.filter((text) => !/ERR_(CONNECTION|INCOMPLETE|EMPTY)/.test(text))).toEqual([]);
    await close();
  });
  return page;
}

async function beatAll(): Promise<void> {
  for (const [, path] of OPERATIONS) await monitor.beat(`${path}/200/OK`);
}

const card = (page: Page, name: string) =>
  page.locator('.operations > li', { has: page.getByRole('heading', { name }) });
const state = (page: Page, name: string) => card(page, name).locator('.state strong');
const light = (page: Page, name: string) => card(page, name).locator('.light');
const icon = (page: Page) => page.locator('link[rel=icon]').getAttribute('href');

describe('the dashboard of a running monitor', () => {
  it('shows four grey lights before the first heartbeat', async () => {
    const page = await open();
    for (const [name] of OPERATIONS) {
      expect(await state(page, name).textContent()).toBe('not known yet');
      expect(await light(page, name).getAttribute('class')).toBe('light grey');
    }
    expect(await icon(page)).toBe('/assets/favicon-grey.svg');
  });

  it('becomes green, red and green again while it is open, with title and icon', async () => {
    const page = await open();
    for (const [name, path] of OPERATIONS) {
      await monitor.beat(`${path}/200/OK`);
      await expect.poll(() => state(page, name).textContent(), PATIENCE).toBe('working');
    }
    await expect.poll(() => page.title(), PATIENCE).toMatch(/^working/);
    await monitor.beat('queue/write/500/broker%20gone');
    await expect.poll(() => state(page, 'Queue write').textContent(), PATIENCE).toBe('failing');
    expect(await light(page, 'Queue write').getAttribute('class')).toBe('light red');
    expect(await card(page, 'Queue write').textContent()).toContain('500 broker gone');
    expect(await page.getByRole('heading', { level: 1 }).textContent()).toContain(
      'cannot write to the queue',
    );
    expect(await page.title()).toMatch(/^failing/);
    expect(await icon(page)).toBe('/assets/favicon-red.svg');
    await expect.poll(() => page.getByRole('table').textContent(), PATIENCE).toContain('not yet');
    await monitor.beat('queue/write/200/OK');
    await expect.poll(() => state(page, 'Queue write').textContent(), PATIENCE).toBe('working');
    expect(await icon(page)).toBe('/assets/favicon-green.svg');
  });

  it('becomes yellow by itself without further heartbeats', async () => {
    const impatient = await startMonitorProcess({ AGE_LIMIT_MS: '1000' });
    onTestFinished(() => impatient.destroy());
    const page = await open(impatient.url);
    await impatient.beat('log/200/OK');
    await expect.poll(() => state(page, 'Fluentd write').textContent(), PATIENCE).toBe('silent');
    expect(await light(page, 'Fluentd write').getAttribute('class')).toBe('light yellow');
    await expect.poll(() => page.title(), PATIENCE).toMatch(/^silent/);
  });

  it('shows text from outside as text', async () => {
    const page = await open();
    const evil = '<img src=x onerror=alert(1)><script>alert(2)</script>';
    await monitor.beat(`log/500/${encodeURIComponent(evil)}`);
    await expect.poll(() => card(page, 'Fluentd write').textContent(), PATIENCE).toContain(evil);
    expect(await page.locator('main img, main script').count()).toBe(0);
    await monitor.beat('log/200/OK');
  });

  it('lets the times run on', async () => {
    await beatAll();
    const page = await open();
    const received = card(page, 'Kubernetes read').locator('[data-run=ago]');
    const before = await received.textContent();
    await expect.poll(() => received.textContent(), PATIENCE).not.toBe(before);
  });

  it('is marked as stale while the monitor is unavailable, and resumes when it is back', async () => {
    const page = await open();
    await untilLive(page);
    await monitor.stop();
    const lost = page.getByText('This page is stale.');
    await expect.poll(() => lost.isVisible(), PATIENCE).toBe(true);
    expect(await page.locator('#lost').textContent()).toMatch(
      /received from the monitor since \d\d:\d\d:\d\d UTC/,
    );
    // The monitor that is gone cannot show its documents.
    expect(await page.locator('#lost code').textContent()).toContain('rollout restart deploy/podips-monitor');
    expect(await page.title()).toMatch(/^stale: /);
    expect(await icon(page)).toBe('/assets/favicon-grey.svg');
    const label = () =>
      page.evaluate<string>(
        'getComputedStyle(document.querySelector("[data-part=headline]"), "::before").content',
      );
    expect(await label()).toContain('Last known state');
    await monitor.start();
    await monitor.beat('kubernetes/503/still%20here');
    await expect.poll(() => lost.isVisible(), PATIENCE).toBe(false);
    expect(await label()).toBe('none');
    await expect.poll(() => state(page, 'Kubernetes read').textContent(), PATIENCE).toBe('failing');
    expect(await page.title()).toMatch(/^failing/);
    await monitor.beat('kubernetes/200/OK');
  });

  it('no longer counts on after twelve seconds without a word of a monitor that is frozen', async () => {
    const page = await open();
    await untilLive(page);
    monitor.process.kill('SIGSTOP');
    onTestFinished(() => monitor.process.kill('SIGCONT'));
    await page.clock.fastForward(13_000);
    await expect.poll(() => page.getByText('This page is stale.').isVisible(), PATIENCE).toBe(true);
    monitor.process.kill('SIGCONT');
    await untilLive(page);
  });

  it('is marked as stale when the computer was asleep, although no timer has run', async () => {
    const page = await open();
    await untilLive(page);
    monitor.process.kill('SIGSTOP');
    onTestFinished(() => monitor.process.kill('SIGCONT'));
    await page.clock.setSystemTime(Date.now() + 3_600_000);
    await expect.poll(() => page.getByText('This page is stale.').isVisible(), PATIENCE).toBe(true);
    monitor.process.kill('SIGCONT');
    await untilLive(page);
  });

  it('reconnects at once when the page becomes visible', async () => {
    const page = await open();
    await untilLive(page);
    await monitor.stop();
    await expect.poll(() => page.getByText('This page is stale.').isVisible(), PATIENCE).toBe(true);
    // From now on no timer of the page runs.
    await page.clock.pauseAt(Date.now() + 60_000);
    await monitor.start();
    await page.evaluate('document.dispatchEvent(new Event("visibilitychange"))');
    await untilLive(page);
  });

  it('shows at once in title and icon that another cluster fails', async () => {
    const other = await startMonitorProcess({ CLUSTER_NAME: 'lon1' });
    onTestFinished(() => other.destroy());
    const overview = await startMonitorProcess({
      OTHER_MONITORS: `lon1=${other.url}`,
      OTHER_MONITORS_INTERVAL_MS: '100',
    });
    onTestFinished(() => overview.destroy());
    for (const [, path] of OPERATIONS) for (const one of [overview, other]) await one.beat(`${path}/200/OK`);
    const page = await open(overview.url);
    await expect.poll(() => page.title(), PATIENCE).toMatch(/^working/);
    await other.beat('log/500/gone');
    await expect.poll(() => page.title(), PATIENCE).toMatch(/^lon1 failing/);
    expect(await icon(page)).toBe('/assets/favicon-red.svg');
    expect(await page.getByText('Elsewhere: lon1 failing.').isVisible()).toBe(true);
  });

  it('says that it is not live when its script does not come', async () => {
    const { page, close } = await openPage(browser, 'about:blank');
    onTestFinished(close);
    await page.route('**/live-*.js', (route) => route.abort());
    await page.goto(monitor.url);
    await expect.poll(() => page.getByText('This page is not live.').isVisible(), PATIENCE).toBe(true);
    expect(await page.locator('#loaded noscript').isVisible()).toBe(false);
    expect(await accessibilityViolations(page)).toEqual([]);
  });

  it('reloads itself when the monitor is newer', async () => {
    const page = await open();
    await page.evaluate('document.body.dataset.build = "older"; document.body.dataset.before = "yes"');
    await monitor.beat('kubernetes/200/OK');
    await expect.poll(() => page.locator('body').getAttribute('data-before'), PATIENCE).toBe(null);
  });

  it('is live for those who had to log in', async () => {
    const login = { username: 'ops', password: 'a long secret' };
    const guarded = await startMonitorProcess({ READ_USER: login.username, READ_PASSWORD: login.password });
    onTestFinished(() => guarded.destroy());
    const page = await open(guarded.url, { httpCredentials: login });
    await untilLive(page);
    await guarded.beat('log/500/gone');
    await expect.poll(() => state(page, 'Fluentd write').textContent(), PATIENCE).toBe('failing');
  });

  it('is complete without JavaScript, and then reloads itself', async () => {
    await beatAll();
    const page = await open(monitor.url, { javaScriptEnabled: false });
    expect(await page.getByRole('heading', { level: 1 }).textContent()).not.toBe('');
    for (const [name] of OPERATIONS) expect(await state(page, name).textContent()).toBe('working');
    expect(await page.locator('.strip').count()).toBe(4);
    expect(await page.locator('meta[http-equiv=refresh]').getAttribute('content')).toBe('60');
    expect(await page.locator('#loaded noscript').isVisible()).toBe(true);
    expect(await page.locator('#loaded noscript').textContent()).toContain('The page reloads every 60 s');
    expect(await page.locator('#lost').isVisible()).toBe(false);
  });

  it('does not reload itself with JavaScript', async () => {
    const page = await open();
    await untilLive(page);
    expect(await page.locator('meta[http-equiv=refresh]').count()).toBe(0);
    expect(await page.getByText('Live: updates automatically.').isVisible()).toBe(true);
  });
});

it('leads from what is broken to the paragraph that repairs it, by the keyboard', async () => {
  const page = await open();
  await beatAll();
  await untilLive(page);
  await monitor.beat('log/500/connect%20ECONNREFUSED%2010.0.0.1:24224');
  const repair = page.getByRole('link', { name: 'How to repair it: Fluentd is down' });
  await repair.press('Enter');
  await page.waitForURL('**/help/troubleshooting#fluentd-is-down');
  const heading = page.getByRole('heading', { name: 'Fluentd is down' });
  const top = () => heading.evaluate((element) => element.getBoundingClientRect().top);
  await vi.waitFor(async () => {
    expect(await top()).toBeGreaterThanOrEqual(0);
    expect(await top()).toBeLessThan(300);
  }, PATIENCE);
  expect(await accessibilityViolations(page)).toEqual([]);
});
