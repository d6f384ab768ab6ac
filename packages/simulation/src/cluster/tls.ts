import { generate } from 'selfsigned';

export interface TlsFiles {
  readonly caPem: string;
  readonly certPem: string;
  readonly keyPem: string;
}

const CA_NAME = [{ name: 'commonName', value: 'simulated cluster CA' }];
const SERVER_NAME = [{ name: 'commonName', value: 'kube-apiserver' }];
/** A certificate that starts a little in the past suits clocks that go slow. */
const BACKDATED_MS = 3_600_000;

/** A certificate authority and a server certificate from it, for `localhost`, 127.0.0.1, ::1 and one more host. */
export async function createTlsFiles(host = 'localhost'): Promise<TlsFiles> {
  const common = {
    keyType: 'ec',
    algorithm: 'sha256',
    notBeforeDate: new Date(Date.now() - BACKDATED_MS),
  } as const;
  const ca = await generate(CA_NAME, {
    ...common,
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, digitalSignature: true, critical: true },
    ],
  });
  const server = await generate(SERVER_NAME, {
    ...common,
    ca: { key: ca.private, cert: ca.cert },
    extensions: [
      { name: 'basicConstraints', cA: false },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: [
          ...[...new Set(['localhost', host])].map((value) => ({ type: 2 as const, value })),
          { type: 7, ip: '127.0.0.1' },
          { type: 7, ip: '::1' },
        ],
      },
    ],
  });
  return { caPem: ca.cert, certPem: server.cert, keyPem: server.private };
}
