import {
  collectProblems,
  commonSpecs,
  type DatabaseSettings,
  databaseRules,
  databaseSettings,
  databaseSpecs,
  type Environment,
  type Logger,
  type LogLevel,
  migrate,
  openPool,
  type Running,
  readMigrations,
  readSettings,
  SettingsError,
  scriptOf,
} from '@podips/shared';
import { parseReaderFlags } from './flags.js';

/** A program that changes or prints the tables and ends, instead of reading. */
export interface SchemaCommand {
  readonly logLevel: LogLevel;
  readonly command: 'migrate' | 'print-sql';
  readonly database: DatabaseSettings;
}

/**
 * Reads what `--migrate` and `--print-sql` need; undefined when neither is given.
 * @throws {SettingsError} with every problem at once
 */
export function readSchemaCommand(args: readonly string[], env: Environment): SchemaCommand | undefined {
  const command = (['migrate', 'print-sql'] as const).find((name) => args.includes(`--${name}`));
  if (command === undefined) return undefined;
  const problems: string[] = [];
  collectProblems(problems, () => parseReaderFlags(args));
  if (args.length > 1) problems.push('--migrate and --print-sql take no other flag');
  const specs = { ...commonSpecs, ...databaseSpecs };
  const values = collectProblems(problems, () =>
    readSettings({ specs, env, files: ['dbconfig.ini'], rules: databaseRules }),
  );
  if (values === undefined || problems.length > 0) throw new SettingsError(problems);
  // What is printed needs no database.
  const host = command === 'print-sql' ? 'localhost' : undefined;
  const database = databaseSettings(values) ?? (host && databaseSettings({ ...values, DB_HOST: host }));
  if (!database) throw new SettingsError(['DB_HOST or DB_URL is required: the database to migrate']);
  // The script is all of the output.
  return { command, database, logLevel: command === 'print-sql' ? 'silent' : values.LOG_LEVEL };
}

/** Does it and ends by itself. @throws when the database cannot be used, or not be changed */
export async function runSchemaCommand({ command, database }: SchemaCommand, log: Logger): Promise<Running> {
  if (command === 'print-sql') {
    const script = scriptOf(await readMigrations(), database.schema ?? 'public', database.user);
    process.stdout.write(script);
  } else {
    const pool = openPool(database, log);
    try {
      log.info({ migrations: await migrate(pool) }, 'migrations applied');
    } finally {
      await pool.end();
    }
  }
  return { finished: Promise.resolve(), stop: async () => undefined };
}
