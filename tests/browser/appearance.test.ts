import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { buildPages } from '../../services/monitor/src/http/pages.test.helpers.js';
import { fullView, statusView } from '../../services/monitor/src/view/status-view.test.helpers.js';
import {
  accessibilityViolations,
  expectToFit,
  launchChromium,
  openPage,
  overflowPx,
  PATIENCE,
  SCHEMES,
  untilLive,
} from '../support/browser.js';

const LONG = 'x'.repeat(256);
const full = fullView();
const VIEWS = {
  'all green': statusView(['green', 'green', 'green', 'green']),
  'one red': statusView(['green', 'red', 'green', 'green']),
  'one yellow': statusView(['yellow', 'green', 'green', 'green']),
  'all grey': statusView(['grey', 'grey', 'grey', 'grey']),
  'everything at once': full,
  'texts without spaces': {
    ...full,
    headline: LONG,
    cluster: LONG,
    operations: full.operations.map((operation) => ({
      ...operation,
      heartbeat: operation.heartbeat && { ...operation.heartbeat, message: LONG, host: LONG },
    })),
    incidents: full.incidents.map((incident) => ({ ...incident, message: LONG })),
  },
};

let browser: Browser;
beforeAll(async () => {
  browser = await launchChromium();
});
afterAll(() => browser?.close());

async function serve(view: (typeof VIEWS)[keyof typeof VIEWS]): Promise<string> {
  const { app } = await buildPages(view);
  onTestFinished(() => app.close());
  return app.listen({ host: '127.0.0.1', port: 0 });
}

const CASES = Object.entries(VIEWS).flatMap(([name, view]) =>
  SCHEMES.map((scheme) => ({ name, view, ...scheme })),
);

describe('the dashboard', () => {
  it.each(CASES)(
    '$name, $scheme: is accessible, and as wide as its window, from phone to wall',
    async ({ view, scheme, axeWidth }) => {
      const url = await serve(view);
      const { page, complaints, close } = await openPage(browser, url, {
        colorScheme: scheme,
        reducedMotion: 'reduce',
      });
      onTestFinished(close);
      await untilLive(page);
      await expectToFit(page, axeWidth);
      expect(complaints).toEqual([]);
    },
  );

  it.each(SCHEMES)('is accessible when its stream is lost, $scheme', async ({ scheme }) => {
    const pages = await buildPages(full);
    const url = await pages.app.listen({ host: '127.0.0.1', port: 0 });
    const { page, close } = await openPage(browser, url, { colorScheme: scheme });
    onTestFinished(close);
    await pages.app.close();
    await expect.poll(() => page.locator('#lost').isVisible(), PATIENCE).toBe(true);
    expect(await accessibilityViolations(page)).toEqual([]);
  });

  it('has a larger type on a wall', async () => {
    const { page, close } = await openPage(browser, await serve(full));
    onTestFinished(close);
    const sizePx = () =>
      page
        .evaluate<string>('getComputedStyle(document.querySelector("h1")).fontSize')
        .then(Number.parseFloat);
    await page.setViewportSize({ width: 1_280, height: 800 });
    const desk = await sizePx();
    await page.setViewportSize({ width: 2_560, height: 1_440 });
    expect(await sizePx()).toBeGreaterThan(desk * 1.5);
  });

  it('keeps its lights apart where colours are forced', async () => {
    const { page, close } = await openPage(browser, await serve(full), { forcedColors: 'active' });
    onTestFinished(close);
    const shapes = await page
      .locator('.operations .light svg')
      .evaluateAll((icons) => icons.map(({ innerHTML }) => innerHTML));
    expect(new Set(shapes).size).toBe(4);
    expect(await overflowPx(page)).toBe(0);
  });
});

describe('the API page', () => {
  it.each(SCHEMES)('is accessible and as wide as its window, $scheme', async ({ scheme, axeWidth }) => {
    const { page, close } = await openPage(browser, `${await serve(full)}/api`, { colorScheme: scheme });
    onTestFinished(close);
    await expectToFit(page, axeWidth);
  });
});
