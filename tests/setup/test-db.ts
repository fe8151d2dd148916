import pg from 'pg'
import { inject } from 'vitest'
import { openDb, startPostgres, type Db, type Tx } from '../../src/kernel/db/index.ts'
import { checkStatement } from './citus-rules.ts'
import { makeTemplate, template } from './global.ts'

/**
 * A database of its own for one test file: a copy of the migrated template, opened as the product opens it (a login role that may put on the four
 * work roles and nothing else). Every statement that goes through `db` is checked against the rules of a distributed PostgreSQL when the file ends.
 */
export type TestDb = {
  db: Db
  /** As the owner of the schema, past row-level security: for looking, and for planting rows. */
  owner: pg.Client
  ownerConfig: pg.ClientConfig
  serviceConfig: pg.ClientConfig
  app<T>(tenantId: number, work: (tx: Tx) => Promise<T>): Promise<T>
  /** Statement texts seen so far. */
  statements: Set<string>
  close(): Promise<void>
}

/** `current` is the embedded version; `floor` is PostgreSQL 15, the oldest that is supported, on a cluster of its own. */
export type PostgresVersion = 'current' | 'floor'

/** @throws when a distributed PostgreSQL would refuse one of the statements. */
export async function holdToRules(statements: ReadonlySet<string>): Promise<void> {
  const broken = (await Promise.all([...statements].map(async (text) => ({ text, problems: await checkStatement(text) })))).filter((one) => one.problems.length > 0)
  if (broken.length > 0) throw new Error(`statements that a distributed PostgreSQL refuses:\n${broken.map((one) => `${one.problems.join('; ')}\n    ${one.text}`).join('\n')}`)
}

export async function openTestDb(options: { version?: PostgresVersion } = {}): Promise<TestDb> {
  const floor = options.version === 'floor' ? await startPostgres({ profile: 'disposable', version: 'floor' }) : undefined
  const { host, port } = floor ?? inject('postgres')
  const config = (database: string, user = 'qz_owner'): pg.ClientConfig => ({ host, port, database, user })
  if (floor) await makeTemplate((database) => config(database))
  const name = `t_${process.hrtime.bigint().toString(36)}_${process.pid}`
  const admin = new pg.Client(config('postgres'))
  await admin.connect()
  await admin.query(`create database ${name} template ${template} strategy file_copy`)
  const ownerConfig = config(name)
  const serviceConfig = config(name, 'qz_service')
  const owner = new pg.Client(ownerConfig)
  await owner.connect()
  const statements = new Set<string>()
  const db = openDb({ ...serviceConfig, max: 6 }, (text) => statements.add(text))
  return {
    db, owner, ownerConfig, serviceConfig, statements,
    app: (tenantId, work) => db.tx({ role: 'app', tenantId }, work),
    async close() {
      await db.close()
      await owner.end()
      await admin.query(`drop database if exists ${name} with (force)`)
      await admin.end()
      await floor?.stop()
      await holdToRules(statements)
    },
  }
}
