import { expect, test } from 'vitest'
import { manualClock } from '../../kernel/clock.ts'
import type { WeixinAccount } from '../core/account.ts'
import { createEmulator, type Emulator } from '../core/emulator.ts'
import { shopLine, shopState, type ShopState } from './index.ts'
import { StockFlow } from './stock-flow.ts'

const start = Date.parse('2026-03-01T09:00:00+08:00')
const hour = 3_600_000

test('a stock flow gives back what was written, also from both forms of a snapshot', () => {
  const rows: Array<[number, number, number, number, number, string]> = [
    [start, 3, 2_000_000_000, 0, 2_000_000_000, ''], [start + 5, 4, 3, 2_000_000_000, 1_999_999_997, '3700000000000000012'], [start - hour, 4, 1, 1_999_999_997, 1_999_999_996, '9999999999999999999'],
    [start, 5, 1, 12, 13, 'other-id'], [start + 40_000 * hour, 3, 0, 13, 0, '0000000000000000001'],
  ]
  const flow = new StockFlow().fill(rows)
  expect(flow.plain()).toEqual(rows)
  expect(flow.length).toBe(5)
  const back = new StockFlow().fill(JSON.parse(JSON.stringify(flow.packed())) as ReturnType<StockFlow['packed']>)
  for (const one of [flow, back]) one.push(start, 1, 5, 0, 5, '')
  expect(back.plain()).toEqual([...rows, [start, 1, 5, 0, 5, '']])
  expect(back.plain()).toEqual(flow.plain())
})

async function openWorld(orders: number): Promise<{ emulator: Emulator; ids: string[]; state: () => ShopState; api: (path: string, body: unknown) => Promise<Record<string, any>>; account: WeixinAccount }> {
  const emulator = createEmulator({ modules: [shopLine], seed: 'packed', start, clock: { kind: 'queue' }, wireClock: manualClock(start), limits: false, send: async () => ({ status: 200, body: 'success' }) })
  await emulator.setFaults('main', { lost: 1 }) // nobody listens here: callbacks would only pile up
  const account = emulator.namespace().accounts.find((one): one is WeixinAccount => one.kind === 'shop')!
  const { products } = (await emulator.act('main', 'shop.addProducts', { products: [{ title: '茶', outProductId: 'tea', skus: [{ outSkuId: 'tea', skuCode: 'T', priceFen: 900, stock: 1_000_000 }] }] })) as { products: Array<{ productId: string; skus: Array<{ skuId: string }> }> }
  const line = { productId: products[0].productId, skuId: products[0].skus[0].skuId }
  await emulator.advanceTo(start + 200 * hour)
  const made = (await emulator.act('main', 'shop.runOrders', {
    orders: Array.from({ length: orders }, (_, n) => {
      const at = start + n * 1_000
      return { at, payAt: at + 1, shipAt: at + hour, receiveAt: at + 2 * hour, settleAt: at + 3 * hour, person: `p${n % 50}`, lines: [{ ...line, count: 2 }] }
    }),
  })) as { orders: Array<{ orderId: string }> }
  // Packing happens as orders are added: those that come later make room.
  for (let n = 0; n < 128; n++) await emulator.act('main', 'shop.placeOrder', { person: 'late', lines: [{ ...line, count: 1 }] })
  const state = (): ShopState => shopState(emulator.namespace(), account.id)
  const token = JSON.parse((await emulator.handle({ method: 'POST', url: '/cgi-bin/stable_token', headers: {}, body: Buffer.from(JSON.stringify({ grant_type: 'client_credential', appid: account.id, secret: account.secret })), ip: '' })).body.toString()) as { access_token: string }
  const api = async (path: string, body: unknown) => JSON.parse((await emulator.handle({ method: 'POST', url: `/channels/ec/${path}?access_token=${token.access_token}`, headers: {}, body: Buffer.from(JSON.stringify(body)), ip: '' })).body.toString()) as Record<string, any>
  return { emulator, ids: made.orders.map((one) => one.orderId), state, api, account }
}

test('settled orders leave the heap; they are read, listed, searched and refunded as before', async () => {
  const { emulator, ids, state, api } = await openWorld(1_600)
  expect(state().orders.pending(ids[0])).toBeUndefined()
  expect(state().orders.liveSize).toBeLessThan(1_000)
  const sec = (at: number): number => Math.floor(at / 1_000)
  expect((await api('order/get', { order_id: ids[0] })).order).toMatchObject({ order_id: ids[0], status: 100, order_detail: { settle_info: { settle_time: sec(start + 3 * hour) } } })
  const listed: string[] = []
  for (let key = ''; ; ) {
    const page = await api('order/list/get', { create_time_range: { start_time: sec(start), end_time: sec(start) + 1_599 }, page_size: 100, ...(key === '' ? {} : { next_key: key }) })
    listed.push(...(page.order_id_list as string[]))
    key = String(page.next_key)
    if (!page.has_more) break
  }
  expect(listed).toEqual(ids)
  expect((await api('order/search', { search_condition: { order_id: ids[1] }, page_size: 10 })).orders).toEqual([ids[1]])
  const { refunds } = (await emulator.act('main', 'shop.runRefunds', { refunds: [{ orderId: ids[0], line: 0, count: 1, amountFen: 900, at: emulator.namespace().now, type: 'REFUND', reason: 'x' }] })) as { refunds: Array<{ aftersaleId: string | null }> }
  expect(refunds[0].aftersaleId).not.toBeNull()
  expect((await api('aftersale/getaftersaleorder', { after_sale_order_id: refunds[0].aftersaleId })).after_sale_order).toMatchObject({ order_id: ids[0], status: 'MERCHANT_REFUND_SUCCESS' })
  expect((await api('order/get', { order_id: ids[0] })).order.order_detail.product_infos[0].finish_aftersale_sku_cnt).toBe(1)
})

test('a world comes back from either form of a snapshot with the same state and goes on the same way', async () => {
  const { emulator, ids } = await openWorld(1_000)
  const [plain, packed] = [emulator.snapshot(), emulator.snapshot('main', true)].map((state) => JSON.stringify(state))
  const shopSize = (text: string): number => JSON.stringify((JSON.parse(text) as { slices: { shop: unknown } }).slices.shop).length
  expect(shopSize(packed)).toBeLessThan(shopSize(plain) / 3)
  const refund = { refunds: [{ orderId: ids[3], line: 0, count: 1, amountFen: 900, at: emulator.namespace().now, reason: 'later' }] }
  await emulator.act('main', 'shop.runRefunds', refund)
  for (const state of [plain, packed]) {
    const other = createEmulator({ modules: [shopLine], seed: 'other', start, clock: { kind: 'queue' }, wireClock: manualClock(start), limits: false, send: async () => ({ status: 200, body: 'success' }) })
    await other.restore('main', JSON.parse(state))
    expect(other.stateHash()).not.toBe(emulator.stateHash())
    await other.act('main', 'shop.runRefunds', refund)
    expect(other.stateHash()).toBe(emulator.stateHash())
  }
})

test('a snapshot of before packing comes back whole: order ids stood apart from the stock flow, and an unknowing version may have added to it', async () => {
  const { emulator, state } = await openWorld(20)
  const snapshot = emulator.snapshot() as { slices: { shop: Record<string, { stock: Record<string, Record<string, unknown>> }> } }
  const [shop] = Object.values(snapshot.slices.shop)
  const last = 5
  for (const stock of Object.values(shop.stock)) {
    const rows = stock.flow as Array<Array<number | string>>
    const old = rows.slice(0, -last)
    stock.flow = [...old.flatMap((row) => row.slice(0, 5)), ...rows.slice(-last).flat()]
    stock.flowOrders = old.map((row) => row[5])
  }
  const other = createEmulator({ modules: [shopLine], seed: 'other', start, clock: { kind: 'queue' }, wireClock: manualClock(start), limits: false, send: async () => ({ status: 200, body: 'success' }) })
  await other.restore('main', snapshot)
  const account = other.namespace().accounts.find((one) => one.kind === 'shop')!
  for (const [skuId, stock] of Object.entries(shopState(other.namespace(), account.id).stock)) expect(stock.flow.plain()).toEqual(state().stock[skuId].flow.plain())
  expect(Object.values(state().stock)[0].flow.length).toBeGreaterThan(100)
  expect(other.stateHash()).toBe(emulator.stateHash())
})

test('a snapshot that cannot be read is refused each time in the same words, and is not left half read', async () => {
  const { emulator } = await openWorld(5)
  const snapshot = emulator.snapshot() as { slices: { shop: Record<string, { stock: Record<string, { flow: unknown }> }> } }
  for (const shop of Object.values(snapshot.slices.shop)) for (const stock of Object.values(shop.stock)) stock.flow = [1, 2, 3]
  const other = createEmulator({ modules: [shopLine], seed: 'other', start, clock: { kind: 'queue' }, wireClock: manualClock(start), limits: false, send: async () => ({ status: 200, body: 'success' }) })
  await other.restore('main', snapshot)
  const account = other.namespace().accounts.find((one) => one.kind === 'shop')!
  const read = (): string => {
    try {
      shopState(other.namespace(), account.id)
      return 'read'
    } catch (error) {
      return String(error)
    }
  }
  const first = read()
  expect(first).not.toBe('read')
  expect(read()).toBe(first)
})
