import { type CleanedEnv, EnvError, makeValidator, str } from 'envalid';
import { toError } from '../errors.js';
import { readCertificates, readPrivateKey } from '../tls-client.js';
import { databaseHosts } from './database-hosts.js';
import { databaseUrl, parseDatabaseUrl } from './database-url.js';
import { secret } from './secrets.js';
import { port } from './validators.js';

/** The values of libpq's `sslmode` that are supported, from none to full verification. */
export const SSL_MODES = ['disable', 'prefer', 'require', 'verify-ca', 'verify-full'] as const;
export type SslMode = (typeof SSL_MODES)[number];

/** The value of DB_SSLROOTCERT for the authorities of the operating system and of Node.js. */
export const SYSTEM_AUTHORITIES = 'system';

const sslMode = makeValidator<string>((input) => {
  if (!isSslMode(input)) throw new EnvError(`must be one of ${SSL_MODES.join(', ')}, but is "${input}"`);
  return input;
});
const schemaName = makeValidator<string>((input) => {
  if (!/^[A-Za-z_][A-Za-z0-9_$-]{0,62}$/.test(input))
    throw new EnvError(`must be a name of letters, digits, hyphens and underscores, but is "${input}"`);
  return input;
});

export const databaseSpecs = {
  DB_HOST: databaseHosts({
    default: undefined,
    desc: 'host of PostgreSQL, or the folder of its Unix socket; of a list, `a,b:5433`, the first that is primary is used. Without it and `DB_URL` there is no outbox and no ledger',
  }),
  DB_PORT: port({ default: 5432, desc: 'port of each host in `DB_HOST` that names none' }),
  DB_USER: str({ default: 'postgres', desc: 'user name at PostgreSQL' }),
  DB_PASSWORD: secret(str({ default: '', desc: 'password at PostgreSQL' })),
  DB_NAME: str({ default: 'queue', desc: 'name of the database' }),
  DB_URL: secret(
    databaseUrl({
      default: undefined,
      desc: 'all of it as a URL, `postgresql://user:password@host:5432/queue?sslmode=verify-full`; what it says goes before the other `DB_` variables',
    }),
  ),
  DB_SCHEMA: schemaName({
    default: undefined,
    desc: "schema of the tables, whatever the session's `search_path` is; `public` by default",
  }),
  DB_SSLMODE: sslMode({
    default: 'prefer',
    desc: 'TLS, as `sslmode` of libpq: `prefer` uses it where the server offers it, `verify-full` verifies certificate and name',
  }),
  DB_SSLROOTCERT: str({
    default: undefined,
    desc: 'PEM file of the authorities to trust; `system`: those of the operating system and of Node.js, as `verify-full` does by default',
  }),
  DB_SSLCERT: str({ default: undefined, desc: 'PEM file of the client certificate for PostgreSQL' }),
  DB_SSLKEY: str({ default: undefined, desc: 'PEM file of the private key of `DB_SSLCERT`' }),
};

export interface DatabaseSettings {
  /** Hosts, and folders of Unix sockets, separated by commas; each may have its port. */
  readonly host: string;
  /** The port of those that have none. */
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  /** Undefined: `public`, unless the tables are found to be elsewhere. */
  readonly schema?: string | undefined;
  /** Undefined: `prefer`. */
  readonly sslMode?: SslMode | undefined;
  readonly sslRootCert?: string | undefined;
  readonly sslCert?: string | undefined;
  readonly sslKey?: string | undefined;
}

type DatabaseValues = CleanedEnv<typeof databaseSpecs>;

/** The database part of a service's settings; undefined when no host is set. */
export function databaseSettings(env: DatabaseValues): DatabaseSettings | undefined {
  const url = env.DB_URL === undefined ? {} : parseDatabaseUrl(env.DB_URL);
  const host = url.host ?? env.DB_HOST;
  const mode = url.sslMode ?? env.DB_SSLMODE;
  if (host === undefined) return undefined;
  return {
    host,
    port: env.DB_PORT,
    user: url.user ?? env.DB_USER,
    password: url.password ?? env.DB_PASSWORD,
    database: url.database ?? env.DB_NAME,
    schema: env.DB_SCHEMA,
    sslMode: isSslMode(mode) ? mode : undefined,
    sslRootCert: url.sslRootCert ?? env.DB_SSLROOTCERT,
    sslCert: url.sslCert ?? env.DB_SSLCERT,
    sslKey: url.sslKey ?? env.DB_SSLKEY,
  };
}

/** Rules that span the settings of the database, and a look at the files; a line for each problem. */
export function checkDatabase(env: DatabaseValues): string[] {
  const url = env.DB_URL === undefined ? {} : parseDatabaseUrl(env.DB_URL);
  if (url.sslMode !== undefined && !isSslMode(url.sslMode))
    return [`DB_URL must have one of ${SSL_MODES.join(', ')} as sslmode`];
  const settings = databaseSettings(env);
  if (settings === undefined) return env.DB_URL === undefined ? [] : ['DB_URL must name a host'];
  const { sslMode: mode, sslRootCert, sslCert, sslKey } = settings;
  const given = Object.entries({ DB_SSLROOTCERT: sslRootCert, DB_SSLCERT: sslCert, DB_SSLKEY: sslKey })
    .filter(([, path]) => path !== undefined)
    .map(([name]) => name);
  if (mode === 'disable') return given.map((name) => `${name} needs another DB_SSLMODE than disable`);
  if (mode === 'verify-ca' && sslRootCert === undefined)
    return ['DB_SSLROOTCERT is required by DB_SSLMODE=verify-ca: file of the authority'];
  if (sslRootCert === SYSTEM_AUTHORITIES && mode !== 'verify-full')
    return [`DB_SSLROOTCERT=${SYSTEM_AUTHORITIES} needs DB_SSLMODE=verify-full, but has ${mode}`];
  if (sslRootCert !== undefined && mode === 'prefer')
    return [
      'DB_SSLROOTCERT needs DB_SSLMODE=verify-full, verify-ca or require: prefer continues without TLS',
    ];
  if ((sslCert === undefined) !== (sslKey === undefined))
    return [`DB_SSLCERT and DB_SSLKEY need each other, but only ${given.at(-1)} is set`];
  return checkFiles(settings);
}

function checkFiles({ sslRootCert, sslCert, sslKey }: DatabaseSettings): string[] {
  const problems: string[] = [];
  const look = <T>(setting: string, path: string | undefined, read: (path: string) => T): T | undefined => {
    try {
      return path === undefined || path === SYSTEM_AUTHORITIES ? undefined : read(path);
    } catch (err) {
      problems.push(`${setting} ${toError(err).message}`);
      return undefined;
    }
  };
  look('DB_SSLROOTCERT', sslRootCert, readCertificates);
  const own = look('DB_SSLCERT', sslCert, readCertificates);
  const key = look('DB_SSLKEY', sslKey, readPrivateKey);
  if (own?.[0] && key && !own[0].checkPrivateKey(key))
    problems.push('DB_SSLKEY must be the key of the first certificate in DB_SSLCERT, but is another one');
  return problems;
}

function isSslMode(text: string): text is SslMode {
  return SSL_MODES.some((mode) => mode === text);
}
