import type { Browser, Page } from 'playwright-core';
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
const PHONE = { viewport: { width: 360, height: 740 } };
const full = fullView();
const WORKLOADS = {
  unstable: [],
  total: 0,
  countedUntil: full.at,
  error: null,
  unwatched: null,
  changes: { from: full.at, quarterMs: 900_000, starts: [1], ends: [1], gaps: [] },
};
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

  it('keeps what the cards say in line, though one of them is to be looked at first', async () => {
    const { page, close } = await openPage(browser, await serve(VIEWS['one red']));
    onTestFinished(close);
    for (const width of [1_088, 1_280, 2_560]) {
      await page.setViewportSize({ width, height: 800 });
      const states = await page.locator('.operations .state').all();
      const tops = await Promise.all(states.map(async (state) => (await state.boundingBox())?.y));
      expect([...new Set(tops)], `${width} px`).toHaveLength(1);
    }
  });

  it.each([0, 1, 2, 3].flatMap((failing) => [true, false].map((scripts) => [failing, scripts] as const)))(
    'has the card that fails first on a phone, and a line for each that works: number %s, with JavaScript: %s',
    async (failing, javaScriptEnabled) => {
      const lights = Array.from({ length: 4 }, (_, index) => (index === failing ? 'red' : 'green'));
      const view = statusView(lights, { announcements: full.announcements });
      const context = await browser.newContext({ javaScriptEnabled, ...PHONE });
      onTestFinished(() => context.close());
      const page = await context.newPage();
      await page.goto(await serve(view));
      const cards = await page.locator('.operations .card').all();
      const boxes = await Promise.all(cards.map((card) => card.boundingBox()));
      const [first, ...others] = boxes
        .map((box, index) => ({ y: box?.y ?? 0, height: box?.height ?? 0, index }))
        .sort((a, b) => a.y - b.y);
      expect(first?.index).toBe(failing);
      expect(first?.y).toBeLessThan(PHONE.viewport.height);
      for (const { height } of others) expect(height).toBeLessThan(40);
    },
  );

  it('has two parts beside each other below the chain on a desk, and three on a wall', async () => {
    const { page, close } = await openPage(browser, await serve({ ...full, workloads: WORKLOADS }));
    onTestFinished(close);
    const inFirstRow = async (width: number) => {
      await page.setViewportSize({ width, height: 1_300 });
      const boxes = await Promise.all(
        (await page.locator('.panels > *').all()).map((panel) => panel.boundingBox()),
      );
      return boxes.filter((box) => box?.y === boxes[0]?.y).length;
    };
    expect([await inFirstRow(360), await inFirstRow(1_280), await inFirstRow(2_560)]).toEqual([1, 2, 3]);
  });

  it('leaves the reports of incidents more width than any other column', async () => {
    const { page, close } = await openPage(browser, await serve(full));
    onTestFinished(close);
    await page.setViewportSize({ width: 1_280, height: 800 });
    const heads = await page.locator('[data-part=incidents] thead th').all();
    const widths = await Promise.all(heads.map(async (head) => (await head.boundingBox())?.width ?? 0));
    expect(widths.at(-1)).toBe(Math.max(...widths));
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

describe('times', () => {
  const headline = '.headline time:not([data-run])';
  const local = '12:05:18 UTC" (13:05:18 +01:00)"';
  const shown = (page: Page) =>
    page.evaluate<string>(
      `(() => { const time = document.querySelector('${headline}'); return time.textContent.slice(11) + getComputedStyle(time, '::after').content; })()`,
    );

  it('are said in the zone of the browser too, also of what comes later', async () => {
    const pages = await buildPages(VIEWS['all green']);
    onTestFinished(() => pages.app.close());
    const url = await pages.app.listen({ host: '127.0.0.1', port: 0 });
    const { page, complaints, close } = await openPage(browser, url, { timezoneId: 'Europe/Berlin' });
    onTestFinished(close);
    await untilLive(page);
    const received = page.locator('.operations .exact time');
    expect(await received.nth(0).getAttribute('title')).toMatch(
      /^2026-01-31 12:.* UTC; 2026-01-31 13:\S+ \+01:00$/,
    );
    expect(await received.nth(1).getAttribute('data-local')).toMatch(/^13:\d\d:\d\d \+01:00$/);
    pages.show(VIEWS['one red']);
    await page.locator(headline).waitFor(PATIENCE);
    expect(await shown(page)).toBe(local);
    expect(complaints).toEqual([]);
  });

  it('say their exact time where no pointer can rest on them', async () => {
    const url = await serve(full);
    const options = { ...PHONE, hasTouch: true, isMobile: true, timezoneId: 'America/St_Johns' };
    const { page, close } = await openPage(browser, url, options);
    onTestFinished(close);
    await untilLive(page);
    const said = await page.evaluate<string>(
      `getComputedStyle(document.querySelector('[data-part=alerting] [data-run=ago]'), '::after').content`,
    );
    expect(said).toMatch(/\(2026-01-31 \S+ UTC; 2026-01-31 \S+ -03:30\)/);
  });

  it.each([
    ['of a browser in UTC', { timezoneId: 'UTC' }],
    ['without JavaScript', { timezoneId: 'Europe/Berlin', javaScriptEnabled: false }],
  ])('are in UTC alone %s', async (_which, options) => {
    const context = await browser.newContext(options);
    onTestFinished(() => context.close());
    const page = await context.newPage();
    await page.goto(await serve(VIEWS['one red']));
    expect(await shown(page)).toBe('12:05:18 UTCnone');
  });
});

describe('the API page', () => {
  it.each(SCHEMES)('is accessible and as wide as its window, $scheme', async ({ scheme, axeWidth }) => {
    const { page, close } = await openPage(browser, `${await serve(full)}/api`, { colorScheme: scheme });
    onTestFinished(close);
    await expectToFit(page, axeWidth);
  });
});
