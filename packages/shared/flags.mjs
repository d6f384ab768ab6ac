// Plain JavaScript without dependencies: the launchers in tools/ read command lines with it before anything is installed.
import util from 'node:util';

/** The flags that all programs have. Whoever starts one looks for them first. */
export const COMMON_FLAGS = {
  help: { type: 'boolean', desc: 'print this text and exit' },
  version: { type: 'boolean', desc: 'print the version and exit' },
};

/**
 * Reads a command line, and collects all that is wrong with it.
 * @returns the value of each flag, its default where it is not given or wrong; and a line for each problem
 */
export function readFlags(args, table) {
  const all = { ...table, ...COMMON_FLAGS };
  const options = Object.fromEntries(
    Object.entries(all).map(([name, { type }]) => [name, { type: type === 'boolean' ? type : 'string' }]),
  );
  const { tokens } = util.parseArgs({ args, options, strict: false, allowPositionals: true, tokens: true });
  const values = Object.fromEntries(Object.entries(table).map(([name, flag]) => [name, defaultOf(flag)]));
  const problems = [];
  const unknown = [];
  for (const token of tokens) {
    if (token.kind === 'positional') unknown.push(token.value);
    if (token.kind !== 'option') continue;
    const flag = Object.hasOwn(all, token.name) ? all[token.name] : undefined;
    if (flag === undefined) unknown.push(token.rawName);
    else keep(values, token, flag, problems);
  }
  if (unknown.length > 0) {
    const names = Object.keys(all).map((name) => `--${name}`);
    problems.push(`unknown: ${unknown.join(' ')}; the flags are ${names.join(', ')}`);
  }
  return { values, problems };
}

const defaultOf = (flag) => flag.default ?? (flag.type === 'boolean' ? false : undefined);

function keep(values, { name, rawName, value: given, inlineValue }, flag, problems) {
  // A flag that follows is one, as in `--context --yes`.
  const value = !inlineValue && given?.startsWith('--') ? undefined : given;
  const problem = problemOf(flag, value);
  if (problem !== undefined) problems.push(`${rawName} ${problem}`);
  else if (flag.multiple) values[name] = [...(values[name] ?? []), value];
  else values[name] = parse(flag, value);
}

function problemOf({ type, min, max, choices }, value) {
  if (type === 'boolean') return value === undefined ? undefined : 'takes no value';
  if (value === undefined) return 'needs a value';
  const isWhole = /^\d+$/.test(value) && Number(value) >= min && Number(value) <= max;
  if (type === 'whole' && !isWhole) return `must be a whole number from ${min} to ${max}, but is "${value}"`;
  if (type === 'number' && !(Number(value) > 0 && Number.isFinite(Number(value))))
    return `must be a number above 0, but is "${value}"`;
  if (type === 'choice' && !choices.includes(value))
    return `must be one of ${choices.join(', ')}, but is "${value}"`;
  return undefined;
}

function parse({ type }, value) {
  if (type === 'boolean') return true;
  return type === 'whole' || type === 'number' ? Number(value) : value;
}

/** What a program is, how it is started, and its flags with their defaults. */
export function describeProgram({ name, summary, command, flags = {} }) {
  return [`podips ${name}: ${summary}`, '', `usage: ${command} [flags]`, '', ...describeFlags(flags)].join(
    '\n',
  );
}

/** A line for each flag, with its default. */
export function describeFlags(table) {
  const all = Object.entries({ ...table, ...COMMON_FLAGS });
  const names = all.map(([name, { value }]) => (value === undefined ? `--${name}` : `--${name}${value}`));
  const width = Math.max(...names.map((name) => name.length));
  return all.map(([, flag], index) => {
    const byDefault = flag.type === 'boolean' || flag.default === undefined ? '' : ` (${flag.default})`;
    return `  ${names[index].padEnd(width)}   ${flag.desc}${byDefault}`;
  });
}
