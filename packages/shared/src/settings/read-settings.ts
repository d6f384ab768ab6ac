import { type ParseArgsConfig, parseArgs } from 'node:util';
import { type CleanedEnv, cleanEnv, EnvMissingError, type ValidatorSpec } from 'envalid';
import { SettingsError, toError } from '../errors.js';
import { type ConfigFile, readConfigFiles } from './config-files.js';

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

/** Parses flags as util.parseArgs does, but a wrong flag is a wrong setting. @param usage the right usage */
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
