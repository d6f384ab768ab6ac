import { createLogger, type DatabasePool } from '@podips/shared';
import { expect, it, vi } from 'vitest';
import { startWorkloadFeed } from './feed.js';

it('asks nothing of tables that are not there, which the server would log as an error each time', async () => {
  const asked: string[] = [];
  const query = async (statement: string | { text: string }) => {
    const sql = typeof statement === 'string' ? statement : statement.text;
    asked.push(sql);
    // The beginning of a transaction is several statements, and answers with arrays: version and whether it is a standby.
    return sql.startsWith('BEGIN') ? [{ rows: [[180_000, false]] }] : { rows: [{ isThere: false }] };
  };
  const client = { query, release: () => undefined, on: () => undefined, off: () => undefined };
  // All that a look at the ledger needs of a pool.
  const pool = { options: {}, query, connect: async () => client } as unknown as DatabasePool;
  const feed = startWorkloadFeed({
    pool,
    now: Date.now,
    log: createLogger('test', 'silent'),
    intervalMs: 60_000,
  });
  await vi.waitFor(() => expect(feed.view().error).toContain('has no ledger yet'));
  await feed.stop();
  expect(asked.filter((sql) => /\bFROM\b/.test(sql))).toEqual([]);
});
