import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { day, hour, makeTenant, start } from '../../../tests/setup/fixtures.ts'
import { openTestDb, type TestDb } from '../../../tests/setup/test-db.ts'
import { testWork } from '../../../tests/setup/test-work.ts'
import { seededRandom } from '../../kernel/random.ts'
import { resolvePersons } from '../../book/person/index.ts'
import { recordTouches } from '../../book/touch/index.ts'
import { makeEvent } from '../../events.ts'
import { attributionSubscriber, checkCredits, compareModels, creditOf, creditsOfOrder, pathBefore, unknownChannel, whole } from './index.ts'
import { rules } from './path.ts'

describe('credit of one order', () => {
  test('only what came within the look-back and before the payment counts, in order of time, then of name', () => {
    const steps = [{ channel: 'b', at: start }, { channel: 'a', at: start }, { channel: 'later', at: start + 1 }, { channel: 'old', at: start - 31 * day }, { channel: 'c', at: start - hour }]
    expect(pathBefore(steps, start, 30).map((step) => step.channel)).toEqual(['c', 'a', 'b'])
  })

  test('what nothing led to is unknown, whole', () => {
    expect(creditOf([], start, 9_900, 'first')).toEqual([{ channel: unknownChannel, billionths: whole, creditFen: 9_900 }])
  })

  test.each(rules)('%s: the parts of 300 random orders add up to one whole and to what was paid', (rule) => {
    const random = seededRandom(`credit/${rule}`)
    for (let n = 0; n < 300; n++) {
      const path = Array.from({ length: 1 + Math.floor(random.u('length', n) * 9) }, (_, k) => ({ channel: `c${Math.floor(random.u('channel', n, k) * 4)}`, at: start - Math.floor(random.u('at', n, k) * 30 * day) })).sort((a, b) => a.at - b.at)
      const paidFen = Math.floor(random.u('paid', n) * 100_000)
      const credits = creditOf(path, start, paidFen, rule)
      expect(credits.reduce((sum, one) => sum + one.billionths, 0)).toBe(whole)
      expect(credits.reduce((sum, one) => sum + one.creditFen, 0)).toBe(paidFen)
      expect(new Set(credits.map((one) => one.channel)).size).toBe(credits.length)
    }
  })
})

describe('attribution hears how people come and what they buy', () => {
  let t: TestDb
  let tenantId: number
  let personId: string
  const subscriber = attributionSubscriber(async () => new Map([['s-1', 'code/store']]))
  let n = 0
  const work = () => testWork(tenantId, start + day, `attribution-${n++}`)
  const paid = (orderId: string, person: string, at: number, scene?: number, paidFen = 9_801) => ({
    ...makeEvent(work().ids, start + day, 'order.paid', `order/shop/${orderId}`, at, { shelf: 'shop', orderId, personId: person, paidFen, lines: 1, ...(scene === undefined ? {} : { source: { scene } }) }), subscriber: subscriber.name, attempts: 0,
  })
  const added = (person: string, at: number, state: string) => ({ ...makeEvent(work().ids, at, 'contact.added', `person/${person}`, at, { corpId: 'corp', staff: 'wang', personId: person, addedAt: at, state, addWay: 1, again: false }), subscriber: subscriber.name, attempts: 0 })
  const hear = (...events: Array<ReturnType<typeof paid>>) => t.app(tenantId, (tx) => subscriber.handle(work(), tx, events))
  const credits = async (orderId: string, model: string) => (await t.app(tenantId, (tx) => creditsOfOrder(tx, tenantId, 'shop', orderId))).filter((one) => one.model === model).map((one) => [one.channel, one.billionths / whole])

  beforeAll(async () => {
    t = await openTestDb()
    tenantId = await makeTenant(t, 'attribution')
    personId = (await t.app(tenantId, (tx) => resolvePersons(tx, tenantId, [{ unionid: 'u-1', seenAt: start, evidence: 'test' }], work().ids))).personIds[0]
  })
  afterAll(() => t.close())

  test('a code, a message and the shelf share an order; each model in its way', async () => {
    await hear(added(personId, start, 's-1'))
    await t.app(tenantId, (tx) => recordTouches(tx, tenantId, [{ personId, occurredAt: start + hour, kind: 'message.sell', line: 'wecom', direction: 'outbound', weight: 1, reason: 'broadcast/x', ref: 'm-1' }]))
    await hear(paid('o-1', personId, start + 2 * hour, 2))
    expect(await credits('o-1', 'first')).toEqual([['code/store', 1]])
    expect(await credits('o-1', 'last')).toEqual([['shop/scene-2', 1]])
    expect((await credits('o-1', 'position')).map(([channel, share]) => [channel, Math.round((share as number) * 100)])).toEqual([['code/store', 40], ['message/broadcast', 20], ['shop/scene-2', 40]])
  })

  test('hearing of an order again changes nothing', async () => {
    const before = await t.app(tenantId, (tx) => creditsOfOrder(tx, tenantId, 'shop', 'o-1'))
    await hear(paid('o-1', personId, start + 2 * hour, 2), added(personId, start + hour, 'unheard'))
    expect(await t.app(tenantId, (tx) => creditsOfOrder(tx, tenantId, 'shop', 'o-1'))).toEqual(before)
  })

  test('a buyer nobody knows and an order without a scene belong to unknown', async () => {
    const stranger = (await t.app(tenantId, (tx) => resolvePersons(tx, tenantId, [{ unionid: 'u-2', seenAt: start, evidence: 'test' }], testWork(tenantId, start, 'stranger').ids))).personIds[0]
    await hear(paid('o-2', stranger, start + 2 * hour))
    expect(await credits('o-2', 'linear')).toEqual([[unknownChannel, 1]])
  })

  test('all models tell of the same orders and the same money', async () => {
    const { models } = await t.app(tenantId, (tx) => compareModels(tx, tenantId, 0, start * 2))
    expect(models.map((one) => one.model).sort()).toEqual(['first', 'last', 'linear', 'markov', 'position', 'shapley', 'time-decay'])
    for (const one of models) {
      expect(one.orders, one.model).toBeCloseTo(2, 9)
      expect(Math.abs(one.valueFen - 2 * 9_801), one.model).toBeLessThanOrEqual(2) // Markov and Shapley round each channel
    }
    expect(await t.app(tenantId, (tx) => checkCredits(tx, tenantId))).toEqual([])
  })

  test('control: a credit that was tampered with is found', async () => {
    await t.owner.query(`update order_credit set billionths = billionths - 1 where order_id = 'o-2' and model = 'linear'`)
    expect(await t.app(tenantId, (tx) => checkCredits(tx, tenantId))).toMatchObject([{ orderId: 'o-2', model: 'linear', off: 0 }])
  })
})
