import { type CleanedEnv, str } from 'envalid';
import { secret } from './secrets.js';
import { port } from './validators.js';

export const databaseSpecs = {
  DB_HOST: str({
    default: undefined,
    desc: 'host of PostgreSQL; without it there is no outbox and no ledger',
  }),
  DB_PORT: port({ default: 5432, desc: 'port of PostgreSQL' }),
  DB_USER: str({ default: 'postgres', desc: 'user name at PostgreSQL' }),
  DB_PASSWORD: secret(str({ default: '', desc: 'password at PostgreSQL' })),
  DB_NAME: str({ default: 'queue', desc: 'name of the database' }),
};

export interface DatabaseSettings {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
}

/** The database part of a service's settings; undefined when no host is set. */
export function databaseSettings(env: CleanedEnv<typeof databaseSpecs>): DatabaseSettings | undefined {
  if (env.DB_HOST === undefined) return undefined;
  return {
    host: env.DB_HOST,
    port: env.DB_PORT,
    user: env.DB_USER,
    password: env.DB_PASSWORD,
    database: env.DB_NAME,
  };
}
