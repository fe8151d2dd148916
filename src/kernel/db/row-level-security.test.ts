import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { makeTenant, postgresVersions, refusal, start, connectionA, testIds } from '../../../tests/setup/fixtures.ts'
import { openTestDb, type TestDb } from '../../../tests/setup/test-db.ts'
import { putJobs } from '../job/index.ts'
import { writeSetting } from '../tenancy/index.ts'

const denied = '42501' // insufficient_privilege, also for a row that a policy refuses
const tenantTables = `select c.relname as name from pg_class c where c.relkind = 'r' and c.relrowsecurity and c.relname <> 'tenant' order by 1`

describe.each(postgresVersions)('row-level security on PostgreSQL %s', (version) => {
  let t: TestDb
  let [a, b] = [0, 0]

  beforeAll(async () => {
    t = await openTestDb({ version })
    a = await makeTenant(t, 'a')
    b = await makeTenant(t, 'b')
    for (const tenantId of [a, b]) {
      await t.app(tenantId, async (tx) => {
        await writeSetting(tx, tenantId, 'secret', `of ${tenantId}`, start)
        await putJobs(tx, tenantId, [{ kind: 'k', key: `job of ${tenantId}`, dueAt: start, state: {} }])
      })
    }
  })
  afterAll(() => t.close())

  test('a query that names no tenant sees its own rows only', async () => {
    expect(await t.app(a, (tx) => tx.query('select tenant_id from setting'))).toEqual([{ tenant_id: a }])
    expect(await t.app(b, (tx) => tx.query('select slug from tenant'))).toEqual([{ slug: 'b' }])
    t.statements.clear() // these two are wrong on purpose
  })

  test('without a tenant the app role sees nothing at all', async () => {
    await t.owner.query('begin; set local role qz_app')
    const { rows: tables } = await t.owner.query<{ name: string }>(tenantTables)
    const counts = []
    for (const { name } of tables) counts.push((await t.owner.query<{ n: number }>(`select count(*)::int as n from ${name}`)).rows[0].n)
    await t.owner.query('rollback')
    expect(tables.length).toBeGreaterThan(25)
    expect(Math.max(...counts)).toBe(0)
  })

  test('a setting left over from the last transaction of a connection does not count', async () => {
    await t.owner.query(`begin; set local role qz_app; set local app.tenant = '${a}'`)
    await t.owner.query('commit')
    await t.owner.query('begin; set local role qz_app')
    const { rows } = await t.owner.query(`select current_setting('app.tenant', true) as tenant, (select count(*)::int from setting) as seen`)
    await t.owner.query('rollback')
    expect(rows).toEqual([{ tenant: '', seen: 0 }])
  })

  test('tenant A cannot read, change or delete the rows of B, even by their exact key', async () => {
    const work = t.app(a, async (tx) => ({
      read: await tx.query('select value from setting where tenant_id = $1 and key = $2', [b, 'secret']),
      changed: await tx.run(`update setting set value = '"stolen"' where tenant_id = $1`, [b]),
      deleted: await tx.run('delete from job where tenant_id = $1', [b]),
    }))
    expect(await work).toEqual({ read: [], changed: 0, deleted: 0 })
    expect(await t.app(b, (tx) => tx.query('select value from setting where tenant_id = $1', [b]))).toEqual([{ value: `of ${b}` }])
  })

  test('tenant A cannot write a row of B, nor move one of its own there', async () => {
    expect(await refusal(t.app(a, (tx) => writeSetting(tx, b, 'planted', 1, start)))).toBe(denied)
    expect(await refusal(t.app(a, (tx) => tx.run('update setting set tenant_id = $2 where tenant_id = $1', [a, b])))).toBe(denied)
  })

  test('tenant A cannot guess keys of B: a conflict with a row of B is not reported, the row is refused as any other', async () => {
    const taken = await refusal(t.app(a, (tx) => putJobs(tx, b, [{ kind: 'k', key: `job of ${b}`, dueAt: start, state: {} }])))
    const free = await refusal(t.app(a, (tx) => putJobs(tx, b, [{ kind: 'k', key: 'no such job', dueAt: start, state: {} }])))
    expect([taken, free]).toEqual([denied, denied])
  })

  test('tenant A cannot hang a row on a parent of B', async () => {
    const [posting] = [testIds('posting').next()]
    await t.app(b, (tx) => tx.run(`insert into posting (tenant_id, posting_id, key, occurred_at, recorded_at, reason) values ($1, $2, 'k', 0, 0, '')`, [b, posting]))
    const entry = (tenantId: number) => (tx: { run(sql: string, params: unknown[]): Promise<number> }) =>
      tx.run(`insert into entry (tenant_id, posting_id, n, account, unit, amount) values ($1, $2, 0, 'x', 'fen', 1)`, [tenantId, posting])
    expect(await refusal(t.app(a, entry(a)))).toBe('23503') // no such parent among its own
    expect(await refusal(t.app(a, entry(b)))).toBe(denied)
    expect(await refusal(t.app(b, entry(b)))).toBe('allowed')
  })

  test('control: with row-level security off, the same query of A does see and change the rows of B', async () => {
    await t.owner.query('alter table setting disable row level security')
    try {
      const seen = await t.app(a, (tx) => tx.query<{ n: number }>('select count(*) as n from setting where tenant_id = $1', [b]))
      expect(seen[0].n).toBe(1)
    } finally {
      await t.owner.query('alter table setting enable row level security')
    }
  })

  test('the login role of the product can do nothing before it puts on a role', async () => {
    const { Client } = (await import('pg')).default
    const client = new Client(t.serviceConfig)
    await client.connect()
    expect(await refusal(client.query('select * from setting'))).toBe(denied)
    expect(await refusal(client.query('select * from app_user'))).toBe(denied)
    expect(await refusal(client.query('set role qz_owner'))).toBe(denied)
    await client.end()
  })

  test('intake can insert callbacks, of any tenant, and nothing else', async () => {
    const intake = (sql: string, params: unknown[] = []) => refusal(t.db.tx({ role: 'intake' }, (tx) => tx.run(sql, params)))
    const insert = `insert into inbox (tenant_id, connection_id, digest, received_at, event, message, state, due_at, attempts) values ($1, $2, $3, 0, '', '', 'due', 0, 0)`
    expect(await intake(insert, [a, connectionA, 'd1'])).toBe('allowed')
    expect(await intake(insert, [b, connectionA, 'd1'])).toBe('allowed')
    expect(await intake('select 1 from inbox where tenant_id = $1', [a])).toBe(denied)
    expect(await intake('update inbox set event = event where tenant_id = $1', [a])).toBe(denied)
    expect(await intake('delete from inbox where tenant_id = $1', [a])).toBe(denied)
    expect(await intake('select 1 from setting where tenant_id = $1', [a])).toBe(denied)
    expect(await intake('select 1 from app_user')).toBe(denied)
    expect(await intake('insert into job (tenant_id, kind, key, due_at, state, attempts) values ($1, $2, $3, 0, $4, 0)', [a, 'k', 'x', '{}'])).toBe(denied)
  })

  test('the scheduler sees who has work and when, no contents', async () => {
    const scheduler = (sql: string) => refusal(t.db.tx({ role: 'scheduler' }, (tx) => tx.query(sql)))
    expect(await scheduler('/* citus: what the role may see */ select tenant_id, due_at from job')).toBe('allowed')
    expect(await scheduler('/* citus: what the role may see */ select state from job')).toBe(denied)
    expect(await scheduler('/* citus: what the role may see */ select message from inbox')).toBe(denied)
    expect(await scheduler('/* citus: what the role may see */ select value from setting')).toBe(denied)
  })

  test('the audit trail and the ledger only grow, also for the app itself', async () => {
    for (const table of ['audit', 'posting', 'entry']) {
      expect(await refusal(t.app(a, (tx) => tx.run(`delete from ${table} where tenant_id = $1`, [a]))), table).toBe(denied)
      expect(await refusal(t.app(a, (tx) => tx.run(`update ${table} set tenant_id = tenant_id where tenant_id = $1`, [a]))), table).toBe(denied)
    }
  })

  test('a tenant id that is no positive integer is a bug, not a query', async () => {
    for (const wrong of [0, -1, 1.5, Number.NaN, `1'; drop table job; --` as unknown as number]) expect(await refusal(t.app(wrong, (tx) => tx.query('select 1')))).toContain('a tenant id must be a positive integer')
  })
})
