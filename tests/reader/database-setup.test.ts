import { migrate, openPool } from '@podips/shared';
import { databaseEnvironment } from '@podips/simulation';
import { expect, onTestFinished, vi } from 'vitest';
import { startFakeMonitor } from '../support/fake-monitor.js';
import { readPosition } from '../support/ledger.js';
import {
  COMPLETE,
  cutBroker,
  it,
  PATIENCE,
  type ReaderCase,
  reached,
  restoreBroker,
} from '../support/reader-case.js';
import { log } from '../support/test-databases.js';

/** A user of the case's database who may log in, and nothing else. */
async function createUser({ pool, database }: ReaderCase) {
  const user = `plain_${process.pid}`;
  await pool.query(`CREATE ROLE ${user} LOGIN PASSWORD 'correct-horse'`);
  onTestFinished(async () => {
    const admin = openPool(database, log);
    await admin.query(`DROP OWNED BY ${user}; DROP ROLE ${user}`);
    await admin.end();
  });
  return { ...database, user, password: 'correct-horse' };
}

const LACKS = /the user plain_\d+ may not create and change the tables/;

it('a reader whose user may not create tables is not ready, and its queue write is red, until it can use them', async ({
  openCase,
}) => {
  const test = await openCase();
  const monitor = await startFakeMonitor();
  onTestFinished(() => monitor.stop());
  const database = await createUser(test);
  const reader = await test.startReader({
    ...databaseEnvironment(database),
    DB_WAIT_MS: '0',
    PODIPS_HOST: monitor.url,
    OUTBOX_INTERVAL_MS: '100',
  });
  // The queue works, and all is published; only what it does not accept would be lost.
  expect(await test.caughtUp()).toMatchObject(COMPLETE);
  expect(await reader.problems()).toEqual({ database: expect.stringMatching(LACKS) });
  await vi.waitFor(
    () =>
      expect(monitor.heartbeats('queue/write').at(-1)).toMatch(
        /^500\/no outbox and no ledger: the user plain_\d+ may not create/,
      ),
    PATIENCE,
  );
  await migrate(test.pool);
  await test.pool.query(`GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO ${database.user};
    GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO ${database.user}`);
  await vi.waitFor(async () => expect(await reader.problems()).toBeUndefined(), PATIENCE);
  await vi.waitFor(() => expect(monitor.heartbeats('queue/write').at(-1)).toMatch(/^200\//), PATIENCE);
  await vi.waitFor(async () => expect(await readPosition(test.pool)).toBeDefined(), PATIENCE);
  await cutBroker(test);
  test.cluster.workloads.scaleDeployment('web', 20);
  await reached(reader, 'outbox_stored_total', 20);
  await restoreBroker(test);
  expect(await test.caughtUp()).toMatchObject(COMPLETE);
});

it('a standby says as well that it could not use the database', async ({ openCase }) => {
  const test = await openCase();
  await test.startReader({ ...test.withDatabase, POD_UID: 'first' });
  await test.caughtUp();
  const wrong = { ...test.database, password: 'wrong' };
  const standby = await test.startReader({ ...databaseEnvironment(wrong), POD_UID: 'second' });
  await vi.waitFor(async () => {
    expect(await standby.metric('leads')).toBe(0);
    expect(await standby.problems()).toEqual({
      database: 'the database refuses the login: password authentication failed for user "podips"',
    });
  }, PATIENCE);
});
