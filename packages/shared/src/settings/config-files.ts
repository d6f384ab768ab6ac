import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse as parseIni } from 'ini';
import { toError } from '../errors.js';

/** The files of podips 1.1 that are still read, below `CONFIG_DIR`. */
export type ConfigFile =
  | 'default_podips_host'
  | 'podips_host'
  | 'log_server'
  | 'queue.config.json'
  | 'dbconfig.ini';

export interface FileValue {
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

/** The settings that each of the files may hold. */
export const FILE_SETTINGS: Readonly<Record<ConfigFile, readonly string[]>> = {
  default_podips_host: ['PODIPS_HOST'],
  podips_host: ['PODIPS_HOST'],
  log_server: ['LOG_SERVER'],
  'queue.config.json': JSON_KEYS,
  'dbconfig.ini': Object.values(INI_KEYS),
};

/** The settings in those files that exist, by name. @param onProblem called for all that is wrong in a file */
export function readConfigFiles(
  dir: string,
  files: readonly ConfigFile[],
  onProblem: (file: ConfigFile, problem: string) => void,
): Map<string, FileValue> {
  const found = new Map<string, FileValue>();
  for (const file of files) {
    try {
      const text = readIfPresent(join(dir, file));
      if (text === undefined) continue;
      const values = parseConfigFile(file, text, (problem) => onProblem(file, problem));
      for (const [name, value] of Object.entries(values)) found.set(name, { file, value });
    } catch (err) {
      onProblem(file, toError(err).message);
    }
  }
  return found;
}

function parseConfigFile(
  file: ConfigFile,
  text: string,
  onProblem: (problem: string) => void,
): Record<string, string> {
  switch (file) {
    case 'default_podips_host':
    case 'podips_host':
      return { PODIPS_HOST: text.trim() };
    case 'log_server':
      return { LOG_SERVER: text.trim() };
    case 'queue.config.json':
      return pick(parseJsonObject(text), (key) => (JSON_KEYS.includes(key) ? key : undefined));
    case 'dbconfig.ini': {
      checkIniValues(text, onProblem);
      const ini = flattenSections(parseIni(text));
      const driver = String(ini.driver ?? 'postgres');
      if (!INI_DRIVERS.includes(driver)) onProblem(`driver is ${driver}; only postgres is supported`);
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

/** In double quotes as in JSON, in single quotes, or bare. */
const INI_VALUE = /^(?:"(?:[^"\\]|\\["\\])*"|'[^']*'|(?!["'])(?:[^#;\\]|\\(?![\\#;]))*)$/;

/**
 * Programs read `#` and `;` in a value as a part of it, or as the start of a comment, and backslashes differently.
 * @param onProblem called for each value that would not be read as it is written; its text may be a password
 */
function checkIniValues(text: string, onProblem: (problem: string) => void): void {
  for (const line of text.split(/\r?\n/)) {
    const [, key = '', value = ''] = /^\s*(\w+)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
    if (key in INI_KEYS && !INI_VALUE.test(value))
      onProblem(
        `the value of ${key} has #, ; or \\ in it, or a quote that does not end: put it in double quotes, with \\" for a quote and \\\\ for a backslash, and a comment on a line of its own`,
      );
  }
}

function flattenSections(ini: Record<string, unknown>): Record<string, unknown> {
  const flat: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(ini))
    if (typeof value === 'object' && value !== null) Object.assign(flat, flattenSections({ ...value }));
    // The words null and true are texts here.
    else flat[key] = String(value);
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
