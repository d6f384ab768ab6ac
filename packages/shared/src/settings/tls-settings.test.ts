import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generate } from 'selfsigned';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SettingsError } from '../errors.js';
import { readSettings } from './read-settings.js';
import { tlsClientSettings } from './tls-settings.js';

const tls = tlsClientSettings('PEER', 'the peer');
let dir: string;
const path = (name: string) => join(dir, name);

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'podips-tls-'));
  for (const name of ['one', 'two']) {
    const made = await generate([{ name: 'commonName', value: name }], {
      keyType: 'ec',
      algorithm: 'sha256',
    });
    writeFileSync(path(`${name}.crt`), made.cert);
    writeFileSync(path(`${name}.key`), made.private);
  }
  writeFileSync(path('text'), 'not a certificate');
  const broken = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';
  writeFileSync(path('broken.crt'), broken);
});
afterAll(() => rmSync(dir, { recursive: true }));

const read = (env: Record<string, string>) =>
  tls.read(readSettings({ specs: tls.specs, env, rules: tls.rules }));

function problemsOf(env: Record<string, string>): readonly string[] {
  try {
    read(env);
  } catch (err) {
    if (err instanceof SettingsError) return err.problems;
    throw err;
  }
  return [];
}

describe('the settings of TLS', () => {
  it('are none by default', () => {
    expect(read({})).toBeUndefined();
  });

  it('need nothing but the first', () => {
    expect(read({ PEER_TLS: 'true' })).toEqual({});
  });

  it('name files and the name in the certificate', () => {
    const files = { caFile: path('two.crt'), certFile: path('one.crt'), keyFile: path('one.key') };
    const { caFile, certFile, keyFile } = files;
    expect(
      read({
        PEER_TLS: 'true',
        PEER_TLS_CA_FILE: caFile,
        PEER_TLS_CERT_FILE: certFile,
        PEER_TLS_KEY_FILE: keyFile,
        PEER_TLS_SERVER_NAME: 'peer.example',
      }),
    ).toEqual({ ...files, serverName: 'peer.example' });
  });

  it.each<[string, Record<string, string>, string]>([
    [
      'files without TLS',
      { PEER_TLS: 'false', PEER_TLS_CA_FILE: '/ca.crt' },
      'PEER_TLS_CA_FILE needs PEER_TLS=true',
    ],
    [
      'a name without TLS',
      { PEER_TLS: 'false', PEER_TLS_SERVER_NAME: 'a' },
      'PEER_TLS_SERVER_NAME needs PEER_TLS=true',
    ],
    [
      'a file that is not there',
      { PEER_TLS_CA_FILE: '/nowhere/ca.crt' },
      'PEER_TLS_CA_FILE must be a PEM file with certificates, but /nowhere/ca.crt is not: ENOENT',
    ],
    [
      'no certificate in it',
      { PEER_TLS_CA_FILE: 'text' },
      'PEER_TLS_CA_FILE must be a PEM file with certificates',
    ],
    ['a key instead', { PEER_TLS_CA_FILE: 'one.key' }, 'is not: it has none'],
    [
      'a certificate that is none',
      { PEER_TLS_CA_FILE: 'broken.crt' },
      'PEER_TLS_CA_FILE must be a PEM file with certificates',
    ],
    [
      'a certificate without its key',
      { PEER_TLS_CERT_FILE: 'one.crt' },
      'PEER_TLS_CERT_FILE and PEER_TLS_KEY_FILE need each other, but only PEER_TLS_CERT_FILE is set',
    ],
    [
      'no key in the file',
      { PEER_TLS_CERT_FILE: 'one.crt', PEER_TLS_KEY_FILE: 'one.crt' },
      'PEER_TLS_KEY_FILE must be a PEM file with a private key without a passphrase',
    ],
    [
      "another certificate's key",
      { PEER_TLS_CERT_FILE: 'one.crt', PEER_TLS_KEY_FILE: 'two.key' },
      'PEER_TLS_KEY_FILE must be the key of the first certificate in PEER_TLS_CERT_FILE, but is another one',
    ],
    [
      'a name that is none',
      { PEER_TLS_SERVER_NAME: 'a b' },
      'PEER_TLS_SERVER_NAME must be a host name or an IP address, but is "a b"',
    ],
  ])('refuse %s', (_, given, problem) => {
    const env = Object.entries(given).map(([name, value]) => [
      name,
      name.endsWith('_FILE') && !value.startsWith('/') ? path(value) : value,
    ]);
    const problems = problemsOf({ PEER_TLS: 'true', ...Object.fromEntries(env) });
    expect(problems).toEqual([expect.stringContaining(problem)]);
  });
});
