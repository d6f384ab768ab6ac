export { escapeLiteral } from 'pg';
export { readMigrations, scriptOf } from './migrations.js';
export { type DatabaseClient, DatabasePool, openPool, type PoolOptions } from './pool.js';
export { checkTables, migrate, type WithTables, withTablesOf } from './tables.js';
export { inTransaction, readAtOnce, runStatement, type TransactionOptions } from './transaction.js';
export { codeOf, DatabaseSetupError, setupProblem } from './trouble.js';
