import {
  type About,
  baseUrl,
  collectProblems,
  commonSpecs,
  type Environment,
  integer,
  type LogLevel,
  monitorClientSpecs,
  parseFlags,
  readSettings,
  SettingsError,
} from '@podips/shared/program';
import { EnvError, makeValidator } from 'envalid';
import { validate } from 'node-cron';

const schedule = makeValidator<string>((input) => {
  if (!validate(input))
    throw new EnvError(`must be a cron expression such as "*/5 * * * *", but is "${input}"`);
  return input;
});

export const cronjobSpecs = {
  ...commonSpecs,
  PODIPS_HOST: baseUrl({ desc: 'the monitor' }),
  PODIPS_TLS_VERIFY: monitorClientSpecs.PODIPS_TLS_VERIFY,
  // Below the deadline of a stop, because a stop waits for the query that is under way.
  POKE_TIMEOUT_MS: integer(
    100,
    15_000,
  )({ default: 10_000, desc: 'deadline for the response of the monitor' }),
  CRON_SCHEDULE: schedule({
    default: '*/5 * * * *',
    desc: 'when the monitor is queried, in local time; ignored with `--once`',
  }),
};

/** The files of podips 1.1 that the cron job reads. */
export const cronjobFiles = ['default_podips_host', 'podips_host'] as const;

export interface CronjobSettings {
  readonly logLevel: LogLevel;
  /** Query once and exit, instead of on schedule. */
  readonly once: boolean;
  readonly monitorUrl: string;
  readonly tlsVerify: boolean;
  readonly timeoutMs: number;
  /** A cron expression. */
  readonly schedule: string;
}

const cronjobFlags = {
  once: { type: 'boolean', desc: 'query the monitor once and exit, instead of on a schedule' },
} as const;

export const cronjobAbout: About = {
  name: 'cronjob',
  summary: 'queries the monitor for the state of reader and writer, and logs the answer',
  command: 'node services/cronjob/dist/main.js',
  flags: cronjobFlags,
  specs: cronjobSpecs,
  files: cronjobFiles,
};

/** @throws {SettingsError} with every problem at once, of the flags and of the settings */
export function readCronjobSettings(
  env: Environment = process.env,
  args: readonly string[] = process.argv.slice(2),
): CronjobSettings {
  const problems: string[] = [];
  const once = collectProblems(problems, () => parseFlags(args, cronjobFlags).once);
  const settings = collectProblems(problems, () =>
    readSettings({ specs: cronjobSpecs, env, files: cronjobFiles }),
  );
  if (once === undefined || settings === undefined) throw new SettingsError(problems);
  return {
    logLevel: settings.LOG_LEVEL,
    once,
    monitorUrl: settings.PODIPS_HOST,
    tlsVerify: settings.PODIPS_TLS_VERIFY,
    timeoutMs: settings.POKE_TIMEOUT_MS,
    schedule: settings.CRON_SCHEDULE,
  };
}
