import { type LogLevel, parseFlags, SettingsError } from '@podips/shared';
import { requireFreePort } from '../ports.js';

export interface LocalSettings {
  readonly logLevel: LogLevel;
  readonly chaos: boolean;
  /** Without the workloads that are sick. */
  readonly calm: boolean;
  readonly seed: number;
  readonly changesPerSecond: number;
  readonly port: number;
}

const FLAGS = {
  chaos: { type: 'boolean', default: false },
  calm: { type: 'boolean', default: false },
  rate: { type: 'string', default: '5' },
  seed: { type: 'string', default: '1' },
  port: { type: 'string', default: '8080' },
} as const;

export const USAGE = `usage: npm start -- [--chaos] [--calm] [--rate N] [--seed N] [--port N] [--help]
      --chaos    stop and restart queue, Fluentd and database now and then
      --calm     without the workloads that are sick, roll out and scale
      --rate N   IP changes a second, 1 to 500 (5)
      --seed N   same seed, same cluster (1)
      --port N   port of the dashboard (8080)`;

/**
 * @throws {SettingsError} with every problem at once; also when the dashboard's port is taken: the server there, perhaps
 *   of another local run, would be taken for ours
 */
export async function readLocalSettings(args: readonly string[]): Promise<LocalSettings> {
  const flags = parseFlags(args, FLAGS, USAGE);
  const problems: string[] = [];
  const whole = (name: 'rate' | 'seed' | 'port', min: number, max: number) => {
    const value = Number(flags[name]);
    if (!Number.isInteger(value) || value < min || value > max)
      problems.push(`--${name} must be a whole number from ${min} to ${max}, but is "${flags[name]}"`);
    return value;
  };
  const settings = {
    logLevel: 'warn' as const,
    chaos: flags.chaos,
    calm: flags.calm,
    changesPerSecond: whole('rate', 1, 500),
    seed: whole('seed', 0, 2 ** 31),
    port: whole('port', 1, 65_535),
  };
  if (problems.length > 0) throw new SettingsError(problems);
  await requireFreePort(settings.port);
  return settings;
}
