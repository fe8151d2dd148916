import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { makeTenant, start } from '../../../tests/setup/fixtures.ts'
import { openTestDb, type TestDb } from '../../../tests/setup/test-db.ts'
import { testWork } from '../../../tests/setup/test-work.ts'
import { resolvePersons } from '../../book/person/index.ts'
import { makeEvent } from '../../events.ts'
import { balanceOf, checkPoints, feathersOf, pointsSubscriber, pointsTotals, redeem } from './index.ts'

let t: TestDb
let tenantId: number
let persons: string[]
let seed = 0
const work = () => testWork(tenantId, start, `points-${seed++}`)
const subscriber = pointsSubscriber(() => true)

beforeAll(async () => {
  t = await openTestDb()
  tenantId = await makeTenant(t, 'points')
  persons = (await t.app(tenantId, (tx) => resolvePersons(tx, tenantId, ['a', 'b', 'c'].map((unionid) => ({ unionid, seenAt: start, evidence: 'test' })), work().ids))).personIds
})
afterAll(() => t.close())

const order = (orderId: string, person: number, paidFen: number, refundedFen = 0) => t.owner.query(
  `insert into shop_order (tenant_id, shelf, order_id, person_id, buyer_unknown, status, placed_at, paid_at, goods_fen, freight_fen, discount_fen, paid_fen, refunded_fen, source, lines_digest, version, updated_at)
   values ($1, 'shop', $2, $3, false, 'completed', $4, $4, $5, 0, 0, $5, $6, '{}', '', 1, $4) on conflict (tenant_id, shelf, order_id) do update set refunded_fen = excluded.refunded_fen`, [tenantId, orderId, persons[person], start, paidFen, refundedFen])
async function hear(name: 'order.paid' | 'order.refunded', orderId: string, person = 0, block = true): Promise<number[]> {
  const at = work()
  const event = name === 'order.paid'
    ? makeEvent(at.ids, start, name, `order/shop/${orderId}`, start, { shelf: 'shop', orderId, personId: persons[person], paidFen: 1, lines: 1 })
    : makeEvent(at.ids, start, name, `order/shop/${orderId}`, start, { shelf: 'shop', orderId, refundId: 'r', amountFen: 1 })
  await t.app(tenantId, (tx) => pointsSubscriber(() => block).handle(at, tx, [{ ...event, subscriber: subscriber.name, attempts: 0 }]))
  return at.told.map((told) => Number(told.payload.feathers))
}
const balance = (person: number) => t.app(tenantId, (tx) => balanceOf(tx, tenantId, persons[person]))
const spend = (person: number, feathers: number, key: string) => t.app(tenantId, (tx) => redeem(tx, tenantId, { personId: persons[person], feathers, key, reason: 'tea' }, start, work().ids))

describe('feathers', () => {
  test.each([[9_999, 0, 1, 99], [10_000, 0, 1, 100], [10_000, 50, 1, 99], [10_000, 10_000, 1, 0], [10_000, 12_000, 1, 0], [10_000, 0, 3, 300]])('%i fen paid, %i refunded, %i a yuan: %i', (paid, refunded, rate, feathers) => {
    expect(feathersOf(paid, refunded, rate)).toBe(feathers)
  })

  test('the same payment heard twice earns once', async () => {
    await order('o-1', 0, 9_800)
    expect(await hear('order.paid', 'o-1')).toEqual([98])
    expect(await hear('order.paid', 'o-1')).toEqual([])
    expect(await balance(0)).toBe(98)
  })

  test('a refund takes back what the order is no longer worth, once', async () => {
    await order('o-1', 0, 9_800, 3_000)
    expect(await hear('order.refunded', 'o-1')).toEqual([-30])
    expect(await hear('order.refunded', 'o-1')).toEqual([])
    expect(await balance(0)).toBe(68)
  })

  test('a refund heard before its order is known changes nothing, and the order then earns what is left', async () => {
    expect(await hear('order.refunded', 'o-2', 1)).toEqual([])
    await order('o-2', 1, 5_000, 1_000)
    expect(await hear('order.paid', 'o-2', 1)).toEqual([40])
  })

  test('with the block off nobody earns', async () => {
    await order('o-3', 2, 5_000)
    expect(await hear('order.paid', 'o-3', 2, false)).toEqual([])
    expect(await balance(2)).toBe(0)
  })

  test('spending happens once per key and never beyond the balance, also at once', async () => {
    expect(await spend(0, 60, 'k-1')).toEqual({ redeemed: true })
    expect(await spend(0, 60, 'k-1')).toEqual({ redeemed: true })
    expect(await balance(0)).toBe(8)
    expect(await spend(0, 9, 'k-2')).toEqual({ redeemed: false, reason: 'not-enough' })
    const outcomes = await Promise.all(Array.from({ length: 6 }, (_, n) => spend(1, 10, `race-${n}`)))
    expect(outcomes.filter((one) => one.redeemed)).toHaveLength(4)
    expect(await balance(1)).toBe(0)
    expect(await t.app(tenantId, (tx) => checkPoints(tx, tenantId))).toEqual([])
  })

  test('when two persons turn out to be one the balance moves', async () => {
    const at = work()
    const merged = makeEvent(at.ids, start, 'person.merged', `person/${persons[2]}`, start, { kept: persons[2], gone: persons[0] })
    await t.app(tenantId, (tx) => subscriber.handle(at, tx, [{ ...merged, subscriber: subscriber.name, attempts: 0 }]))
    expect([await balance(0), await balance(2)]).toEqual([0, 8])
    expect(await t.app(tenantId, (tx) => pointsTotals(tx, tenantId))).toMatchObject({ balance: 8 })
    expect(await t.app(tenantId, (tx) => checkPoints(tx, tenantId))).toEqual([])
  })

  test('control: a balance that was tampered with is found', async () => {
    await t.owner.query(`update points_account set balance = balance + 1 where person_id = $1`, [persons[2]])
    expect(await t.app(tenantId, (tx) => checkPoints(tx, tenantId))).toEqual([{ personId: persons[2], balance: 9, ledger: 8 }])
  })
})
