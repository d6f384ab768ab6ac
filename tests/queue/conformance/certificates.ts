import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type BrokerTls, createAuthority } from '@podips/simulation';

/** The only name in the broker's certificate: the tests connect to an address. */
export const SERVER_NAME = 'queue.example';

/** Certificates of a broker that wants one of its clients, and the files of such a client. */
export interface TestCertificates {
  readonly broker: BrokerTls;
  readonly caFile: string;
  readonly certFile: string;
  readonly keyFile: string;
  readonly otherCaFile: string;
}

export async function createCertificates(dir: string): Promise<TestCertificates> {
  const [authority, other] = [await createAuthority(), await createAuthority('another CA')];
  const { caPem } = authority;
  const client = await authority.forClient('podips');
  const write = async (name: string, pem: string) => {
    const path = join(dir, name);
    await writeFile(path, pem);
    return path;
  };
  return {
    broker: { ...(await authority.forServer([SERVER_NAME], false)), caPem, needsClientCertificate: true },
    caFile: await write('ca.pem', caPem),
    certFile: await write('client.pem', client.certPem),
    keyFile: await write('client.key', client.keyPem),
    otherCaFile: await write('other-ca.pem', other.caPem),
  };
}
