import { expect, test } from 'vitest';
import { NO_ALERTS } from './alerts/alerts.test.helpers.js';
import { readMonitorSettings, readProgramSettings } from './settings.js';

test('without variables the monitor listens on 8080 and keeps its data on the volume', () => {
  expect(readMonitorSettings({})).toEqual({
    logLevel: 'info',
    httpHost: '0.0.0.0',
    httpPort: 8080,
    dataDir: '/var/lib/podips',
    ageLimitMs: 300_000,
    cluster: 'default',
    historyDays: 90,
    access: { heartbeatToken: undefined, login: undefined, trustedProxies: [], rateLimitPerSecond: 200 },
    peers: { peers: [], intervalMs: 10_000 },
    alerts: { ...NO_ALERTS, reminderMs: 4 * 3_600_000 },
  });
});

test('every wrong setting is named', () => {
  const env = { HTTP_PORT: 'eighty', AGE_LIMIT_MS: '-1' };
  expect(() => readProgramSettings(env, ['--test'])).toThrow(
    /'--test'.*--test-alert.*HTTP_PORT must be.*AGE_LIMIT_MS must be/s,
  );
});
