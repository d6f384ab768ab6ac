import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generate } from 'selfsigned';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SettingsError } from '../errors.js';
import { parseDatabaseHosts } from './database-hosts.js';
import { databaseRules, databaseSettings, databaseSpecs } from './database-settings.js';
import { type Environment, readSettings } from './read-settings.js';

let dir: string;
const path = (name: string) => join(dir, name);
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'podips-database-'));
  for (const name of ['one', 'two']) {
    const made = await generate([{ name: 'commonName', value: name }], {
      keyType: 'ec',
      algorithm: 'sha256',
    });
    writeFileSync(path(`${name}.crt`), made.cert);
    writeFileSync(path(`${name}.key`), made.private);
  }
});
afterAll(() => rmSync(dir, { recursive: true }));

const read = (env: Environment) =>
  databaseSettings(
    readSettings({ specs: databaseSpecs, env: { ...env, CONFIG_DIR: dir }, rules: databaseRules }),
  );

function problemsOf(env: Environment): readonly string[] {
  try {
    read(env);
  } catch (err) {
    if (err instanceof SettingsError) return err.problems;
    throw err;
  }
  return [];
}

const DEFAULTS = { port: 5432, user: 'postgres', password: '', database: 'queue', sslMode: 'prefer' };

describe('the settings of the database', () => {
  it('are none without a host', () => {
    expect(read({ DB_PASSWORD: 'x' })).toBeUndefined();
  });

  it.each<[string, Environment, object]>([
    ['one host, with what worked before', { DB_HOST: 'db' }, { host: 'db' }],
    ['an IPv6 address', { DB_HOST: '::1' }, { host: '::1' }],
    [
      'a URL',
      { DB_URL: 'postgres://u:p%40ss@h/d' },
      { host: 'h', user: 'u', password: 'p@ss', database: 'd' },
    ],
    [
      'a URL of several hosts',
      { DB_URL: 'postgresql://u@a:5433,[::1]:5434/d?target_session_attrs=read-write' },
      { host: 'a:5433,[::1]:5434', user: 'u', database: 'd' },
    ],
    [
      'a URL of a socket',
      { DB_URL: 'postgresql://%2Frun%2Fpostgresql/d' },
      { host: '/run/postgresql', database: 'd' },
    ],
    [
      'a URL of a socket, its other form',
      { DB_URL: 'postgresql:///d?host=/run/pg' },
      { host: '/run/pg', database: 'd' },
    ],
    [
      'a URL before all else, and the rest from the others',
      { DB_URL: 'postgresql://a?sslmode=require', DB_HOST: 'b', DB_PASSWORD: 'x', DB_SSLMODE: 'disable' },
      { host: 'a', password: 'x', sslMode: 'require' },
    ],
    ['a schema', { DB_HOST: 'db', DB_SCHEMA: 'podips' }, { host: 'db', schema: 'podips' }],
    [
      'the authorities of the system',
      { DB_HOST: 'db', DB_SSLMODE: 'verify-full', DB_SSLROOTCERT: 'system' },
      { host: 'db', sslMode: 'verify-full', sslRootCert: 'system' },
    ],
  ])('are %s', (_, env, expected) => {
    expect(read(env)).toEqual({ ...DEFAULTS, ...expected });
  });

  it.each<[string, Environment, string | RegExp]>([
    [
      'a host that is none',
      { DB_HOST: 'a b' },
      'DB_HOST must be a list of host, host:port or folder of a Unix socket, separated by commas, but has "a b"',
    ],
    ['an empty place in the list', { DB_HOST: 'a,,b' }, /but has ""/],
    ['a port that is none', { DB_HOST: 'a:70000' }, /DB_HOST must be a list .* but has "a:70000"/],
    [
      'an unknown mode',
      { DB_HOST: 'a', DB_SSLMODE: 'allow' },
      'DB_SSLMODE must be one of disable, prefer, require, verify-ca, verify-full, but is "allow"',
    ],
    [
      'an unknown mode in a URL',
      { DB_URL: 'postgresql://a?sslmode=on' },
      'DB_URL must have one of disable, prefer, require, verify-ca, verify-full as sslmode',
    ],
    ['a URL of another kind', { DB_URL: 'mysql://root:secret@a/b' }, /^DB_URL must be a URL as postgresql:/],
    ['a URL without a host', { DB_URL: 'postgresql:///d' }, 'DB_URL must name a host'],
    [
      'a parameter that would be dropped',
      { DB_URL: 'postgresql://u:secret@a/d?options=-c' },
      /must have no parameters but .*, but number 1 is another$/,
    ],
    ['a standby', { DB_URL: 'postgresql://a/d?target_session_attrs=standby' }, /but number 1 is another$/],
    [
      'an @ in a password',
      { DB_URL: 'postgresql://u:p@secret@h/d' },
      /^DB_URL must have host, .*percent-encoded/,
    ],
    ['a slash in a password', { DB_URL: 'postgresql://u:secret/x@h/d' }, /^DB_URL must be a URL/],
    ['a slash in a password of digits', { DB_URL: 'postgresql://u:1/secret@h/d' }, /^DB_URL must be a URL/],
    ['a ? in a password', { DB_URL: 'postgresql://u?secret@h/d' }, /^DB_URL must have no parameters but/],
    ['a port that is a password', { DB_URL: 'postgresql://u:secret/d' }, /^DB_URL must have host, /],
    ['a URL as host', { DB_HOST: 'postgres://u:secret@h/d' }, /but has "postgres:\/\/\*\*\*@h\/d"$/],
    ['a URL with a comma as host', { DB_HOST: 'postgres://u:secret,x@h' }, /has "postgres:\/\/\*\*\*@h"$/],
    ['a password that is not encoded', { DB_URL: 'postgresql://u:50%secret@a/d' }, /percent-encoded/],
    [
      'verify-ca without an authority',
      { DB_HOST: 'a', DB_SSLMODE: 'verify-ca' },
      /^DB_SSLROOTCERT is required by DB_SSLMODE=verify-ca/,
    ],
    [
      'an authority without TLS',
      { DB_HOST: 'a', DB_SSLMODE: 'disable', DB_SSLROOTCERT: 'one.crt' },
      'DB_SSLROOTCERT needs another DB_SSLMODE than disable',
    ],
    [
      'all authorities for a name that is not verified',
      { DB_HOST: 'a', DB_SSLROOTCERT: 'system' },
      /^DB_SSLROOTCERT=system needs DB_SSLMODE=verify-full/,
    ],
    [
      'an authority that may not be asked',
      { DB_HOST: 'a', DB_SSLROOTCERT: 'one.crt' },
      /^DB_SSLROOTCERT needs DB_SSLMODE=verify-full, .* prefer continues without TLS/,
    ],
    [
      'a file that is not there',
      { DB_HOST: 'a', DB_SSLMODE: 'require', DB_SSLROOTCERT: 'none.crt' },
      /^DB_SSLROOTCERT must be a PEM file with certificates, but .* ENOENT/,
    ],
    [
      'a certificate without its key',
      { DB_HOST: 'a', DB_SSLCERT: 'one.crt' },
      'DB_SSLCERT and DB_SSLKEY need each other, but only DB_SSLCERT is set',
    ],
    [
      "another certificate's key",
      { DB_HOST: 'a', DB_SSLCERT: 'one.crt', DB_SSLKEY: 'two.key' },
      /^DB_SSLKEY must be the key of/,
    ],
    ['a schema that is no name', { DB_HOST: 'a', DB_SCHEMA: 'a"b' }, /^DB_SCHEMA must be a name of letters/],
  ])('refuse %s, without a secret in it', (_, given, problem) => {
    const env = Object.entries(given).map(([name, value]) => [
      name,
      /\.(crt|key)$/.test(value ?? '') ? path(value ?? '') : value,
    ]);
    const problems = problemsOf(Object.fromEntries(env));
    expect(problems).toEqual([typeof problem === 'string' ? problem : expect.stringMatching(problem)]);
    expect(problems.join()).not.toContain('secret');
  });
});

it('hosts have their own ports, or that of all', () => {
  expect(parseDatabaseHosts('a, b:5433,::1,[::2]:5434,/run/pg,/run/pg:5435', 5432)).toEqual([
    { host: 'a', port: 5432 },
    { host: 'b', port: 5433 },
    { host: '::1', port: 5432 },
    { host: '::2', port: 5434 },
    { host: '/run/pg', port: 5432 },
    { host: '/run/pg', port: 5435 },
  ]);
});
