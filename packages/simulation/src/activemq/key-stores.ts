import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type BrokerTls, writeTlsFiles } from '../broker-process.js';

/** Protects nothing: Java wants one. */
export const STORE_PASSWORD = 'changeit';
export const KEY_STORE = 'broker.p12';
export const TRUST_STORE = 'trust.p12';

const run = promisify(execFile);

/** Writes the certificates in the form that Java reads, with the programs `openssl` and `keytool`. */
export async function writeKeyStores(dir: string, tls: BrokerTls): Promise<void> {
  const { ca, cert, key } = await writeTlsFiles(dir, tls);
  const keyStore = join(dir, KEY_STORE);
  const toKeyStore = ['-out', keyStore, '-passout', `pass:${STORE_PASSWORD}`];
  await run('openssl', ['pkcs12', '-export', '-in', cert, '-inkey', key, ...toKeyStore]);
  const trustStore = ['-keystore', join(dir, TRUST_STORE), '-storepass', STORE_PASSWORD];
  await run('keytool', ['-importcert', '-noprompt', '-alias', 'ca', '-file', ca, ...trustStore]);
}
