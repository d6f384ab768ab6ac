import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SettingsError } from '@podips/shared';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readWriterSettings } from './settings.js';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'podips-settings-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const read = (env: Record<string, string> = {}) => readWriterSettings({ CONFIG_DIR: dir, ...env });

function problemsOf(env: Record<string, string>): readonly string[] {
  try {
    read(env);
  } catch (err) {
    if (err instanceof SettingsError) return err.problems;
    throw err;
  }
  return [];
}

describe("the writer's settings", () => {
  it('need Fluentd alone; all others have defaults', () => {
    expect(read({ LOG_SERVER: 'fluentd' })).toEqual({
      logLevel: 'info',
      monitorUrl: undefined,
      monitorTlsVerify: true,
      heartbeatToken: undefined,
      queue: {
        servers: [{ host: 'podips-queue', port: 61613 }],
        name: '/queue/pods',
        broker: undefined,
        vhost: '/',
        tls: undefined,
        username: '',
        password: '',
        heartbeatMs: 5_000,
        connectTimeoutMs: 5_000,
        receiptTimeoutMs: 10_000,
      },
      prefetch: 100,
      fluent: {
        servers: [{ host: 'fluentd', port: 24224 }],
        tls: undefined,
        login: undefined,
        tagPrefix: 'audit',
        connectTimeoutMs: 5_000,
        ackTimeoutMs: 30_000,
        batchDelayMs: 5,
        batchSize: 25,
        probeIntervalMs: 30_000,
      },
      statusDir: '/tmp',
      httpHost: '::',
      httpPort: 8080,
    });
  });

  it('come from the files of podips 1.1, unless the environment says otherwise', () => {
    writeFileSync(join(dir, 'log_server'), 'fluentd-from-file\n');
    writeFileSync(join(dir, 'podips_host'), 'monitor-from-file\n');
    writeFileSync(join(dir, 'queue.config.json'), '{"QUEUE_HOST":"queue-from-file","QUEUE_PORT":61616}');
    const settings = read({ QUEUE_HOST: 'queue-from-env' });
    expect(settings.fluent.servers).toEqual([{ host: 'fluentd-from-file', port: 24224 }]);
    expect(settings.monitorUrl).toBe('http://monitor-from-file');
    expect(settings.queue.servers).toEqual([{ host: 'queue-from-env', port: 61616 }]);
  });

  it.each([
    ['1', 1],
    ['99', 25],
    ['100', 25],
  ])('with a prefetch of %s make chunks of at most %i records', (QUEUE_PREFETCH, batchSize) => {
    expect(read({ LOG_SERVER: 'fluentd', QUEUE_PREFETCH }).fluent.batchSize).toBe(batchSize);
  });

  it('name several servers, a login and TLS', () => {
    const { fluent } = read({
      LOG_SERVER: 'a,b:24225',
      LOG_SERVER_PORT: '24226',
      LOG_SHARED_KEY: 'key',
      LOG_USERNAME: 'podips',
      LOG_PASSWORD: 'secret',
      LOG_TLS: 'true',
      LOG_TLS_SERVER_NAME: 'fluentd.example',
    });
    expect(fluent.servers).toEqual([
      { host: 'a', port: 24226 },
      { host: 'b', port: 24225 },
    ]);
    expect(fluent.login).toEqual({ sharedKey: 'key', username: 'podips', password: 'secret' });
    expect(fluent.tls).toEqual({ serverName: 'fluentd.example' });
  });

  it.each([
    [{ LOG_USERNAME: 'podips' }, 'LOG_USERNAME needs LOG_SHARED_KEY'],
    [{ LOG_SHARED_KEY: 'key', LOG_PASSWORD: 'secret' }, 'LOG_PASSWORD needs LOG_USERNAME'],
    [{ LOG_TLS_SERVER_NAME: 'fluentd.example' }, 'LOG_TLS_SERVER_NAME needs LOG_TLS=true'],
  ])('refuse %j', (env, problem) => {
    expect(problemsOf({ LOG_SERVER: 'fluentd', ...env })).toEqual([problem]);
  });

  it('that are wrong are all named at once', () => {
    const problems = problemsOf({
      QUEUE_PREFETCH: '101',
      LOG_ACK_TIMEOUT_MS: '999',
      LOG_BATCH_DELAY_MS: '-1',
    });
    expect(problems.map((problem) => problem.split(' ')[0])).toEqual(
      expect.arrayContaining(['QUEUE_PREFETCH', 'LOG_SERVER', 'LOG_ACK_TIMEOUT_MS', 'LOG_BATCH_DELAY_MS']),
    );
    expect(problems).toHaveLength(4);
  });
});
