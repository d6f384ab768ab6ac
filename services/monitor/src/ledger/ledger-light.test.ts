import type { LedgerReport } from '@podips/shared';
import { expect, test } from 'vitest';
import { AT_MS, ago, ledgerView } from '../view/status-view.test.helpers.js';
import { type LedgerState, ledgerStateOf } from './ledger-light.js';
import type { LedgerView } from './ledger-view.js';

const HOUR_MS = 3_600_000;
const MISSING = { error: 'no ledger yet', isMissing: true, answeredAt: null, knownUntil: null };

const stateOf = (
  view: Partial<LedgerView>,
  report: Partial<LedgerReport> | undefined = {},
  { isFed = true, startedAtMs = AT_MS - HOUR_MS } = {},
) =>
  ledgerStateOf({
    view: ledgerView(view),
    report: report && { problem: null, migratingMs: null, pending: 0, ...report },
    isFed,
    nowMs: AT_MS,
    startedAtMs,
  });

test.each<[string, LedgerState['light'], string, Partial<LedgerView>, Partial<LedgerReport>]>([
  ['all is well', 'green', 'up to date', {}, {}],
  [
    'the monitor cannot read it',
    'red',
    'the database does not answer',
    { error: 'the database does not answer' },
    {},
  ],
  [
    'only the reader cannot use it, as with a full disk',
    'red',
    'could not extend file: No space left on device',
    {},
    { problem: 'could not extend file: No space left on device' },
  ],
  ['there are no tables', 'red', 'no ledger yet', MISSING, {}],
  ['the tables are being made', 'yellow', 'migration running for 3 s', MISSING, { migratingMs: 3_000 }],
  ['a migration takes long', 'yellow', 'migration running for 10 min', {}, { migratingMs: 600_000 }],
  ['a migration is quick', 'green', 'up to date', {}, { migratingMs: 900 }],
  [
    'it is one of an earlier version',
    'yellow',
    'a reader of this version has yet to migrate it, and until then lookups are not answered: it lacks podips_leases_around',
    { lacks: 'podips_leases_around' },
    {},
  ],
  ['nothing was written', 'yellow', 'no reader has written to it yet', { knownUntil: null }, {}],
  [
    'it is behind',
    'yellow',
    'the reader works, but the ledger is not complete up to now',
    { knownUntil: ago(304_000) },
    {},
  ],
])('when %s, the light is %s: %s', (_when, light, message, view, report) => {
  expect(stateOf(view, report)).toMatchObject({ light, message });
});

test('that a ledger is behind follows from a reader that gets nothing, or is silent', () => {
  expect(stateOf({ knownUntil: ago(HOUR_MS) }, {}, { isFed: false })).toMatchObject({
    light: 'green',
    message: 'can be used, complete as far as a reader has read',
  });
});

test('nothing is said of it before the first look, or while a reader may still make it', () => {
  const justStarted = { startedAtMs: AT_MS - 10_000 };
  expect(stateOf({ answeredAt: null, knownUntil: null }, undefined)).toBeUndefined();
  expect(stateOf(MISSING, undefined, justStarted)).toBeUndefined();
  expect(stateOf({ knownUntil: null }, undefined, justStarted)).toBeUndefined();
  expect(stateOf({ lacks: 'podips_leases_around' }, undefined, justStarted)).toBeUndefined();
  expect(stateOf({ error: 'refused' }, undefined, justStarted)).toMatchObject({ light: 'red' });
});
