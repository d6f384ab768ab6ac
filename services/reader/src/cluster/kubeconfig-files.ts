import { readFileSync } from 'node:fs';
import { dirname, resolve, sep } from 'node:path';
import { type Environment, toError } from '@podips/shared';
import { loadAll, YAML11_SCHEMA, YAMLException } from 'js-yaml';

export type Fields = Readonly<Record<string, unknown>>;

/** What a kubeconfig's current context leads to, as `kubectl config view --minify --raw` prints it, with absolute paths. */
export interface CurrentContext {
  readonly name: string;
  readonly namespace: string | undefined;
  /** Undefined where there is none of that name. */
  readonly cluster: NamedFields | undefined;
  /** The same; empty for a context without a user: it asks without credentials. */
  readonly user: NamedFields | undefined;
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

const NO_USER: Entry = { name: '', fields: {}, file: '' };

/** Fields with a path, which is relative to the file that it stands in. */
const PATHS = ['certificate-authority', 'client-certificate', 'client-key', 'tokenFile'];

/**
 * Reads kubeconfig files by kubectl's rules: files that do not exist are skipped; of the current context, and of each
 * cluster, context and user, the first one counts, as a whole.
 * @param problems gets each file that cannot be read, and each entry that is missing
 * @returns undefined where there is no current context, or not all files can be read: any of them may have it
 */
export function readKubeconfig(files: readonly string[], problems: string[]): CurrentContext | undefined {
  const earlier = problems.length;
  const configs = [...new Set(files)].flatMap((file) => readConfigFile(file, problems) ?? []);
  if (problems.length > earlier) return undefined;
  const named = files.join(', ');
  if (configs.length === 0) problems.push(`KUBECONFIG names no file that exists, but "${named}"`);
  const name = configs.map(({ currentContext }) => currentContext).find((context) => context !== '');
  if (configs.length > 0 && name === undefined)
    problems.push(`the kubeconfig ${named} names no current cluster: current-context is missing`);
  if (name === undefined) return undefined;
  const find = (kind: EntryKind, wanted: string): Entry | undefined => {
    const entry = configs.map(({ entries }) => entries[kind].get(wanted)).find((each) => each !== undefined);
    const whose = kind === 'context' ? 'current-context' : `the context "${name}"`;
    if (entry === undefined)
      problems.push(
        `the kubeconfig ${named} has no ${kind} "${wanted}", which ${whose} names: no current cluster`,
      );
    return entry;
  };
  const context = find('context', name);
  if (context === undefined) return undefined;
  const text = textFields(context, 'contexts', problems);
  const cluster = find('cluster', text('cluster') ?? '');
  const userName = text('user');
  const user = userName === undefined ? NO_USER : find('user', userName);
  return {
    name,
    namespace: text('namespace'),
    cluster: cluster && withPaths(cluster),
    user: user && withPaths(user),
  };
}

/** Reads fields that must be text. @param problems gets those that are something else */
export function textFields(
  entry: NamedFields,
  list: string,
  problems: string[],
): (field: string) => string | undefined {
  return (field) => {
    const value = entry.fields[field] ?? '';
    if (typeof value === 'string') return value || undefined;
    problems.push(
      `the kubeconfig's ${list} "${entry.name}" must have text as ${field}, but has a ${typeof value}: put it in quotes`,
    );
    return undefined;
  };
}

/** The files that kubectl would read; empty when there is none. */
export function kubeconfigFiles(env: Environment, home: string | undefined, delimiter: string): string[] {
  if (env.KUBECONFIG) return env.KUBECONFIG.split(delimiter).filter((file) => file !== '');
  return home ? [resolve(home, '.kube/config')] : [];
}

type IsWrong = (reason: string) => undefined;

/** @returns undefined for a file that does not exist, or cannot be read */
function readConfigFile(file: string, problems: string[]): ConfigFile | undefined {
  const isWrong: IsWrong = (reason) => {
    problems.push(`the kubeconfig ${file} cannot be read: ${reason}`);
  };
  try {
    // As kubectl: the first document counts, and `yes` is a boolean.
    const [content] = loadAll(readFileSync(file, 'utf8'), { schema: YAML11_SCHEMA });
    return parseConfig(content ?? {}, file, isWrong);
  } catch (err) {
    const error = toError(err);
    if (!('code' in error && error.code === 'ENOENT')) isWrong(reasonOf(error));
    return undefined;
  }
}

/** Where YAML is wrong, and how, without what stands there: it may be a password or a token. */
function reasonOf(error: Error): string {
  if (!(error instanceof YAMLException)) return error.message;
  const reason = error.reason.replace(/".*|!<.*|: .*/s, '').trim();
  return error.mark ? `${reason} (${error.mark.line + 1}:${error.mark.column + 1})` : reason;
}

function parseConfig(content: unknown, file: string, isWrong: IsWrong): ConfigFile | undefined {
  if (!isFields(content)) return isWrong('a mapping with clusters, contexts and users was expected');
  const { kind = 'Config', apiVersion = 'v1', 'current-context': current } = content;
  if (kind !== 'Config' || apiVersion !== 'v1')
    return isWrong(`kind Config of v1 was expected, but it is ${String(kind)} of ${String(apiVersion)}`);
  const entriesOf = (list: unknown, of: EntryKind) => parseEntries(list, of, file, isWrong);
  return {
    currentContext: typeof current === 'string' ? current : '',
    entries: {
      cluster: entriesOf(content.clusters, 'cluster'),
      context: entriesOf(content.contexts, 'context'),
      user: entriesOf(content.users, 'user'),
    },
  };
}

function parseEntries(list: unknown, kind: EntryKind, file: string, isWrong: IsWrong): Map<string, Entry> {
  const entries = new Map<string, Entry>();
  if (list === undefined || list === null) return entries;
  if (!Array.isArray(list)) isWrong(`${kind}s must be a list`);
  for (const item of Array.isArray(list) ? list : []) {
    const { name = '', [kind]: value } = isFields(item) ? item : {};
    if (typeof name !== 'string') isWrong(`the name of a ${kind} must be text: put it in quotes`);
    else if (entries.has(name)) isWrong(`two ${kind}s are named "${name}"`);
    else entries.set(name, { name, fields: isFields(value) ? value : {}, file });
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
