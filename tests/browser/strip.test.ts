import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildPages, type Pages } from '../../services/monitor/src/http/pages.test.helpers.js';
import { fullView, statusView, strip } from '../../services/monitor/src/view/status-view.test.helpers.js';
import { launchChromium, openPage, PATIENCE, untilLive } from '../support/browser.js';

let browser: Browser;
let pages: Pages;
let page: Page;
beforeAll(async () => {
  browser = await launchChromium();
  pages = await buildPages(fullView());
  const opened = await openPage(browser, await pages.app.listen({ host: '127.0.0.1', port: 0 }));
  page = opened.page;
  await untilLive(page);
});
afterAll(async () => {
  await browser?.close();
  await pages?.app.close();
});

const slider = (name: string) => page.getByRole('slider', { name: `${name}, the last 24 hours` });
const tip = () => page.locator('.tip');
const said = (name: string) => slider(name).getAttribute('aria-valuetext');

/** The stops of the tab key, in its order, until it leaves the page. */
async function tabStops(): Promise<string[]> {
  await page.locator('body').evaluate((body) => body.focus());
  const stops: string[] = [];
  for (let presses = 0; presses < 100; presses += 1) {
    await page.keyboard.press('Tab');
    const stop = await page.evaluate<string>(
      '(document.activeElement.ariaLabel ?? document.activeElement.textContent).split(":")[0].slice(0, 60)',
    );
    if (await page.evaluate('document.activeElement === document.body')) break;
    stops.push(stop);
  }
  return stops;
}

describe('the strip of the last 24 hours', () => {
  it('is one stop of the tab key, among every other control', async () => {
    expect(await tabStops()).toEqual([
      'Skip to the content',
      'podips monitor',
      'Status',
      'Incidents',
      'Workloads',
      'Ledger',
      'API',
      'Help',
      'How to repair it',
      'Elsewhere',
      ...['Kubernetes read', 'Queue write', 'Queue read', 'Fluentd write'].map(
        (name) => `${name}, the last 24 hours`,
      ),
      'ams1',
      'lon1',
      'nyc1',
      'Which pod had an address?',
      'Ledger, the last 24 hours',
      'All incidents, uptime and longer strips',
      'Reader',
      'Writer',
      'Both',
    ]);
  });

  it('shows each of its slots by the arrow keys', async () => {
    const strips = slider('Queue write');
    await strips.focus();
    await page.keyboard.press('Home');
    expect(await said('Queue write')).toBe('2026-01-30 12:15 – 12:30 UTC: working');
    const texts = new Set([await said('Queue write')]);
    for (let slot = 1; slot < 96; slot += 1) {
      await page.keyboard.press('ArrowRight');
      texts.add(await said('Queue write'));
    }
    expect(texts.size).toBe(96);
    expect([...texts][30]).toBe('2026-01-30 19:45 – 20:00 UTC: failing: receipt timed out');
    expect([...texts][95]).toMatch(/^2026-01-31 12:00 – 12:15 UTC: failing: connect ECONNREFUSED/);
    expect(await tip().textContent()).toBe([...texts][95]);
    await page.keyboard.press('ArrowRight');
    expect(await strips.getAttribute('aria-valuenow')).toBe('95');
    await page.keyboard.press('PageDown');
    expect(await strips.getAttribute('aria-valuenow')).toBe('91');
  });

  it('hides what it says at Escape, and when the focus leaves', async () => {
    await slider('Queue write').focus();
    await page.keyboard.press('ArrowLeft');
    expect(await tip().isVisible()).toBe(true);
    await page.keyboard.press('Escape');
    expect(await tip().isVisible()).toBe(false);
    await page.keyboard.press('ArrowLeft');
    expect(await tip().isVisible()).toBe(true);
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    expect(await tip().isVisible()).toBe(false);
  });

  it('shows the slot below the pointer', async () => {
    const box = await slider('Queue read').boundingBox();
    if (box === null) throw new Error('the strip is not shown');
    for (const slot of [0, 30, 95]) {
      await page.mouse.move(box.x + ((slot + 0.5) / 96) * box.width, box.y + 5);
      expect(await slider('Queue read').getAttribute('aria-valuenow')).toBe(String(slot));
      expect(await tip().textContent()).toBe(await said('Queue read'));
    }
    await page.mouse.move(5, 5);
    expect(await tip().isVisible()).toBe(false);
  });

  it('keeps focus and slot when a change arrives, and shows the new content', async () => {
    const before = statusView(['green', 'green', 'green', 'green']);
    pages.show(before);
    await expect.poll(() => page.title(), PATIENCE).toMatch(/^working/);
    const strips = slider('Queue write');
    await strips.focus();
    await page.keyboard.press('Home');
    await page.keyboard.press('ArrowRight');
    const changed = strip({ 1: { light: 'red', message: '500 late news' } });
    const operations = before.operations.map((operation) => ({ ...operation, strip: changed }));
    pages.show({ ...before, operations });
    await expect
      .poll(() => said('Queue write'), PATIENCE)
      .toBe('2026-01-30 12:30 – 12:45 UTC: failing: 500 late news');
    expect(await strips.evaluate((element) => element === element.ownerDocument.activeElement)).toBe(true);
    expect(await tip().textContent()).toContain('late news');
  });

  it('keeps the focus on a link when what stands around it changes', async () => {
    await page.getByRole('link', { name: 'Writer' }).focus();
    pages.show(statusView(['red', 'green', 'green', 'green']));
    await expect.poll(() => page.title(), PATIENCE).toMatch(/^failing/);
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Writer');
  });
});
