import { type CleanedEnv, EnvError, makeValidator, str } from 'envalid';
import { toError } from '../errors.js';
import { readCertificates, readPrivateKey } from '../tls-client.js';
import { databaseHosts } from './database-hosts.js';
import { type DatabaseUrl, databaseUrl, parseDatabaseUrl } from './database-url.js';
import type { Rule } from './read-settings.js';
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

/** What is said of TLS, by the URL or else by the settings. */
interface TlsPart {
  readonly sslMode: string;
  readonly files: Readonly<Record<'DB_SSLROOTCERT' | 'DB_SSLCERT' | 'DB_SSLKEY', string | undefined>>;
}

function tlsPart(env: DatabaseValues, url: DatabaseUrl): TlsPart {
  return {
    get sslMode() {
      return url.sslMode ?? env.DB_SSLMODE;
    },
    files: {
      DB_SSLROOTCERT: url.sslRootCert ?? env.DB_SSLROOTCERT,
      DB_SSLCERT: url.sslCert ?? env.DB_SSLCERT,
      DB_SSLKEY: url.sslKey ?? env.DB_SSLKEY,
    },
  };
}

const urlOf = (env: DatabaseValues) => (env.DB_URL === undefined ? {} : parseDatabaseUrl(env.DB_URL));

/** A rule of TLS: without a database it does not count. A host that is wrong is one. */
const ofTls =
  (check: (tls: TlsPart) => readonly string[]): Rule<DatabaseValues> =>
  (env, wrong) => {
    const url = wrong.has('DB_URL') ? {} : urlOf(env);
    const isUsed = ['DB_HOST', 'DB_URL'].some((name) => wrong.has(name)) || (url.host ?? env.DB_HOST);
    return isUsed ? check(tlsPart(env, url)) : [];
  };

const givenOf = ({ files }: TlsPart) =>
  Object.entries(files)
    .filter(([, path]) => path !== undefined)
    .map(([name]) => name);

/** Rules that span the settings of the database, and a look at the files. */
export const databaseRules: readonly Rule<DatabaseValues>[] = [
  (env) => {
    const { sslMode = 'prefer' } = urlOf(env);
    return isSslMode(sslMode) ? [] : [`DB_URL must have one of ${SSL_MODES.join(', ')} as sslmode`];
  },
  (env) => (env.DB_URL === undefined || (urlOf(env).host ?? env.DB_HOST) ? [] : ['DB_URL must name a host']),
  ofTls((tls) =>
    tls.sslMode === 'disable'
      ? givenOf(tls).map((name) => `${name} needs another DB_SSLMODE than disable`)
      : [],
  ),
  ofTls(({ sslMode, files: { DB_SSLROOTCERT: root } }) => {
    if (sslMode === 'verify-ca' && root === undefined)
      return ['DB_SSLROOTCERT is required by DB_SSLMODE=verify-ca: file of the authority'];
    if (root === SYSTEM_AUTHORITIES && !['verify-full', 'disable'].includes(sslMode))
      return [`DB_SSLROOTCERT=${SYSTEM_AUTHORITIES} needs DB_SSLMODE=verify-full, but has ${sslMode}`];
    return root !== undefined && sslMode === 'prefer'
      ? ['DB_SSLROOTCERT needs DB_SSLMODE=verify-full, verify-ca or require: prefer continues without TLS']
      : [];
  }),
  ofTls(({ files: { DB_SSLCERT: cert, DB_SSLKEY: key } }) => {
    if ((cert === undefined) === (key === undefined)) return [];
    const alone = cert === undefined ? 'DB_SSLKEY' : 'DB_SSLCERT';
    return [`DB_SSLCERT and DB_SSLKEY need each other, but only ${alone} is set`];
  }),
  ofTls(({ files }) => checkFiles(files)),
];

function checkFiles({ DB_SSLROOTCERT, DB_SSLCERT, DB_SSLKEY }: TlsPart['files']): string[] {
  const problems: string[] = [];
  const look = <T>(setting: string, path: string | undefined, read: (path: string) => T): T | undefined => {
    try {
      return path === undefined || path === SYSTEM_AUTHORITIES ? undefined : read(path);
    } catch (err) {
      problems.push(`${setting} ${toError(err).message}`);
      return undefined;
    }
  };
  look('DB_SSLROOTCERT', DB_SSLROOTCERT, readCertificates);
  const own = look('DB_SSLCERT', DB_SSLCERT, readCertificates);
  const key = look('DB_SSLKEY', DB_SSLKEY, readPrivateKey);
  if (own?.[0] && key && !own[0].checkPrivateKey(key))
    problems.push('DB_SSLKEY must be the key of the first certificate in DB_SSLCERT, but is another one');
  return problems;
}

function isSslMode(text: string): text is SslMode {
  return SSL_MODES.some((mode) => mode === text);
}
