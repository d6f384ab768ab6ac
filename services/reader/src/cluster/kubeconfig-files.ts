import { readFileSync } from 'node:fs';
import { dirname, resolve, sep } from 'node:path';
import { type Environment, SettingsError, toError } from '@podips/shared';
import { loadAll, YAML11_SCHEMA, YAMLException } from 'js-yaml';

export type Fields = Readonly<Record<string, unknown>>;

/** What a kubeconfig's current context leads to, as `kubectl config view --minify --raw` prints it, with absolute paths. */
export interface CurrentContext {
  readonly name: string;
  readonly namespace: string | undefined;
  readonly cluster: NamedFields;
  /** Empty for a context without a user: it asks without credentials. */
  readonly user: NamedFields;
}

export interface NamedFields {
  readonly name: string;
  readonly fields: Fields;
}

type EntryKind = 'cluster' | 'context' | 'user';

interface Entry extends NamedFields {
  readonly file: string;
}

interface ConfigFile {
  readonly currentContext: string;
  readonly entries: Readonly<Record<EntryKind, ReadonlyMap<string, Entry>>>;
}

/** Fields with a path, which is relative to the file that it stands in. */
const PATHS = ['certificate-authority', 'client-certificate', 'client-key', 'tokenFile'];

/**
 * Reads kubeconfig files by kubectl's rules: files that do not exist are skipped; of the current context, and of each
 * cluster, context and user, the first one counts, as a whole.
 * @throws {SettingsError} which names the file, and the entry that it lacks
 */
export function readKubeconfig(files: readonly string[]): CurrentContext {
  const configs = [...new Set(files)].flatMap((file) => readConfigFile(file) ?? []);
  const named = files.join(', ');
  if (configs.length === 0) throw new SettingsError([`KUBECONFIG names no file that exists, but "${named}"`]);
  const name = configs.map(({ currentContext }) => currentContext).find((context) => context !== '');
  if (name === undefined)
    throw new SettingsError([`the kubeconfig ${named} names no current cluster: current-context is missing`]);
  const find = (kind: EntryKind, wanted: string): Entry => {
    const entry = configs.map(({ entries }) => entries[kind].get(wanted)).find((each) => each !== undefined);
    if (entry) return entry;
    const whose = kind === 'context' ? 'current-context' : `the context "${name}"`;
    throw new SettingsError([
      `the kubeconfig ${named} has no ${kind} "${wanted}", which ${whose} names: no current cluster`,
    ]);
  };
  const context = find('context', name);
  const text = textFields(context, 'contexts');
  const cluster = find('cluster', text('cluster') ?? '');
  const userName = text('user');
  const user = userName === undefined ? { name: '', fields: {} } : withPaths(find('user', userName));
  return { name, namespace: text('namespace'), cluster: withPaths(cluster), user };
}

/** Reads fields that must be text. @throws {SettingsError} */
export function textFields(entry: NamedFields, list: string): (field: string) => string | undefined {
  return (field) => {
    const value = entry.fields[field] ?? '';
    if (typeof value === 'string') return value || undefined;
    throw new SettingsError([
      `the kubeconfig's ${list} "${entry.name}" must have text as ${field}, but has a ${typeof value}: put it in quotes`,
    ]);
  };
}

/** The files that kubectl would read; empty when there is none. */
export function kubeconfigFiles(env: Environment, home: string | undefined, delimiter: string): string[] {
  if (env.KUBECONFIG) return env.KUBECONFIG.split(delimiter).filter((file) => file !== '');
  return home ? [resolve(home, '.kube/config')] : [];
}

/** @returns undefined for a file that does not exist */
function readConfigFile(file: string): ConfigFile | undefined {
  try {
    // As kubectl: the first document counts, and `yes` is a boolean.
    const [content] = loadAll(readFileSync(file, 'utf8'), { schema: YAML11_SCHEMA });
    return parseConfig(content ?? {}, file);
  } catch (err) {
    const error = toError(err);
    if ('code' in error && error.code === 'ENOENT') return undefined;
    throw new SettingsError([`the kubeconfig ${file} cannot be read: ${reasonOf(error)}`]);
  }
}

/** Where YAML is wrong, and how, without what stands there: it may be a password or a token. */
function reasonOf(error: Error): string {
  if (!(error instanceof YAMLException)) return error.message;
  const reason = error.reason.replace(/".*|!<.*|: .*/s, '').trim();
  return error.mark ? `${reason} (${error.mark.line + 1}:${error.mark.column + 1})` : reason;
}

function parseConfig(content: unknown, file: string): ConfigFile {
  if (!isFields(content)) throw new Error('a mapping with clusters, contexts and users was expected');
  const { kind = 'Config', apiVersion = 'v1', 'current-context': current } = content;
  if (kind !== 'Config' || apiVersion !== 'v1')
    throw new Error(`kind Config of v1 was expected, but it is ${String(kind)} of ${String(apiVersion)}`);
  return {
    currentContext: typeof current === 'string' ? current : '',
    entries: {
      cluster: parseEntries(content.clusters, 'cluster', file),
      context: parseEntries(content.contexts, 'context', file),
      user: parseEntries(content.users, 'user', file),
    },
  };
}

function parseEntries(list: unknown, kind: EntryKind, file: string): Map<string, Entry> {
  const entries = new Map<string, Entry>();
  if (list === undefined || list === null) return entries;
  if (!Array.isArray(list)) throw new Error(`${kind}s must be a list`);
  for (const item of list) {
    const { name = '', [kind]: value } = isFields(item) ? item : {};
    if (typeof name !== 'string') throw new Error(`the name of a ${kind} must be text: put it in quotes`);
    if (entries.has(name)) throw new Error(`two ${kind}s are named "${name}"`);
    entries.set(name, { name, fields: isFields(value) ? value : {}, file });
  }
  return entries;
}

/** Resolves the paths of an entry, and the command of a plugin unless it is looked up on the PATH. */
function withPaths({ name, fields, file }: Entry): NamedFields {
  const dir = dirname(resolve(file));
  const resolved: Record<string, unknown> = { ...fields };
  for (const path of PATHS) {
    const value = fields[path];
    if (typeof value === 'string' && value !== '') resolved[path] = resolve(dir, value);
  }
  if (isFields(fields.exec)) {
    const { command } = fields.exec;
    if (typeof command === 'string' && command.includes(sep))
      resolved.exec = { ...fields.exec, command: resolve(dir, command) };
  }
  return { name, fields: resolved };
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
