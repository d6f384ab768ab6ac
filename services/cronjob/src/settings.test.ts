import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SettingsError } from '@podips/shared/program';
import { expect, onTestFinished, test } from 'vitest';
import { readCronjobSettings } from './settings.js';

function problemsOf(env: Record<string, string>, args: readonly string[]): readonly string[] {
  try {
    readCronjobSettings(env, args);
  } catch (err) {
    if (err instanceof SettingsError) return err.problems;
    throw err;
  }
  return [];
}

test('the monitor is all that it needs to know', () => {
  expect(readCronjobSettings({ PODIPS_HOST: 'monitor:8080' }, [])).toEqual({
    logLevel: 'info',
    once: false,
    monitorUrl: 'http://monitor:8080',
    tlsVerify: true,
    timeoutMs: 10_000,
    schedule: '*/5 * * * *',
  });
});

test('--once asks once', () => {
  expect(readCronjobSettings({ PODIPS_HOST: 'monitor' }, ['--once']).once).toBe(true);
});

test('the monitor may stand in the file of podips 1.1', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'podips-cronjob-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  await writeFile(join(dir, 'podips_host'), 'https://monitor.example.org\n');
  expect(readCronjobSettings({ CONFIG_DIR: dir }, []).monitorUrl).toBe('https://monitor.example.org');
});

test.each([
  [['--twice'], 'unknown: --twice; the flags are --once, --help, --version'],
  [['once'], 'unknown: once; the flags are --once, --help, --version'],
  [['--once=yes'], '--once takes no value'],
])('%j is reported as wrong in one line', (args, problem) => {
  expect(problemsOf({ PODIPS_HOST: 'monitor' }, args)).toEqual([problem]);
});

test('every problem is reported, of flags and of settings', () => {
  const problems = problemsOf({ CRON_SCHEDULE: 'hourly', POKE_TIMEOUT_MS: '0' }, ['-x']);
  expect(problems.map((problem) => problem.split(' ').slice(0, 2).join(' ')).sort()).toEqual([
    'CRON_SCHEDULE must',
    'PODIPS_HOST is',
    'POKE_TIMEOUT_MS must',
    'unknown: -x;',
  ]);
});
