import { type CleanedEnv, cleanEnv, EnvMissingError, type ValidatorSpec } from 'envalid';
import { type FlagTable, type FlagValues, readFlags } from '../../flags.mjs';
import { SettingsError, toError } from '../errors.js';
import { type ConfigFile, FILE_SETTINGS, readConfigFiles } from './config-files.js';
import { fileVariableOf, isSecret, readSecret } from './secrets.js';

export type SettingSpecs = Record<string, ValidatorSpec<unknown>>;
export type Environment = Readonly<Record<string, string | undefined>>;

export interface SettingsRequest<S extends SettingSpecs> {
  readonly specs: S;
  readonly env: Environment;
  readonly files?: readonly ConfigFile[];
  readonly rules?: readonly Rule<CleanedEnv<S>>[];
}

/**
 * A rule that spans several settings; returns a line for each problem. It is asked also when other settings are wrong, and
 * ends, without a result, where it reads one of these.
 * @param wrong names of the settings whose values are not known
 */
export type Rule<Values> = (values: Values, wrong: ReadonlySet<string>) => readonly string[];

/**
 * Reads settings: environment over file over default. An empty variable counts as not set. A secret may be in a file that
 * a variable names, `<NAME>_FILE`, which counts as the variable itself.
 * @throws {SettingsError} with every problem at once
 */
export function readSettings<S extends SettingSpecs>(request: SettingsRequest<S>): CleanedEnv<S> {
  const problems: string[] = [];
  const wrong = new Set<string>();
  const fromFiles = readConfigFiles(request.env.CONFIG_DIR || '.', request.files ?? [], (file, problem) => {
    problems.push(`${file} cannot be read: ${problem}`);
    for (const name of FILE_SETTINGS[file]) if (!request.env[name]) wrong.add(name);
  });
  const secrets = readSecrets(request.specs, request.env, (name, problem) => {
    problems.push(problem);
    wrong.add(name);
  });
  const values: Record<string, string> = {};
  for (const name of Object.keys(request.specs)) {
    const value = request.env[name] || secrets.get(name) || fromFiles.get(name)?.value;
    if (value !== undefined && value !== '') values[name] = value;
  }
  const sourceOf = (name: string) => {
    if (request.env[name]) return undefined;
    return secrets.has(name) ? fileVariableOf(name) : fromFiles.get(name)?.file;
  };
  const settings = cleanEnv(values, request.specs, {
    reporter: ({ errors }) => {
      for (const [name, error] of Object.entries(errors)) {
        // It may be in the file that cannot be read.
        if (wrong.has(name) && error instanceof EnvMissingError) continue;
        problems.push(describeProblem(name, sourceOf(name), toError(error)));
        wrong.add(name);
      }
    },
  });
  problems.push(...breaches(request.rules ?? [], settings, wrong));
  if (problems.length > 0) throw new SettingsError(problems);
  return settings;
}

/** A rule has read a setting that is wrong. */
class UnknownValue extends Error {}

function breaches<V extends object>(
  rules: readonly Rule<V>[],
  values: V,
  wrong: ReadonlySet<string>,
): string[] {
  const known = new Proxy(values, {
    get(all, name, receiver) {
      if (wrong.has(String(name))) throw new UnknownValue();
      return Reflect.get(all, name, receiver);
    },
  });
  return rules.flatMap((rule) => {
    try {
      return rule(known, wrong);
    } catch (err) {
      if (err instanceof UnknownValue) return [];
      throw err;
    }
  });
}

/** The secrets in files that variables name, but for those that cannot be used. */
function readSecrets(
  specs: SettingSpecs,
  env: Environment,
  onProblem: (name: string, problem: string) => void,
): Map<string, string> {
  const found = new Map<string, string>();
  for (const [name, spec] of Object.entries(specs)) {
    const variable = fileVariableOf(name);
    const path = isSecret(spec) ? env[variable] : undefined;
    if (!path) continue;
    const read = readSecret(path);
    if (env[name]) onProblem(name, `${name} and ${variable} are both set: only one of them must be`);
    else if ('problem' in read) onProblem(name, `${variable} ${read.problem}`);
    else found.set(name, read.value);
  }
  return found;
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

/** Reads a command line. @throws {SettingsError} with every problem at once */
export function parseFlags<const T extends FlagTable>(args: readonly string[], table: T): FlagValues<T> {
  const { values, problems } = readFlags(args, table);
  if (problems.length > 0) throw new SettingsError(problems);
  return values;
}

function describeProblem(name: string, source: string | undefined, error: Error): string {
  const where = source ? `${name} (from ${source})` : name;
  return error instanceof EnvMissingError
    ? `${where} is required: ${error.message}`
    : `${where} ${error.message}`;
}
