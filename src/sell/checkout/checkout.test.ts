import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connectionA, makeTenant, start, testIds } from '../../../tests/setup/fixtures.ts'
import { openTestDb, type TestDb } from '../../../tests/setup/test-db.ts'
import { manualClock } from '../../kernel/clock.ts'
import { seededRandom } from '../../kernel/random.ts'
import { createSeal } from '../../kernel/seal.ts'
import { checkBalanced } from '../../book/account/index.ts'
import { putListings, saveShopProducts } from '../catalog/index.ts'
import { changeStock, checkSku, ensureStock, readSkus, reservationsOf, settleReservations, unbooked } from '../stock/index.ts'
import { createCombiner } from './combiner.ts'
import { createCheckoutQueue } from './mall-routes.ts'
import { buyerIndex, openSession, readSession } from './session.ts'
import { placeOrders, type Placed, type Wish } from './place-orders.ts'

describe('combining', () => {
  it('runs one item alone when it is quiet, and all that arrived meanwhile together', async () => {
    const batches: number[] = []
    let open: () => void = () => {}
    const gate = new Promise<void>((done) => (open = done))
    const combiner = createCombiner<number, number>(async (items) => {
      batches.push(items.length)
      if (batches.length === 1) await gate
      return items.map((item) => item * 2)
    }, 3)
    const answers = [1, 2, 3, 4, 5].map((item) => combiner.submit(item))
    expect(combiner.idle()).toBe(false)
    open()
    expect(await Promise.all(answers)).toEqual([2, 4, 6, 8, 10])
    expect(batches).toEqual([1, 3, 1])
    expect(combiner.idle()).toBe(true)
  })

  it('keeps a bad item from taking its neighbours with it', async () => {
    const combiner = createCombiner<number, number>(async (items) => {
      if (items.includes(3)) throw new Error('three')
      return [...items]
    }, 10)
    const answers = await Promise.allSettled([1, 2, 3, 4].map((item) => combiner.submit(item)))
    expect(answers.map((answer) => (answer.status === 'fulfilled' ? answer.value : String(answer.reason)))).toEqual([1, 2, 'Error: three', 4])
  })
})

describe('sessions of the mall', () => {
  const seal = createSeal(Buffer.alloc(32, 7), seededRandom('mall session'))
  const buyer = { openid: 'o1', unionid: 'u1', appid: 'wx1' }
  it('open for their merchant and time only', () => {
    const { token, expiresAt } = openSession(seal, 1, buyer, start)
    expect(readSession(seal, 1, token, start)).toMatchObject(buyer)
    expect(token).not.toContain('o1')
    for (const [tenant, text, at] of [[2, token, start], [1, token, expiresAt], [1, `${token.slice(0, -3)}AAA`, start], [1, undefined, start]] as const) expect(() => readSession(seal, tenant, text, at)).toThrow('not signed in')
  })
  it('find a buyer under a form that names nobody', () => {
    expect(buyerIndex(seal, 1, buyer)).toBe(buyerIndex(seal, 1, { ...buyer }))
    expect(new Set([buyerIndex(seal, 1, buyer), buyerIndex(seal, 2, buyer), buyerIndex(seal, 1, { ...buyer, openid: 'o2' })]).size).toBe(3)
  })
})

describe('orders placed together', () => {
  let test: TestDb
  let tenantId: number
  let skuIds: string[]
  const ids = testIds('checkout')
  const clock = manualClock(start)
  const parts = () => ({ db: test.db, ids, clockOf: () => clock })
  const wish = (n: number, lines: Wish['lines'], more: Partial<Wish> = {}): Wish => ({ buyer: `b${n}`, openid: `o${n}`, unionid: undefined, appid: 'wxmini', miniConnectionId: connectionA, payConnectionId: connectionA, clientKey: `key-${n}`, lines, expectedFen: undefined, ...more })
  const app = <T>(work: Parameters<typeof test.app<T>>[1]) => test.app(tenantId, work)
  const units = async (index: number) => (await app((tx) => readSkus(tx, tenantId, [skuIds[index]]))).get(skuIds[index])!

  beforeAll(async () => {
    test = await openTestDb()
    tenantId = await makeTenant(test, 'checkout')
    await app(async (tx) => {
      await saveShopProducts(tx, tenantId, { connectionId: connectionA, account: 'wxshop' }, ['A', 'B', 'C'].map((code, n) => ({ productId: `${n}`, title: code, image: '', images: [], description: '', status: 'listed' as const, skus: [{ skuId: `1${n}`, skuCode: code, attrs: {}, priceFen: 1_000 }] })), start, ids)
      const skus = await tx.query<{ skuId: string; productId: string }>(`select sku_id as "skuId", product_id as "productId" from sku where tenant_id = $1 order by sku_code`, [tenantId])
      skuIds = skus.map((sku) => sku.skuId)
      await putListings(tx, tenantId, skus.slice(0, 2).map((sku) => ({ productId: sku.productId, shelf: 'mall' as const, account: '', connectionId: null, platformProductId: sku.productId, status: 'listed' as const, title: '', changedAt: start })))
      await ensureStock(tx, tenantId, skuIds, start)
      for (const [index, quantity] of [60, 500].entries()) {
        await changeStock(tx, tenantId, skuIds[index], { kind: 'receive', quantity, reason: '' }, `r/${index}`, start, ids)
        await changeStock(tx, tenantId, skuIds[index], { kind: 'transfer', from: 'reserve', to: 'mall', quantity }, `t/${index}`, start, ids)
      }
    })
  })
  afterAll(() => test.close())

  it('sell the last unit once, through the queues of several servers', async () => {
    const servers = [createCheckoutQueue(parts()), createCheckoutQueue(parts()), createCheckoutQueue(parts())]
    const answers = await Promise.all(Array.from({ length: 240 }, (_, n) => servers[n % 3](tenantId, wish(n, n % 2 === 0 ? [{ skuId: skuIds[0], quantity: 1 }] : [{ skuId: skuIds[1], quantity: 1 }, { skuId: skuIds[0], quantity: 1 }]))))
    expect(answers.filter((answer) => answer.kind === 'placed')).toHaveLength(60)
    expect(answers.filter((answer) => answer.kind === 'stock-short')).toHaveLength(180)
    const [hot, other] = [await units(0), await units(1)]
    expect(hot).toMatchObject({ mall: 0, reserved: 60 })
    // A basket that was short of one SKU took nothing of the other.
    expect(other.mall + other.reserved).toBe(500)
    expect(other.reserved).toBe(answers.filter((answer, n) => answer.kind === 'placed' && n % 2 === 1).length)
    for (const sku of [hot, other]) expect(checkSku(sku)).toEqual([])
    expect(await app((tx) => unbooked(tx, tenantId))).toEqual([])
  })

  it('keep to a purchase limit, whoever of several servers is asked; without the queue of buyers they would not (control)', async () => {
    await app((tx) => tx.run(`update product set limit_each = 3 where tenant_id = $1 and product_id = (select product_id from sku where tenant_id = $1 and sku_id = $2)`, [tenantId, skuIds[1]]))
    const servers = [createCheckoutQueue(parts()), createCheckoutQueue(parts()), createCheckoutQueue(parts())]
    const one = (n: number) => wish(9_000, [{ skuId: skuIds[1], quantity: 1 }], { clientKey: `limit-${n}` })
    const answers = await Promise.all(Array.from({ length: 12 }, (_, n) => servers[n % 3](tenantId, one(n))))
    expect(answers.filter((answer) => answer.kind === 'placed')).toHaveLength(3)
    expect(answers.find((answer) => answer.kind !== 'placed')).toMatchObject({ kind: 'price-refused', reason: 'limit-each', text: expect.stringContaining('每人限购 3 件') })
    // The same request again is the same order, and somebody else has a limit of their own.
    const again = answers.findIndex((answer) => answer.kind === 'placed')
    expect(await servers[0](tenantId, one(again))).toMatchObject({ kind: 'placed', fresh: false })
    expect(await servers[0](tenantId, wish(9_001, [{ skuId: skuIds[1], quantity: 4 }]))).toMatchObject({ kind: 'price-refused' })
    expect(await servers[0](tenantId, wish(9_002, [{ skuId: skuIds[1], quantity: 3 }]))).toMatchObject({ kind: 'placed' })
    // Control: the same without buyers waiting for each other.
    const loose = await Promise.all(Array.from({ length: 8 }, (_, n) => app((tx) => placeOrders({ ...tx, query: (text, values) => (text.includes('pg_advisory_xact_lock') ? Promise.resolve([]) : tx.query(text, values)) }, tenantId, [wish(9_003, [{ skuId: skuIds[1], quantity: 1 }], { clientKey: `loose-${n}` })], start, { ids, priceRule: undefined }))))
    expect(loose.flat().filter((answer) => answer.kind === 'placed').length).toBeGreaterThan(3)
    await app((tx) => tx.run(`update product set limit_each = null where tenant_id = $1`, [tenantId]))
  })

  it('oversell when stock is read first and written after, without the lock (control)', async () => {
    await app((tx) => tx.run(`update stock set mall = 10 where tenant_id = $1 and sku_id = $2`, [tenantId, skuIds[2]]))
    let sold = 0
    const naive = (): Promise<void> => app(async (tx) => {
      const { mall } = (await readSkus(tx, tenantId, [skuIds[2]])).get(skuIds[2])!
      if (mall < 1) return
      await tx.run(`update stock set mall = $3 where tenant_id = $1 and sku_id = $2`, [tenantId, skuIds[2], mall - 1])
      sold++
    })
    await Promise.all(Array.from({ length: 60 }, naive))
    expect(sold).toBeGreaterThan(10)
    await app((tx) => tx.run(`update stock set mall = 0 where tenant_id = $1 and sku_id = $2`, [tenantId, skuIds[2]]))
  })

  it('are one order for one key, also when both arrive together', async () => {
    const place = createCheckoutQueue(parts())
    const twice = wish(1_000, [{ skuId: skuIds[1], quantity: 2 }])
    const [first, second] = await Promise.all([place(tenantId, twice), place(tenantId, twice)])
    const third = await place(tenantId, twice)
    const idOf = (placed: Placed): string => (placed.kind === 'placed' ? placed.order.orderId : placed.kind)
    expect(new Set([first, second, third].map(idOf)).size).toBe(1)
  })

  it('refuse what is not on sale and a total that the buyer has not seen', async () => {
    const place = createCheckoutQueue(parts())
    expect(await place(tenantId, wish(2_000, [{ skuId: skuIds[2], quantity: 1 }]))).toEqual({ kind: 'not-on-sale', skuId: skuIds[2] })
    expect(await place(tenantId, wish(2_001, [{ skuId: skuIds[1], quantity: 2 }], { expectedFen: 1_900 }))).toEqual({ kind: 'total-changed', totalFen: 2_000 })
    const cheaper = createCheckoutQueue({ ...parts(), priceRule: { quote: async (_tx, _tenant, baskets) => baskets.map(() => ({ kind: 'priced', discounts: [[{ promotionId: 'p', couponId: null, kind: 'member-price', name: '会员价', bearer: 'merchant', fen: 150 }]], tenders: [], terms: {} })), take: async () => {} } })
    expect(await cheaper(tenantId, wish(2_002, [{ skuId: skuIds[1], quantity: 2 }], { expectedFen: 1_850 }))).toMatchObject({ kind: 'placed', order: { totalFen: 1_850, discountFen: 150, lines: [{ paidFen: 1_850 }] } })
  })

  it('end their reservation once: sold or released, never both', async () => {
    const place = createCheckoutQueue(parts())
    const orders = await Promise.all([3_000, 3_001].map((n) => place(tenantId, wish(n, [{ skuId: skuIds[1], quantity: 3 }]))))
    const [paid, left] = orders.map((one) => (one.kind === 'placed' ? one.order.orderId : ''))
    const before = await units(1)
    await Promise.all([app((tx) => settleReservations(tx, tenantId, [paid], 'sold', start, ids)), app((tx) => settleReservations(tx, tenantId, [paid, left], 'released', start, ids))].map((one) => one.catch(() => undefined)))
    await app((tx) => settleReservations(tx, tenantId, [paid, left], 'released', start, ids))
    const states = (await app((tx) => reservationsOf(tx, tenantId, [paid, left]))).map((row) => row.state)
    expect(states).not.toContain('held')
    const after = await units(1)
    expect(before.reserved - after.reserved).toBe(6)
    expect(after.mall - before.mall + (after.sold - before.sold)).toBe(6)
    expect(await app((tx) => unbooked(tx, tenantId))).toEqual([])
    expect(await app((tx) => checkBalanced(tx, tenantId))).toEqual([])
  })
})
