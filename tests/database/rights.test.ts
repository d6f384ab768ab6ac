import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { createLedger, createOutbox } from '@podips/reader';
import {
  checkTables,
  type DatabasePool,
  type DatabaseSettings,
  migrate,
  openPool,
  readMigrations,
  runStatement,
  scriptOf,
  setupProblem,
} from '@podips/shared';
import { databaseEnvironment } from '@podips/simulation';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { getFrom } from '../support/ask-monitor.js';
import { startMonitorProcess } from '../support/monitor-process.js';
import { createDatabase, log } from '../support/test-databases.js';

const run = promisify(execFile);
const PASSWORD = 'correct-horse';
const CHECKPOINT = { resourceVersion: '7', knownAt: new Date('2026-11-26T12:00:00Z') };

let roles = 0;
let role: string;
let settings: DatabaseSettings;
let owner: DatabasePool;
let own: DatabaseSettings;

/** A database of another's, and a user who may log in and nothing else. */
beforeEach(async () => {
  roles += 1;
  settings = await createDatabase();
  role = `reader-${process.pid}-${roles}`;
  owner = openPool(settings, log);
  onTestFinished(async () => {
    await owner.query(`DROP OWNED BY "${role}"; DROP ROLE "${role}"`);
    await owner.end();
  });
  await owner.query(`CREATE ROLE "${role}" LOGIN PASSWORD '${PASSWORD}'`);
  own = { ...settings, user: role, password: PASSWORD };
});

function connect(changed: Partial<DatabaseSettings> = {}): DatabasePool {
  const pool = openPool({ ...own, ...changed }, log);
  onTestFinished(() => pool.end());
  return pool;
}

const problemOf = (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    (err: unknown) => setupProblem(err),
  );

/** Stores and sends a message, and writes the ledger. */
async function use(pool: DatabasePool): Promise<void> {
  const outbox = createOutbox(pool);
  await outbox.store(['{}']);
  expect(await outbox.drain(async () => undefined)).toBe(1);
  expect(await outbox.trackEarlier()()).toBe(0);
  const ledger = createLedger(pool, 'default');
  const { term } = await ledger.load();
  await ledger.write(term, { leases: [], gaps: [], checkpoint: CHECKPOINT });
  await ledger.announce(new Date());
  await ledger.prune(new Date(), new AbortController().signal);
}

const program = (args: readonly string[], env: Record<string, string | undefined>) =>
  run(process.execPath, ['services/reader/dist/main.js', ...args], {
    env: { PATH: process.env.PATH, ...env },
  });

describe('a user who may not create tables', () => {
  it('is told so, and what to do', async () => {
    expect(await problemOf(migrate(connect()))).toBe(
      `the user ${role} may not create and change the tables in the schema public, which lacks ` +
        `${(await readMigrations()).map(({ name }) => name).join(', ')}: run "reader --migrate" as a user who may, ` +
        'or apply what "reader --print-sql" prints',
    );
  });

  it('can use tables that another one has made, with the rights that --print-sql grants', async () => {
    const { stdout } = await program(['--print-sql'], { DB_USER: role });
    expect(stdout).toBe(scriptOf(await readMigrations(), 'public', role));
    await owner.query(stdout);
    await use(connect());
    // It may be repeated.
    await owner.query(stdout);
    await use(connect());
  });

  it('can use tables that --migrate has made, once it has the rights', async () => {
    await program(['--migrate'], databaseEnvironment(settings));
    expect(await problemOf(migrate(connect()))).toMatch(/lacks .*INSERT on messages.*: GRANT USAGE/);
    const problem = (await problemOf(migrate(connect()))) ?? '';
    await owner.query(problem.slice(problem.indexOf('GRANT')));
    await use(connect());
  });

  it.each(['DELETE ON messages', 'UPDATE ON leases', 'USAGE ON SEQUENCE messages_id_seq'])(
    'is told that it lacks %s',
    async (right) => {
      await owner.query(scriptOf(await readMigrations(), 'public', role));
      await owner.query(`REVOKE ${right} FROM "${role}"`);
      const lacks = right.replace(' ON SEQUENCE ', ' on public.').replace(' ON ', ' on ');
      expect(await problemOf(migrate(connect()))).toContain(`lacks ${lacks}: GRANT`);
    },
  );

  it('is told that an upgrade needs the owner of the tables', async () => {
    await owner.query(scriptOf((await readMigrations()).slice(0, 3), 'public', role));
    await owner.query(`GRANT CREATE ON SCHEMA public TO "${role}"`);
    expect(await problemOf(migrate(connect()))).toMatch(/may not create and change .* lacks 004-/);
    // Over those of an earlier version as well.
    await owner.query(scriptOf(await readMigrations(), 'public', role));
    await use(connect());
  });
});

it('--migrate ends with 1 and says why where it cannot be done', async () => {
  const failed = await program(['--migrate'], databaseEnvironment(own)).catch((err: unknown) => err);
  expect(failed).toMatchObject({ code: 1, stdout: expect.stringContaining('may not create and change') });
  const alone = await program(['--migrate'], {}).catch((err: unknown) => err);
  expect(alone).toMatchObject({ code: 1, stderr: expect.stringContaining('DB_HOST or DB_URL is required') });
});

describe('the tables are in the schema', () => {
  it('that DB_SCHEMA names, which is made', async () => {
    await owner.query(`GRANT CREATE ON DATABASE ${settings.database} TO "${role}"`);
    const pool = connect({ schema: 'Pod-IPs' });
    await use(pool);
    const { rows } = await runStatement(pool, "SELECT to_regclass('public.leases') AS elsewhere");
    expect(rows).toEqual([{ elsewhere: null }]);
  });

  it('public, unless an earlier version found them by the search path: then that has to be named', async () => {
    await owner.query(`CREATE SCHEMA old AUTHORIZATION "${role}"`);
    await migrate(connect({ schema: 'old' }));
    await owner.query(`ALTER ROLE "${role}" SET search_path = old`);
    expect(await problemOf(migrate(connect()))).toBe(
      'the tables of podips are in the schema old: set DB_SCHEMA=old, for the monitor as well',
    );
    await use(connect({ schema: 'old' }));
  });

  it('public, also if another process makes them there while they are looked for', async () => {
    const pool = openOwner();
    const connection = pool.connect.bind(pool);
    vi.spyOn(pool, 'connect').mockImplementation(async () => {
      const client = await connection();
      const query = client.query.bind(client);
      vi.spyOn(client, 'query').mockImplementation(async (...args: Parameters<typeof query>) => {
        if (String(args[0]).includes('search_path TO DEFAULT')) await migrate(owner);
        return query(...args);
      });
      return client;
    });
    expect(await problemOf(checkTables(pool))).toBeUndefined();
    expect(await problemOf(checkTables(owner))).toBeUndefined();
  });
});

it('rows that a policy hides from the monitor are an error, not an empty ledger', async () => {
  await migrate(openOwner());
  await owner.query(`GRANT SELECT ON ALL TABLES IN SCHEMA public TO "${role}";
    ALTER TABLE leases ENABLE ROW LEVEL SECURITY`);
  const monitor = await startMonitorProcess(databaseEnvironment(own));
  onTestFinished(() => monitor.destroy());
  const { status, body } = await getFrom(monitor, '/api/v1/leases?ip=10.0.0.1');
  expect([status, body]).toEqual([503, expect.stringContaining('row-level security')]);
});

function openOwner(): DatabasePool {
  const pool = openPool(settings, log);
  onTestFinished(() => pool.end());
  return pool;
}
