import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import axe, { type AxeResults } from 'axe-core';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { expect } from 'vitest';

/** The patience of polls for what a page shows: a busy machine and a retry of the page's script. */
export const PATIENCE = { timeout: 30_000, interval: 50 };

/** Starts the Chromium of the system, without windows. */
export function launchChromium(): Promise<Browser> {
  // Without its sandbox, which does not work for root.
  return chromium.launch({ executablePath: findChromium(), args: ['--no-sandbox'], timeout: 120_000 });
}

function findChromium(): string {
  const found = (process.env.PATH ?? '')
    .split(delimiter)
    .map((folder) => join(folder, 'chromium'))
    .find(isExecutable);
  if (found === undefined)
    throw new Error('there is no chromium on the PATH; on Debian: apt-get install chromium');
  return found;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    // Not here: the next folder may have it.
    return false;
  }
}

/** A page in a context of its own, opened at the URL; everything that it complains about is collected. */
export async function openPage(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<{ page: Page; complaints: readonly string[]; close(): Promise<void> }> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  // It runs as ever until a test moves it.
  await page.clock.install();
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  await page.goto(url);
  return { page, complaints, close: () => context.close() };
}

/** Returns when the page follows what happens. */
export async function untilLive(page: Page): Promise<void> {
  await page.waitForSelector('html.live', { timeout: PATIENCE.timeout });
}

/** The violations of WCAG 2.2 AA, and of its own best practices, that axe finds: rule and element. */
export async function accessibilityViolations(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
  // axe declares that its run gives this; the browser's scope has no types here.
  const results = (await page.evaluate(
    `axe.run(document, { runOnly: ${JSON.stringify(tags)} })`,
  )) as AxeResults;
  return results.violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html }) => `${id}: ${html.slice(0, 200)}`),
  );
}

/** From a phone to a screen on a wall. */
const WIDTHS = [360, 768, 960, 1_280, 2_560];

/** Each scheme and each width at least once: where the one matters to axe, the other does not. */
export const SCHEMES = [
  { scheme: 'light', axeWidth: 360 },
  { scheme: 'dark', axeWidth: 1_280 },
] as const;

/** Expects the page to be as wide as its window at every width, and accessible at one of them. */
export async function expectToFit(page: Page, axeWidth: number): Promise<void> {
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: 900 });
    expect(await overflowPx(page), `${width} px`).toBe(0);
    if (width === axeWidth) expect(await accessibilityViolations(page)).toEqual([]);
  }
}

/** By how many pixels the page is wider than its window. */
export function overflowPx(page: Page): Promise<number> {
  return page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');
}
