import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { NO_ALERTS } from './alerts/alerts.test.helpers.js';
import { readMonitorSettings, readProgramSettings } from './settings.js';

test('without variables the monitor listens on 8080 and keeps its data on the volume', () => {
  expect(readMonitorSettings({})).toEqual({
    logLevel: 'info',
    httpHost: '::',
    httpPort: 8080,
    dataDir: '/var/lib/podips',
    ageLimitMs: 300_000,
    cluster: 'default',
    historyDays: 90,
    announcementsFile: undefined,
    basePath: '',
    access: {
      heartbeatToken: undefined,
      login: undefined,
      trustedProxies: [],
      rateLimitPerSecond: 200,
      connectionsPerClient: 256,
      streamsPerClient: 50,
    },
    proxies: { HTTPS_PROXY: '', HTTP_PROXY: '', NO_PROXY: '' },
    peers: { peers: [], intervalMs: 10_000 },
    alerts: { ...NO_ALERTS, repeatIntervalMs: 4 * 3_600_000 },
    database: undefined,
    unstable: {
      limits: { replacedPerHour: 5, restartsPerHour: 5, timesUsual: 3, loopQuarters: 6 },
      alerts: true,
      muted: [],
    },
  });
});

test('the database is read from the file of podips 1.1, like the reader does', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'podips-settings-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  await writeFile(join(dir, 'dbconfig.ini'), '[db]\nhost = db-1\nuser = podips\npassword = secret\n');
  const { database } = readMonitorSettings({ CONFIG_DIR: dir, DB_USER: 'analyst' });
  expect(database).toMatchObject({
    host: 'db-1',
    port: 5432,
    user: 'analyst',
    password: 'secret',
    database: 'queue',
  });
});

test('every wrong setting is named', () => {
  const env = { HTTP_PORT: 'eighty', AGE_LIMIT_MS: '-1' };
  expect(() => readProgramSettings(env, ['--test'])).toThrow(
    /unknown: --test; .*--test-alert.*HTTP_PORT must be.*AGE_LIMIT_MS must be/s,
  );
});

test.each([
  ['/podips', '/podips'],
  ['/tools/podips/', '/tools/podips'],
  ['/', ''],
])('the pages may be below %s', (path, basePath) => {
  expect(readMonitorSettings({ BASE_PATH: path }).basePath).toBe(basePath);
});

test.each([
  ['podips', 'must be a path such as /podips'],
  ['https://podips.example/', 'must be a path such as /podips'],
  ['//podips', 'must be a path such as /podips'],
  ['/api', 'must not begin like a path of the monitor'],
  ['/podips/all', 'must not begin like a path of the monitor'],
])('they are not below %s', (path, problem) => {
  expect(() => readMonitorSettings({ BASE_PATH: path })).toThrow(`BASE_PATH ${problem}`);
});
