import { createConfig, lintFromString } from '@redocly/openapi-core';
import { expect, onTestFinished, test } from 'vitest';
import { memoryStore, openApp } from './app.test.helpers.js';

test('the OpenAPI document passes the recommended rules of Redocly', async () => {
  const app = await openApp(memoryStore());
  onTestFinished(() => app.close());
  const source = (await app.inject('/api/openapi.json')).body;
  const config = await createConfig({ extends: ['recommended'], telemetry: 'off' });
  const problems = await lintFromString({ source, absoluteRef: 'openapi.json', config });
  expect(
    problems.map(({ ruleId, severity, message, location: [place] }) => [
      severity,
      ruleId,
      message,
      place?.pointer,
    ]),
  ).toEqual([]);
});
