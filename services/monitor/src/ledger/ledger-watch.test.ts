import { createLogger, type DatabasePool } from '@podips/shared';
import { expect, it, vi } from 'vitest';
import { startLedgerWatch } from './ledger-watch.js';

it('asks nothing of tables that are not there, which the server would log as an error each time', async () => {
  const asked: string[] = [];
  const query = async (statement: string | { readonly text: string }) => {
    const sql = typeof statement === 'string' ? statement : statement.text;
    asked.push(sql);
    const answer = { rows: [{ isThere: false, version: 180_000 }] };
    // The beginning of a transaction is several statements, with rows as arrays.
    return sql.startsWith('BEGIN') ? [{ rows: [[180_000, false]] }] : answer;
  };
  const client = { query, release: () => undefined, on: () => undefined, off: () => undefined };
  // All that a look at the ledger needs of a pool.
  const pool = { options: {}, query, connect: async () => client } as unknown as DatabasePool;
  const log = createLogger('test', 'silent');
  const watch = startLedgerWatch({ pool, cluster: 'default', now: Date.now, log, intervalMs: 60_000 });
  await vi.waitFor(() => expect(watch.view().error).toContain('has no ledger yet'));
  await watch.stop();
  expect(asked.filter((sql) => /\bFROM\b/.test(sql))).toEqual([]);
});
