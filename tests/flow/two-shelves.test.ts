import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readConfig } from '../../src/kernel/config.ts'
import type { Tx } from '../../src/kernel/db/index.ts'
import { createLog } from '../../src/kernel/log.ts'
import { onboard } from '../../src/onboard.ts'
import { openRuntime, type Runtime } from '../../src/runtime.ts'
import { holdToRules } from '../setup/test-db.ts'
import { checkBalanced } from '../../src/book/account/index.ts'
import { checkListing, listProducts, putListings, skusOfProducts } from '../../src/sell/catalog/index.ts'
import { findMallOrder, lockMallOrders } from '../../src/sell/checkout/index.ts'
import { findOrder, listRefunds } from '../../src/sell/order/index.ts'
import { requestRefund, shipOrder } from '../../src/sell/payment/index.ts'
import { changeSetting, changeStock, checkSku, listAlarms, listMoves, openStock, readSkus, requestMove, unbooked, type Sku } from '../../src/sell/stock/index.ts'

/** One product on two shelves, through the real protocols on both sides: sold on both, moved, refunded, reconciled; no unit is sold twice. */

const start = Date.parse('2026-03-10T10:00:00+08:00')
const minute = 60_000
const world = 'main'
const statements = new Set<string>()
let runtime: Runtime
let tenantId: number
let shop: string
let shopConnection: string
/** Of the product: ours, and the platform's. */
let skuId: string
let productId: string
let platform: { productId: string; skuId: string }

const app = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => runtime.house.ports.db.tx({ role: 'app', tenantId }, work)
const act = <T = Record<string, any>>(name: string, args: Record<string, unknown>): Promise<T> => runtime.emulator!.act(world, name, args) as Promise<T>
const now = (): number => runtime.emulator!.namespace(world).now
const run = (ms: number): Promise<void> => runtime.sea!.runTo(world, now() + ms)
const stock = async (): Promise<Sku> => (await app((tx) => readSkus(tx, tenantId, [skuId]))).get(skuId)!
const truth = async (): Promise<number> => (await act('shop.viewProducts', { shop })).products.flatMap((p: any) => p.skus).find((s: any) => s.skuId === platform.skuId).stock
const recorder = () => ({ tenantId, now: now(), ids: runtime.house.ports.ids, emit: (tx: Tx, events: readonly any[]) => runtime.house.context.emit(tx, tenantId, events) })
const paying = () => ({
  ...runtime.house.context, db: runtime.house.ports.db, merchantKey: () => '', nonce: () => '',
  notifyUrl: (tenant: number, id: string) => `${runtime.url}/notify/${runtime.house.connectionsOf(tenant).find((one) => one.connectionId === id)!.routeKey}`,
})

async function api<T = Record<string, any>>(method: 'GET' | 'POST', path: string, token?: string, body?: unknown): Promise<{ status: number; body: T }> {
  const answer = await fetch(`${runtime.url}/mall/two/api${path}`, { method, headers: { ...(token ? { authorization: `Bearer ${token}` } : {}), 'content-type': 'application/json' }, ...(body === undefined ? {} : { body: JSON.stringify(body) }) })
  return { status: answer.status, body: (await answer.json()) as T }
}
async function signIn(person: string): Promise<string> {
  const { js_code: code } = await act('miniProgram.login', { person })
  const { status, body } = await api('POST', '/login', undefined, { code })
  expect(status, JSON.stringify(body)).toBe(200)
  return body.token
}
let keys = 0
const checkout = (token: string, quantity: number, key = `click-${keys++}-0000`) => api('POST', '/checkout', token, { key, lines: [{ skuId, quantity }] })
const buyInShop = (person: string, count: number, pays = true) =>
  act('shop.runOrders', { shop, orders: [{ person, at: now(), lines: [{ ...platform, count }], ...(pays ? { payAt: now() } : {}) }] })

async function allAddsUp(): Promise<void> {
  const sku = await stock()
  expect(checkSku(sku, new Map([[shopConnection, await truth()]]))).toEqual([])
  expect(await app((tx) => unbooked(tx, tenantId))).toEqual([])
  expect(await app((tx) => checkBalanced(tx, tenantId))).toEqual([])
}

beforeAll(async () => {
  const { config } = readConfig({})
  runtime = await openRuntime({ config: { ...config, sea: 'on' }, log: createLog('silent'), say: () => {}, disposable: true, statementHook: (text) => void statements.add(text), anyPort: true, seaStart: start, journal: false })
  shop = runtime.emulator!.namespace(world).accounts.find((account) => account.kind === 'shop')!.id
  await act('shop.addProducts', { shop, products: [{ title: '白茶 50g', outProductId: 'tea', image: 'https://img.example/tea.jpg', skus: [{ outSkuId: 'tea-50', skuCode: 'TEA50', priceFen: 9_800, stock: 20 }] }] })
  tenantId = await onboard({ house: runtime.house, emulator: runtime.emulator!, emulatorUrl: runtime.emulatorUrl!, productUrl: runtime.url }, {
    slug: 'two', name: '小满茶铺', world, origin: { kind: 'test' }, blocks: ['shop', 'mall'], lines: ['shop', 'mini-program', 'pay'], ownerId: undefined,
  })
  shopConnection = runtime.house.connectionsOf(tenantId).find((one) => one.line === 'shop')!.connectionId
  const [product] = (await act('shop.viewProducts', { shop })).products
  platform = { productId: product.productId, skuId: product.skus[0].skuId }
  await run(2 * minute)
}, 120_000)

afterAll(async () => {
  await runtime?.close()
  await holdToRules(statements)
})

describe('one product on two shelves', { timeout: 60_000 }, () => {
  test('the back-fill brings the product of the Shop', async () => {
    const [product, ...others] = await app((tx) => listProducts(tx, tenantId, {}, { offset: 0, limit: 10 }))
    expect(others).toEqual([])
    expect(product).toMatchObject({ title: '白茶 50g', image: 'https://img.example/tea.jpg' })
    productId = product.productId
    const [sku] = await app((tx) => skusOfProducts(tx, tenantId, [productId]))
    expect(sku).toMatchObject({ skuCode: 'TEA50', priceFen: 9_800 })
    skuId = sku.skuId
    expect(checkListing({ title: product.title, image: product.image, skus: [{ ...sku, name: '', shopPriceFen: 9_800, mallUnits: null }], otherTitles: [] }).map((problem) => problem.code)).toEqual(['no-stock'])
  })

  test('its book opens with the share the Shop has, and received units go to the reserve', async () => {
    await app(async (tx) => {
      await putListings(tx, tenantId, [{ productId, shelf: 'mall', account: '', connectionId: null, platformProductId: productId, status: 'listed', title: '白茶 50g', changedAt: now() }])
      await openStock(tx, tenantId, [skuId], now())
    })
    await run(minute)
    expect((await stock()).shelves).toMatchObject([{ shop: 20, held: 0, platformNum: 20 }])
    expect(await app((tx) => changeStock(tx, tenantId, skuId, { kind: 'receive', quantity: 6, reason: '收货' }, 'receive/1', now(), runtime.house.ports.ids))).toEqual({ kind: 'done' })
    expect(await app((tx) => changeStock(tx, tenantId, skuId, { kind: 'receive', quantity: 6, reason: '收货' }, 'receive/1', now(), runtime.house.ports.ids))).toEqual({ kind: 'done' })
    expect(await stock()).toMatchObject({ reserve: 6, mall: 0, received: 26 })
    await allAddsUp()
  })

  test('units of the Shop join the mall only when its flow shows them gone', async () => {
    const planned = await app((tx) => requestMove(tx, tenantId, { skuId, connectionId: shopConnection, direction: 'from-shop', place: 'mall', quantity: 8, actor: 'test' }, now(), runtime.house.ports.ids))
    expect(planned.kind).toBe('planned')
    expect(await stock()).toMatchObject({ mall: 0 })
    await run(minute)
    expect(await stock()).toMatchObject({ mall: 8, shelves: [{ shop: 12, platformNum: 12 }] })
    expect(await truth()).toBe(12)
    await allAddsUp()
  })

  test('an answer ok that changed nothing moves no unit', async () => {
    await runtime.emulator!.setFaults(world, { rules: [{ endpoint: 'shop.stock.update', fault: 'unchanged', times: 1 }] })
    await app((tx) => requestMove(tx, tenantId, { skuId, connectionId: shopConnection, direction: 'from-shop', place: 'mall', quantity: 5, actor: 'test', key: 'one click' }, now(), runtime.house.ports.ids))
    // The same click, sent twice by an impatient browser.
    const twice = await app((tx) => requestMove(tx, tenantId, { skuId, connectionId: shopConnection, direction: 'from-shop', place: 'mall', quantity: 5, actor: 'test', key: 'one click' }, now(), runtime.house.ports.ids))
    expect(twice).toMatchObject({ kind: 'planned' })
    await run(minute)
    expect(await stock()).toMatchObject({ mall: 8 })
    await run(5 * minute)
    const [move] = await app((tx) => listMoves(tx, tenantId, skuId, 1))
    expect(move).toMatchObject({ state: 'refused', reason: 'answered ok, nothing changed' })
    expect(await stock()).toMatchObject({ mall: 8, shelves: [{ shop: 12 }] })
    await allAddsUp()
  })

  test('a call without an answer is settled by the flow, never repeated', async () => {
    await runtime.emulator!.setFaults(world, { rules: [{ endpoint: 'shop.stock.update', fault: 'no-answer-after', times: 1 }] })
    await app((tx) => requestMove(tx, tenantId, { skuId, connectionId: shopConnection, direction: 'to-shop', place: 'reserve', quantity: 2, actor: 'test' }, now(), runtime.house.ports.ids))
    expect(await stock()).toMatchObject({ reserve: 4, moving: 2 })
    await run(minute)
    const [move] = await app((tx) => listMoves(tx, tenantId, skuId, 1))
    expect(move.state).toBe('confirmed')
    expect(await truth()).toBe(14)
    await runtime.emulator!.setFaults(world, { rules: [{ endpoint: 'shop.stock.update', fault: 'no-answer-before', times: 1 }] })
    await app((tx) => requestMove(tx, tenantId, { skuId, connectionId: shopConnection, direction: 'to-shop', place: 'reserve', quantity: 2, actor: 'test' }, now(), runtime.house.ports.ids))
    await run(10 * minute)
    expect((await app((tx) => listMoves(tx, tenantId, skuId, 1)))[0]).toMatchObject({ state: 'refused', reason: 'not carried out' })
    expect(await truth()).toBe(14)
    expect(await stock()).toMatchObject({ reserve: 4, moving: 0 })
    await runtime.emulator!.setFaults(world, null)
    await allAddsUp()
  })

  let orderId = ''
  let token = ''
  test('a buyer of the mall signs in, pays by WeChat Pay, and the order is in the one order book', async () => {
    token = await signIn('wang')
    expect((await api('GET', '/goods')).body.goods).toMatchObject([{ productId, title: '白茶 50g', fromFen: 9_800, soldOut: false }])
    const { body } = await checkout(token, 2, 'same-click-1')
    expect(body, JSON.stringify(body)).toMatchObject({ kind: 'placed', order: { state: 'unpaid', totalFen: 19_600 } })
    orderId = body.order.orderId
    expect((await checkout(token, 2, 'same-click-1')).body.order.orderId).toBe(orderId)
    expect(await stock()).toMatchObject({ mall: 6, reserved: 2 })
    const sheet = await act('pay.openSheet', body.pay)
    expect(sheet).toMatchObject({ out_trade_no: orderId, totalFen: 19_600 })
    await act('pay.payOrder', { prepay_id: sheet.prepay_id, person: 'wang' })
    await run(minute)
    expect(await app((tx) => findOrder(tx, tenantId, 'mall', orderId))).toMatchObject({ status: 'to_ship', paidFen: 19_600 })
    expect(await stock()).toMatchObject({ mall: 6, reserved: 0, sold: 2 })
    // The notice once more, under another id: booked once.
    await act('pay.repeatNotice', { out_trade_no: orderId })
    await run(minute)
    expect(await stock()).toMatchObject({ sold: 2 })
    await allAddsUp()
  })

  test('nobody reads the orders of another buyer, and a made-up session opens nothing', async () => {
    expect((await api('GET', `/orders/${orderId}`, token)).status).toBe(200)
    expect((await api('GET', `/orders/${orderId}`, await signIn('li'))).status).toBe(404)
    expect((await api('GET', '/orders', `${token.slice(0, -4)}AAAA`)).status).toBe(401)
    expect((await api('GET', '/orders')).status).toBe(401)
    const forged = await fetch(`${runtime.url}/notify/${runtime.house.connectionsOf(tenantId).find((one) => one.line === 'pay')!.routeKey}`, { method: 'POST', body: '{"id":"x","resource":{}}' })
    expect(forged.status).toBe(401)
  })

  test('shipping is reported, so that the money is settled', async () => {
    expect((await app((tx) => shipOrder(tx, recorder(), paying(), orderId, { company: 'SF', trackingNo: 'SF1234567' }))).kind).toBe('shipped')
    await run(minute)
    const order = (await app((tx) => findMallOrder(tx, tenantId, orderId)))!
    expect(order).toMatchObject({ state: 'shipped', shippingReport: 'reported' })
    await act('miniProgram.confirmReceipt', { transaction_id: order.transactionId })
    await act('miniProgram.settle', { transaction_id: order.transactionId })
    await run(minute)
    expect(await app((tx) => findMallOrder(tx, tenantId, orderId))).toMatchObject({ state: 'received', settledAt: expect.any(Number) })
    expect(await act('pay.settleFunds', {})).toMatchObject({ blocked: 0 })
  })

  test('who does not pay in time gives the units back; a lost notice is found by asking', async () => {
    const zhao = await signIn('zhao')
    const unpaid = (await checkout(zhao, 3)).body
    expect(await stock()).toMatchObject({ mall: 3, reserved: 3 })
    const paid = (await checkout(zhao, 1)).body
    await runtime.emulator!.setFaults(world, { lost: 1 })
    await act('pay.payOrder', { prepay_id: paid.pay.package.replace('prepay_id=', ''), person: 'zhao' })
    await run(20 * minute)
    await runtime.emulator!.setFaults(world, null)
    expect(await app((tx) => findMallOrder(tx, tenantId, unpaid.order.orderId))).toMatchObject({ state: 'cancelled' })
    expect(await app((tx) => findMallOrder(tx, tenantId, paid.order.orderId))).toMatchObject({ state: 'paid' })
    expect(await stock()).toMatchObject({ mall: 5, reserved: 0, sold: 3 })
    await expect(act('pay.payOrder', { prepay_id: unpaid.pay.package.replace('prepay_id=', ''), person: 'zhao' })).rejects.toThrow()
    await allAddsUp()
  })

  test('sales in the Shop follow its flow; an unpaid order holds, a cancelled one gives back, a refund restores nothing', async () => {
    await buyInShop('shop-1', 3)
    await buyInShop('shop-2', 2, false)
    await run(16 * minute)
    expect(await stock()).toMatchObject({ sold: 6, shelves: [{ shop: 9, held: 2, platformNum: 9 }] })
    await allAddsUp()
    await run(65 * minute) // the platform cancels what was not paid
    expect(await stock()).toMatchObject({ sold: 6, shelves: [{ shop: 11, held: 0 }] })
    const [{ orderId: id }] = await app((tx) => tx.query<{ orderId: string }>(`select order_id as "orderId" from shop_order where tenant_id = $1 and shelf = 'shop' and paid_at is not null`, [tenantId]))
    await act('shop.runRefunds', { shop, refunds: [{ orderId: id, line: 0, count: 3, amountFen: 29_400, at: now() }] })
    await run(20 * minute)
    expect(await stock()).toMatchObject({ sold: 6, restored: 0, shelves: [{ shop: 11 }] })
    expect(await app((tx) => changeStock(tx, tenantId, skuId, { kind: 'restore', quantity: 3 }, 'restore/1', now(), runtime.house.ports.ids))).toEqual({ kind: 'done' })
    expect(await stock()).toMatchObject({ reserve: 7, restored: 3 })
    await allAddsUp()
  })

  test('the same units are sold once, though both shelves are stormed and callbacks come late', async () => {
    // Each shelf sells its own share only: nothing is fetched from the reserve or the other shelf while a buyer waits.
    await app((tx) => changeSetting(tx, tenantId, { pull: 'off' }, now()))
    await runtime.emulator!.setFaults(world, { late: 0.5, lost: 0.2, duplicate: 0.3 })
    const tokens = await Promise.all(['a', 'b', 'c'].map(signIn))
    const before = await stock()
    const answers = await Promise.all(Array.from({ length: 12 }, (_, n) => checkout(tokens[n % 3], 1)))
    const placed = answers.filter((answer) => answer.body.kind === 'placed')
    expect(placed).toHaveLength(before.mall)
    expect(answers.filter((answer) => answer.body.kind === 'stock-short')).toHaveLength(12 - before.mall)
    for (const { body } of placed) await act('pay.payOrder', { prepay_id: body.pay.package.replace('prepay_id=', '') })
    for (let n = 0; n < 15; n++) await buyInShop(`storm-${n}`, 1)
    await run(3 * 60 * minute)
    await runtime.emulator!.setFaults(world, null)
    await run(65 * minute)
    const after = await stock()
    expect(after).toMatchObject({ mall: 0, reserved: 0, moving: 0, shelves: [{ shop: 0, held: 0 }] })
    expect(after.sold - after.restored + after.reserve).toBe(26)
    await allAddsUp()
  })

  test('money of a mall order goes back under its own number, once', async () => {
    const asked = await app(async (tx) => requestRefund(tx, recorder(), paying(), (await lockMallOrders(tx, tenantId, [orderId])).get(orderId)!, { amountFen: 9_600, skuId, quantity: 1, reason: '少发一件' }))
    expect(asked.kind).toBe('requested')
    expect(await app(async (tx) => requestRefund(tx, recorder(), paying(), (await lockMallOrders(tx, tenantId, [orderId])).get(orderId)!, { amountFen: 19_600, skuId: null, quantity: 0, reason: '全退' }))).toEqual({ kind: 'too-much', leftFen: 10_000 })
    await run(10 * minute)
    expect(await app((tx) => listRefunds(tx, tenantId, 'mall', orderId))).toMatchObject([{ status: 'done', amountFen: 9_600 }])
    await app(async (tx) => requestRefund(tx, recorder(), paying(), (await lockMallOrders(tx, tenantId, [orderId])).get(orderId)!, { amountFen: 10_000, skuId: null, quantity: 0, reason: '全退' }))
    await run(10 * minute)
    expect(await app((tx) => findOrder(tx, tenantId, 'mall', orderId))).toMatchObject({ status: 'refunded', paidFen: 19_600, refundedFen: 19_600 })
    await allAddsUp()
  })

  test('an edit by hand in the Shop is absorbed from the reserve; what the reserve lacks is an alarm, until goods come', async () => {
    await act('shop.setStock', { shop, skuId: platform.skuId, num: 4 })
    await run(65 * minute)
    expect(await stock()).toMatchObject({ reserve: 3, unbacked: 0, shelves: [{ shop: 4 }] })
    await act('shop.setStock', { shop, skuId: platform.skuId, num: 12 })
    await run(65 * minute)
    expect(await stock()).toMatchObject({ reserve: 0, unbacked: 5, shelves: [{ shop: 12 }] })
    // An edit that nobody here made is drift as well, with the entries that explain it.
    const unbacked = async () => (await app((tx) => listAlarms(tx, tenantId, null, 10))).flatMap((alarm) => (alarm.kind === 'unbacked' ? [alarm.quantity] : []))
    expect(await unbacked()).toEqual([5])
    await app((tx) => changeStock(tx, tenantId, skuId, { kind: 'receive', quantity: 9, reason: '收货' }, 'receive/2', now(), runtime.house.ports.ids))
    expect(await stock()).toMatchObject({ reserve: 4, unbacked: 0 })
    expect(await unbacked()).toEqual([])
    await allAddsUp()
  })

  test('without escrowed shares the same storm sells units twice (control)', async () => {
    // Both shelves are given the same number, as a shop does that copies its stock to every shelf.
    const shared = await truth()
    await runtime.house.ports.db.tx({ role: 'app', tenantId }, (tx) => tx.run(`update stock set mall = $2 where tenant_id = $1`, [tenantId, shared]))
    expect(checkSku(await stock())).not.toEqual([])
    expect(await app((tx) => unbooked(tx, tenantId))).not.toEqual([])
    const tokens = await Promise.all(['d', 'e', 'f'].map(signIn))
    const answers = await Promise.all(Array.from({ length: shared }, (_, n) => checkout(tokens[n % 3], 1)))
    for (let n = 0; n < shared; n++) await buyInShop(`again-${n}`, 1)
    const promised = answers.filter((answer) => answer.body.kind === 'placed').length + (shared - (await truth()))
    expect(promised).toBe(2 * shared)
    expect(promised).toBeGreaterThan(shared + (await stock()).reserve)
  })
})
