import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ParseArgsConfig, parseArgs } from 'node:util';
import {
  type CleanedEnv,
  cleanEnv,
  EnvError,
  EnvMissingError,
  makeValidator,
  str,
  type ValidatorSpec,
} from 'envalid';
import { parse as parseIni } from 'ini';
import { SettingsError, toError } from './errors.js';
import { LOG_LEVELS, type LogLevel } from './logger.js';

/** The files of podips 1.1 that are still read, below `CONFIG_DIR`. */
export type ConfigFile =
  | 'default_podips_host'
  | 'podips_host'
  | 'log_server'
  | 'queue.config.json'
  | 'dbconfig.ini';

export type SettingSpecs = Record<string, ValidatorSpec<unknown>>;
export type Environment = Readonly<Record<string, string | undefined>>;

export interface SettingsRequest<S extends SettingSpecs> {
  readonly specs: S;
  readonly env: Environment;
  readonly files?: readonly ConfigFile[];
  /** Rules that span several settings; returns a line for each problem. Only asked when each setting alone is right. */
  readonly check?: (settings: CleanedEnv<S>) => string[];
}

/**
 * Reads settings: environment over file over default. An empty variable counts as not set.
 * @throws {SettingsError} with every problem at once
 */
export function readSettings<S extends SettingSpecs>(request: SettingsRequest<S>): CleanedEnv<S> {
  const problems: string[] = [];
  const fromFiles = readConfigFiles(request.env.CONFIG_DIR || '.', request.files ?? [], problems);
  const values: Record<string, string> = {};
  for (const name of Object.keys(request.specs)) {
    const value = request.env[name] || fromFiles.get(name)?.value;
    if (value !== undefined && value !== '') values[name] = value;
  }
  const settings = cleanEnv(values, request.specs, {
    reporter: ({ errors }) => {
      for (const [name, error] of Object.entries(errors)) {
        const file = request.env[name] ? undefined : fromFiles.get(name)?.file;
        problems.push(describeProblem(name, file, toError(error)));
      }
    },
  });
  if (problems.length === 0) problems.push(...(request.check?.(settings) ?? []));
  if (problems.length > 0) throw new SettingsError(problems);
  return settings;
}

/**
 * For settings that come from several sources: the result of `read`, or undefined and its problems in `problems`.
 * @throws whatever is no {@link SettingsError}
 */
export function collectProblems<T>(problems: string[], read: () => T): T | undefined {
  try {
    return read();
  } catch (err) {
    if (!(err instanceof SettingsError)) throw err;
    problems.push(...err.problems);
    return undefined;
  }
}

/** As util.parseArgs, but a wrong flag is a wrong setting. @param usage what would be right */
export function parseFlags<T extends NonNullable<ParseArgsConfig['options']>>(
  args: readonly string[],
  options: T,
  usage: string,
) {
  try {
    return parseArgs({ args: [...args], options }).values;
  } catch (err) {
    // The rest of the text is about arguments that begin with a dash.
    const [sentence] = toError(err).message.split('. ');
    throw new SettingsError([`${sentence}; ${usage}`]);
  }
}

function describeProblem(name: string, file: string | undefined, error: Error): string {
  const where = file ? `${name} (from ${file})` : name;
  return error instanceof EnvMissingError
    ? `${where} is required: ${error.message}`
    : `${where} ${error.message}`;
}

interface FileValue {
  readonly file: ConfigFile;
  readonly value: string;
}

const JSON_KEYS = ['QUEUE_HOST', 'QUEUE_PORT', 'QUEUE_USERNAME', 'QUEUE_PASSWORD'];
const INI_KEYS: Readonly<Record<string, string>> = {
  host: 'DB_HOST',
  port: 'DB_PORT',
  user: 'DB_USER',
  password: 'DB_PASSWORD',
  dbName: 'DB_NAME',
};
const INI_DRIVERS = ['postgres', 'postgresql', 'pgsql'];

function readConfigFiles(
  dir: string,
  files: readonly ConfigFile[],
  problems: string[],
): Map<string, FileValue> {
  const found = new Map<string, FileValue>();
  for (const file of files) {
    try {
      const text = readIfPresent(join(dir, file));
      if (text === undefined) continue;
      for (const [name, value] of Object.entries(parseConfigFile(file, text)))
        found.set(name, { file, value });
    } catch (err) {
      problems.push(`${file} cannot be read: ${toError(err).message}`);
    }
  }
  return found;
}

function parseConfigFile(file: ConfigFile, text: string): Record<string, string> {
  switch (file) {
    case 'default_podips_host':
    case 'podips_host':
      return { PODIPS_HOST: text.trim() };
    case 'log_server':
      return { LOG_SERVER: text.trim() };
    case 'queue.config.json':
      return pick(parseJsonObject(text), (key) => (JSON_KEYS.includes(key) ? key : undefined));
    case 'dbconfig.ini': {
      const ini = flattenSections(parseIni(text));
      const driver = String(ini.driver ?? 'postgres');
      if (!INI_DRIVERS.includes(driver)) throw new Error(`driver is ${driver}; only postgres is supported`);
      return pick(ini, (key) => INI_KEYS[key]);
    }
  }
}

function parseJsonObject(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The parser's own words quote the file, passwords included.
    throw new Error('it is not JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Error('it must hold a JSON object');
  return { ...value };
}

function flattenSections(ini: Record<string, unknown>): Record<string, unknown> {
  const flat: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(ini))
    if (typeof value === 'object' && value !== null) Object.assign(flat, value);
    else flat[key] = value;
  return flat;
}

function pick(
  values: Record<string, unknown>,
  settingOf: (key: string) => string | undefined,
): Record<string, string> {
  const picked: Record<string, string> = {};
  for (const [key, value] of Object.entries(values)) {
    const name = settingOf(key);
    if (name !== undefined && value !== null && value !== undefined) picked[name] = String(value).trim();
  }
  return picked;
}

function readIfPresent(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (err) {
    if (err instanceof Error && 'code' in err && err.code === 'ENOENT') return undefined;
    throw err;
  }
}

/** A whole number within bounds, the bounds included. */
export function integer(min: number, max: number) {
  return makeValidator<number>((input) => {
    const value = Number(input);
    if (!/^\d+$/.test(input) || value < min || value > max)
      throw new EnvError(`must be a whole number from ${min} to ${max}, but is "${input}"`);
    return value;
  });
}

export const port = integer(1, 65535);

export const bool = makeValidator<boolean>((input) => {
  const value = readBool(input);
  if (value === undefined) throw new EnvError(notBool(input));
  return value;
});

/**
 * A boolean of the command line.
 * @throws {SettingsError} that names the flag
 */
export function parseBool(input: string, flag: string): boolean {
  const value = readBool(input);
  if (value === undefined) throw new SettingsError([`${flag} ${notBool(input)}`]);
  return value;
}

function readBool(input: string): boolean | undefined {
  const text = input.toLowerCase();
  if (['true', '1', 'yes', 'on'].includes(text)) return true;
  if (['false', '0', 'no', 'off'].includes(text)) return false;
  return undefined;
}

function notBool(input: string): string {
  return `must be true or false, but is "${input}"`;
}

/** `host`, `host:port` or a whole http(s) URL; becomes a URL without a path. */
export const baseUrl = makeValidator<string>((input) => {
  const text = /^[a-z]+:\/\//i.test(input) ? input : `http://${input}`;
  const url = URL.parse(text);
  if (!url || !['http:', 'https:'].includes(url.protocol) || url.hostname === '')
    throw new EnvError(`must be a host, host:port or http(s) URL, but is "${redactUrl(input)}"`);
  return `${url.protocol}//${url.host}${url.pathname.replace(/\/+$/, '')}`;
});

function redactUrl(text: string): string {
  return text.replace(/\/\/[^@/]*@/, '//***@');
}

export interface QueueServer {
  readonly host: string;
  readonly port: number;
}

const MAX_PORT = 65535;

/** A list of brokers, `a,b:61613,[::1]:61613`; a broker without a port takes `defaultPort`. */
export function parseQueueServers(list: string, defaultPort: number): QueueServer[] {
  return list.split(',').map((entry) => {
    const match = /^\s*(?:\[([^\]]+)\]|([^\s:[\]]+))(?::(\d+))?\s*$/.exec(entry);
    const host = match?.[1] ?? match?.[2];
    const ownPort = match?.[3] === undefined ? defaultPort : Number(match[3]);
    if (host === undefined || ownPort < 1 || ownPort > MAX_PORT)
      throw new EnvError(
        `must be a list of host or host:port, separated by commas, but has "${entry.trim()}"`,
      );
    return { host, port: ownPort };
  });
}

const queueHosts = makeValidator<string>((input) => {
  parseQueueServers(input, 1);
  return input;
});

const logLevel = makeValidator<LogLevel>((input) => {
  const level = LOG_LEVELS.find((known) => known === input);
  if (level === undefined) throw new EnvError(`must be one of ${LOG_LEVELS.join(', ')}, but is "${input}"`);
  return level;
});

/** Settings that more than one service has. The `desc` of each is its row in the README. */
export const commonSpecs = {
  LOG_LEVEL: logLevel({ default: 'info', desc: 'how much is logged' }),
  CONFIG_DIR: str({ default: '.', desc: 'folder of the files of podips 1.1' }),
};

export const httpSpecs = {
  HTTP_HOST: str({ default: '0.0.0.0', desc: 'address that the HTTP server listens on' }),
  HTTP_PORT: integer(0, MAX_PORT)({ default: 8080, desc: 'port of the HTTP server; 0 takes a free one' }),
};

/** A secret that is sent in a header. Its value never appears in what is said about it. */
const bearerToken = makeValidator<string>((input) => {
  if (!/^[A-Za-z0-9._~+/-]{16,256}=*$/.test(input))
    throw new EnvError('must have 16 to 256 letters, digits or characters of ._~+/-');
  return input;
});

/** The same secret at the monitor and at those who report to it. */
export const heartbeatTokenSpecs = {
  HEARTBEAT_TOKEN: bearerToken({
    default: undefined,
    desc: 'secret without which the monitor takes no heartbeats; the same for reader, writer and monitor',
  }),
};

export const monitorClientSpecs = {
  PODIPS_HOST: baseUrl({
    default: undefined,
    desc: 'the monitor: host, host:port or URL; without it no heartbeats',
  }),
  PODIPS_TLS_VERIFY: bool({ default: true, desc: 'whether the certificate of an https monitor is verified' }),
  ...heartbeatTokenSpecs,
};

export function queueSpecs(defaultHost: string) {
  return {
    QUEUE_HOST: queueHosts({
      default: defaultHost,
      desc: 'broker, or several as `a,b:61613`; the next is tried when one fails',
    }),
    QUEUE_PORT: port({ default: 61613, desc: 'STOMP port of brokers that name none' }),
    QUEUE_USERNAME: str({ default: '', desc: 'login at the broker' }),
    QUEUE_PASSWORD: str({ default: '', desc: 'password at the broker' }),
    QUEUE_HEARTBEAT_MS: integer(
      100,
      60_000,
    )({
      default: 5_000,
      desc: 'STOMP heart-beat in both directions; a silent broker is left after two to four',
    }),
    QUEUE_CONNECT_TIMEOUT_MS: integer(
      100,
      60_000,
    )({ default: 5_000, desc: 'deadline from the first packet to CONNECTED' }),
    QUEUE_RECEIPT_TIMEOUT_MS: integer(100, 300_000)({ default: 10_000, desc: 'deadline for a RECEIPT' }),
  };
}

export const databaseSpecs = {
  DB_HOST: str({ default: undefined, desc: 'PostgreSQL; without it there is no outbox and no ledger' }),
  DB_PORT: port({ default: 5432, desc: 'port of PostgreSQL' }),
  DB_USER: str({ default: 'postgres', desc: 'user at PostgreSQL' }),
  DB_PASSWORD: str({ default: '', desc: 'password at PostgreSQL' }),
  DB_NAME: str({ default: 'queue', desc: 'database' }),
};

export const statusDirSpecs = {
  STATUS_DIR: str({ default: '/tmp', desc: 'folder of the files for liveness probes' }),
};

export interface QueueSettings {
  readonly servers: readonly QueueServer[];
  readonly username: string;
  readonly password: string;
  readonly heartbeatMs: number;
  readonly connectTimeoutMs: number;
  readonly receiptTimeoutMs: number;
}

/** The queue part of a service's settings, ready for {@link QueueLink}. */
export function queueSettings(env: CleanedEnv<ReturnType<typeof queueSpecs>>): QueueSettings {
  return {
    servers: parseQueueServers(env.QUEUE_HOST, env.QUEUE_PORT),
    username: env.QUEUE_USERNAME,
    password: env.QUEUE_PASSWORD,
    heartbeatMs: env.QUEUE_HEARTBEAT_MS,
    connectTimeoutMs: env.QUEUE_CONNECT_TIMEOUT_MS,
    receiptTimeoutMs: env.QUEUE_RECEIPT_TIMEOUT_MS,
  };
}

export interface DatabaseSettings {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
}

/** The database part of a service's settings; undefined when no host is set. */
export function databaseSettings(env: CleanedEnv<typeof databaseSpecs>): DatabaseSettings | undefined {
  if (env.DB_HOST === undefined) return undefined;
  return {
    host: env.DB_HOST,
    port: env.DB_PORT,
    user: env.DB_USER,
    password: env.DB_PASSWORD,
    database: env.DB_NAME,
  };
}
