import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { dbFault } from './errors.ts'

export type Migration = { name: string; sql: string; sha256: string }

export function readMigrations(folder: string): Migration[] {
  return readdirSync(folder).filter((file) => /^\d{4}-.+\.sql$/.test(file)).sort().map((name) => {
    const sql = readFileSync(join(folder, name), 'utf8')
    return { name, sql, sha256: createHash('sha256').update(sql).digest('hex') }
  })
}

export const roleStatements = [
  `do $$ begin
     if not exists (select from pg_roles where rolname = 'qz_app') then create role qz_app nologin; end if;
     if not exists (select from pg_roles where rolname = 'qz_intake') then create role qz_intake nologin; end if;
     if not exists (select from pg_roles where rolname = 'qz_scheduler') then create role qz_scheduler nologin; end if;
     if not exists (select from pg_roles where rolname = 'qz_auth') then create role qz_auth nologin; end if;
     if not exists (select from pg_roles where rolname = 'qz_service') then create role qz_service login noinherit; end if;
   end $$`,
  `grant qz_app, qz_intake, qz_scheduler, qz_auth to qz_service`,
]

/**
 * Applies what is missing, in order, each file in one transaction, under an advisory lock so that two starts cannot race.
 * @returns names of the migrations applied now.
 */
export async function migrate(config: pg.ClientConfig, migrations: readonly Migration[], now: number): Promise<string[]> {
  const client = new pg.Client(config)
  client.on('error', () => {})
  await client.connect()
  try {
    await client.query('select pg_advisory_lock(7239846)')
    try {
      await client.query(roleStatements.join(';\n'))
    } catch (error) {
      if ((error as { code?: string }).code === '42501') {
        throw dbFault('db/roles-missing', { user: String(config.user), statements: `${roleStatements.join(';\n')};` }, error)
      }
      throw error
    }
    await client.query(`create table if not exists migration (name text primary key, sha256 text not null, applied_at bigint not null)`)
    const done = new Map((await client.query('select name, sha256 from migration')).rows.map((row) => [row.name as string, row.sha256 as string]))
    const applied: string[] = []
    for (const migration of migrations) {
      const before = done.get(migration.name)
      if (before === migration.sha256) continue
      if (before !== undefined) throw dbFault('db/migration-changed', { name: migration.name })
      await client.query('begin')
      try {
        await client.query(migration.sql)
        await client.query('insert into migration (name, sha256, applied_at) values ($1, $2, $3)', [migration.name, migration.sha256, now])
        await client.query('commit')
      } catch (error) {
        await client.query('rollback').catch(() => {})
        throw error
      }
      applied.push(migration.name)
    }
    return applied
  } finally {
    await client.end()
  }
}
