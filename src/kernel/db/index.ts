/**
 * The database (数据库): launcher of the embedded PostgreSQL, migrations, and the one port through which statements run.
 * Every statement runs in a transaction with a role and, for the app, one tenant; see `Scope`.
 */
export { dbFault } from './errors.ts'
export { openDb, runTx, types, type Db, type Row, type Scope, type StatementHook, type Tx } from './db.ts'
export { startPostgres, type PostgresServer, type LauncherOptions } from './launcher.ts'
export { migrate, readMigrations, roleStatements, type Migration } from './migrate.ts'
export { openTurnstile, CommitLost, type CommitFault, type Turnstile } from './turnstile.ts'
