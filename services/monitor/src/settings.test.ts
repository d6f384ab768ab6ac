import { expect, test } from 'vitest';
import { readMonitorSettings } from './settings.js';

test('without variables the monitor listens on 8080 and keeps its data on the volume', () => {
  expect(readMonitorSettings({})).toEqual({
    logLevel: 'info',
    httpHost: '0.0.0.0',
    httpPort: 8080,
    dataDir: '/var/lib/podips',
    ageLimitMs: 300_000,
  });
});

test('every wrong setting is named', () => {
  expect(() => readMonitorSettings({ HTTP_PORT: 'eighty', AGE_LIMIT_MS: '-1' })).toThrow(
    /HTTP_PORT must be.*AGE_LIMIT_MS must be/s,
  );
});
