import { EnvError, makeValidator } from 'envalid';
import { parseDatabaseHosts } from './database-hosts.js';

/** What a connection URI says, each as its own setting would; undefined: nothing. */
export interface DatabaseUrl {
  readonly host?: string;
  readonly user?: string;
  readonly password?: string;
  readonly database?: string;
  readonly sslMode?: string;
  readonly sslRootCert?: string;
  readonly sslCert?: string;
  readonly sslKey?: string;
}

const URL_PARTS = /^postgres(?:ql)?:\/\/(?:([^@/?#]*)@)?([^/?#]*)(?:\/([^/@?#]*))?(?:\?([^#]*))?$/;

const PARAMETERS: Readonly<Record<string, keyof DatabaseUrl>> = {
  host: 'host',
  user: 'user',
  password: 'password',
  dbname: 'database',
  sslmode: 'sslMode',
  sslrootcert: 'sslRootCert',
  sslcert: 'sslCert',
  sslkey: 'sslKey',
};
/** The first host that is primary is used anyway. */
const PRIMARY = ['read-write', 'primary'];

/**
 * Parses a connection URI of libpq, which may have several hosts (PostgreSQL documentation, 34.1.1.2).
 * @throws {EnvError} that does not show the URI, which may hold a password
 */
export function parseDatabaseUrl(url: string): DatabaseUrl {
  const parts = URL_PARTS.exec(url);
  if (parts === null) throw new EnvError('must be a URL as postgresql://user:password@host:5432/database');
  const [, login = '', hosts = '', database = '', query = ''] = parts;
  const [user = '', ...password] = login.split(':');
  const found: Record<string, string> = {};
  const keep = (name: keyof DatabaseUrl, text: string) => {
    if (text !== '') found[name] = decode(text);
  };
  keep('user', user);
  keep('password', password.join(':'));
  // The comma between hosts is not encoded, the slashes of a folder are.
  keep('host', hosts);
  keep('database', database);
  for (const [index, parameter] of query.split('&').entries()) {
    if (parameter === '') continue;
    const [name = '', ...value] = parameter.split('=');
    const setting = PARAMETERS[name];
    if (setting) keep(setting, value.join('='));
    else if (name !== 'target_session_attrs' || !PRIMARY.includes(value.join('=')))
      throw new EnvError(
        `must have no parameters but ${Object.keys(PARAMETERS).join(', ')}, and target_session_attrs=read-write, but number ${index + 1} is another`,
      );
  }
  if (found.host !== undefined) checkHosts(found.host);
  return found;
}

/** A password that is not encoded looks like a host: nothing of it is shown. */
function checkHosts(hosts: string): void {
  try {
    parseDatabaseHosts(hosts, 1);
  } catch {
    throw new EnvError(
      'must have host, host:port or the folder of a Unix socket as its hosts, and special characters before them percent-encoded, as %40 for @',
    );
  }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new EnvError('must have its special characters percent-encoded, as %40 for @');
  }
}

export const databaseUrl = makeValidator<string>((input) => {
  parseDatabaseUrl(input);
  return input;
});
