import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { str } from 'envalid';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SettingsError } from '../errors.js';
import { commonSpecs, heartbeatTokenSpecs, monitorClientSpecs } from './common-settings.js';
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
      sslMode: 'prefer',
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

  it('asks for rules that span settings also when others are wrong, but not of those', () => {
    writeFileSync(join(dir, 'queue.config.json'), '{');
    const specs = { ...QUEUE, FLAG: bool(), COUNT: integer(1, 10)(), LEFT: str(), RIGHT: str() };
    const problems = problemsOf(() =>
      readSettings({
        specs,
        env: { CONFIG_DIR: dir, FLAG: 'maybe', COUNT: '3', LEFT: 'a', RIGHT: 'b' },
        files: ['queue.config.json'],
        rules: [
          ({ LEFT, RIGHT }) => [`${LEFT} needs ${RIGHT}`],
          ({ COUNT, FLAG }) => [`${COUNT} needs ${FLAG}`],
          ({ QUEUE_HOST }) => [`${QUEUE_HOST} may be in the file`],
          (_, wrong) => (wrong.has('FLAG') ? ['what FLAG may be is not known'] : []),
        ],
      }),
    );
    expect(problems).toEqual([
      'queue.config.json cannot be read: it is not JSON',
      'FLAG must be true or false, but is "maybe"',
      'a needs b',
      'what FLAG may be is not known',
    ]);
  });

  it('reports all that is wrong in a file, and not as missing what may be in it', () => {
    writeFileSync(join(dir, 'dbconfig.ini'), 'driver=mysql\nhost=a#b\npassword="x\n');
    const specs = { ...databaseSpecs, DB_HOST: str() };
    const problems = problemsOf(() =>
      readSettings({ specs, env: { CONFIG_DIR: dir }, files: ['dbconfig.ini'] }),
    );
    expect(problems.map((problem) => problem.slice(0, 50))).toEqual([
      'dbconfig.ini cannot be read: the value of host has',
      'dbconfig.ini cannot be read: the value of password',
      'dbconfig.ini cannot be read: driver is mysql; only',
    ]);
  });

  it('never shows a password that stands in a wrong URL', () => {
    const [problem] = problemsOf(() =>
      readSettings({ specs: { U: baseUrl() }, env: { U: 'ftp://me:secret@host' } }),
    );
    expect(problem).toContain('ftp://***@host');
    expect(problem).not.toContain('secret');
  });

  describe('of a secret', () => {
    const specs = { ...QUEUE, ...heartbeatTokenSpecs };
    const fileWith = (text: string) => {
      const file = join(dir, 'secret');
      writeFileSync(file, text);
      return file;
    };

    it.each([
      ['pass', 'pass'],
      ['pass\n', 'pass'],
      ['pass\r\n', 'pass'],
      [' p#a;s\ns \n\n', ' p#a;s\ns \n'],
    ])('takes the content of the file that <NAME>_FILE names: %j', (text, password) => {
      const env = { QUEUE_PASSWORD_FILE: fileWith(text) };
      expect(readSettings({ specs, env }).QUEUE_PASSWORD).toBe(password);
    });

    it('takes that file before one of podips 1.1', () => {
      writeFileSync(join(dir, 'queue.config.json'), '{"QUEUE_PASSWORD":"old"}');
      const env = { CONFIG_DIR: dir, QUEUE_PASSWORD_FILE: fileWith('new\n') };
      expect(readSettings({ specs, env, files: ['queue.config.json'] }).QUEUE_PASSWORD).toBe('new');
    });

    it('says which variable is wrong, and not what is in the file', () => {
      const env = {
        QUEUE_PASSWORD: 'pass',
        QUEUE_PASSWORD_FILE: fileWith('pass'),
        HEARTBEAT_TOKEN_FILE: join(dir, 'none'),
        QUEUE_USERNAME_FILE: join(dir, 'none'),
      };
      expect(problemsOf(() => readSettings({ specs, env }))).toEqual([
        'QUEUE_PASSWORD and QUEUE_PASSWORD_FILE are both set: only one of them must be',
        `HEARTBEAT_TOKEN_FILE cannot be read: ENOENT: no such file or directory, open '${join(dir, 'none')}'`,
      ]);
      const wrong = (text: string) => readSettings({ specs, env: { HEARTBEAT_TOKEN_FILE: fileWith(text) } });
      expect(problemsOf(() => wrong('\n'))).toEqual([
        `HEARTBEAT_TOKEN_FILE must name a file with a value, but ${join(dir, 'secret')} is empty`,
      ]);
      expect(problemsOf(() => wrong('a b'))).toEqual([
        'HEARTBEAT_TOKEN (from HEARTBEAT_TOKEN_FILE) must have 16 to 256 letters, digits or characters of ._~+/-',
      ]);
    });
  });

  describe('of dbconfig.ini', () => {
    const passwordOf = (text: string) => {
      writeFileSync(join(dir, 'dbconfig.ini'), `[db]\n; a comment\nhost=db\npassword = ${text}\n`);
      return readSettings({ specs: databaseSpecs, env: { CONFIG_DIR: dir }, files: ['dbconfig.ini'] })
        .DB_PASSWORD;
    };

    it.each([
      ['"a#b;c"', 'a#b;c'],
      ["'a#b;c'", 'a#b;c'],
      ['"a\\"b\\\\c"', 'a"b\\c'],
      ['a=b\\c%&!', 'a=b\\c%&!'],
      ['null', 'null'],
      ['true', 'true'],
    ])('takes %s whole', (text, password) => {
      expect(passwordOf(text)).toBe(password);
    });

    it.each(['a#b', 'a;b', 'secret ; comment', '"a" # comment', 'a\\\\b', '"a\\b"', '"a', "'a", 'a\\;b'])(
      'refuses %s, which could be read in another way',
      (text) => {
        const [problem] = problemsOf(() => passwordOf(text));
        expect(problem).toMatch(
          /^dbconfig\.ini cannot be read: the value of password has .* in double quotes/,
        );
        expect(problem).not.toContain(text);
      },
    );
  });
});
