import { generate } from 'selfsigned';

/** A certificate and its key, both as PEM. */
export interface Certificate {
  readonly certPem: string;
  readonly keyPem: string;
}

export interface TlsFiles extends Certificate {
  readonly caPem: string;
}

/** A certificate authority for tests: what it signs is trusted by whoever has `caPem`. */
export interface CertificateAuthority {
  readonly caPem: string;
  /** A certificate for a server that answers under these DNS names, and on 127.0.0.1 and ::1 unless `onLoopback` is false. */
  forServer(names: readonly string[], onLoopback?: boolean): Promise<Certificate>;
  /** As `forServer`, but no longer valid. */
  expiredForServer(names: readonly string[]): Promise<Certificate>;
  /** A certificate for a client whose common name this is. */
  forClient(name: string): Promise<Certificate>;
}

/** A certificate that starts a little in the past suits clocks that go slow. */
const BACKDATED_MS = 3_600_000;
const LOOPBACK = [
  { type: 7 as const, ip: '127.0.0.1' },
  { type: 7 as const, ip: '::1' },
];

/** @param name its common name, which errors of TLS libraries may show */
export async function createAuthority(name = 'podips test CA'): Promise<CertificateAuthority> {
  const ca = await generate(commonName(name), {
    ...common(),
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, digitalSignature: true, critical: true },
    ],
  });
  const issue = async (subject: string, options: Options) => {
    const issued = await generate(commonName(subject), {
      ...common(),
      ca: { key: ca.private, cert: ca.cert },
      ...options,
      extensions: [{ name: 'basicConstraints', cA: false }, ...(options.extensions ?? [])],
    });
    return { certPem: issued.cert, keyPem: issued.private };
  };
  const issueForServer = (names: readonly string[], onLoopback: boolean, options: Options = {}) => {
    const dnsNames = names.map((value) => ({ type: 2 as const, value }));
    const altNames = [...dnsNames, ...(onLoopback ? LOOPBACK : [])];
    return issue(names[0] ?? 'localhost', {
      ...options,
      extensions: [
        { name: 'extKeyUsage', serverAuth: true },
        { name: 'subjectAltName', altNames },
      ],
    });
  };
  return {
    caPem: ca.cert,
    forServer: (names, onLoopback = true) => issueForServer(names, onLoopback),
    expiredForServer: (names) =>
      issueForServer(names, true, { notAfterDate: new Date(Date.now() - BACKDATED_MS / 2) }),
    forClient: (client) => issue(client, { extensions: [{ name: 'extKeyUsage', clientAuth: true }] }),
  };
}

/** A certificate authority and a server certificate from it, for `localhost`, 127.0.0.1, ::1 and one more host. */
export async function createTlsFiles(host = 'localhost'): Promise<TlsFiles> {
  const authority = await createAuthority();
  return { caPem: authority.caPem, ...(await authority.forServer([...new Set(['localhost', host])])) };
}

type Options = NonNullable<Parameters<typeof generate>[1]>;

const commonName = (value: string) => [{ name: 'commonName', value }];
const common = () =>
  ({ keyType: 'ec', algorithm: 'sha256', notBeforeDate: new Date(Date.now() - BACKDATED_MS) }) as const;
