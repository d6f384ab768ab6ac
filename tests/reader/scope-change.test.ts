import { createLedger, type LeaseRecord } from '@podips/reader';
import { createLogger, type DatabasePool, migrate, openPool } from '@podips/shared';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { createDatabase } from '../support/test-databases.js';

const KNOWN_AT = new Date('2026-11-20T14:00:00.000Z');

let database: DatabasePool;
beforeAll(async () => {
  database = openPool(await createDatabase(), createLogger('test', 'silent'));
  await migrate(database);
});
afterAll(() => database?.end());
beforeEach(() => database.query('TRUNCATE leases, gaps, reader_positions'));

const scope = (namespaces?: readonly string[], ignored: readonly string[] = []) => ({
  namespaces,
  ignored,
  secondaryNetworks: false,
});

function lease(namespace: string): LeaseRecord {
  const owner = { ownerKind: 'ReplicaSet', ownerName: 'cart', node: 'node-1', hostNetwork: false };
  const pod = { uid: `uid-${namespace}`, namespace, name: 'cart-1', ...owner };
  return { pod, ip: '10.0.0.1', occurrence: 0, startedAt: KNOWN_AT, startInferred: false, end: undefined };
}

/** A ledger as a reader of a scope has left it. */
async function leave(of: ReturnType<typeof scope>, resourceVersion: string, ...namespaces: string[]) {
  const ledger = createLedger(database, 'default', { scope: of });
  const { term } = await ledger.load();
  const leases = namespaces.map(lease);
  await ledger.write(term, { leases, gaps: [], checkpoint: { resourceVersion, knownAt: KNOWN_AT } });
}

const checkpoint = (resourceVersion: string) => ({ resourceVersion, knownAt: KNOWN_AT });

it.each([
  ['a namespace', scope(['shop']), '{"shop":"5"}'],
  ['some', scope(undefined, ['kube-system']), '5'],
])(
  'a reader of %s lists again where one of more has recorded a part of its list',
  async (_, less, version) => {
    await leave(less, version, 'shop');
    const more = createLedger(database, 'default', { scope: scope() });
    const { term, checkpoint: left } = await more.load();
    expect(left).toEqual(checkpoint('{}'));
    await more.write(term, { leases: [lease('web')], gaps: [], checkpoint: undefined });

    const again = await createLedger(database, 'default', { scope: scope() }).load();
    expect([again.checkpoint, again.widened]).toEqual([checkpoint('{}'), true]);
    const back = await createLedger(database, 'default', { scope: less }).load();
    expect([back.checkpoint, back.widened]).toEqual([checkpoint(''), false]);
  },
);

it.each([
  [
    'other namespaces',
    scope(['shop', 'web']),
    '{"shop":"5","web":"6"}',
    scope(['web', 'new']),
    '{"web":"6"}',
  ],
  ['none of them', scope(['shop']), '{"shop":"5"}', scope(['new']), '{}'],
  ['a single one', scope(), '5', scope(['web']), '{"web":"5"}'],
  ['others', scope(undefined, ['web']), '5', scope(undefined, ['shop']), '5'],
])(
  'leases that are closed because a reader watches %s have no position any more',
  async (_, had, version, has, left) => {
    await leave(had, version, 'shop');
    const other = await createLedger(database, 'default', { scope: has }).load();
    expect(other.known.size).toBe(0);
    const { rows } = await database.query('SELECT resource_version AS version FROM reader_positions');
    expect(rows).toEqual([{ version: left }]);

    // The reader that closed them recorded nothing else.
    const back = await createLedger(database, 'default', { scope: had }).load();
    expect(back.widened).toBe(true);
    expect(back.checkpoint?.resourceVersion).not.toBe(version);
  },
);
