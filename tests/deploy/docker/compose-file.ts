import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { ROOT } from './dockerfile.js';

export interface Healthcheck {
  readonly test: readonly string[];
}

/** A mount in the long form. */
export interface Mount {
  readonly type: string;
  readonly source: string;
  readonly target: string;
  readonly read_only: boolean;
  readonly bind: { readonly create_host_path: boolean };
}

/** A service of the compose file, in the parts and forms that the file uses. */
export interface ComposeService {
  readonly image: string;
  readonly build?: { readonly target: string };
  readonly profiles?: readonly string[];
  readonly entrypoint?: readonly string[];
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck?: Healthcheck;
  readonly ports?: readonly string[];
  readonly volumes?: readonly (string | Mount)[];
  readonly networks: readonly string[];
  readonly user?: string;
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly tmpfs?: readonly string[];
  readonly mem_limit?: string;
  readonly cpus?: number;
  readonly pids_limit?: number;
  readonly stop_grace_period?: string;
}

export interface ComposeFile {
  readonly services: Readonly<Record<string, ComposeService>>;
  readonly networks: Readonly<Record<string, unknown>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

export const COMPOSE_TEXT = readFileSync(new URL('docker-compose.yml', ROOT), 'utf8');

/** The compose file as compose sees it. @param env values for its variables */
export function readComposeFile(env: Readonly<Record<string, string>> = {}): ComposeFile {
  // The schema test says whether it has this shape.
  return interpolate(parse(COMPOSE_TEXT, { merge: true }), env) as ComposeFile;
}

/** `${NAME}`, `${NAME:-default}`, `${NAME:+other}` and `$$`, in all strings of a value. */
function interpolate(value: unknown, env: Readonly<Record<string, string>>): unknown {
  if (typeof value === 'string') return interpolateText(value, env);
  if (Array.isArray(value)) return value.map((item) => interpolate(item, env));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, interpolate(item, env)]));
}

function interpolateText(text: string, env: Readonly<Record<string, string>>): string {
  return text.replace(/\$\$|\$\{(\w+)(?:(:[-+])([^}]*))?\}/g, (found, name: string, operator, other = '') => {
    if (found === '$$') return '$';
    const value = env[name] ?? '';
    if (operator === ':+') return value === '' ? '' : other;
    return value === '' ? other : value;
  });
}

/** Names of all variables that the compose file takes from its surroundings. */
export function composeVariables(): string[] {
  return [...new Set([...COMPOSE_TEXT.matchAll(/\$\{(\w+)/g)].map(([, name = '']) => name))];
}
