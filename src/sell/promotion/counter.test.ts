import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connectionA, day, hour, makeTenant, start, testIds } from '../../../tests/setup/fixtures.ts'
import { openTestDb, type TestDb } from '../../../tests/setup/test-db.ts'
import { manualClock } from '../../kernel/clock.ts'
import { balances, checkBalanced } from '../../book/account/index.ts'
import { putListings, saveShopProducts } from '../catalog/index.ts'
import { createCheckoutQueue, type Wish } from '../checkout/index.ts'
import { changeStock, ensureStock } from '../stock/index.ts'
import { claimCoupon } from './claim-coupon.ts'
import { afterPaid, atEnd, seatRefusal } from './group.ts'
import { ruleSchemas, type Play, type PlayKind } from './play.ts'
import { protectionOf } from './price-protection.ts'
import { promotionPriceRule } from './price-rule.ts'
import { savePlay } from './routes.ts'
import { credit, releaseHeld, returnStored, spendHeld, splitStored } from './stored-value.ts'
import { readStored, setCoupons, type Group, type Member } from './store.ts'

describe('many at once, through the queues of several servers', () => {
  let t: TestDb
  let tenantId = 0
  let skuIds: string[] = []
  const ids = testIds('counter')
  const clock = manualClock(start)
  const app = <T>(work: Parameters<typeof t.app<T>>[1]) => t.app(tenantId, work)
  const play = async (kind: PlayKind, rule: unknown): Promise<string> => {
    const promotionId = ids.next()
    await app((tx) => savePlay(tx, tenantId, { promotionId, kind, name: kind, state: 'on', rule: ruleSchemas[kind].parse(rule), startsAt: start - 1, endsAt: start + 30 * day } as Play, start))
    return promotionId
  }
  let wishes = 0
  const wish = (person: string, terms: Wish['terms'], more: Partial<Wish> = {}): Wish => ({ buyer: person, openid: person, unionid: undefined, appid: 'wxmini', miniConnectionId: connectionA, payConnectionId: connectionA, clientKey: `k${wishes++}`, lines: [{ skuId: skuIds[0], quantity: 1 }], expectedFen: undefined, terms, ...more })
  const servers = () => Array.from({ length: 3 }, () => createCheckoutQueue({ db: t.db, ids, clockOf: () => clock, priceRule: promotionPriceRule({ ids }) }))
  const personOf = async (openid: string): Promise<string> => (await app((tx) => tx.query<{ id: string }>(`select person_id as id from identity where tenant_id = $1 and value = $2`, [tenantId, openid])))[0].id
  beforeAll(async () => {
    t = await openTestDb()
    tenantId = await makeTenant(t, 'counter')
    await app(async (tx) => {
      await saveShopProducts(tx, tenantId, { connectionId: connectionA, account: 'wxshop' }, [{ productId: '1', title: '茶', image: '', images: [], description: '', status: 'listed', skus: [{ skuId: '11', skuCode: 'A', attrs: {}, priceFen: 1_000 }] }], start, ids)
      const skus = await tx.query<{ skuId: string; productId: string }>(`select sku_id as "skuId", product_id as "productId" from sku where tenant_id = $1`, [tenantId])
      skuIds = skus.map((sku) => sku.skuId)
      await putListings(tx, tenantId, skus.map((sku) => ({ productId: sku.productId, shelf: 'mall' as const, account: '', connectionId: null, platformProductId: sku.productId, status: 'listed' as const, title: '', changedAt: start })))
      await ensureStock(tx, tenantId, skuIds, start)
      await changeStock(tx, tenantId, skuIds[0], { kind: 'receive', quantity: 10_000, reason: '' }, 'r', start, ids)
      await changeStock(tx, tenantId, skuIds[0], { kind: 'transfer', from: 'reserve', to: 'mall', quantity: 10_000 }, 't', start, ids)
    })
    const [first] = servers()
    for (const person of ['ann', 'ben', 'cat']) await first(tenantId, wish(person, undefined))
  })
  afterAll(() => t.close())

  test('one coupon is used by one order; without the lock by several (control)', async () => {
    const coupon = await play('coupon', { steps: [{ offFen: 100 }], quota: 10 })
    const claimed = await app((tx) => claimCoupon(tx, tenantId, { promotionId: coupon, personId: '00000000-0000-7000-8000-000000000001', key: 'x' }, start, ids))
    expect(claimed).toMatchObject({ kind: 'claimed' })
    const ann = await personOf('ann')
    const own = await app((tx) => claimCoupon(tx, tenantId, { promotionId: coupon, personId: ann, key: '1' }, start, ids))
    const couponId = own.kind === 'claimed' ? own.coupon.couponId : ''
    const all = servers()
    const answers = await Promise.all(Array.from({ length: 30 }, (_, n) => all[n % 3](tenantId, wish('ann', { couponIds: [couponId] }))))
    expect(answers.filter((one) => one.kind === 'placed')).toHaveLength(1)
    expect(answers.filter((one) => one.kind === 'price-refused' && one.reason === 'coupon-used')).toHaveLength(29)
    await app((tx) => setCoupons(tx, tenantId, [{ couponId, state: 'usable', orderId: null }], start))
    // Without a lock all may have read before the first has written; here they do.
    let used = 0
    let read = 0
    let go: () => void = () => {}
    const allRead = new Promise<void>((done) => (go = done))
    await Promise.all(Array.from({ length: 4 }, () => app(async (tx) => {
      const [row] = await tx.query<{ state: string }>(`select state from coupon where tenant_id = $1 and coupon_id = $2`, [tenantId, couponId])
      if (++read === 4) go()
      await allRead
      if (row.state !== 'usable') return
      await tx.run(`update coupon set state = 'held' where tenant_id = $1 and coupon_id = $2`, [tenantId, couponId])
      used++
    })))
    expect(used).toBe(4)
  })

  test('pieces of a flash sale and coupons of a stock are given once each', async () => {
    await play('flash', { prices: [{ skuId: skuIds[0], priceFen: 10, quota: 7 }], perPerson: 3 })
    const all = servers()
    const answers = await Promise.all(Array.from({ length: 60 }, (_, n) => all[n % 3](tenantId, wish(`f${n % 20}`, undefined, { expectedFen: 10 }))))
    expect(answers.filter((one) => one.kind === 'placed')).toHaveLength(7)
    expect(answers.filter((one) => one.kind === 'total-changed')).toHaveLength(53)
    const stock = await play('coupon', { steps: [{ offFen: 1 }], quota: 5, perPerson: 2 })
    const claims = await Promise.all(Array.from({ length: 30 }, (_, n) => app((tx) => claimCoupon(tx, tenantId, { promotionId: stock, personId: `00000000-0000-7000-8000-0000000001${String(n % 10).padStart(2, '0')}`, key: `c${n}` }, start, ids))))
    expect(claims.filter((one) => one.kind === 'claimed')).toHaveLength(5)
    expect(await app((tx) => tx.query<{ taken: number }>(`select taken from promotion_quota where tenant_id = $1 order by taken`, [tenantId]))).toContainEqual({ taken: 7 })
  })

  test('a balance is spent once, and its rows equal the ledger through holds, releases and returns', async () => {
    const ben = await personOf('ben')
    await app((tx) => credit(tx, tenantId, 'bill-1', ben, { principalFen: 2_000, giftFen: 500 }, start, ids))
    await app((tx) => credit(tx, tenantId, 'bill-1', ben, { principalFen: 2_000, giftFen: 500 }, start, ids))
    const all = servers()
    const answers = await Promise.all(Array.from({ length: 9 }, (_, n) => all[n % 3](tenantId, wish('ben', { storedFen: 1_000 }))))
    const tenders = answers.map((one) => (one.kind === 'placed' ? one.order.tenders.reduce((sum, tender) => sum + tender.fen, 0) : -1))
    expect(tenders.toSorted((a, b) => b - a)).toEqual([1_000, 1_000, 500, 0, 0, 0, 0, 0, 0])
    const [a, b] = answers.filter((one) => one.kind === 'placed' && one.order.tenders.length > 0).map((one) => (one.kind === 'placed' ? one.order : undefined)!)
    await app(async (tx) => {
      await spendHeld(tx, tenantId, a.orderId, start, ids)
      await spendHeld(tx, tenantId, a.orderId, start, ids)
      await releaseHeld(tx, tenantId, b.orderId, start, ids)
      await releaseHeld(tx, tenantId, b.orderId, start, ids)
    })
    for (const [n, fen] of [333, 333, 334].entries()) await app((tx) => returnStored(tx, tenantId, a.orderId, `r${n}`, fen * (a.tenders[0].fen / 1_000), start, ids).catch(() => {}))
    const own = await app((tx) => readStored(tx, tenantId, ben))
    const sum = async (account: string): Promise<number> => 0 - (await app((tx) => balances(tx, tenantId, account))).filter((row) => row.account === account).reduce((total, row) => total + row.amount, 0)
    expect([await sum(`stored:${ben}`), await sum(`stored-gift:${ben}`)]).toEqual([own.principalFen, own.giftFen])
    expect(await app((tx) => checkBalanced(tx, tenantId))).toEqual([])
  })
})

describe('a group', () => {
  const group: Group = { groupId: 'g', promotionId: 'p', skuId: 's', size: 2, state: 'open', startedAt: start, expiresAt: start + hour, endedAt: null }
  const member = (personId: string, state: Member['state']): Member => ({ groupId: 'g', orderId: personId, personId, leader: false, state, joinedAt: start })
  const who = { promotionId: 'p', personId: 'z', skuId: 's' }
  test.each([
    ['has a seat', group, [member('a', 'paid')], who, start, undefined],
    ['is full, with one who has yet to pay', group, [member('a', 'paid'), member('b', 'unpaid')], who, start, 'group-full'],
    ['has the seat of one who left', group, [member('a', 'paid'), member('b', 'left')], who, start, undefined],
    ['has you already', group, [member('z', 'paid')], who, start, 'group-twice'],
    ['is formed', { ...group, state: 'formed' as const }, [], who, start, 'group-ended'],
    ['is over', group, [], who, start + hour, 'group-ended'],
    ['is of something else', group, [], { ...who, skuId: 'other' }, start, 'group-unknown'],
  ])('%s', (_what, one, members, person, now, reason) => expect(seatRefusal({ group: one, members }, person, now)?.reason).toBe(reason))
  test('forms when the last has paid, fails at its end, and pays back who comes late', () => {
    expect(afterPaid(group, [member('a', 'paid'), member('b', 'paid')], start)).toMatchObject({ formed: true, group: { state: 'formed', endedAt: start } })
    expect(afterPaid(group, [member('a', 'paid'), member('b', 'unpaid')], start)).toMatchObject({ formed: false, group: { state: 'open' } })
    expect(afterPaid({ ...group, state: 'failed' }, [member('a', 'paid')], start)).toMatchObject({ giveBack: true })
    expect(atEnd(group, [member('a', 'paid'), member('b', 'unpaid')], start + hour)).toMatchObject({ group: { state: 'failed' }, giveBack: [{ personId: 'a' }], cancel: [{ personId: 'b' }] })
    expect(atEnd(group, [member('a', 'paid')], start)).toMatchObject({ group: { state: 'open' }, giveBack: [] })
    expect(atEnd({ ...group, state: 'formed' }, [member('a', 'paid')], start + hour)).toMatchObject({ group: { state: 'formed' }, giveBack: [] })
  })
})

describe('price protection', () => {
  const rule = ruleSchemas['price-protection'].parse({ days: 7 })
  const order = { paidAt: start, lines: [{ productId: 'p', skuId: 's', title: '茶', quantity: 2, paidFen: 18_000, refundedFen: 0 }] }
  test.each([
    ['the difference for both pieces', rule, order, 0, 8_000, start + day, 2_000],
    ['not more than is left of the line', rule, { ...order, lines: [{ ...order.lines[0], refundedFen: 17_500 }] }, 0, 8_000, start + day, 500],
    ['nothing when it is not cheaper than what was paid', rule, order, 0, 9_000, start + day, 'not-cheaper'],
    ['nothing after its days', rule, order, 0, 8_000, start + 8 * day, 'too-late'],
    ['nothing twice', rule, order, 1, 8_000, start + day, 'claimed'],
    ['nothing unpaid', rule, { ...order, paidAt: null }, 0, 8_000, start, 'not-paid'],
    ['nothing without a rule', undefined, order, 0, 8_000, start, 'no-rule'],
  ] as const)('%s', (_what, given, one, claims, nowFen, now, expected) => {
    const found = protectionOf(given, one, claims, () => nowFen, now)
    expect(found.kind === 'due' ? found.totalFen : found.reason).toBe(expected)
  })
})

test('parts of a balance are whole fen and add up, however it is spent', () => {
  for (const balance of [{ principalFen: 10_000, giftFen: 1_000 }, { principalFen: 0, giftFen: 7 }, { principalFen: 3, giftFen: 10_000 }]) {
    let last = { principalFen: 0, giftFen: 0 }
    for (let fen = 0; fen <= balance.principalFen + balance.giftFen; fen += 7) {
      const part = splitStored(balance, fen)
      expect(part.principalFen + part.giftFen).toBe(fen)
      expect(part.principalFen >= last.principalFen && part.giftFen >= last.giftFen && part.principalFen <= balance.principalFen && part.giftFen <= balance.giftFen).toBe(true)
      last = part
    }
  }
})
