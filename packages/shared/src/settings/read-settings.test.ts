import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { str } from 'envalid';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SettingsError } from '../errors.js';
import { commonSpecs, monitorClientSpecs } from './common-settings.js';
import { databaseSettings, databaseSpecs } from './database-settings.js';
import { queueSettings, queueSpecs } from './queue-settings.js';
import { readSettings } from './read-settings.js';
import { baseUrl, bool, integer } from './validators.js';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'podips-settings-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

function problemsOf(read: () => unknown): readonly string[] {
  try {
    read();
  } catch (err) {
    if (err instanceof SettingsError) return err.problems;
    throw err;
  }
  return [];
}

const QUEUE = queueSpecs('podips-queue');

describe('readSettings', () => {
  it('takes the environment before a file before a default', () => {
    writeFileSync(join(dir, 'queue.config.json'), '{"QUEUE_HOST":"from-file","QUEUE_PORT":61614}');
    const env = { CONFIG_DIR: dir, QUEUE_HOST: 'from-env' };
    const settings = readSettings({ specs: QUEUE, env, files: ['queue.config.json'] });
    expect(queueSettings(settings)).toMatchObject({
      servers: [{ host: 'from-env', port: 61614 }],
      username: '',
      heartbeatMs: 5_000,
    });
  });

  it('treats an empty variable as not set', () => {
    expect(readSettings({ specs: QUEUE, env: { QUEUE_HOST: '' } }).QUEUE_HOST).toBe('podips-queue');
  });

  it.each([
    ['with a section', '[database]\ndriver=pgsql\nhost=db\nport=5433\nuser=u\npassword=p\ndbName=q\n'],
    ['without a section', 'driver = postgres\nhost = db\nport = 5433\nuser = u\npassword = p\ndbName = q\n'],
  ])('reads dbconfig.ini %s', (_, text) => {
    writeFileSync(join(dir, 'dbconfig.ini'), text);
    const settings = readSettings({
      specs: databaseSpecs,
      env: { CONFIG_DIR: dir },
      files: ['dbconfig.ini'],
    });
    expect(databaseSettings(settings)).toEqual({
      host: 'db',
      port: 5433,
      user: 'u',
      password: 'p',
      database: 'q',
    });
  });

  it.each(['default_podips_host', 'podips_host'] as const)('reads the monitor from %s', (file) => {
    writeFileSync(join(dir, file), 'podips-monitor:8080\n');
    const settings = readSettings({ specs: monitorClientSpecs, env: { CONFIG_DIR: dir }, files: [file] });
    expect(settings.PODIPS_HOST).toBe('http://podips-monitor:8080');
  });

  it('reads the log server from log_server', () => {
    writeFileSync(join(dir, 'log_server'), ' fluentd.logging \n');
    const specs = { LOG_SERVER: str() };
    expect(readSettings({ specs, env: { CONFIG_DIR: dir }, files: ['log_server'] }).LOG_SERVER).toBe(
      'fluentd.logging',
    );
  });

  it('reports every problem at once, with the setting, its file and what would be right', () => {
    writeFileSync(join(dir, 'queue.config.json'), '{"QUEUE_PORT":"many"}');
    writeFileSync(join(dir, 'dbconfig.ini'), 'driver=mysql\nhost=db\n');
    const specs = {
      ...commonSpecs,
      ...QUEUE,
      ...databaseSpecs,
      FLAG: bool(),
      COUNT: integer(1, 10)(),
      LOG_SERVER: str({ desc: 'host of Fluentd' }),
    };
    const env = { CONFIG_DIR: dir, FLAG: 'maybe', COUNT: '11', QUEUE_HOST: 'a:b:c', LOG_LEVEL: 'loud' };
    const problems = problemsOf(() =>
      readSettings({ specs, env, files: ['queue.config.json', 'dbconfig.ini'] }),
    );
    expect(problems).toEqual([
      'dbconfig.ini cannot be read: driver is mysql; only postgres is supported',
      'LOG_LEVEL must be one of trace, debug, info, warn, error, fatal, silent, but is "loud"',
      'QUEUE_HOST must be a list of host or host:port, separated by commas, but has "a:b:c"',
      'QUEUE_PORT (from queue.config.json) must be a whole number from 1 to 65535, but is "many"',
      'FLAG must be true or false, but is "maybe"',
      'COUNT must be a whole number from 1 to 10, but is "11"',
      'LOG_SERVER is required: host of Fluentd',
    ]);
  });

  it('reports a file that cannot be understood', () => {
    writeFileSync(join(dir, 'queue.config.json'), '["a"]');
    const problems = problemsOf(() =>
      readSettings({ specs: QUEUE, env: { CONFIG_DIR: dir }, files: ['queue.config.json'] }),
    );
    expect(problems).toEqual(['queue.config.json cannot be read: it must hold a JSON object']);
  });

  it('asks for rules that span settings once each setting alone is right', () => {
    const check = () => ['A needs B'];
    expect(problemsOf(() => readSettings({ specs: QUEUE, env: {}, check }))).toEqual(['A needs B']);
  });

  it('never shows a password that stands in a wrong URL', () => {
    const [problem] = problemsOf(() =>
      readSettings({ specs: { U: baseUrl() }, env: { U: 'ftp://me:secret@host' } }),
    );
    expect(problem).toContain('ftp://***@host');
    expect(problem).not.toContain('secret');
  });
});
