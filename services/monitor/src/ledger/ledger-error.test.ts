import { expect, test } from 'vitest';
import { LedgerError, toLedgerError } from './ledger-error.js';

const failure = (code: string) => Object.assign(new Error('secret-password of 10.0.0.1'), { code });

test.each([
  ['42P01', 'LEDGER_MISSING'],
  ['42501', 'LEDGER_FORBIDDEN'],
  ['28P01', 'LEDGER_FORBIDDEN'],
  ['28000', 'LEDGER_FORBIDDEN'],
  ['57014', 'LEDGER_SLOW'],
  ['ECONNREFUSED', 'LEDGER_AWAY'],
  ['', 'LEDGER_AWAY'],
])('a failure with the code "%s" is %s, in words that reveal nothing secret', (code, expected) => {
  const error = toLedgerError(failure(code));
  expect(error).toMatchObject({ code: expected, retryable: true });
  expect(error.message).not.toMatch(/secret|10\.0/);
});

test('an error of the ledger stays as it is', () => {
  const error = new LedgerError('LEDGER_BUSY', 'too many questions');
  expect(toLedgerError(error)).toBe(error);
});
