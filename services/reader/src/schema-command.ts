import {
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
  parseFlags,
  type Running,
  readMigrations,
  readSettings,
  SettingsError,
  scriptOf,
} from '@podips/shared';

/** A program that changes or prints the tables and ends, instead of reading. */
export interface SchemaCommand {
  readonly logLevel: LogLevel;
  readonly command: 'migrate' | 'print-sql';
  readonly database: DatabaseSettings;
}

const FLAGS = { migrate: { type: 'boolean' }, 'print-sql': { type: 'boolean' } } as const;
const USAGE = '--migrate and --print-sql take no other flag';

/**
 * Reads what `--migrate` and `--print-sql` need; undefined when neither is given.
 * @throws {SettingsError} with every problem at once
 */
export function readSchemaCommand(args: readonly string[], env: Environment): SchemaCommand | undefined {
  const command = (['migrate', 'print-sql'] as const).find((name) => args.includes(`--${name}`));
  if (command === undefined) return undefined;
  if (Object.keys(parseFlags(args, FLAGS, USAGE)).length > 1) throw new SettingsError([USAGE]);
  const specs = { ...commonSpecs, ...databaseSpecs };
  const values = readSettings({ specs, env, files: ['dbconfig.ini'], rules: databaseRules });
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
