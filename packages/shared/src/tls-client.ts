import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { type ConnectionOptions, checkServerIdentity } from 'node:tls';
import { toError } from './errors.js';

/** TLS to a peer whose certificate is always verified. The settings are those of `tlsClientSettings`. */
export interface TlsSettings {
  /** Authorities to trust instead of those that Node.js trusts; PEM. */
  readonly caFile?: string | undefined;
  /** The client certificate, followed by those between it and its authority; PEM. */
  readonly certFile?: string | undefined;
  /** The private key of the client certificate; PEM. */
  readonly keyFile?: string | undefined;
  /** The name that the peer's certificate must have; undefined: the host that the connection is for. */
  readonly serverName?: string | undefined;
}

/**
 * Options of `tls.connect` without the address. To be asked for anew for each connection: certificates are rotated.
 * @param host what the peer is called in the settings, also if the connection goes to one of its addresses
 * @throws when a file cannot be read or used
 */
export function tlsOptions(tls: TlsSettings, host: string) {
  const name = tls.serverName ?? host;
  return {
    ...(tls.caFile !== undefined && { ca: pemOf(readCertificates(tls.caFile)) }),
    ...(tls.certFile !== undefined && { cert: pemOf(readCertificates(tls.certFile)) }),
    ...(tls.keyFile !== undefined && { key: pemText(tls.keyFile, 'a private key') }),
    // An address is no server name for the TLS extension (RFC 6066, section 3), but certificates have addresses.
    servername: isIP(name) ? '' : name,
    checkServerIdentity: (_, certificate) => checkServerIdentity(name, certificate),
    minVersion: 'TLSv1.2',
    rejectUnauthorized: true,
  } satisfies ConnectionOptions;
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** @throws an error that says what the file must be */
export function readCertificates(path: string): X509Certificate[] {
  const what = 'certificates';
  const pems = pemText(path, what).match(CERTIFICATE);
  if (pems === null) throw notPem(path, what, 'it has none');
  return pems.map((pem) => {
    try {
      return new X509Certificate(pem);
    } catch (err) {
      throw notPem(path, what, toError(err).message);
    }
  });
}

/** @throws an error that says what the file must be */
export function readPrivateKey(path: string): KeyObject {
  const what = 'a private key without a passphrase';
  const pem = pemText(path, what);
  try {
    return createPrivateKey(pem);
  } catch {
    // OpenSSL's own words are about its decoders.
    throw notPem(path, what, 'it has none');
  }
}

function pemText(path: string, what: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (err) {
    throw notPem(path, what, toError(err).message);
  }
}

const pemOf = (certificates: readonly X509Certificate[]) => certificates.map(String).join('');

function notPem(path: string, what: string, reason: string): Error {
  return new Error(`must be a PEM file with ${what}, but ${path} is not: ${reason}`);
}
