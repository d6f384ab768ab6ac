import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger, openPool } from '@podips/shared';
import { databaseEnvironment } from '@podips/simulation';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { expectToFit, launchChromium, openPage, PATIENCE, SCHEMES } from '../support/browser.js';
import { type MonitorProcess, startMonitorProcess } from '../support/monitor-process.js';
import { writeSampleLedger } from '../support/sample-ledger.js';
import { createDatabase } from '../support/test-databases.js';

const POD = 'web-5cc97bc7d5-228ts';
const ROW = '2026-11-20 15:00:00;10.64.0.182;8.8.8.8;443;allow\n';

let monitor: MonitorProcess;
let browser: Browser;
let dir: string;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'podips-file-'));
  writeFileSync(join(dir, 'firewall.csv'), `time;source;target;port;action\n${ROW.repeat(20_000)}`);
  writeFileSync(join(dir, 'letter.txt'), 'Dear all,\n');
  const settings = await createDatabase();
  const database = openPool(settings, createLogger('test', 'silent'));
  await writeSampleLedger(database);
  await database.end();
  monitor = await startMonitorProcess(databaseEnvironment(settings));
  browser = await launchChromium();
});
afterAll(async () => {
  await browser?.close();
  await monitor?.destroy();
  rmSync(dir, { recursive: true, force: true });
});

describe('the form that takes a log file', () => {
  it('previews and annotates it without JavaScript', async () => {
    const context = await browser.newContext({ javaScriptEnabled: false });
    onTestFinished(() => context.close());
    const page = await context.newPage();
    await page.goto(`${monitor.url}/leases`);
    await page.getByLabel('Time zone').fill('Europe/Berlin');
    await page.getByLabel('Log file').setInputFiles(join(dir, 'firewall.csv'));
    await page.getByRole('button', { name: 'Show ten lines' }).click();
    const preview = page.getByRole('region', { name: 'The first lines, annotated' });
    await preview.waitFor(PATIENCE);
    expect((await preview.textContent())?.match(/228ts/g)).toHaveLength(10);
    expect(await page.getByText('CSV, separated by semicolons, with a header').count()).toBe(1);
    expect(await page.getByLabel('Time zone').inputValue()).toBe('Europe/Berlin');
    await page.getByLabel('Log file').setInputFiles(join(dir, 'firewall.csv'));
    const downloading = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Annotate the file' }).click();
    const download = await downloading;
    expect(download.suggestedFilename()).toBe('annotated-firewall.csv');
    const annotated = readFileSync(await download.path(), 'utf8');
    expect(annotated.match(new RegExp(POD, 'g'))).toHaveLength(20_000);
  });

  it('says beside the file what is wrong with it', async () => {
    const { page, complaints, close } = await openPage(browser, `${monitor.url}/leases`);
    onTestFinished(close);
    await page.getByLabel('Log file').setInputFiles(join(dir, 'letter.txt'));
    await page.getByRole('button', { name: 'Annotate the file' }).click();
    await page.getByText('No line has an IP address; is it the right file?').waitFor(PATIENCE);
    expect(await page.getByLabel('Log file').getAttribute('aria-invalid')).toBe('true');
    expect(complaints.filter((text) => !text.includes('400'))).toEqual([]);
  });

  it.each(SCHEMES)(
    '$scheme: its preview is accessible, and as wide as its window',
    async ({ scheme, axeWidth }) => {
      const { page, close } = await openPage(browser, `${monitor.url}/leases`, { colorScheme: scheme });
      onTestFinished(close);
      await page.getByLabel('Log file').setInputFiles(join(dir, 'firewall.csv'));
      await page.getByRole('button', { name: 'Show ten lines' }).click();
      await page.getByRole('region', { name: 'The first lines, annotated' }).waitFor(PATIENCE);
      await expectToFit(page, axeWidth);
    },
  );
});
