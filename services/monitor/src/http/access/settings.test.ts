import { readSettings, SettingsError } from '@podips/shared';
import { expect, test } from 'vitest';
import { accessRules, accessSettings, accessSpecs } from './settings.js';

const SECRET = 'correct-horse-battery-staple';

function read(env: Record<string, string>) {
  return accessSettings(readSettings({ specs: accessSpecs, env, rules: accessRules }));
}

function problemsOf(env: Record<string, string>): readonly string[] {
  try {
    read(env);
  } catch (err) {
    if (err instanceof SettingsError) return err.problems;
    throw err;
  }
  return [];
}

test('secrets, proxies and rate are read', () => {
  const env = {
    HEARTBEAT_TOKEN: SECRET,
    READ_USER: 'ops',
    READ_PASSWORD: 'a:b',
    TRUSTED_PROXIES: '10.0.0.0/8, 192.0.2.7 ,2001:db8::/32',
    RATE_LIMIT_PER_SECOND: '10',
    CONNECTIONS_PER_CLIENT: '20',
    STREAMS_PER_CLIENT: '5',
  };
  expect(read(env)).toEqual({
    heartbeatToken: SECRET,
    login: { user: 'ops', password: 'a:b' },
    trustedProxies: ['10.0.0.0/8', '192.0.2.7', '2001:db8::/32'],
    rateLimitPerSecond: 10,
    connectionsPerClient: 20,
    streamsPerClient: 5,
  });
});

test.each([
  [{ HEARTBEAT_TOKEN: 'short' }, /^HEARTBEAT_TOKEN must have 16 to 256/],
  [{ HEARTBEAT_TOKEN: `${SECRET}\r\nx: y` }, /^HEARTBEAT_TOKEN must have 16 to 256/],
  [{ READ_USER: 'ops' }, /^READ_USER and READ_PASSWORD must both be set/],
  [{ READ_PASSWORD: SECRET }, /^READ_USER and READ_PASSWORD must both be set/],
  [{ READ_USER: 'a:b', READ_PASSWORD: SECRET }, /^READ_USER must not contain a colon/],
  [{ TRUSTED_PROXIES: '10.0.0.0/8,everybody' }, /^TRUSTED_PROXIES must be a list .* but has "everybody"/],
  [{ TRUSTED_PROXIES: '10.0.0.0/33' }, /^TRUSTED_PROXIES/],
  [{ TRUSTED_PROXIES: '10.0.0.0/' }, /^TRUSTED_PROXIES/],
  [
    { TRUSTED_PROXIES: '0.0.0.0/0' },
    /^TRUSTED_PROXIES must be .* that do not cover every address, but has "0.0.0.0\/0"/,
  ],
  [{ TRUSTED_PROXIES: '::/0' }, /^TRUSTED_PROXIES/],
  [{ RATE_LIMIT_PER_SECOND: '0' }, /^RATE_LIMIT_PER_SECOND/],
])('%j is wrong, and no secret is repeated', (env, problem) => {
  const problems = problemsOf(env);
  expect(problems).toEqual([expect.stringMatching(problem)]);
  expect(problems.join()).not.toContain(SECRET);
});
