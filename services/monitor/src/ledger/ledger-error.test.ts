import { expect, test } from 'vitest';
import { LedgerError, toLedgerError } from './ledger-error.js';

const failure = (code: string) => Object.assign(new Error('said by another'), { code });

test.each([
  ['42P01', 'LEDGER_MISSING'],
  ['42703', 'LEDGER_OLD'],
  ['42883', 'LEDGER_OLD'],
  ['57014', 'LEDGER_SLOW'],
  ['ECONNREFUSED', 'LEDGER_AWAY'],
  ['', 'LEDGER_AWAY'],
])('a failure with the code "%s" is %s, in words that reveal nothing secret', (code, expected) => {
  const error = toLedgerError(failure(code));
  expect(error).toMatchObject({ code: expected, retryable: true });
  expect(error.message).not.toContain('said by another');
});

test.each([
  ['42501', 'LEDGER_FORBIDDEN'],
  ['28P01', 'LEDGER_FORBIDDEN'],
  ['3D000', 'LEDGER_FORBIDDEN'],
  ['CERT_HAS_EXPIRED', 'LEDGER_FORBIDDEN'],
  ['53300', 'LEDGER_AWAY'],
])('a failure with the code "%s" is %s, and says what the server said', (code, expected) => {
  const error = toLedgerError(failure(code));
  expect(error).toMatchObject({ code: expected, retryable: true });
  expect(error.message).toContain('said by another');
});

test.each(['22008', '22021'])('a value that the server cannot take, %s, is a wrong question', (code) => {
  expect(toLedgerError(failure(code))).toMatchObject({ code: 'LEDGER_QUESTION', retryable: false });
});

test('an error of the ledger stays as it is', () => {
  const error = new LedgerError('LEDGER_BUSY', 'too many questions');
  expect(toLedgerError(error)).toBe(error);
});
