import { PodipsError, toError } from '../errors.js';

/** The database cannot be used as it is set up, or as podips is: no time heals it. */
export class DatabaseSetupError extends PodipsError {}

const INSUFFICIENT_PRIVILEGE = '42501';
const UNKNOWN_DATABASE = '3D000';
const UNKNOWN_SCHEMA = '3F000';
/** A failed login. */
const LOGIN_CLASS = '28';
/** Node.js' and OpenSSL's codes for certificates and protocols that are not accepted. */
const TLS_CODE =
  /^(CERT_|ERR_TLS_|ERR_SSL_|ERR_OSSL_|EPROTO|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|HOSTNAME_|INVALID_CA|PATH_LENGTH_)/;
/** pg's and Node.js' words where there is no such code. */
const TLS_MESSAGE =
  /^There was an error establishing an SSL connection|before secure TLS connection was established/;

/**
 * What has to be set right before the database can be used, in the server's words where it said something; undefined when
 * it is only unavailable, or the error is not about the database as a whole.
 */
export function setupProblem(thrown: unknown): string | undefined {
  const error = toError(thrown);
  if (error instanceof DatabaseSetupError) return error.message;
  const code = codeOf(error);
  if (code.startsWith(LOGIN_CLASS)) return `the database refuses the login: ${error.message}`;
  if ([INSUFFICIENT_PRIVILEGE, UNKNOWN_DATABASE, UNKNOWN_SCHEMA].includes(code))
    return `the database refuses: ${error.message}`;
  if (TLS_CODE.test(code)) return `no TLS connection to the database: ${error.message}`;
  return undefined;
}

/** Whether TLS is what failed, or is not offered: not the network, and nothing that the server says. */
export function isOfTls(error: Error): boolean {
  return (
    codeOf(error) === 'DATABASE_NO_TLS' || TLS_CODE.test(codeOf(error)) || TLS_MESSAGE.test(error.message)
  );
}

/** The code of PostgreSQL, of Node.js or of podips; empty without one. */
export function codeOf(error: Error): string {
  return 'code' in error ? String(error.code) : '';
}
