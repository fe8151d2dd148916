import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connectionA, day, hour, makeTenant, start, testIds } from '../../../tests/setup/fixtures.ts'
import { openTestDb, type TestDb } from '../../../tests/setup/test-db.ts'
import { balances, checkBalanced } from '../../book/account/index.ts'
import type { DomainEvent } from '../../kernel/event/index.ts'
import { chainFigures, findOrder, listFacts, listOrderLines, listRefunds, orderTotals, returnOrders, saveOrders, saveRefunds, type OrderState, type RefundState } from './index.ts'
import { moveOrders } from './store.ts'

let t: TestDb
let tenantId = 0
let n = 0
const person = '00000000-0000-7000-8000-000000000001'
beforeAll(async () => {
  t = await openTestDb()
})
afterAll(() => t.close())
const fresh = async (): Promise<void> => {
  tenantId = await makeTenant(t, `orders-${++n}`)
}

/** The life of one order, state by state, as `order/get` would show it. */
function life(orderId: string, end: 'completed' | 'cancelled' = 'completed'): OrderState[] {
  const seconds = (at: number): number => Math.floor(at / 1000)
  const base: OrderState = {
    shelf: 'shop', orderId, openid: 'o', unionid: 'u', status: 'unpaid', platformStatus: 10, placedAt: start, paidAt: null, shippedAt: null, completedAt: null, settledAt: null, cancelledAt: null,
    goodsFen: 3000, freightFen: 0, discountFen: 0, paidFen: 0, source: { scene: 2 }, updateTime: seconds(start),
    lines: [
      { lineNo: 1, productId: 'p1', skuId: 's1', skuCode: 'A', title: '白茶', quantity: 2, unitFen: 1000, paidFen: 2000, note: null },
      { lineNo: 2, productId: 'p2', skuId: 's2', skuCode: 'B', title: '红茶', quantity: 1, unitFen: 1000, paidFen: 1000, note: null },
    ],
  }
  if (end === 'cancelled') return [base, { ...base, status: 'cancelled', platformStatus: 250, cancelledAt: start + hour, updateTime: seconds(start + hour) }]
  const paid: OrderState = { ...base, status: 'to_ship', platformStatus: 20, paidAt: start + 60_000, paidFen: 3000, updateTime: seconds(start + 60_000) }
  const shipped: OrderState = { ...paid, status: 'to_receive', platformStatus: 30, shippedAt: start + hour, updateTime: seconds(start + hour) }
  const received: OrderState = { ...shipped, status: 'completed', platformStatus: 100, completedAt: start + 3 * day, updateTime: seconds(start + 3 * day) }
  return [base, paid, shipped, received, { ...received, settledAt: start + 10 * day, updateTime: seconds(start + 10 * day) }]
}
const refund = (refundId: string, orderId: string, more: Partial<RefundState> = {}): RefundState => ({
  shelf: 'shop', refundId, orderId, skuId: 's1', quantity: 1, amountFen: 900, status: 'done', requestedAt: start + 2 * day, finishedAt: start + 2 * day + hour, reason: '', ...more,
})

const ids = testIds('orders')
const save = (...orders: OrderState[]): Promise<DomainEvent[]> => t.app(tenantId, (tx) => saveOrders(tx, tenantId, orders.map((order) => ({ order, personId: person, connectionId: connectionA, appid: 'wx', cause: 'callback' })), start, ids))
const saveBack = (...refunds: RefundState[]): Promise<DomainEvent[]> => t.app(tenantId, (tx) => saveRefunds(tx, tenantId, refunds, start, ids, 'callback'))
const order = (orderId: string) => t.app(tenantId, (tx) => findOrder(tx, tenantId, 'shop', orderId))
const facts = async (orderId: string) => (await t.app(tenantId, (tx) => listFacts(tx, tenantId, 'shop', orderId))).map((fact) => fact.kind)
const ledger = async () => Object.fromEntries((await t.app(tenantId, (tx) => balances(tx, tenantId, ''))).map((row) => [row.account, row.amount]))

describe('an order', () => {
  test('is booked through its life: head, lines, facts, money and events, each once', async () => {
    await fresh()
    const events: DomainEvent[] = []
    for (const state of life('10001')) events.push(...(await save(state)))
    expect(await order('10001')).toMatchObject({ status: 'completed', paidFen: 3000, refundedFen: 0, personId: person, buyerUnknown: false, lineCount: 2, firstTitle: '白茶', settledAt: start + 10 * day })
    expect(await facts('10001')).toEqual(['placed', 'paid', 'shipped', 'received', 'settled'])
    expect(events.map((e) => e.name)).toEqual(['order.placed', 'order.paid'])
    expect(await ledger()).toEqual({ 'sales:shop': -3000, 'till:shop': 3000 })
  })

  test('read twice changes nothing the second time', async () => {
    await fresh()
    const states = life('10002')
    for (const state of states) await save(state)
    const before = [await order('10002'), await facts('10002'), await ledger()]
    expect(await save(states[4], states[4])).toEqual([])
    expect([await order('10002'), await facts('10002'), await ledger()]).toEqual(before)
  })

  test('an older read is kept as a fact and overwrites nothing', async () => {
    await fresh()
    const [placed, paid, shipped] = life('10003')
    await save(shipped)
    await save(placed)
    await save(paid)
    expect(await order('10003')).toMatchObject({ status: 'to_receive', paidFen: 3000 })
    expect((await facts('10003')).filter((kind) => kind === 'late-read')).toHaveLength(2)
  })

  test('inside one second of the platform the later status wins', async () => {
    await fresh()
    const [, paid, shipped] = life('10004')
    await save({ ...shipped, updateTime: paid.updateTime })
    await save(paid)
    expect(await order('10004')).toMatchObject({ status: 'to_receive' })
  })

  test('a cancelled order takes no money, and says so once', async () => {
    await fresh()
    const events = [...(await save(life('10005', 'cancelled')[0])), ...(await save(life('10005', 'cancelled')[1])), ...(await save(life('10005', 'cancelled')[1]))]
    expect(events.map((e) => e.name)).toEqual(['order.placed', 'order.cancelled'])
    expect(await ledger()).toEqual({})
  })

  test('a buyer without a unionid is shown as unknown', async () => {
    await fresh()
    await save({ ...life('10006')[1], unionid: undefined })
    expect(await order('10006')).toMatchObject({ buyerUnknown: true })
    expect(await t.app(tenantId, (tx) => orderTotals(tx, tenantId))).toMatchObject({ buyers: 0, unknownBuyers: 1 })
  })
})

describe('an order follows its buyer', () => {
  const people = ['a', 'b', 'c'].map((end) => `00000000-0000-7000-8000-00000000000${end}`)
  const saveFor = (personId: string, state: OrderState) => t.app(tenantId, (tx) => saveOrders(tx, tenantId, [{ order: state, personId, connectionId: connectionA, appid: 'wx', cause: 'callback' }], start, ids))
  const merge = (kept: string, gone: string) => t.app(tenantId, (tx) => moveOrders(tx, tenantId, { kept, gone }))
  const buyers = async () => {
    const figures = await t.app(tenantId, (tx) => chainFigures(tx, tenantId, 0, start + 100 * day))
    return { buyers: figures.buyers, repeat: figures.repeatBuyers }
  }
  const owners = async () => Promise.all(['30001', '30002', '30003'].map(async (id) => people.indexOf((await order(id))!.personId)))

  test('two persons who turn out to be one have come back, instead of having come once each', async () => {
    await fresh()
    for (const [n, personId] of people.entries()) await saveFor(personId, life(`3000${n + 1}`)[1])
    expect(await buyers()).toEqual({ buyers: 3, repeat: 0 }) // the control
    await merge(people[0], people[1])
    expect(await buyers()).toEqual({ buyers: 2, repeat: 1 })
  })

  test.each([['in order', [1, 0]], ['out of order', [0, 1]]])('merges undone %s give every order back', async (_how, undo) => {
    await fresh()
    for (const [n, personId] of people.entries()) await saveFor(personId, life(`3000${n + 1}`)[1])
    await merge(people[1], people[2]) // c turned out to be b
    await saveFor(people[1], life('30003')[2]) // and was read again since
    await merge(people[0], people[1]) // b turned out to be a
    expect(await owners()).toEqual([0, 0, 0])
    const splits = [{ gone: people[2], under: [] as string[] }, { gone: people[1], under: undo[0] === 1 ? [people[2]] : [] }]
    for (const which of undo) await t.app(tenantId, (tx) => returnOrders(tx, tenantId, splits[which].gone, splits[which].under))
    expect(await owners()).toEqual([0, 1, 2])
  })
})

describe('a refund', () => {
  test('lowers the order and the line it names, and is booked once', async () => {
    await fresh()
    await save(life('10010')[4])
    const events = [...(await saveBack(refund('r1', '10010', { status: 'pending', finishedAt: null }))), ...(await saveBack(refund('r1', '10010'))), ...(await saveBack(refund('r1', '10010')))]
    expect(events.map((e) => e.name)).toEqual(['order.refunded'])
    expect(await order('10010')).toMatchObject({ refundedFen: 900 })
    expect((await t.app(tenantId, (tx) => listOrderLines(tx, tenantId, 'shop', '10010'))).map((l) => [l.refundedQuantity, l.refundedFen])).toEqual([[1, 900], [0, 0]])
    expect(await ledger()).toEqual({ 'sales:shop': -2100, 'till:shop': 2100 })
  })

  test('heard before its order is joined when the order comes: the head, the line and the money are right', async () => {
    await fresh()
    await saveBack(refund('r1', '10011'))
    expect(await ledger()).toEqual({ 'sales:shop': 900, 'till:shop': -900 })
    await save(life('10011')[0])
    expect(await order('10011')).toMatchObject({ paidFen: 0, refundedFen: 0 })
    await save(life('10011')[2])
    expect(await order('10011')).toMatchObject({ paidFen: 3000, refundedFen: 900 })
    expect(await t.app(tenantId, (tx) => listRefunds(tx, tenantId, 'shop', '10011'))).toMatchObject([{ lineNo: 1 }])
    expect((await t.app(tenantId, (tx) => listOrderLines(tx, tenantId, 'shop', '10011')))[0]).toMatchObject({ refundedQuantity: 1, refundedFen: 900 })
  })

  test('a late read takes no finished refund back, in another batch or in the same', async () => {
    await fresh()
    await save(life('10012')[4])
    await saveBack(refund('r1', '10012'), refund('r1', '10012', { status: 'pending', finishedAt: null }))
    await saveBack(refund('r1', '10012', { status: 'refused' }))
    expect(await t.app(tenantId, (tx) => listRefunds(tx, tenantId, 'shop', '10012'))).toMatchObject([{ status: 'done' }])
  })

  test('one that was refused and then paid after all counts', async () => {
    await fresh()
    await save(life('10013')[4])
    await saveBack(refund('r1', '10013', { status: 'refused' }))
    expect(await order('10013')).toMatchObject({ refundedFen: 0 })
    await saveBack(refund('r1', '10013'))
    expect(await order('10013')).toMatchObject({ refundedFen: 900 })
  })

  test('more than was paid is never shown on the order or a line', async () => {
    await fresh()
    await save(life('10014')[4])
    await saveBack(refund('r1', '10014', { amountFen: 5000, quantity: 9 }))
    expect(await order('10014')).toMatchObject({ refundedFen: 3000 })
    expect((await t.app(tenantId, (tx) => listOrderLines(tx, tenantId, 'shop', '10014')))[0]).toMatchObject({ refundedQuantity: 2, refundedFen: 2000 })
  })
})

describe('whatever is heard, in whatever order and however often', () => {
  type Heard = { order: OrderState } | { refund: RefundState }
  const all: Heard[] = [
    ...life('20001').map((state) => ({ order: state })), ...life('20002', 'cancelled').map((state) => ({ order: state })), ...life('20003').slice(0, 3).map((state) => ({ order: state })),
    { refund: refund('r1', '20001', { status: 'pending', finishedAt: null }) }, { refund: refund('r1', '20001') }, { refund: refund('r2', '20001', { skuId: 's2', amountFen: 1000 }) },
    { refund: refund('r3', '20003', { status: 'pending', finishedAt: null }) }, { refund: refund('r3', '20003', { status: 'refused' }) },
  ]
  const nameOf = (e: DomainEvent): string => `${e.name} ${e.aggregate} ${(e.payload as { refundId?: string }).refundId ?? ''}`
  async function hear(list: Heard[], batch: number): Promise<unknown> {
    await fresh()
    const events: string[] = []
    for (let at = 0; at < list.length; at += batch) {
      const part = list.slice(at, at + batch)
      events.push(...(await save(...part.flatMap((one) => ('order' in one ? [one.order] : [])))).map(nameOf))
      events.push(...(await saveBack(...part.flatMap((one) => ('refund' in one ? [one.refund] : [])))).map(nameOf))
    }
    expect(await t.app(tenantId, (tx) => checkBalanced(tx, tenantId))).toEqual([])
    const orders = []
    for (const id of ['20001', '20002', '20003']) orders.push(await order(id), (await t.app(tenantId, (tx) => listOrderLines(tx, tenantId, 'shop', id))), (await t.app(tenantId, (tx) => listRefunds(tx, tenantId, 'shop', id))))
    return { orders, ledger: await ledger(), events: [...new Set(events)].sort(), once: new Set(events).size === events.length, totals: await t.app(tenantId, (tx) => orderTotals(tx, tenantId)) }
  }

  test('the book ends the same', async () => {
    const expected = await hear(all, 1)
    expect(expected).toMatchObject({ once: true, ledger: { 'sales:shop': -6000 + 1900, 'till:shop': 6000 - 1900 }, totals: { orders: 3, refunds: 2, refundedFen: 1900 } })
    await fc.assert(fc.asyncProperty(fc.array(fc.nat({ max: all.length - 1 }), { maxLength: 12 }), fc.shuffledSubarray(all.map((_, i) => i), { minLength: all.length }), fc.integer({ min: 1, max: 8 }), async (extra, order1, batch) => {
      // Every fact at least once, in any order, some again, in batches of any size.
      expect(await hear([...order1.slice(0, 6), ...extra, ...order1.slice(6)].map((i) => all[i]), batch)).toEqual(expected)
    }), { numRuns: 15 })
  })

  test('control: a lost refund does change the end', async () => {
    const full = await hear(all, 3) as { ledger: unknown }
    const short = await hear(all.filter((one) => !('refund' in one && one.refund.refundId === 'r2')), 3) as { ledger: unknown }
    expect(short.ledger).not.toEqual(full.ledger)
  })
})
