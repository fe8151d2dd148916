import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { start } from '../../tests/setup/fixtures.ts'
import { openTestHouse, type TestHouse } from '../../tests/setup/test-house.ts'
import { addRoute, switchBlock } from '../kernel/tenancy/index.ts'
import { putConnection } from '../wechat/connection/index.ts'
import { saveShopProducts } from './catalog/index.ts'

/** The console's and the storefront's routes of products, stock and the mall, over HTTP, with a platform that says what the test wants. */
let t: TestHouse
let app: FastifyInstance
let tenantId = 0
let shopConnection = ''
const answers: Record<string, unknown> = {}
const asked: Array<{ endpoint: string; request: unknown }> = []

beforeAll(async () => {
  t = await openTestHouse({
    platform: (endpoint, request) => {
      asked.push({ endpoint, request })
      return endpoint in answers ? { kind: 'ok', result: answers[endpoint] } : { kind: 'refused', retry: 'never', code: '10020065', text: 'the product is under audit' }
    },
  })
  tenantId = await t.merchant('tea')
  await t.app(tenantId, async (tx) => {
    for (const line of ['shop', 'mini-program', 'pay']) {
      const connectionId = t.ids.next()
      if (line === 'shop') shopConnection = connectionId
      await putConnection(tx, tenantId, { connectionId, line, accountId: `id-${line}`, name: line, baseUrl: null, routeKey: `key-${line}`, status: 'connected', checks: [], createdAt: start, updatedAt: start, secrets: { secret: 's' } }, t.seal)
    }
    await saveShopProducts(tx, tenantId, { connectionId: shopConnection, account: 'id-shop' }, [{ productId: '900', title: '白茶', image: 'https://img.example/t.jpg', images: [], description: '', status: 'listed', skus: [{ skuId: '901', skuCode: 'TEA', attrs: { 净重: '50g' }, priceFen: 9_800 }] }], start, t.ids)
  })
  for (const connection of await t.app(tenantId, (tx) => tx.query<{ id: string; key: string }>(`select connection_id as id, route_key as key from connection where tenant_id = $1`, [tenantId]))) {
    await t.db.tx({ role: 'auth' }, (tx) => addRoute(tx, { routeKey: connection.key, tenantId, connectionId: connection.id }))
  }
  await t.house.refresh()
  app = await t.server()
})
afterAll(() => t.close())

let people = 0
async function signedIn(role: string): Promise<Record<string, string>> {
  const userId = await t.house.access.createUser(`shelf-${++people}`, 'Person', null)
  await t.house.access.addMember(tenantId, userId, role)
  const { cookie, session } = await t.house.access.useLink(await t.house.access.createLink(userId))
  return { cookie: `qz_session=${cookie}`, 'x-csrf': session.csrf }
}
const call = async (who: Record<string, string>, method: 'GET' | 'POST' | 'PUT', path: string, body?: unknown): Promise<{ status: number; body: any }> => {
  const answer = await app.inject({ method, url: `/api/t/tea${path}`, headers: who, ...(body === undefined ? {} : { payload: JSON.stringify(body) }) })
  return { status: answer.statusCode, body: answer.json() }
}
const mall = async (method: 'GET' | 'POST', path: string, headers: Record<string, string> = {}, body?: unknown): Promise<{ status: number; body: any }> => {
  const answer = await app.inject({ method, url: `/mall/tea/api${path}`, headers, ...(body === undefined ? {} : { payload: JSON.stringify(body) }) })
  return { status: answer.statusCode, body: answer.json() }
}
const drain = () => t.house.engine.drain(tenantId)

describe('products and stock in the console', () => {
  let owner: Record<string, string>
  let productId = ''
  let skuId = ''
  beforeAll(async () => {
    owner = await signedIn('owner')
  })

  test('the list shows each product with both prices and where it is listed', async () => {
    const { body } = await call(owner, 'GET', '/products')
    expect(body).toMatchObject({ counts: { products: 1, inShop: 1, inMall: 0 }, rows: [{ title: '白茶', skus: [{ name: '50g', priceFen: 9_800, shopPriceFen: 9_800, mallUnits: null }], listings: [{ shelf: 'shop', status: 'listed' }] }] })
    productId = body.rows[0].productId
    skuId = body.rows[0].skus[0].skuId
    expect((await call(owner, 'GET', '/products?search=红茶')).body.rows).toEqual([])
    expect((await call(owner, 'GET', `/products/${productId}`)).body.problems.map((one: any) => one.code)).toEqual(['no-stock'])
    expect((await call(owner, 'GET', '/products/00000000-0000-7000-8000-000000000000')).body.error.code).toBe('product/not-found')
  })

  test('a price far from the Shop is asked about before the product goes on the mall', async () => {
    await call(owner, 'PUT', `/products/${productId}`, { prices: [{ skuId, priceFen: 6_800 }] })
    const asked = await call(owner, 'POST', `/products/${productId}/list`, {})
    expect(asked.body).toMatchObject({ listed: false, problems: [{ code: 'price-differs' }, { code: 'no-stock' }] })
    expect((await call(owner, 'GET', '/stock')).body.rows).toEqual([])
    expect((await call(owner, 'POST', `/products/${productId}/list`, { accept: true })).body.listed).toBe(true)
  })

  test('the share of the Shop must be known before units move; then mall and reserve move at once', async () => {
    expect((await call(owner, 'POST', `/stock/${skuId}/move`, { from: 'shop', to: 'mall', quantity: 1 })).body.error.code).toBe('stock/share-unknown')
    answers['shop.stock.flow'] = { data: { stock_flow_info_list: [{ amount: 7, beginning_amount: 0, ending_amount: 7, op_type: 3, update_time: Math.floor(start / 1000) - 60 }], next_key: '' } }
    await call(owner, 'POST', `/stock/${skuId}/open`, {})
    t.clock.advance(10_000_000)
    await drain()
    expect((await call(owner, 'POST', `/stock/${skuId}/receive`, { quantity: 5, key: 'delivery-1' })).body).toEqual({ done: true })
    expect((await call(owner, 'POST', `/stock/${skuId}/receive`, { quantity: 5, key: 'delivery-1' })).body).toEqual({ done: true })
    expect((await call(owner, 'POST', `/stock/${skuId}/move`, { from: 'reserve', to: 'mall', quantity: 6 })).body.error).toMatchObject({ code: 'stock/short', params: { available: 5 } })
    await call(owner, 'POST', `/stock/${skuId}/move`, { from: 'reserve', to: 'mall', quantity: 4 })
    const { body } = await call(owner, 'GET', `/stock/${skuId}`)
    expect(body).toMatchObject({ sku: { mall: 4, reserve: 1, received: 12, shelves: [{ shop: 7 }] }, problems: [], card: { title: '白茶', name: '50g' } })
    expect(body.flow.map((one: any) => one.reason)).toContain('收货')
    expect((await call(owner, 'GET', '/stock')).body.rows).toMatchObject([{ mall: 4, shop: 7, title: '白茶', suggestion: null }])
  })

  test('a move that the platform refuses gives its units back and says why', async () => {
    const { body } = await call(owner, 'POST', `/stock/${skuId}/move`, { from: 'mall', to: 'shop', quantity: 3 })
    expect(body.move).toMatchObject({ state: 'sent', direction: 'to-shop', quantity: 3 })
    await drain()
    const after = (await call(owner, 'GET', `/stock/${skuId}`)).body
    expect(after).toMatchObject({ sku: { mall: 4, moving: 0 }, moves: [{ state: 'refused', reason: '10020065 the product is under audit' }] })
    expect(asked.filter((one) => one.endpoint === 'shop.stock.update')).toHaveLength(1)
  })

  test('who may only look cannot change anything', async () => {
    const viewer = await signedIn('viewer')
    expect((await call(viewer, 'GET', `/stock/${skuId}`)).status).toBe(200)
    for (const path of [`/stock/${skuId}/receive`, `/stock/${skuId}/move`, `/products/${productId}/list`]) expect((await call(viewer, 'POST', path, { quantity: 1, from: 'mall', to: 'reserve' })).body.error.code).toBe('access/no-right')
    expect((await call(viewer, 'POST', '/mall-orders/x/refund', { amountFen: 1, reason: 'x' })).body.error.code).toBe('access/no-right')
  })

  test('the storefront exists only while its block is on, and not for another merchant', async () => {
    expect((await mall('GET', '/goods')).status).toBe(404)
    await t.app(tenantId, (tx) => switchBlock(tx, tenantId, 'mall', true, start))
    await t.house.refresh()
    const { body } = await mall('GET', '/goods')
    expect(body.goods).toMatchObject([{ title: '白茶', fromFen: 6_800, soldOut: false, skus: [{ left: 4, soldOut: false }] }])
    expect((await mall('GET', `/goods/${productId}`)).body.skus).toHaveLength(1)
    expect((await app.inject({ url: '/mall/nobody/api/goods' })).statusCode).toBe(404)
  })

  test('a buyer is told when goods run short, when WeChat refuses the payment, and keeps the order', async () => {
    answers['mini-program.login.code-to-session'] = { openid: 'o-1', session_key: 'k' }
    const { body: session } = await mall('POST', '/login', {}, { code: 'c' })
    expect(JSON.stringify(session)).not.toContain('o-1')
    const headers = { authorization: `Bearer ${session.token}` }
    expect((await mall('POST', '/checkout', headers, { key: 'click-0001', lines: [{ skuId, quantity: 9 }] })).body).toMatchObject({ kind: 'stock-short', available: 5, title: '白茶', fetching: { askAgainMs: expect.any(Number) } })
    expect((await mall('POST', '/checkout', headers, { key: 'click-0002', lines: [{ skuId, quantity: 2 }], totalFen: 1 })).body).toEqual({ kind: 'total-changed', totalFen: 13_600 })
    expect((await mall('POST', '/checkout', headers, { key: 'click-0003', lines: [{ skuId, quantity: 2 }] })).body.error.code).toBe('mall/pay-refused')
    const { orders } = (await mall('GET', '/orders', headers)).body
    expect(orders).toMatchObject([{ state: 'unpaid', totalFen: 13_600 }])
    // WeChat Pay never heard of it: its units are free when its time is over.
    expect((await mall('POST', `/orders/${orders[0].orderId}/cancel`, headers)).body).toEqual({ cancelling: true })
    answers['pay.transaction.query-by-out-trade-no'] = { trade_state: 'CLOSED' }
    await drain()
    expect((await mall('GET', `/orders/${orders[0].orderId}`, headers)).body.order.state).toBe('cancelled')
    expect((await call(owner, 'GET', `/stock/${skuId}`)).body.sku).toMatchObject({ mall: 4, reserved: 0 })
    expect((await call(owner, 'POST', `/mall-orders/${orders[0].orderId}/refund`, { amountFen: 100, reason: '试试' })).body.error.code).toBe('payment/not-paid')
    expect((await call(owner, 'POST', `/mall-orders/${orders[0].orderId}/ship`, { company: 'SF', trackingNo: 'SF001' })).body.error.code).toBe('mall/wrong-state')
    expect((await call(owner, 'GET', `/mall-orders/${orders[0].orderId}`)).body.order).not.toHaveProperty('buyer')
  })

  test('an address that asks too fast is slowed down, the others are not', async () => {
    let last = 0
    for (let n = 0; n < 130 && last !== 429; n++) last = (await mall('POST', '/login', {}, { code: 'c' })).status
    expect(last).toBe(429)
    expect((await app.inject({ method: 'POST', url: '/mall/tea/api/login', headers: { 'x-forwarded-for': '203.0.113.9' }, payload: '{"code":"c"}' })).statusCode).toBe(200)
  })
})
