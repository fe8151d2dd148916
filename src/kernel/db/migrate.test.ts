import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { refusal } from '../../../tests/setup/fixtures.ts'
import { migrate, readMigrations, roleStatements, type Migration } from './migrate.ts'

const made: string[] = []
let admin: pg.Client
const config = (database: string, user = 'qz_owner'): pg.ClientConfig => ({ ...inject('postgres'), database, user })
async function emptyDatabase(): Promise<string> {
  const name = `m_${process.hrtime.bigint().toString(36)}`
  await admin.query(`create database ${name}`)
  made.push(name)
  return name
}
const migration = (name: string, sql: string): Migration => ({ name, sql, sha256: `sha of ${sql}` })
const [first, second] = [migration('0001-a.sql', 'create table one (n int)'), migration('0002-b.sql', 'create table two (n int)')]

beforeAll(async () => {
  admin = new pg.Client(config('postgres'))
  await admin.connect()
})
afterAll(async () => {
  for (const name of made) await admin.query(`drop database ${name} with (force)`)
  await admin.end()
})

describe('migrations', () => {
  test('what is missing is applied in order, once', async () => {
    const name = await emptyDatabase()
    expect(await migrate(config(name), [first], 1)).toEqual(['0001-a.sql'])
    expect(await migrate(config(name), [first, second], 2)).toEqual(['0002-b.sql'])
    expect(await migrate(config(name), [first, second], 3)).toEqual([])
  })

  test('two starts at once: one migrates, the other finds everything done', async () => {
    const name = await emptyDatabase()
    const all = readMigrations(join(import.meta.dirname, '../../../migrations'))
    const both = await Promise.all([migrate(config(name), all, 1), migrate(config(name), all, 1), migrate(config(name), all, 1)])
    expect(both.map((list) => list.length).sort()).toEqual([0, 0, all.length])
  })

  test('an applied file that changed since is refused by name', async () => {
    const name = await emptyDatabase()
    await migrate(config(name), [first], 1)
    expect(await refusal(migrate(config(name), [migration('0001-a.sql', 'create table one (n bigint)')], 2))).toBe('db/migration-changed')
  })

  test('a migration that fails leaves nothing of itself, and the ones before it stay', async () => {
    const name = await emptyDatabase()
    const broken = migration('0002-b.sql', 'create table two (n int); select 1 / 0')
    expect(await refusal(migrate(config(name), [first, broken], 1))).toBe('22012')
    expect(await migrate(config(name), [first, second], 2)).toEqual(['0002-b.sql'])
  })

  test('a user who may not create roles is told which statements an administrator must run', async () => {
    const name = await emptyDatabase()
    await admin.query(`do $$ begin if not exists (select from pg_roles where rolname = 'qz_test_plain') then create role qz_test_plain login; end if; end $$`)
    const error = await migrate(config(name, 'qz_test_plain'), [], 1).catch((e: unknown) => e)
    expect(error).toMatchObject({ code: 'db/roles-missing' })
    expect((error as Error).message).toContain('create role qz_app nologin')
    expect(roleStatements.join()).toContain('qz_service')
  })

  test('the files have numbers of their own and begin with why', () => {
    const files = readMigrations(join(import.meta.dirname, '../../../migrations'))
    expect(new Set(files.map((file) => file.name.slice(0, 4))).size).toBe(files.length)
    for (const file of files) expect(file.sql, file.name).toMatch(/^-- Why: /)
  })
})
