import { afterAll, beforeAll, expect, test } from 'vitest'
import { day, makeTenant, start } from '../../../tests/setup/fixtures.ts'
import { openTestDb, type TestDb } from '../../../tests/setup/test-db.ts'
import { personId, plantLoss, plantOrders, plantShop } from '../../restrain/experiment/fixtures/shop.ts'
import { voyageRefusals, voyageRows, voyageWeeks, weekStart, type VoyageRow } from './store.ts'

let t: TestDb
let tenantId: number
beforeAll(async () => {
  t = await openTestDb()
  tenantId = await makeTenant(t, 'voyage')
  // 60 contacts who came one a day; every second has orders, some before they came.
  await plantShop(t, tenantId, 60)
  // Two who bought and never became contacts, one of them came back; one whose only order was refunded; one whom nobody can recognise.
  const strangers = [70, 71, 72, 73].map(personId)
  await plantOrders(t, tenantId, [
    { person: strangers[0], id: 's0', at: start - 3 * day, fen: 4000 }, { person: strangers[1], id: 's1', at: start - 9 * day, fen: 6000 }, { person: strangers[1], id: 's2', at: start - 2 * day, fen: 7000 },
    { person: strangers[2], id: 's3', at: start - 4 * day, fen: 5000, refundedFen: 5000 }, { person: strangers[3], id: 's4', at: start - 5 * day, fen: 3000 },
  ])
  await t.owner.query(`update shop_order set buyer_unknown = true where tenant_id = $1 and order_id = 's4'`, [tenantId])
  await t.owner.query(`update shop_order set shelf = 'shop', source = '{"scene": 2}' where tenant_id = $1 and order_id in ('s0', 's1', 's3')`, [tenantId])
  for (const [n, ago] of [[1, 1], [31, 20], [4, 1]] as const) await plantLoss(t, tenantId, n, start - ago * day)
})
afterAll(() => t.close())

const total = (rows: readonly VoyageRow[], key: Exclude<keyof VoyageRow, 'source' | 'corpId'>): number => rows.reduce((sum, row) => sum + row[key], 0)
const one = async (sql: string, params: unknown[]): Promise<number> => Number((await t.owner.query(sql, params)).rows[0].n)

test.each([['since the beginning', 0], ['in the last 28 days', start - 28 * day]] as const)('%s the parts are what SQL by hand says, and the money adds up to the net revenue', async (_name, from) => {
  const to = start + 1
  const rows = await t.app(tenantId, (tx) => voyageRows(tx, tenantId, from, to))
  const p = [tenantId, from, to]
  expect(total(rows, 'firstFen') + total(rows, 'againFen')).toBe(await one('select sum(paid_fen - refunded_fen)::bigint as n from shop_order where tenant_id = $1 and paid_at >= $2 and paid_at < $3', p))
  const first = 'select person_id, min(paid_at) as at from shop_order where tenant_id = $1 and paid_at < $3 group by 1'
  const bought = total(rows, 'firstContact') + total(rows, 'firstDirect')
  const nobody = rows.find((row) => row.source === 'nobody-known')
  expect([bought, nobody?.firstDirect]).toEqual([await one(`select count(*) as n from (${first}) f where at >= $2`, p), 1])
  expect(total(rows, 'firstContact')).toBe(await one(`select count(*) as n from (${first}) f where at >= $2 and exists (select 1 from identity i where i.tenant_id = $1 and i.person_id = f.person_id and i.kind = 'external_userid')`, p))
  expect(total(rows, 'againContact') + total(rows, 'againDirect') + total(rows, 'back')).toBe(await one(
    `select count(distinct o.person_id) as n from shop_order o join (${first}) f on f.person_id = o.person_id where o.tenant_id = $1 and o.paid_at >= $2 and o.paid_at < $3 and (f.at < $2 or exists (select 1 from shop_order b where b.tenant_id = $1 and b.person_id = o.person_id and b.paid_at >= $2 and b.paid_at < $3 and b.order_id <> o.order_id))`, p))
  expect(total(rows, 'leftNever') + total(rows, 'leftOnce') + total(rows, 'leftMore')).toBe(await one('select count(distinct person_id) as n from contact_loss where tenant_id = $1 and lost_at >= $2 and lost_at < $3', p))
  expect(total(rows, 'returned')).toBe(1)
  if (from === 0) {
    expect(total(rows, 'contacts')).toBe(60)
    expect(rows.some((row) => row.source === 'earlier')).toBe(false)
  } else expect(rows.find((row) => row.source === 'earlier')!.back).toBeGreaterThan(0)
})

test('who bought first is told by the scene of that order; who came first by how they came', async () => {
  const rows = await t.app(tenantId, (tx) => voyageRows(tx, tenantId, start - 28 * day, start + 1))
  expect(rows.find((row) => row.source === 'scene/2')).toMatchObject({ people: 3, contacts: 0, firstDirect: 3, againDirect: 1, returned: 1, firstFen: 10_000, againFen: 7000 })
  expect(rows.find((row) => row.source === 'add-way/1')!.contacts).toBeGreaterThan(5)
})

test('a contact who left and came back has not left', async () => {
  const left = async (): Promise<number> => total(await t.app(tenantId, (tx) => voyageRows(tx, tenantId, 0, start + 1)), 'leftNever')
  const before = await left()
  await t.owner.query(`update follow set followed_at = $2 where tenant_id = $1 and external_userid = 'wm1'`, [tenantId, start])
  expect(await left()).toBe(before - 1)
})

test('weeks begin on Monday and add up to what was paid in them', async () => {
  const weeks = await t.app(tenantId, (tx) => voyageWeeks(tx, tenantId, start, 12))
  expect(new Date(weeks[0].startsAt + 8 * 3_600_000).getUTCDay()).toBe(1)
  expect([weeks.length, weeks[11].startsAt]).toEqual([12, weekStart(start)])
  expect(weeks.reduce((sum, week) => sum + week.netFen, 0)).toBe(await one('select sum(paid_fen - refunded_fen)::bigint as n from shop_order where tenant_id = $1 and paid_at >= $2 and paid_at <= $3', [tenantId, weeks[0].startsAt, start]))
  expect(weeks.reduce((sum, week) => sum + week.left, 0)).toBe(3)
})

test('who wants no more messages is a leak of its own, as SQL by hand says; who left, or wants them again, is not in it', async () => {
  const optOut = (n: number, line: string, since: number, until: number | null = null) => t.owner.query('insert into opt_out (tenant_id, person_id, line, since, until, evidence) values ($1, $2, $3, $4, $5, $6)', [tenantId, personId(n), line, since, until, 'test'])
  const before = await t.app(tenantId, (tx) => voyageRows(tx, tenantId, start - 28 * day, start + 1))
  expect(total(before, 'refused')).toBe(0)
  await optOut(5, '*', start - 3 * day)
  await optOut(6, 'official-account', start - 3 * day)
  await optOut(6, 'mini-program', start - 2 * day)
  await optOut(7, 'mini-program', start - 2 * day)
  await optOut(8, 'official-account', start - 9 * day, start - 8 * day) // follows again
  await optOut(9, '*', start - 100 * day) // before the window
  await optOut(31, 'official-account', start - 2 * day) // has left: counted there
  await optOut(90, 'official-account', start - 2 * day) // nobody knows more of them than that they followed
  const rows = await t.app(tenantId, (tx) => voyageRows(tx, tenantId, start - 28 * day, start + 1))
  expect(total(rows, 'refused')).toBe(4)
  expect(total(rows, 'leftNever') + total(rows, 'leftOnce') + total(rows, 'leftMore')).toBe(total(before, 'leftNever') + total(before, 'leftOnce') + total(before, 'leftMore'))
  expect(total(rows, 'refused')).toBe(await one(
    `select count(distinct person_id) as n from opt_out where tenant_id = $1 and since >= $2 and since < $3 and (until is null or until >= $3) and person_id not in (select person_id from contact_loss where tenant_id = $1 and lost_at >= $2 and lost_at < $3)`,
    [tenantId, start - 28 * day, start + 1]))
  expect(await t.app(tenantId, (tx) => voyageRefusals(tx, tenantId, start - 28 * day, start + 1))).toEqual({ own: 1, officialAccount: 3, miniProgram: 2 })
})
