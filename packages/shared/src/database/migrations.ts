import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

/** One numbered SQL file. */
export interface Migration {
  readonly name: string;
  readonly sql: string;
}

export const MIGRATIONS_DIR = fileURLToPath(new URL('../../sql/', import.meta.url));
const MIGRATION_NAME = /^(\d{3})-[a-z0-9-]+\.sql$/;

/** Has a row for each file that was applied. */
export const MIGRATIONS_TABLE = `CREATE TABLE IF NOT EXISTS podips_migrations
  (name text PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())`;

/** All migrations of this version, in their order. */
export async function readMigrations(dir = MIGRATIONS_DIR): Promise<Migration[]> {
  const names = (await readdir(dir)).filter((name) => MIGRATION_NAME.test(name)).sort();
  return Promise.all(names.map(async (name) => ({ name, sql: await readFile(`${dir}/${name}`, 'utf8') })));
}

/** The tables that they make. */
export function tablesOf(migrations: readonly Migration[]): string[] {
  return migrations.flatMap(({ sql }) =>
    [...sql.matchAll(/^CREATE TABLE (?:IF NOT EXISTS )?(\w+)/gm)].flatMap(([, table]) => table ?? []),
  );
}

/**
 * A script for psql that applies what a database does not have yet, and grants a role what the reader needs; it may be
 * repeated.
 */
export function scriptOf(migrations: readonly Migration[], schema: string, role: string): string {
  const steps = migrations.map(
    ({ name, sql }) => `DO $podips$ BEGIN
IF NOT EXISTS (SELECT FROM podips_migrations WHERE name = '${name}') THEN

${sql.trimEnd()}

INSERT INTO podips_migrations (name) VALUES ('${name}');
END IF;
END $podips$;
`,
  );
  return `-- The tables of podips. May be repeated, and applied over those of an earlier version.
BEGIN;
${schemaOf(schema)};
SET LOCAL search_path TO "${schema}";
${MIGRATIONS_TABLE};

${steps.join('\n')}
DO $podips$ BEGIN
IF EXISTS (SELECT FROM pg_roles WHERE rolname = ${literal(role)}) THEN
${grantsOf(schema, role).join(';\n')};
END IF;
END $podips$;
COMMIT;
`;
}

/** With IF NOT EXISTS it would take the right to create one, though it is there. */
export function schemaOf(schema: string): string {
  return `DO $podips$ BEGIN
IF NOT EXISTS (SELECT FROM pg_namespace WHERE nspname = '${schema}') THEN CREATE SCHEMA "${schema}"; END IF;
END $podips$`;
}

/** What a role needs that does not own the tables. */
export function grantsOf(schema: string, role: string): string[] {
  const to = `TO "${role.replaceAll('"', '""')}"`;
  return [
    `GRANT USAGE ON SCHEMA "${schema}" ${to}`,
    `GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA "${schema}" ${to}`,
    `GRANT USAGE ON ALL SEQUENCES IN SCHEMA "${schema}" ${to}`,
  ];
}

const literal = (text: string) => `'${text.replaceAll("'", "''")}'`;
