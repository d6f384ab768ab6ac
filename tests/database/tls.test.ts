import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DatabaseSettings, openPool, runStatement, setupProblem } from '@podips/shared';
import { type Certificate, createAuthority, type LocalPostgres, startPostgres } from '@podips/simulation';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { log } from '../support/test-databases.js';

const TLS = 'SELECT ssl, client_dn FROM pg_stat_ssl WHERE pid = pg_backend_pid()';

let dir: string;
let server: LocalPostgres;
let files: Record<'ca' | 'otherCa' | 'clientCert' | 'clientKey' | 'otherCert' | 'otherKey', string>;

/** A file with this content. */
function keep(name: string, text: string): string {
  const path = join(dir, name);
  writeFileSync(path, text, { mode: 0o600 });
  return path;
}

async function startTlsServer({ certPem, keyPem }: Certificate, access: readonly string[]) {
  const parameters = {
    ssl: 'on',
    ssl_cert_file: keep(`server-${certPem.length}-${Math.random()}.crt`, certPem),
    ssl_key_file: keep(`server-${Math.random()}.key`, keyPem),
    ssl_ca_file: files.ca,
  };
  return startPostgres({ parameters, access });
}

const ONLY_TLS = ['hostssl all all 127.0.0.1/32 scram-sha-256'];

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'podips-tls-'));
  const [authority, other] = await Promise.all([createAuthority(), createAuthority('another CA')]);
  const [client, stranger] = await Promise.all([authority.forClient('podips'), other.forClient('podips')]);
  files = {
    ca: keep('ca.crt', authority.caPem),
    otherCa: keep('other-ca.crt', other.caPem),
    clientCert: keep('client.crt', client.certPem),
    clientKey: keep('client.key', client.keyPem),
    otherCert: keep('other.crt', stranger.certPem),
    otherKey: keep('other.key', stranger.keyPem),
  };
  certificates = {
    local: await authority.forServer(['localhost']),
    elsewhere: await authority.forServer(['db.example'], false),
    expired: await authority.expiredForServer(['localhost']),
  };
  server = await startTlsServer(certificates.local, ONLY_TLS);
});
afterAll(async () => {
  await server?.destroy();
  await rm(dir, { recursive: true, force: true });
});

let certificates: Record<'local' | 'elsewhere' | 'expired', Certificate>;

/** Connects once. @returns the state of TLS as the server sees it */
async function connect(settings: DatabaseSettings, changed: Partial<DatabaseSettings>) {
  const pool = openPool({ ...settings, ...changed }, log);
  try {
    return (await runStatement<{ ssl: boolean; client_dn: string | null }>(pool, TLS)).rows[0];
  } finally {
    await pool.end();
  }
}

/** What has to be set right, as it is said where a connection fails. */
async function problemOf(settings: DatabaseSettings, changed: Partial<DatabaseSettings>) {
  const failure = await connect(settings, changed).catch((err: unknown) => err);
  return setupProblem(failure);
}

describe('a server that takes nothing but TLS', () => {
  it.each<[string, () => Partial<DatabaseSettings>]>([
    ['prefer, the default', () => ({ sslMode: undefined })],
    ['require', () => ({ sslMode: 'require' })],
    ['require with the authority', () => ({ sslMode: 'require', sslRootCert: files.ca })],
    ['verify-ca', () => ({ sslMode: 'verify-ca', sslRootCert: files.ca })],
    ['verify-full', () => ({ sslMode: 'verify-full', sslRootCert: files.ca })],
    ['verify-full by name', () => ({ sslMode: 'verify-full', sslRootCert: files.ca, host: 'localhost' })],
  ])('is used with %s', async (_, changed) => {
    expect(await connect(server.settings, changed())).toMatchObject({ ssl: true });
  });

  it.each<[string, () => Partial<DatabaseSettings>, RegExp]>([
    ['disable', () => ({ sslMode: 'disable' }), /refuses the login: no pg_hba.conf entry .*no encryption/],
    [
      'another authority, verify-full',
      () => ({ sslMode: 'verify-full', sslRootCert: files.otherCa }),
      /no TLS connection to the database: unable to verify|self-signed|unable to get local issuer/,
    ],
    [
      'another authority, verify-ca',
      () => ({ sslMode: 'verify-ca', sslRootCert: files.otherCa }),
      /no TLS connection to the database/,
    ],
    [
      'another authority, require, as libpq does',
      () => ({ sslMode: 'require', sslRootCert: files.otherCa }),
      /no TLS connection to the database/,
    ],
    ['the authorities of Node.js', () => ({ sslMode: 'verify-full' }), /no TLS connection to the database/],
    [
      'those of the operating system',
      () => ({ sslMode: 'verify-full', sslRootCert: 'system' }),
      /no TLS connection to the database/,
    ],
    [
      'a wrong password',
      () => ({ sslMode: 'require', password: 'wrong' }),
      /refuses the login: password authentication failed for user "podips"/,
    ],
    [
      'a wrong password, which prefer does not try without TLS',
      () => ({ password: 'wrong' }),
      /^the database refuses the login: password authentication failed for user "podips"$/,
    ],
    ['no password', () => ({ sslMode: 'require', password: '' }), /asks for the password of podips/],
    ['another database', () => ({ database: 'nowhere' }), /database "nowhere" does not exist/],
  ])('is not used with %s, and it is said why', async (_, changed, problem) => {
    expect(await problemOf(server.settings, changed())).toMatch(problem);
  });
});

describe('a certificate', () => {
  it('for another name is refused by verify-full, and accepted by verify-ca', async () => {
    const elsewhere = await startTlsServer(certificates.elsewhere, ONLY_TLS);
    try {
      const changed = { sslRootCert: files.ca, host: 'localhost' };
      expect(await problemOf(elsewhere.settings, { ...changed, sslMode: 'verify-full' })).toMatch(
        /no TLS connection to the database: Hostname\/IP does not match certificate's altnames/,
      );
      expect(await connect(elsewhere.settings, { ...changed, sslMode: 'verify-ca' })).toMatchObject({
        ssl: true,
      });
    } finally {
      await elsewhere.destroy();
    }
  });

  it('that has expired is refused by whoever verifies it', async () => {
    const expired = await startTlsServer(certificates.expired, ONLY_TLS);
    try {
      const sslRootCert = files.ca;
      for (const sslMode of ['require', 'verify-ca', 'verify-full'] as const)
        expect(await problemOf(expired.settings, { sslMode, sslRootCert })).toContain(
          'certificate has expired',
        );
      expect(await connect(expired.settings, { sslMode: 'require' })).toMatchObject({ ssl: true });
    } finally {
      await expired.destroy();
    }
  });

  it('of the client is its login where the server asks for one, and read again for each connection', async () => {
    const access = ['hostssl all all 127.0.0.1/32 cert'];
    const byCertificate = await startTlsServer(certificates.local, access);
    try {
      const login = { sslMode: 'verify-full', sslRootCert: files.ca, password: '' } as const;
      const own = { sslCert: files.clientCert, sslKey: files.clientKey };
      expect(await connect(byCertificate.settings, { ...login, ...own })).toEqual({
        ssl: true,
        client_dn: '/CN=podips',
      });
      expect(await problemOf(byCertificate.settings, login)).toContain('requires a valid client certificate');
      const others = { sslCert: files.otherCert, sslKey: files.otherKey };
      await expect(connect(byCertificate.settings, { ...login, ...others })).rejects.toThrow();
    } finally {
      await byCertificate.destroy();
    }
  });
});

it('prefer does without TLS neither for what the server says, nor because a connection was of no use', async () => {
  const access = ['hostssl template1 all 127.0.0.1/32 reject', 'host all all 127.0.0.1/32 scram-sha-256'];
  const both = await startTlsServer(certificates.local, access);
  try {
    expect(await problemOf(both.settings, { database: 'template1' })).toMatch(/rejects .*SSL/);
    const pool = openPool(both.settings, log);
    const client = await pool.connect();
    pool.avoid(client);
    client.release(true);
    expect((await runStatement(pool, TLS)).rows).toMatchObject([{ ssl: true }]);
    await pool.end();
  } finally {
    await both.destroy();
  }
});

it('a server without TLS is used by prefer, and refused by every mode that needs it', async () => {
  const plain = await startPostgres();
  try {
    expect(await connect(plain.settings, {})).toMatchObject({ ssl: false });
    for (const sslMode of ['require', 'verify-full'] as const)
      expect(await problemOf(plain.settings, { sslMode })).toBe('the database server offers no TLS');
  } finally {
    await plain.destroy();
  }
});
