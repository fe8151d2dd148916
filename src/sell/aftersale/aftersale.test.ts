import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connectionA, day, hour, makeTenant, start, testIds } from '../../../tests/setup/fixtures.ts'
import { openTestDb, type TestDb } from '../../../tests/setup/test-db.ts'
import { testWork } from '../../../tests/setup/test-work.ts'
import { makeEvent } from '../../events.ts'
import { resolvePersons } from '../../book/person/index.ts'
import { bookState, type MallOrder } from '../checkout/index.ts'
import { insertMallOrders } from '../checkout/store.ts'
import { listOrderLines, saveOrders, saveRefunds } from '../order/index.ts'
import { actorOf, acts, checkAsked, deadlineAfter, ended, patienceMs, platformStateNames, stateOfPlatform, states, step, steps, type Kind, type State } from './aftersale.ts'
import { actWords, stateWords } from './errors.ts'
import { readPlatformAftersale } from './follow-shop.ts'
import { aftersaleSubscriber, aftersaleTick, askAftersale, stepAftersale, type RefundPort } from './run-aftersales.ts'
import { actsHere } from './routes.ts'
import { aftersalesOfOrder, factsOf, findAftersale, lockAftersale, upsertAftersales, type Aftersale } from './store.ts'

const kinds: Kind[] = ['refund', 'return', 'exchange']

describe('the steps of an after-sale', () => {
  test('each legal step is one of this list, and every other is refused', () => {
    const legal = kinds.flatMap((kind) => states.flatMap((state) => acts.flatMap((act) => (step(kind, state, act) === undefined ? [] : [`${kind}: ${state} ${act} ${step(kind, state, act)}`]))))
    const judged = (kind: Kind) => [`${kind}: refunding paid-back done`, `${kind}: refunding pay-failed refund-stuck`, `${kind}: refund-stuck paid-back done`, `${kind}: refund-stuck pay-again refunding`, `${kind}: refused withdraw withdrawn`, `${kind}: refused escalate arbitration`, `${kind}: refused expire closed`, `${kind}: arbitration withdraw withdrawn`, `${kind}: arbitration rule-buyer refunding`, `${kind}: arbitration rule-shop closed`]
    const back = (kind: Kind) => [`${kind}: awaiting-return withdraw withdrawn`, `${kind}: awaiting-return send-back returning`, `${kind}: awaiting-return expire closed`, `${kind}: returning refuse-return refused`]
    expect(new Set(legal)).toEqual(new Set([
      'refund: asked accept refunding', 'refund: asked refuse refused', 'refund: asked withdraw withdrawn', 'refund: asked expire refunding', ...judged('refund'),
      'return: asked accept awaiting-return', 'return: asked refuse refused', 'return: asked withdraw withdrawn', 'return: asked expire awaiting-return', 'return: returning receive refunding', 'return: returning expire refunding', ...back('return'), ...judged('return'),
      'exchange: asked accept awaiting-return', 'exchange: asked refuse refused', 'exchange: asked withdraw withdrawn', 'exchange: asked expire awaiting-return', 'exchange: returning receive awaiting-exchange', 'exchange: returning expire awaiting-exchange',
      'exchange: awaiting-exchange send-exchange exchange-sent', 'exchange: awaiting-exchange accept refunding', 'exchange: awaiting-exchange expire refunding', 'exchange: exchange-sent confirm done', 'exchange: exchange-sent escalate arbitration', 'exchange: exchange-sent expire done', ...back('exchange'), ...judged('exchange'),
    ]))
  })

  test('what ended stays ended; what waits for somebody has an end by itself, or a person of the shop in it', () => {
    for (const kind of kinds) for (const state of ended) expect(steps[kind][state]).toBeUndefined()
    for (const kind of kinds) for (const [state, here] of Object.entries(steps[kind])) {
      const runsOut = here.expire !== undefined
      expect(runsOut).toBe(patienceMs[state as State] !== null && state !== 'refunding')
      if (!runsOut && state !== 'refunding') expect(Object.keys(here).some((act) => ['arbiter', 'shop'].includes(actorOf[act as keyof typeof actorOf]))).toBe(true)
    }
    expect(deadlineAfter('asked', start)).toBe(start + 48 * hour)
    expect(deadlineAfter('arbitration', start)).toBeNull()
  })

  test('every state and act has words in both languages', () => {
    expect([...states].filter((state) => !stateWords[state]?.zh || !stateWords[state].en)).toEqual([])
    expect([...acts].filter((act) => !actWords[act]?.zh || !actWords[act].en)).toEqual([])
  })

  test('each state of the platform that the sheet names has one of ours; an unknown one has none and is left out', () => {
    expect(platformStateNames).toHaveLength(17)
    for (const name of platformStateNames) expect(states).toContain(stateOfPlatform(name))
    expect(stateOfPlatform('SOMETHING_NEW')).toBeUndefined()
    expect(readPlatformAftersale({ after_sale_order: { after_sale_order_id: '1', order_id: '2', status: 'SOMETHING_NEW' } })).toBeUndefined()
    expect(readPlatformAftersale({ after_sale_order: { after_sale_order_id: '20001', order_id: '37', status: 'MERCHANT_WAIT_RECEIPT', type: 'RETURN', product_info: { product_id: '1', sku_id: '5', count: 2 }, refund_info: { amount: 990 }, return_info: { delivery_id: 'SF', waybill_id: 'SF123' }, deadline: 3600, create_time: 1_700_000_000, update_time: 1_700_000_100 } }))
      .toMatchObject({ kind: 'return', state: 'returning', quantity: 2, amountFen: 990, back: { company: 'SF', trackingNo: 'SF123' }, deadlineSeconds: 3600, endedAt: null })
  })

  test('whatever is asked in whatever order, a line never gives more than was bought and paid', () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 0, max: 100_000 }), fc.array(fc.record({ quantity: fc.integer({ min: 1, max: 25 }), amountFen: fc.integer({ min: 0, max: 120_000 }), kind: fc.constantFrom(...kinds) }), { maxLength: 20 }), (quantity, paidFen, asks) => {
      let [taken, takenFen] = [0, 0]
      for (const asked of asks) {
        if (checkAsked(asked, { quantity, paidFen, takenQuantity: taken, takenFen, shipped: true, paid: true }) !== undefined) continue
        taken += asked.quantity
        takenFen += asked.kind === 'exchange' ? 0 : asked.amountFen
      }
      return taken <= quantity && takenFen <= paidFen
    }))
    const line = { quantity: 2, paidFen: 100, takenQuantity: 0, takenFen: 0, shipped: false, paid: true }
    expect(checkAsked({ kind: 'return', quantity: 1, amountFen: 50 }, line)).toEqual({ kind: 'not-shipped' })
    expect(checkAsked({ kind: 'refund', quantity: 3, amountFen: 50 }, line)).toEqual({ kind: 'too-many', left: 2 })
    expect(checkAsked({ kind: 'refund', quantity: 1, amountFen: 101 }, line)).toEqual({ kind: 'too-much', leftFen: 100 })
    expect(checkAsked({ kind: 'refund', quantity: 1, amountFen: 1 }, { ...line, paid: false })).toEqual({ kind: 'not-paid' })
  })
})

describe('after-sales of the mall', () => {
  let t: TestDb
  let tenantId: number
  const ids = testIds('aftersale')
  let order: MallOrder
  const refunds: Array<{ amountFen: number; quantity: number }> = []
  const refund: RefundPort = async (tx, work, of, wish) => {
    const refundId = ids.next().replaceAll('-', '')
    refunds.push({ amountFen: wish.amountFen, quantity: wish.quantity })
    await saveRefunds(tx, tenantId, [{ shelf: 'mall', refundId, orderId: of.orderId, skuId: wish.skuId, quantity: wish.quantity, amountFen: wish.amountFen, status: 'pending', requestedAt: work.now, finishedAt: null, reason: wish.reason }], work.now, ids, 'own')
    return { kind: 'requested', refundId }
  }
  const work = (now = start) => ({ ...testWork(tenantId, now, 'aftersale'), ids })
  const ask = (more: Partial<Parameters<typeof askAftersale>[3]> = {}, now = start) => t.app(tenantId, (tx) => askAftersale(tx, work(now), order, { orderId: order.orderId, lineNo: 1, kind: 'return', quantity: 1, amountFen: 5_000, reason: '不合适', description: '', media: [], ...more }, 'buyer'))
  const act = (row: Aftersale, name: Parameters<typeof stepAftersale>[3], now = start, detail = {}) => t.app(tenantId, async (tx) => stepAftersale(tx, work(now), (await lockAftersale(tx, tenantId, 'mall', row.aftersaleId))!, name, { by: 'test', ...detail }, refund))
  const paidBack = async (row: Aftersale, now: number) => {
    await t.app(tenantId, async (tx) => {
      await saveRefunds(tx, tenantId, [{ shelf: 'mall', refundId: row.refundId!, orderId: order.orderId, skuId: null, quantity: row.quantity, amountFen: row.amountFen, status: 'done', requestedAt: start, finishedAt: now, reason: '' }], now, ids, 'callback')
      await aftersaleSubscriber.handle(work(now), tx, [{ ...makeEvent(ids, now, 'order.refunded', `order/mall/${order.orderId}`, now, { shelf: 'mall', orderId: order.orderId, refundId: row.refundId!, amountFen: row.amountFen }), deliveryId: ids.next() } as never])
    })
    return t.app(tenantId, (tx) => findAftersale(tx, tenantId, 'mall', row.aftersaleId))
  }
  const tick = (now: number) => t.app(tenantId, (tx) => aftersaleTick(refund).run(work(now), tx, { kind: '', key: '', dueAt: now, state: {}, attempts: 0 }, undefined))

  async function placeOrder(n: number): Promise<MallOrder> {
    return t.app(tenantId, async (tx) => {
      const { personIds } = await resolvePersons(tx, tenantId, [{ unionid: `u${n}`, local: { kind: 'openid', scope: 'wx', value: `o${n}` }, seenAt: start, evidence: 'test' }], ids)
      const placed: MallOrder = {
        orderId: `${n}`.padStart(32, '0'), personId: personIds[0], buyer: `b${n}`, buyerKnown: true, clientKey: `k${n}`, miniConnectionId: connectionA, payConnectionId: connectionA, state: 'received',
        lines: [{ lineNo: 1, productId: '00000000-0000-7000-8000-0000000000c1', skuId: '00000000-0000-7000-8000-0000000000d1', skuCode: 'A', title: '白茶', name: '50g', image: '', quantity: 3, unitFen: 6_000, paidFen: 15_001 }],
        goodsFen: 18_000, discountFen: 2_999, freightFen: 0, totalFen: 15_001, tenders: [], terms: {}, placedAt: start - day, expiresAt: start, paidAt: start - day, transactionId: 't', shippedAt: start - hour, shipping: null, shippingReport: 'none', receivedAt: start, settledAt: null, cancelledAt: null, version: Math.floor(start / 1000),
      }
      await insertMallOrders(tx, tenantId, [placed])
      await saveOrders(tx, tenantId, [{ order: bookState(placed), personId: placed.personId, connectionId: connectionA, appid: '', cause: 'own' }], start, ids)
      return placed
    })
  }

  beforeAll(async () => {
    t = await openTestDb()
    tenantId = await makeTenant(t, 'aftersale')
  })
  afterAll(() => t.close())

  test('return and refund from asking to the money, each step in the history', async () => {
    order = await placeOrder(1)
    const row = await ask()
    expect(row).toMatchObject({ state: 'asked', deadlineAt: start + 48 * hour })
    expect(actsHere(row)).toEqual(['accept', 'refuse'])
    await act(row, 'accept')
    await act(row, 'send-back', start + hour, { parcel: { company: '顺丰', trackingNo: 'SF0001' } })
    const refunding = await act(row, 'receive', start + 2 * hour)
    expect(refunds).toEqual([{ amountFen: 5_000, quantity: 1 }])
    expect(await paidBack(refunding, start + 3 * hour)).toMatchObject({ state: 'done', endedAt: start + 3 * hour, back: { trackingNo: 'SF0001' } })
    expect((await t.app(tenantId, (tx) => factsOf(tx, tenantId, 'mall', row.aftersaleId))).map((fact) => [fact.act, fact.state])).toEqual([['ask', 'asked'], ['accept', 'awaiting-return'], ['send-back', 'returning'], ['receive', 'refunding'], ['paid-back', 'done']])
    expect(await t.app(tenantId, (tx) => listOrderLines(tx, tenantId, 'mall', order.orderId))).toMatchObject([{ refundedQuantity: 1, refundedFen: 5_000 }])
  })

  test('a step that is not of the state changes nothing and says where it stands', async () => {
    order = await placeOrder(2)
    const row = await ask()
    await expect(act(row, 'receive')).rejects.toMatchObject({ code: 'aftersale/wrong-state', zh: expect.stringContaining('等你决定') })
    expect(await t.app(tenantId, (tx) => findAftersale(tx, tenantId, 'mall', row.aftersaleId))).toMatchObject({ state: 'asked' })
  })

  test('several partial ones add up: the third piece and the last fen can go, not one more', async () => {
    order = await placeOrder(3)
    await ask({ quantity: 2, amountFen: 10_000 })
    await expect(ask({ quantity: 2, amountFen: 1 })).rejects.toMatchObject({ code: 'aftersale/too-many', params: { left: 1, found: 2 } })
    await expect(ask({ quantity: 1, amountFen: 5_002 })).rejects.toMatchObject({ code: 'aftersale/too-much', params: { left: '50.01', found: '50.02' } })
    await ask({ quantity: 1, amountFen: 5_001 })
    await expect(ask({ quantity: 1, amountFen: 0 })).rejects.toMatchObject({ code: 'aftersale/too-many' })
    await expect(ask({ lineNo: 9 })).rejects.toMatchObject({ code: 'aftersale/no-line' })
  })

  test('a withdrawn one frees its pieces again', async () => {
    order = await placeOrder(4)
    const row = await ask({ quantity: 3, amountFen: 15_001 })
    await act(row, 'withdraw')
    expect(await ask({ quantity: 3, amountFen: 15_001 })).toMatchObject({ state: 'asked' })
  })

  test('silence: the shop says nothing and the money goes back; the buyer says nothing and it closes', async () => {
    order = await placeOrder(5)
    const silentShop = await ask({ kind: 'refund' })
    const silentBuyer = await ask({ kind: 'return' })
    await act(silentBuyer, 'accept')
    await tick(start + 48 * hour - 1)
    expect(await t.app(tenantId, (tx) => findAftersale(tx, tenantId, 'mall', silentShop.aftersaleId))).toMatchObject({ state: 'asked' })
    await tick(start + 48 * hour)
    expect(await t.app(tenantId, (tx) => findAftersale(tx, tenantId, 'mall', silentShop.aftersaleId))).toMatchObject({ state: 'refunding', refundId: expect.any(String) })
    await tick(start + 7 * day)
    expect(await t.app(tenantId, (tx) => findAftersale(tx, tenantId, 'mall', silentBuyer.aftersaleId))).toMatchObject({ state: 'closed', endedAt: start + 7 * day })
  })

  test('a refund that came to nothing waits for a person, who can try again', async () => {
    order = await placeOrder(6)
    const row = await act(await ask({ kind: 'refund' }), 'accept')
    await t.app(tenantId, async (tx) => saveRefunds(tx, tenantId, [{ shelf: 'mall', refundId: row.refundId!, orderId: order.orderId, skuId: null, quantity: 1, amountFen: 5_000, status: 'refused', requestedAt: start, finishedAt: start, reason: '' }], start, ids, 'callback'))
    await tick(start + hour)
    const stuck = (await t.app(tenantId, (tx) => findAftersale(tx, tenantId, 'mall', row.aftersaleId)))!
    expect(stuck.state).toBe('refund-stuck')
    expect(actsHere(stuck)).toEqual(['pay-again'])
    const again = await act(stuck, 'pay-again', start + 2 * hour)
    expect(again.state).toBe('refunding')
    expect(again.refundId).not.toBe(row.refundId)
  })

  test('refused, taken to arbitration, ruled for the buyer; an exchange without goods becomes money for its pieces', async () => {
    order = await placeOrder(7)
    const row = await act(await ask({ kind: 'refund' }), 'refuse', start, { reason: '已签收两周' })
    expect(row).toMatchObject({ state: 'refused', refuseReason: '已签收两周', deadlineAt: start + 7 * day })
    await act(row, 'escalate')
    expect(await act(row, 'rule-buyer')).toMatchObject({ state: 'refunding' })
    const exchange = await ask({ kind: 'exchange', quantity: 2, amountFen: 0 })
    await act(exchange, 'accept')
    await act(exchange, 'send-back', start, { parcel: { company: '中通', trackingNo: 'ZT9' } })
    await act(exchange, 'receive')
    // Two of three pieces of 150.01 yuan.
    expect(await act(exchange, 'accept')).toMatchObject({ state: 'refunding', amountFen: 10_001 })
  })

  test('two who ask for the last piece at once: one gets it (the order is locked), without the lock both would', async () => {
    order = await placeOrder(8)
    const { lockMallOrders } = await import('../checkout/index.ts')
    const locked = () => t.app(tenantId, async (tx) => {
      await lockMallOrders(tx, tenantId, [order.orderId])
      return askAftersale(tx, work(), order, { orderId: order.orderId, lineNo: 1, kind: 'refund', quantity: 3, amountFen: 15_001, reason: 'x', description: '', media: [] }, 'buyer')
    })
    const answers = await Promise.allSettled([locked(), locked(), locked(), locked()])
    expect(answers.filter((one) => one.status === 'fulfilled')).toHaveLength(1)
    // Control: the same without the lock gives the goods back more than once.
    order = await placeOrder(9)
    // All four have looked before any of them writes.
    let looked = 0
    let open: () => void = () => {}
    const all = new Promise<void>((done) => (open = done))
    const loose = await Promise.allSettled(Array.from({ length: 4 }, () => t.app(tenantId, (tx) => askAftersale({
      ...tx,
      async query(text, values) {
        const rows = await tx.query(text, values)
        if (text.includes('from aftersale where') && ++looked <= 4) {
          if (looked === 4) open()
          await all
        }
        return rows as never
      },
    }, work(), order, { orderId: order.orderId, lineNo: 1, kind: 'refund', quantity: 3, amountFen: 15_001, reason: 'x', description: '', media: [] }, 'buyer'))))
    expect(loose.filter((one) => one.status === 'fulfilled')).toHaveLength(4)
    await t.app(tenantId, async (tx) => upsertAftersales(tx, tenantId, (await aftersalesOfOrder(tx, tenantId, 'mall', order.orderId)).map((row) => ({ ...row, state: 'withdrawn', endedAt: start, deadlineAt: null }))))
  })
})
