import { codeOf, PodipsError, setupProblem, toError } from '@podips/shared';

/** The ledger is unavailable; the message is for people and names nothing secret. */
export class LedgerError extends PodipsError {}

const UNDEFINED_TABLE = '42P01';
const UNDEFINED_COLUMN = '42703';
const UNDEFINED_FUNCTION = '42883';
const QUERY_CANCELED = '57014';
const INSUFFICIENT_PRIVILEGE = '42501';
/** PostgreSQL's class for values that a statement cannot take. */
const DATA_EXCEPTION = /^22/;
/** PostgreSQL's classes for too few resources, and for a server that is starting or stopping. */
const NOT_NOW = /^(53|57P)/;

/** The tables are not there. */
export function ledgerMissing(
  options: { retryable: boolean; cause?: Error } = { retryable: true },
): LedgerError {
  return new LedgerError(
    'LEDGER_MISSING',
    'the database has no ledger yet: the reader creates it at its start',
    options,
  );
}

/** Tables, columns or indexes are not there that this version has. */
export function ledgerOld(options: { retryable: boolean; cause?: Error } = { retryable: true }): LedgerError {
  return new LedgerError(
    'LEDGER_OLD',
    'the ledger is one of an earlier version: a reader of this version changes it at its start',
    options,
  );
}

/** The reason why the database did not answer, in words for a public page. */
export function toLedgerError(thrown: unknown): LedgerError {
  const error = toError(thrown);
  if (error instanceof LedgerError) return error;
  const options = { retryable: true, cause: error };
  const code = codeOf(error);
  switch (code) {
    case UNDEFINED_TABLE:
      return ledgerMissing(options);
    case UNDEFINED_COLUMN:
    case UNDEFINED_FUNCTION:
      return ledgerOld(options);
    case INSUFFICIENT_PRIVILEGE:
      return new LedgerError(
        'LEDGER_FORBIDDEN',
        `the user of DB_USER may not read the ledger: ${error.message}`,
        options,
      );
    case QUERY_CANCELED:
      return new LedgerError('LEDGER_SLOW', 'the database takes too long; a shorter time may help', options);
  }
  const problem = setupProblem(error);
  if (problem !== undefined) return new LedgerError('LEDGER_FORBIDDEN', problem, options);
  if (DATA_EXCEPTION.test(code))
    return new LedgerError('LEDGER_QUESTION', `the database refuses the question: ${error.message}`, {
      retryable: false,
      cause: error,
    });
  // What Node.js says of a connection has addresses in it; what the server says is about the login and itself.
  if (NOT_NOW.test(code))
    return new LedgerError('LEDGER_AWAY', `the database answers: ${error.message}`, options);
  return new LedgerError('LEDGER_AWAY', 'the database does not answer', options);
}
