import { type LogLevel, SettingsError } from '@podips/shared';
import { readLocalOptions } from '../../options.mjs';

export interface LocalSettings {
  readonly logLevel: LogLevel;
  readonly chaos: boolean;
  /** Without the workloads that are sick. */
  readonly calm: boolean;
  readonly seed: number;
  readonly changesPerSecond: number;
  readonly port: number;
}

/** @throws {SettingsError} with every problem at once */
export async function readLocalSettings(args: readonly string[]): Promise<LocalSettings> {
  const { values, problems } = await readLocalOptions(args);
  if (problems.length > 0) throw new SettingsError(problems);
  const { rate, ...others } = values;
  return { logLevel: 'warn', changesPerSecond: rate, ...others };
}
