import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { start } from '../../tests/setup/fixtures.ts'
import { openTestHouse, type TestHouse } from '../../tests/setup/test-house.ts'
import { readFields, resolvePersons, writeFields } from '../book/person/index.ts'
import { book } from '../book/account/index.ts'
import { putConnection, listConnections } from '../wechat/connection/index.ts'
import { addRoute, writeSetting } from '../kernel/tenancy/index.ts'
import { exportTenantTo, importTenantFrom, type ExportParts } from './export.ts'

let t: TestHouse
let parts: ExportParts
let folder = ''
let tenantId = 0
let personId = ''
const file = (name: string): string => join(folder, name)

beforeAll(async () => {
  t = await openTestHouse()
  parts = { house: t.house, databaseConfig: t.ownerConfig }
  folder = mkdtempSync(join(tmpdir(), 'qz-export-'))
  tenantId = await t.merchant('source')
  await t.app(tenantId, async (tx) => {
    await putConnection(tx, tenantId, { connectionId: t.ids.next(), line: 'shop', accountId: 'wx1', name: 'Shop', baseUrl: null, routeKey: 'route1', status: 'connected', checks: [], createdAt: start, updatedAt: start, secrets: { secret: 'hunter2', token: 't', aesKey: 'a'.repeat(43) } }, t.seal)
    personId = (await resolvePersons(tx, tenantId, [{ unionid: 'u1', seenAt: start, evidence: 'test' }], t.ids)).personIds[0]
    await writeFields(tx, tenantId, personId, { name: '王小明' }, start, t.seal, t.random)
    await book(tx, tenantId, [{ postingId: t.ids.next(), key: 'k', occurredAt: start, recordedAt: start, reason: 'test', entries: [{ account: 'a', unit: 'fen', amount: 5 }, { account: 'b', unit: 'fen', amount: -5 }] }])
    await writeSetting(tx, tenantId, 'text', 'line\nbreak "quoted" \\ 中文', start)
    // A number that no JavaScript number can hold.
    await tx.run(`insert into setting (tenant_id, key, value, changed_at) values ($1, 'digits', '{"id": 3705115058471208928, "x": 0.1000000000000000055}', 0)`, [tenantId])
    // JSON null is a value, not the absence of one.
    await tx.run(
      `insert into order_line (tenant_id, shelf, order_id, line_no, product_id, sku_id, sku_code, title, quantity, unit_fen, paid_fen, refunded_quantity, refunded_fen, note)
       values ($1, 'mall', 'o1', 1, 'p1', 's1', 'T', 'tea', 1, 900, 900, 0, 0, 'null')`, [tenantId])
  })
  await t.db.tx({ role: 'auth' }, (tx) => addRoute(tx, { routeKey: 'route1', tenantId, connectionId: t.ids.next() }))
  await t.house.refresh()
  await exportTenantTo(parts, { tenant: 'source', out: file('a.gz') })
})
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true })
  await t.close()
})

/** Every row of a merchant but the sealed columns and what an import must change. */
async function content(of: number): Promise<Record<string, unknown[]>> {
  const { rows: tables } = await t.owner.query<{ name: string }>(`select relname as name from pg_class where relkind = 'r' and relrowsecurity and relname not in ('tenant', 'member', 'wechat_token') order by 1`)
  const all: Record<string, unknown[]> = {}
  for (const { name } of tables) {
    all[name] = (await t.owner.query<{ row: string }>(`select (to_jsonb(t) - 'tenant_id' - 'secrets' - 'sealed_key' - 'route_key')::text as row from ${name} t where tenant_id = $1 order by 1`, [of])).rows.map(({ row }) => row)
  }
  return all
}

describe('a merchant that travels', () => {
  test('comes out as it went in: every row of every table, every digit, under a new id', async () => {
    const result = await importTenantFrom(parts, { from: file('a.gz'), slug: 'copy' })
    const copy = t.house.tenants().find((one) => one.slug === 'copy')!
    expect(copy.tenantId).not.toBe(tenantId)
    expect(await content(copy.tenantId)).toEqual(await content(tenantId))
    expect((await content(copy.tenantId)).setting.join()).toContain('"id": 3705115058471208928')
    expect(result.unreadable).toEqual({ connections: 0, persons: 0 })
    expect(result.tables.setting).toBe(2)
    expect(result.tables.order_line).toBe(1)
  })

  test('sealed secrets and personal fields open for the copy, though they were sealed for another merchant', async () => {
    const copy = t.house.tenants().find((one) => one.slug === 'copy')!.tenantId
    expect(await t.app(copy, (tx) => listConnections(tx, copy, t.seal))).toMatchObject([{ secrets: { secret: 'hunter2' }, status: 'connected' }])
    expect(await t.app(copy, (tx) => readFields(tx, copy, personId, t.seal))).toEqual({ name: '王小明' })
    expect(await t.app(tenantId, (tx) => readFields(tx, tenantId, personId, t.seal))).toEqual({ name: '王小明' })
  })

  test('a callback address that is taken stays with its owner; the copy gets its own', async () => {
    const copy = t.house.tenants().find((one) => one.slug === 'copy')!.tenantId
    expect(t.house.connectionsOf(copy)[0].routeKey).not.toBe('route1')
    expect(t.house.connectionsOf(tenantId)[0].routeKey).toBe('route1')
  })

  test('the file holds neither secrets nor personal fields in clear', () => {
    const text = gunzipSync(readFileSync(file('a.gz'))).toString('utf8')
    expect(text).not.toMatch(/hunter2|王小明/)
    expect(text).toContain('u1') // identities are what joins; they are data, not secrets
  })

  test('under another master key everything arrives but what was sealed, and the answer says so', async () => {
    const other = await openTestHouse({ masterKey: Buffer.alloc(32, 9) })
    try {
      const result = await importTenantFrom({ house: other.house, databaseConfig: other.ownerConfig }, { from: file('a.gz') })
      expect(result.unreadable).toEqual({ connections: 1, persons: 1 })
      const moved = other.house.tenants()[0].tenantId
      expect(other.house.connectionsOf(moved)).toMatchObject([{ status: 'draft', secrets: {}, routeKey: 'route1' }])
      expect(await other.app(moved, (tx) => readFields(tx, moved, personId, other.seal))).toEqual({})
    } finally {
      await other.close()
    }
  })

  test.each([
    ['that was cut off', (whole: Buffer) => whole.subarray(0, whole.length - 30)],
    ['that ends early', (whole: Buffer) => gzipSync(gunzipSync(whole).toString('utf8').split('\n').slice(0, 3).join('\n'))],
    ['that lost a row', (whole: Buffer) => gzipSync(gunzipSync(whole).toString('utf8').split('\n').filter((line) => !line.startsWith('{"t":"posting"')).join('\n'))],
    ['that is no gzip', () => Buffer.from('hello')],
    ['that is something else', () => gzipSync('{"kind":"other"}\n')],
    ['with a row of a table that is no tenant table', (whole: Buffer) => gzipSync(gunzipSync(whole).toString('utf8').replace('{"t":"setting"', '{"t":"app_user"'))],
  ])('a file %s is refused with the reason, and nothing of it stays', async (_what, make) => {
    writeFileSync(file('bad.gz'), make(readFileSync(file('a.gz'))))
    const before = t.house.tenants().length
    const error = await importTenantFrom(parts, { from: file('bad.gz'), slug: 'bad' }).catch((e: unknown) => e)
    expect(String((error as { code?: string }).code)).toMatch(/^(cli\/bad-export|23503)$/)
    await t.house.refresh()
    expect(t.house.tenants()).toHaveLength(before)
  })

  test('a short name that is taken is refused', async () => {
    expect(await importTenantFrom(parts, { from: file('a.gz') }).catch((e: unknown) => e)).toMatchObject({ code: 'cli/slug-taken' })
  })
})
