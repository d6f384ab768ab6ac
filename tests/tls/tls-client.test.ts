import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, createServer, type TlsOptions } from 'node:tls';
import { type TlsSettings, tlsOptions } from '@podips/shared';
import { type Certificate, type CertificateAuthority, createAuthority } from '@podips/simulation';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';

let dir: string;
let ours: CertificateAuthority;
let others: CertificateAuthority;
const path = (name: string) => join(dir, name);
const usual = () => ours.forServer(['localhost']);
const own = { certFile: 'client.crt', keyFile: 'client.key' };

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'podips-tls-'));
  ours = await createAuthority();
  others = await createAuthority('another CA');
  await writeFile(path('ours.crt'), ours.caPem);
  await writeFile(path('others.crt'), others.caPem);
  await writeFile(path('both.crt'), others.caPem + ours.caPem);
  const client = await ours.forClient('podips-writer');
  await writeFile(path('client.crt'), client.certPem);
  await writeFile(path('client.key'), client.keyPem);
});
afterAll(() => rm(dir, { recursive: true }));

async function startServer(certificate: Promise<Certificate>, options: TlsOptions = {}) {
  const { certPem, keyPem } = await certificate;
  const server = createServer({ cert: certPem, key: keyPem, ...options }, (socket) => {
    socket.on('error', () => undefined); // a client that does not trust us goes away
    socket.end(`hello ${socket.getPeerCertificate().subject?.CN ?? 'stranger'}`);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port; // listens on TCP
}

/** What the server says to a client with these settings, which connects to the host's address. */
async function ask(port: number, tls: TlsSettings, host = 'localhost'): Promise<string> {
  const files = Object.entries(tls).map(([name, value]) => [
    name,
    name.endsWith('File') && value ? path(value) : value,
  ]);
  const options = tlsOptions(Object.fromEntries(files), host);
  const socket = connect({ ...options, host: '127.0.0.1', port });
  const parts: string[] = [];
  socket.setEncoding('utf8').on('data', (text: string) => parts.push(text));
  await once(socket, 'end');
  return parts.join('');
}

describe('a client of a server with TLS', () => {
  it.each<[string, () => Promise<Certificate>, TlsSettings, string]>([
    ['the authority', usual, { caFile: 'ours.crt' }, 'localhost'],
    ['several authorities', usual, { caFile: 'both.crt' }, 'localhost'],
    ['an address in the certificate', usual, { caFile: 'ours.crt' }, '127.0.0.1'],
    [
      'a name of its own',
      () => ours.forServer(['fluentd.example']),
      { caFile: 'ours.crt', serverName: 'fluentd.example' },
      'alias',
    ],
    [
      'an address as name',
      () => ours.forServer([]),
      { caFile: 'ours.crt', serverName: '127.0.0.1' },
      'alias',
    ],
  ])('trusts it with %s', async (_, certificate, tls, host) => {
    expect(await ask(await startServer(certificate()), tls, host)).toBe('hello stranger');
  });

  it.each<[string, () => Promise<Certificate>, TlsSettings, string]>([
    ['of an unknown authority', usual, {}, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
    ['of another authority', usual, { caFile: 'others.crt' }, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
    [
      'that has expired',
      () => ours.expiredForServer(['localhost']),
      { caFile: 'ours.crt' },
      'CERT_HAS_EXPIRED',
    ],
    ['for another name', () => ours.forServer(['a']), { caFile: 'ours.crt' }, 'ERR_TLS_CERT_ALTNAME_INVALID'],
    [
      'for another address',
      () => ours.forServer(['localhost'], false),
      { caFile: 'ours.crt', serverName: '127.0.0.1' },
      'ERR_TLS_CERT_ALTNAME_INVALID',
    ],
  ])('refuses a certificate %s', async (_, certificate, tls, code) => {
    await expect(ask(await startServer(certificate()), tls)).rejects.toMatchObject({ code });
  });

  it('shows its own certificate where it is asked for', async () => {
    const port = await startServer(usual(), { requestCert: true, ca: ours.caPem });
    expect(await ask(port, { caFile: 'ours.crt', ...own })).toBe('hello podips-writer');
    await expect(ask(port, { caFile: 'ours.crt' })).rejects.toThrow();
  });

  it('uses the files as they are when it connects', async () => {
    const port = await startServer(usual());
    await writeFile(path('rotated.crt'), others.caPem);
    await expect(ask(port, { caFile: 'rotated.crt' })).rejects.toThrow();
    await writeFile(path('rotated.crt'), ours.caPem);
    expect(await ask(port, { caFile: 'rotated.crt' })).toBe('hello stranger');
  });
});
