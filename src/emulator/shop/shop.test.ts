import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { manualClock } from '../../kernel/clock.ts'
import { seededRandom } from '../../kernel/random.ts'
import { openCallback } from '../../wechat/codec/index.ts'
import { relatedOrderEvent, shopEvents, shopRows } from '../../wechat/spec/shop/index.ts'
import type { WeixinAccount } from '../core/account.ts'
import { createEmulator, type Emulator } from '../core/emulator.ts'
import { shopLine, shopState, type ShopState } from './index.ts'

const start = Date.parse('2026-03-01T09:00:00+08:00')
const day = 86_400_000
const sec = (at: number): number => Math.floor(at / 1_000)

async function openShop(options: { stock?: number; parameters?: Record<string, number> } = {}) {
  const events: Array<Record<string, any>> = []
  const texts: string[] = []
  const emulator: Emulator = createEmulator({
    modules: [shopLine],
    seed: 'shop-test',
    start,
    clock: { kind: 'queue' },
    wireClock: manualClock(start),
    concurrency: 1,
    limits: false,
    send: async (push) => {
      const keys = { token: account.push.token, aesKey: account.push.aesKey, receiveId: account.id }
      const opened = openCallback(keys, { query: Object.fromEntries(new URL(push.url).searchParams), body: push.body }, 'weixin')
      texts.push(opened.message)
      events.push(opened.value)
      return { status: 200, body: 'success' }
    },
  })
  const account = emulator.namespace().accounts.find((item): item is WeixinAccount => item.kind === 'shop')!
  await emulator.act('main', 'core.setPush', { kind: 'shop', url: 'http://receiver/cb' })
  if (options.parameters) await emulator.act('main', 'shop.setParameters', { parameters: options.parameters })
  const seeded = (await emulator.act('main', 'shop.addProducts', {
    products: [
      { title: '杯子', outProductId: 'cup', skus: [{ outSkuId: 'cup-red', skuCode: 'CR', priceFen: 500, stock: options.stock ?? 100 }] },
      { title: '碟子', outProductId: 'plate', skus: [{ outSkuId: 'plate-1', skuCode: 'P1', priceFen: 300, stock: options.stock ?? 100 }] },
    ],
  })) as { products: Array<{ productId: string; skus: Array<{ skuId: string }> }> }
  const [cup, plate] = seeded.products.map((item) => ({ productId: item.productId, skuId: item.skus[0].skuId }))
  const post = async (path: string, body: unknown) => JSON.parse((await emulator.handle({ method: 'POST', url: path, headers: {}, body: Buffer.from(JSON.stringify(body)), ip: '' })).body.toString()) as Record<string, any>
  let token = ''
  const refresh = async () => { token = String((await post('/cgi-bin/stable_token', { grant_type: 'client_credential', appid: account.id, secret: account.secret })).access_token) }
  await refresh()
  const api = async (path: string, body: unknown = {}) => {
    let answer = await post(`/channels/ec/${path}?access_token=${token}`, body)
    if (answer.errcode === 42001) {
      await refresh()
      answer = await post(`/channels/ec/${path}?access_token=${token}`, body)
    }
    return answer
  }
  const act = (name: string, args: unknown): Promise<any> => emulator.act('main', name, args)
  const place = async (count = 2, more: object = {}): Promise<string> => (await act('shop.placeOrder', { person: 'ann', lines: [{ ...cup, count }], ...more })).orderId
  const order = async (orderId: string) => (await api('order/get', { order_id: orderId })).order as Record<string, any>
  const stock = async (which = cup): Promise<number> => (await api('product/stock/get', { product_id: which.productId, sku_id: which.skuId })).data.normal_stock_num
  const names = () => events.map((event) => String(event.Event).replace('channels_ec_', ''))
  const state = (): ShopState => shopState(emulator.namespace(), account.id)
  return { emulator, account, events, texts, cup, plate, api, act, place, order, stock, names, state }
}

describe('an order', () => {
  test('lives from unpaid to settled, and the shop hears each step', async () => {
    const s = await openShop()
    const id = await s.place(2, { lines: [{ ...s.cup, count: 2 }, { ...s.plate, count: 1, priceFen: 250 }], freightFen: 600, scene: 2, liveId: 'export/x', sources: [{ sku_id: s.cup.skuId, sale_channel: 0, account_type: 4, account_id: 'corp', content_type: 1, content_id: 'member' }] })
    expect(await s.order(id)).toMatchObject({ status: 10, order_detail: { price_info: { order_price: 1850, product_price: 1250, freight: 600 }, ext_info: { order_scene: 2, live_id: 'export/x' }, source_infos: [{ content_id: 'member' }] } })
    await s.act('shop.pay', { orderId: id })
    expect(await s.order(id)).toMatchObject({ status: 20, order_detail: { pay_info: { pay_time: sec(start), payment_method: 1 } } })
    const parcel = (which: object, count: number) => ({ delivery_id: 'SF', waybill_id: 'SF1', deliver_type: 1, product_infos: [{ product_id: (which as typeof s.cup).productId, sku_id: (which as typeof s.cup).skuId, product_cnt: count }] })
    expect((await s.api('order/delivery/send', { order_id: id, delivery_list: [parcel(s.cup, 3)] })).errcode).toBe(40097)
    expect((await s.api('order/delivery/send', { order_id: id, delivery_list: [parcel(s.cup, 2)] })).errcode).toBe(0)
    expect(await s.order(id)).toMatchObject({ status: 21 })
    expect((await s.api('order/delivery/send', { order_id: id, delivery_list: [parcel(s.plate, 1)] })).errcode).toBe(0)
    expect(await s.order(id)).toMatchObject({ status: 30, order_detail: { delivery_info: { ship_done_time: sec(start) } } })
    await s.act('shop.confirmReceipt', { orderId: id })
    await s.act('shop.settle', { orderId: id })
    expect(await s.order(id)).toMatchObject({ status: 100, order_detail: { settle_info: { commission_fee: 11, settle_time: sec(start) } } })
    await s.emulator.pump()
    expect(s.names()).toEqual(['order_new', 'order_pay', 'order_wait_shipping', 'order_deliver', 'order_deliver', 'order_confirm', 'order_settle'])
    expect(s.events.map((event) => event.order_info.order_id)).toEqual(s.events.map(() => id))
    for (const event of s.events) expect(shopEvents[event.Event].safeParse(event).success).toBe(true)
    // Bare numbers where the platform's samples have them, text elsewhere.
    expect(s.texts[0]).toContain(`"order_id":${id}`)
    expect(s.texts[1]).toContain(`"order_id":"${id}"`)
    expect((await s.api('funds/getbalance')).balance_info).toMatchObject({ available_amount: 1839, pending_amount: 0 })
  })

  test('refuses every step from the wrong state', async () => {
    const s = await openShop()
    const id = await s.place()
    const refused = async (name: string) => expect(s.act(name, { orderId: id })).rejects.toMatchObject({ code: 'emulator/act-refused' })
    for (const name of ['shop.ship', 'shop.confirmReceipt', 'shop.settle']) await refused(name)
    await s.act('shop.pay', { orderId: id })
    for (const name of ['shop.pay', 'shop.cancel', 'shop.confirmReceipt', 'shop.settle']) await refused(name)
    await s.act('shop.ship', { orderId: id })
    for (const name of ['shop.pay', 'shop.ship', 'shop.cancel', 'shop.settle']) await refused(name)
    await s.act('shop.confirmReceipt', { orderId: id })
    for (const name of ['shop.pay', 'shop.ship', 'shop.confirmReceipt']) await refused(name)
    await s.act('shop.settle', { orderId: id })
    await refused('shop.settle')
  })

  test('times out unpaid, is received and settled by the platform itself, each after its parameter', async () => {
    const s = await openShop({ parameters: { unpaidTimeoutMs: 60_000, autoReceiptMs: day, settleDelayMs: 2 * day } })
    const lost = await s.place()
    const kept = await s.place()
    await s.act('shop.pay', { orderId: kept })
    await s.act('shop.ship', { orderId: kept })
    await s.emulator.advanceTo(start + 4 * day)
    expect(await s.order(lost)).toMatchObject({ status: 250, update_time: sec(start + 60_000) })
    expect(await s.order(kept)).toMatchObject({ status: 100, order_detail: { ext_info: { confirm_receipt_time: sec(start + day) }, settle_info: { settle_time: sec(start + 3 * day) } } })
    const ends = s.events.filter((event) => ['channels_ec_order_cancel', 'channels_ec_order_confirm'].includes(event.Event))
    expect(ends.map((event) => event.order_info.cancel_type ?? event.order_info.confirm_type)).toEqual([2, '2'])
  })

  test('equal SKUs at an equal price become one line, another price another line', async () => {
    const s = await openShop()
    const id = await s.place(1, { lines: [{ ...s.cup, count: 1, priceFen: 255, note: 'a' }, { ...s.cup, count: 2, priceFen: 255, note: 'b' }, { ...s.cup, count: 1, priceFen: 200 }] })
    const lines = (await s.order(id)).order_detail.product_infos as Array<Record<string, number>>
    expect(lines.map((line) => [line.sku_cnt, line.sale_price, line.real_price])).toEqual([[3, 255, 765], [1, 200, 200]])
    expect(s.state().orders.get(id)!.lines[0].note).toBe('a\nb')
    expect(await s.stock()).toBe(96)
  })

  test('known buyers carry a unionid when the shop is bound, unknown ones and unbound shops none', async () => {
    const s = await openShop()
    const bound = await s.order(await s.place())
    expect(bound.unionid).toMatch(/^o.{27}$/)
    expect((await s.order(await s.place(1, { person: 'x', anonymous: true }))).unionid).toBeUndefined()
    expect((await s.order(await s.place())).openid).toBe(bound.openid)
    await s.act('core.bindOpenPlatform', { kind: 'shop', openPlatform: null })
    expect((await s.order(await s.place())).unionid).toBeUndefined()
  })

  test('its price only falls, only while unpaid, per SKU line as a new total', async () => {
    const s = await openShop()
    const id = await s.place(2, { freightFen: 500 })
    const change = (more: object) => s.api('order/price/update', { order_id: id, change_express: false, ...more })
    const line = (price: number) => ({ change_order_infos: [{ product_id: s.cup.productId, sku_id: s.cup.skuId, change_price: price }] })
    expect((await change(line(1001))).errcode).toBe(40097)
    expect((await change(line(800))).errcode).toBe(0)
    expect((await change({ change_express: true, express_fee: 100 })).errcode).toBe(0)
    expect(await s.order(id)).toMatchObject({ order_detail: { price_info: { order_price: 900, original_order_price: 1500 }, product_infos: [{ real_price: 800, is_change_price: true, change_price: 800 }] } })
    await s.act('shop.pay', { orderId: id })
    expect((await change(line(700))).errcode).toBe(10020065)
    await s.emulator.pump()
    expect(s.events.filter((event) => event.Event === 'channels_ec_order_ext_info_update').map((event) => event.order_info.type)).toEqual([12, 12])
  })

  test('masked reading hides name and telephone; search finds by the last four digits only', async () => {
    const s = await openShop()
    const id = await s.place(1, { address: { user_name: '王小明', tel_number: '13800001234', detail_info: '一号楼' }, customerNotes: '请快' })
    expect((await s.api('order/get', { order_id: id, encode_sensitive_info: true })).order.order_detail.delivery_info.address_info).toMatchObject({ user_name: '王*明' })
    expect((await s.order(id)).order_detail.delivery_info.address_info.user_name).toBe('王小明')
    const search = async (condition: object) => s.api('order/search', { search_condition: condition, page_size: 10 })
    expect((await search({ tel_number_last4: '1234' })).orders).toEqual([id])
    expect((await search({ tel_number: '13800001234' })).errcode).toBe(40097)
    expect((await search({})).errcode).toBe(40097)
    expect((await search({ customer_notes: '快', title: '杯' })).orders).toEqual([id])
    expect((await search({ sku_code: 'nothing' })).orders).toEqual([])
  })

  test('notes, addresses and parcels can be changed within their limits', async () => {
    const s = await openShop()
    const id = await s.place()
    await s.act('shop.pay', { orderId: id })
    await s.api('order/merchantnotes/update', { order_id: id, merchant_notes: '老客' })
    for (let n = 0; n < 5; n++) expect((await s.api('order/address/update', { order_id: id, user_address: { user_name: `n${n}` } })).errcode).toBe(0)
    expect((await s.api('order/address/update', { order_id: id, user_address: { user_name: 'x' } })).errcode).toBe(10020065)
    await s.act('shop.ship', { orderId: id })
    const parcel = { order_id: id, delivery_list: [{ delivery_id: 'ZTO', waybill_id: 'Z1', deliver_type: 1, product_infos: [{ product_id: s.cup.productId, sku_id: s.cup.skuId, product_cnt: 2 }] }] }
    for (let n = 0; n < 3; n++) expect((await s.api('order/deliveryinfo/update', parcel)).errcode).toBe(0)
    expect((await s.api('order/deliveryinfo/update', parcel)).errcode).toBe(10020065)
    expect(await s.order(id)).toMatchObject({ order_detail: { ext_info: { merchant_notes: '老客' }, delivery_info: { delivery_product_info: [{ delivery_id: 'ZTO', delivery_name: '中通快递' }] } } })
  })
})

describe('what arrives late on an order', () => {
  test('commissions come after a while with their own event; the order says so until then', async () => {
    const s = await openShop()
    const id = await s.place(1, { commissions: [{ skuId: s.cup.skuId, nickname: '达人', type: 0, amountFen: 50, finderId: 'f' }], commissionAfterMs: 5_000 })
    expect(await s.order(id)).toMatchObject({ order_detail: { ext_info: { commission_handling_progress: 0 }, commission_infos: [] } })
    await s.emulator.advanceTo(start + 5_000)
    expect(await s.order(id)).toMatchObject({ update_time: sec(start + 5_000), order_detail: { ext_info: { commission_handling_progress: 1 }, commission_infos: [{ amount: 50, status: 1 }] } })
    expect(s.events.at(-1)).toMatchObject({ Event: 'channels_ec_order_ext_info_update', order_info: { type: 1 } })
  })

  test('an order through a link with WeCom parameters names corp and member as its source', async () => {
    const s = await openShop()
    const { product_h5url: link } = await s.api('product/h5url/get', { product_id: s.cup.productId, wecom_corp_id: 'wcCORP', wecom_user_id: 'wuUSER' })
    const id = await s.place(1, { link })
    expect((await s.order(id)).order_detail.source_infos).toMatchObject([{ sku_id: s.cup.skuId, account_type: 4, account_id: 'wcCORP', content_type: 1, content_id: 'wuUSER' }])
    const { product_h5url: plain } = await s.api('product/h5url/get', { product_id: s.cup.productId })
    expect((await s.order(await s.place(1, { link: plain }))).order_detail.source_infos).toEqual([])
  })

  test('an order inside a related mini program is told to it under another id and openid, and the shop sees the appid', async () => {
    const s = await openShop()
    const mini = (await s.act('core.addAccount', { kind: 'mini-program', name: '商城' })) as WeixinAccount
    const id = await s.place(1, { miniProgram: mini.id })
    const order = await s.order(id)
    expect(order.order_detail.source_infos).toMatchObject([{ account_type: 3, account_id: mini.id }])
    const told = Object.values(s.emulator.namespace().deliveries).find((delivery) => delivery.event === 'related_shop_order_submission')
    const event = JSON.parse(told?.message ?? '{}') as { FromUserName: string; Data: { order_id: string } }
    expect(relatedOrderEvent.safeParse(event).success).toBe(true)
    expect(event.Data.order_id).not.toBe(id)
    expect(event.FromUserName).not.toBe(order.openid)
    const post = async (path: string, body: unknown) => JSON.parse((await s.emulator.handle({ method: 'POST', url: path, headers: {}, body: Buffer.from(JSON.stringify(body)), ip: '' })).body.toString()) as Record<string, any>
    const { access_token: token } = await post('/cgi-bin/stable_token', { grant_type: 'client_credential', appid: mini.id, secret: mini.secret })
    const seen = await post(`/channels/ec/cooperation/order/get?access_token=${token}`, { shop_appid: s.account.id, order_id: event.Data.order_id })
    expect(seen.order).toMatchObject({ openid: event.FromUserName, unionid: order.unionid, order_detail: { price_info: { order_price: 500 } } })
    expect(JSON.stringify(seen)).not.toContain(`"${id}"`)
    expect((await s.api('cooperation/order/get', { shop_appid: s.account.id, order_id: event.Data.order_id })).errcode).toBe(48001)
  })

  test('a buyer asks for another address, and the shop grants or refuses it', async () => {
    const s = await openShop()
    const id = await s.place(1, { address: { user_name: '甲', detail_info: '旧' } })
    await s.act('shop.pay', { orderId: id })
    expect((await s.api('order/addressmodify/accept', { order_id: id })).errcode).toBe(10020065)
    await s.act('shop.askAddressChange', { orderId: id, address: { detail_info: '新' } })
    expect((await s.api('order/search', { search_condition: { address_under_review: true }, page_size: 10 })).orders).toEqual([id])
    await s.api('order/addressmodify/reject', { order_id: id })
    expect((await s.order(id)).order_detail.delivery_info.address_info.detail_info).toBe('旧')
    await s.act('shop.askAddressChange', { orderId: id, address: { detail_info: '新' } })
    await s.api('order/addressmodify/accept', { order_id: id })
    expect((await s.order(id)).order_detail.delivery_info.address_info).toMatchObject({ user_name: '甲', detail_info: '新' })
    await s.emulator.pump()
    expect(s.events.filter((event) => event.Event === 'channels_ec_order_ext_info_update').map((event) => event.order_info.type)).toEqual([4, 4, 2])
  })
})

describe('the order list', () => {
  test('needs a range of at most seven days, pages by cursor and finds each order once', async () => {
    const s = await openShop({ stock: 1_000 })
    await s.emulator.advanceTo(start + 3 * day)
    const orders = Array.from({ length: 45 }, (_, n) => ({ person: `p${n % 4}`, at: start + Math.floor(n / 3) * 1_000, payAt: n % 2 === 0 ? start + day + n : undefined, lines: [{ ...s.cup, count: 1 }] }))
    await s.act('shop.runOrders', { orders })
    expect((await s.api('order/list/get', { page_size: 10 })).errcode).toBe(40097)
    expect((await s.api('order/list/get', { create_time_range: { start_time: sec(start), end_time: sec(start + 8 * day) }, page_size: 10 })).errcode).toBe(40097)
    expect((await s.api('order/list/get', { create_time_range: { start_time: sec(start), end_time: sec(start + day) }, page_size: 101 })).errcode).toBe(40097)
    const all = async (more: object) => {
      const ids: string[] = []
      let next = ''
      for (;;) {
        const page = await s.api('order/list/get', { page_size: 7, next_key: next, ...more })
        ids.push(...page.order_id_list)
        if (!page.has_more) return ids
        next = page.next_key
      }
    }
    const week = { start_time: sec(start), end_time: sec(start + 7 * day) }
    const created = await all({ create_time_range: week })
    expect(created.length).toBe(45)
    expect(new Set(created).size).toBe(45)
    expect((await all({ update_time_range: { start_time: sec(start + day), end_time: sec(start + 2 * day) } })).length).toBe(23)
    expect((await all({ create_time_range: week, status: 20 })).length).toBe(23)
    expect((await all({ create_time_range: week, openid: s.state().orders.get(created[0])!.openid })).length).toBe(12)
  })
})

describe('stock', () => {
  test('is taken at ordering, given back only by unpaid cancellation, never by a refund', async () => {
    const s = await openShop()
    const first = await s.place(10)
    expect(await s.stock()).toBe(90)
    await s.act('shop.cancel', { orderId: first })
    expect(await s.stock()).toBe(100)
    const second = await s.place(10)
    await s.act('shop.pay', { orderId: second })
    const { aftersaleId } = await s.act('shop.applyAftersale', { orderId: second })
    expect((await s.api('aftersale/acceptapply', { after_sale_order_id: aftersaleId })).errcode).toBe(0)
    expect(await s.order(second)).toMatchObject({ status: 200 })
    expect(await s.stock()).toBe(90)
  })

  test('an order for more than there is gets nothing', async () => {
    const s = await openShop({ stock: 5 })
    await expect(s.place(6)).rejects.toMatchObject({ code: 'emulator/act-refused' })
    await expect(s.act('shop.placeOrder', { person: 'a', lines: [{ ...s.cup, count: 3 }, { ...s.cup, count: 3, priceFen: 1 }] })).rejects.toMatchObject({ code: 'emulator/act-refused' })
    expect(await s.stock()).toBe(5)
    await s.place(5)
    expect(await s.stock()).toBe(0)
    await s.emulator.pump()
    expect(s.names()).toContain('stock_no_enough')
  })

  test('can be added, subtracted, set; subtracting too much is 10020219, and too often 10020112', async () => {
    const s = await openShop({ parameters: { stockUpdatesPerSecond: 3 } })
    const update = (type: number, num: number) => s.api('product/stock/update', { product_id: s.cup.productId, sku_id: s.cup.skuId, diff_type: type, num })
    expect((await update(2, 101)).errcode).toBe(10020219)
    expect((await update(1, 5)).errcode).toBe(0)
    expect((await update(2, 15)).errcode).toBe(0)
    expect((await update(3, 42)).errcode).toBe(0)
    expect((await update(1, 1)).errcode).toBe(10020112)
    await s.emulator.advanceTo(start + 1_000)
    expect((await update(9, 1)).errcode).toBe(10020050)
    expect(await s.stock()).toBe(42)
    expect((await s.api('product/stock/update', { product_id: '1', sku_id: s.cup.skuId, diff_type: 1, num: 1 })).errcode).toBe(10020051)
    expect((await s.api('product/stock/update', { product_id: s.plate.productId, sku_id: s.cup.skuId, diff_type: 1, num: 1 })).errcode).toBe(10020052)
  })

  test('cannot be updated before the first listing nor under audit', async () => {
    const s = await openShop()
    const { data } = await s.api('product/add', { title: '盘', skus: [{ sale_price: 100, stock_num: 3, out_sku_id: 'x' }] })
    const skuId = (await s.api('product/get', { product_id: data.product_id, data_type: 2 })).edit_product.skus[0].sku_id
    const update = async () => (await s.api('product/stock/update', { product_id: data.product_id, sku_id: skuId, diff_type: 1, num: 1 })).errcode
    expect(await update()).toBe(10020065)
    await s.api('product/listing', { product_id: data.product_id })
    expect(await update()).toBe(10020065)
    await s.emulator.advanceTo(start + 60_000)
    expect(await update()).toBe(0)
    await s.api('product/update', { product_id: data.product_id, title: '大盘', listing: true })
    expect(await update()).toBe(10020065)
  })

  test('the flow explains every change exactly, newest first, and pages', async () => {
    const s = await openShop()
    const random = seededRandom('flow')
    for (let n = 0; n < 40; n++) {
      const draw = random.u(n)
      if (draw < 0.4) await s.api('product/stock/update', { product_id: s.cup.productId, sku_id: s.cup.skuId, diff_type: 1 + (n % 3), num: n % 7 })
      else if (draw < 0.8) await s.place(1 + (n % 2)).catch(() => undefined)
      else await s.act('shop.cancel', { orderId: s.state().orderIds.find((id) => s.state().orders.get(id)!.status === 10) ?? '' }).catch(() => undefined)
      await s.emulator.advanceTo(s.emulator.namespace().now + 1_000)
    }
    const flow: Array<Record<string, any>> = []
    let next: string | undefined
    do {
      const { data } = await s.api('product/stock/getflow', { product_id: s.cup.productId, sku_id: s.cup.skuId, stock_type: 0, begin_time: sec(start), end_time: sec(start + day), page_size: 7, next_key: next })
      flow.push(...data.stock_flow_info_list)
      next = data.next_key
    } while (next)
    flow.reverse()
    expect(flow[0]).toMatchObject({ beginning_amount: 0, ending_amount: 100, op_type: 3 })
    for (const [n, entry] of flow.entries()) {
      if (n > 0) expect(entry.beginning_amount).toBe(flow[n - 1].ending_amount)
      const expected = [1, 5].includes(entry.op_type) ? entry.beginning_amount + entry.amount : [2, 4].includes(entry.op_type) ? entry.beginning_amount - entry.amount : entry.amount
      expect(entry.ending_amount).toBe(expected)
      expect(entry.ext_info.order_id === '0').toBe(![4, 5].includes(entry.op_type))
    }
    expect(flow.at(-1)?.ending_amount).toBe(await s.stock())
    const { data } = await s.api('product/stock/batchget', { product_id: [s.cup.productId, s.plate.productId] })
    expect(data.spu_stock_list.length).toBe(2)
  })
})

describe('a product', () => {
  test('has a draft and an online copy: an edit is not sold before the audit passes', async () => {
    const s = await openShop()
    await s.api('product/update', { product_id: s.cup.productId, title: '新杯子', listing: true })
    const both = await s.api('product/get', { product_id: s.cup.productId, data_type: 3 })
    expect([both.product.title, both.edit_product.title, both.product.edit_status]).toEqual(['杯子', '新杯子', 2])
    await s.act('shop.endAudit', { productId: s.cup.productId, passed: false, reason: '标题不合规' })
    expect((await s.api('product/get', { product_id: s.cup.productId })).product).toMatchObject({ title: '杯子', status: 5, edit_status: 3 })
    await s.api('product/listing', { product_id: s.cup.productId })
    await s.emulator.advanceTo(s.emulator.namespace().now + 60_000)
    expect((await s.api('product/get', { product_id: s.cup.productId })).product).toMatchObject({ title: '新杯子', status: 5 })
    await s.api('product/delisting', { product_id: s.cup.productId })
    await expect(s.place()).rejects.toMatchObject({ code: 'emulator/act-refused' })
    expect((await s.api('product/get', { product_id: s.cup.productId, data_type: 3 })).product).toBeUndefined()
    await s.emulator.pump()
    expect(s.events.map((event) => [event.Event, (event.ProductSpuAudit ?? event.ProductSpuListing).status])).toEqual([['product_spu_audit', 2], ['product_spu_audit', 3], ['product_spu_listing', 5], ['product_spu_listing', 11]])
  })

  test('changes price and stock at once through the audit-free call', async () => {
    const s = await openShop()
    expect((await s.api('product/auditfree', { product_id: s.cup.productId, skus: [{ sku_id: s.cup.skuId, sale_price: 450, stock_num: 7 }] })).errcode).toBe(0)
    expect((await s.order(await s.place(1))).order_detail.price_info.order_price).toBe(450)
    expect(await s.stock()).toBe(6)
  })

  test('lists by pages of at most 30', async () => {
    const s = await openShop()
    await s.act('shop.addProducts', { products: Array.from({ length: 40 }, (_, n) => ({ title: `t${n}`, skus: [{ priceFen: 1, stock: 1 }] })) })
    expect((await s.api('product/list/get', { page_size: 31 })).errcode).toBe(10020050)
    const first = await s.api('product/list/get', { page_size: 30, status: 5 })
    const second = await s.api('product/list/get', { page_size: 30, status: 5, next_key: first.next_key })
    expect([first.product_ids.length, second.product_ids.length, second.next_key, first.total_num]).toEqual([30, 12, '', 42])
  })
})

describe('after-sale', () => {
  test('a return goes through the buyer, a partial refund leaves the order as it was, the last one ends it', async () => {
    const s = await openShop()
    const id = await s.place(3)
    await s.act('shop.pay', { orderId: id })
    await s.act('shop.ship', { orderId: id })
    const { aftersaleId } = await s.act('shop.applyAftersale', { orderId: id, count: 1, amountFen: 400, type: 'RETURN', reason: '质量问题' })
    expect((await s.order(id)).aftersale_detail.on_aftersale_order_cnt).toBe(1)
    await expect(s.act('shop.applyAftersale', { orderId: id, count: 3 })).rejects.toMatchObject({ code: 'emulator/act-refused' })
    await expect(s.act('shop.applyAftersale', { orderId: id, count: 2, amountFen: 1_101 })).rejects.toMatchObject({ code: 'emulator/act-refused' })
    const get = async () => (await s.api('aftersale/getaftersaleorder', { after_sale_order_id: aftersaleId })).after_sale_order
    expect((await get()).status).toBe('MERCHANT_PROCESSING')
    await s.api('aftersale/acceptapply', { after_sale_order_id: aftersaleId })
    expect((await get()).status).toBe('USER_WAIT_RETURN')
    expect((await s.api('aftersale/acceptapply', { after_sale_order_id: aftersaleId })).errcode).toBe(10020065)
    await s.act('shop.returnGoods', { aftersaleId })
    await s.api('aftersale/acceptapply', { after_sale_order_id: aftersaleId })
    expect(await get()).toMatchObject({ status: 'MERCHANT_RETURN_SUCCESS', refund_info: { amount: 400 }, unionid: (await s.order(id)).unionid })
    expect(await s.order(id)).toMatchObject({ status: 30, order_detail: { product_infos: [{ finish_aftersale_sku_cnt: 1 }] } })
    const refused = await s.act('shop.applyAftersale', { orderId: id, count: 1, type: 'REFUND' })
    await s.api('aftersale/rejectapply', { after_sale_order_id: refused.aftersaleId, reject_reason: '已发出' })
    await s.act('shop.cancelAftersale', { aftersaleId: refused.aftersaleId })
    const rest = await s.act('shop.applyAftersale', { orderId: id, count: 2, type: 'REFUND' })
    await s.api('aftersale/acceptapply', { after_sale_order_id: rest.aftersaleId })
    expect(await s.order(id)).toMatchObject({ status: 200 })
    await s.emulator.pump()
    expect(s.events.at(-1)).toMatchObject({ Event: 'channels_ec_order_cancel', order_info: { cancel_type: '3' } })
    expect((await s.api('aftersale/getaftersalelist', { begin_create_time: sec(start), end_create_time: sec(start) })).after_sale_order_id_list).toEqual([aftersaleId, refused.aftersaleId, rest.aftersaleId])
  })

  test('money is conserved: paid = available + fee + pending + refunded, whatever happened', async () => {
    const s = await openShop({ stock: 10_000, parameters: { settleDelayMs: day, autoReceiptMs: day } })
    const random = seededRandom('money')
    for (let n = 0; n < 120; n++) {
      const pick = s.state().orderIds[Math.floor(random.u('pick', n) * s.state().orderIds.length)] ?? ''
      const draw = random.u('what', n)
      const attempt = (name: string, args: unknown) => s.act(name, args).catch(() => undefined)
      if (draw < 0.3) await s.place(1 + (n % 4), { freightFen: (n % 3) * 100 })
      else if (draw < 0.5) await attempt('shop.pay', { orderId: pick })
      else if (draw < 0.65) await attempt('shop.ship', { orderId: pick })
      else if (draw < 0.85) {
        const asked = (await attempt('shop.applyAftersale', { orderId: pick, count: 1, amountFen: 100 + (n % 3) * 150, type: 'REFUND' })) as { aftersaleId: string } | undefined
        if (asked && n % 3 !== 0) await s.api('aftersale/acceptapply', { after_sale_order_id: asked.aftersaleId })
      } else await s.emulator.advanceTo(s.emulator.namespace().now + day / 4)
    }
    const state = s.state()
    const orders = [...state.orders.values()].filter((order) => order.paidAt !== undefined)
    const paid = orders.reduce((sum, order) => sum + order.freightFen + order.lines.reduce((all, line) => all + line.realFen, 0), 0)
    const refunded = orders.reduce((sum, order) => sum + (order.refundedFreightFen ?? 0) + order.lines.reduce((all, line) => all + line.refundedFen, 0), 0)
    const fees = state.funds.filter((flow) => flow.type === 2).reduce((sum, flow) => sum + flow.amountFen, 0)
    expect(refunded).toBeGreaterThan(0)
    expect(fees).toBeGreaterThan(0)
    expect(state.availableFen + state.pendingFen + fees + refunded).toBe(paid)
    let balance = 0
    for (const flow of state.funds) {
      balance += flow.direction === 1 ? flow.amountFen : -flow.amountFen
      expect(flow.balanceFen).toBe(balance)
    }
  })
})

describe('money out', () => {
  test('a withdrawal waits for the scan; cancelled, the money is back', async () => {
    const s = await openShop()
    const id = await s.place(2)
    for (const name of ['shop.pay', 'shop.ship', 'shop.confirmReceipt', 'shop.settle']) await s.act(name, { orderId: id })
    const available = async () => (await s.api('funds/getbalance')).balance_info.available_amount
    const before = await available()
    expect((await s.api('funds/submitwithdraw', { amount: before + 1 })).errcode).toBe(40097)
    const first = await s.api('funds/submitwithdraw', { amount: 400 })
    const second = await s.api('funds/submitwithdraw', { amount: 100 })
    expect(await available()).toBe(before - 500)
    await s.act('shop.confirmWithdraw', { withdrawId: first.withdraw_id })
    await s.act('shop.confirmWithdraw', { withdrawId: second.withdraw_id, confirmed: false })
    await expect(s.act('shop.confirmWithdraw', { withdrawId: second.withdraw_id })).rejects.toMatchObject({ code: 'emulator/act-refused' })
    expect(await available()).toBe(before - 400)
    expect((await s.api('funds/getwithdrawdetail', { withdraw_id: first.withdraw_id })).status).toBe('SUCCESS')
    const { flow_ids: ids } = await s.api('funds/getfundsflowlist', { page_size: 10 })
    const types = []
    for (const flowId of ids) types.push((await s.api('funds/getfundsflowdetail', { flow_id: flowId })).funds_flow.funds_type)
    expect(types).toEqual([1, 2, 4, 4, 5])
  })

  test('a merchant-initiated refund happens once for one request_id', async () => {
    const s = await openShop()
    const id = await s.place(2)
    await s.act('shop.pay', { orderId: id })
    const body = { request_id: 'r1', order_id: id, after_sale_infos: [{ product_id: s.cup.productId, sku_id: s.cup.skuId, count: 1, refund_amount: 300 }] }
    const first = await s.api('aftersale/genaftersaleorder', body)
    const again = await s.api('aftersale/genaftersaleorder', body)
    expect(again.after_sale_order_id).toBe(first.after_sale_order_id)
    expect(s.state().orders.get(id)!.lines[0]).toMatchObject({ refundedFen: 300, refundedCount: 1 })
    expect((await s.api('aftersale/genaftersaleorder', { ...body, request_id: 'r2', after_sale_infos: [{ ...body.after_sale_infos[0], count: 2 }] })).errcode).toBe(40097)
  })
})

describe('coupons', () => {
  test('a coupon is made, switched on, taken, used once, and comes back with a cancelled order', async () => {
    const s = await openShop()
    const made = await s.api('coupon/create', { type: 4, name: '立减两元', discount_info: { discount_fee: 200 }, receive_info: { total_num: 2, limit_num_one_person: 1 }, valid_info: { valid_type: 2, valid_day_num: 3 } })
    const couponId = made.data.coupon_id
    await expect(s.act('shop.receiveCoupon', { couponId, person: 'ann' })).rejects.toThrow('10021001')
    await s.api('coupon/update_status', { coupon_id: couponId, status: 2 })
    const { userCouponId, openid } = await s.act('shop.receiveCoupon', { couponId, person: 'ann' })
    await expect(s.act('shop.receiveCoupon', { couponId, person: 'ann' })).rejects.toThrow('10021001')
    const id = await s.place(2, { userCouponId })
    expect(await s.order(id)).toMatchObject({ order_detail: { price_info: { order_price: 800, discounted_price: 200 }, product_infos: [{ order_product_coupon_info_list: [{ coupon_id: couponId }] }] } })
    await expect(s.place(2, { userCouponId })).rejects.toThrow('10021001')
    await s.act('shop.cancel', { orderId: id })
    expect((await s.api('coupon/get_user_coupon', { openid, user_coupon_id: userCouponId })).user_coupon.status).toBe(100)
    await s.emulator.advanceTo(start + 3 * day)
    expect((await s.api('coupon/get_user_coupon', { openid, user_coupon_id: userCouponId })).user_coupon.status).toBe(101)
    expect((await s.api('coupon/get', { coupon_id: couponId })).coupon.stock_info).toEqual({ issued_num: 2, receive_num: 1, used_num: 0 })
    expect((await s.api('coupon/create', { type: 4, name: 'x', discount_info: { discount_fee: 20_001 } })).errcode).toBe(40097)
  })
})

describe('many orders in one command', () => {
  test('leave the same book as the acts one by one', async () => {
    const life = (n: number) => ({ at: start + n * 60_000, payAt: start + n * 60_000 + 5_000, shipAt: start + day + n, receiveAt: start + 2 * day + n, settleAt: start + 3 * day + n })
    const bulk = await openShop({ stock: 1_000, parameters: { unpaidTimeoutMs: 30 * day, autoReceiptMs: 30 * day, settleDelayMs: 30 * day } })
    await bulk.emulator.advanceTo(start + 5 * day)
    const made = await bulk.act('shop.runOrders', { orders: Array.from({ length: 20 }, (_, n) => ({ key: `k${n}`, person: `p${n}`, lines: [{ ...bulk.cup, count: 1 + (n % 3) }], ...life(n) })) })
    await bulk.emulator.pump()
    const single = await openShop({ stock: 1_000, parameters: { unpaidTimeoutMs: 30 * day, autoReceiptMs: 30 * day, settleDelayMs: 30 * day } })
    const ids: string[] = []
    for (let n = 0; n < 20; n++) {
      await single.emulator.advanceTo(life(n).at)
      ids.push(await single.place(1 + (n % 3), { person: `p${n}` }))
      await single.emulator.advanceTo(life(n).payAt)
      await single.act('shop.pay', { orderId: ids[n] })
    }
    for (const [step, name] of [['shipAt', 'shop.ship'], ['receiveAt', 'shop.confirmReceipt'], ['settleAt', 'shop.settle']] as const) {
      for (let n = 0; n < 20; n++) {
        await single.emulator.advanceTo(life(n)[step])
        await single.act(name, { orderId: ids[n] })
      }
    }
    await single.emulator.pump()
    expect(made.orders.map((item: { orderId: string }) => item.orderId)).toEqual(ids)
    for (const id of ids) expect(bulk.state().orders.get(id)!).toEqual(single.state().orders.get(id)!)
    expect(bulk.state().stock[bulk.cup.skuId].flow.entries()).toEqual(single.state().stock[single.cup.skuId].flow.entries())
    expect([...bulk.texts].sort()).toEqual([...single.texts].sort())
  })

  test('an order without stock is reported and the others go on; the future is scheduled', async () => {
    const s = await openShop({ stock: 3 })
    const made = await s.act('shop.runOrders', {
      orders: [{ person: 'a', at: start, lines: [{ ...s.cup, count: 4 }] }, { person: 'b', at: start, payAt: start + 1_000, lines: [{ ...s.cup, count: 2 }] }, { person: 'c', at: start + 5_000, payAt: start + 6_000, shipAt: start + 7_000, lines: [{ ...s.cup, count: 1 }] }],
    })
    expect(made.orders.map((item: { orderId: string | null; error?: string }) => [item.orderId !== null, item.error?.slice(0, 8)])).toEqual([[false, '10020219'], [true, undefined], [false, undefined]])
    await s.emulator.advanceTo(start + 10_000)
    expect(s.state().orderIds.map((id) => s.state().orders.get(id)!.status)).toEqual([20, 30])
    expect(await s.stock()).toBe(0)
  })

  test('refunds in bulk keep count of pieces and money, and name what they cannot do', async () => {
    const s = await openShop()
    const id = await s.place(3)
    await s.act('shop.pay', { orderId: id })
    const { refunds } = await s.act('shop.runRefunds', { refunds: [{ orderId: id, line: 0, count: 2, amountFen: 900, at: start }, { orderId: id, line: 0, count: 2, amountFen: 100, at: start }, { orderId: id, line: 0, count: 1, amountFen: 601, at: start }, { orderId: id, line: 0, count: 1, amountFen: 600, at: start }] })
    expect(refunds.map((item: { error?: string }) => item.error?.slice(0, 5))).toEqual([undefined, '40097', '40097', undefined])
    expect(await s.order(id)).toMatchObject({ status: 200 })
  })
})

test('every sample of the rows is accepted by their schemas', () => {
  for (const row of shopRows) {
    if (!row.sample) continue
    if (row.sample.request !== undefined) expect((row.request as z.ZodType).safeParse(row.sample.request).success, `${row.name} request`).toBe(true)
    if (row.sample.response !== undefined) expect((row.response as z.ZodType).safeParse(row.sample.response).success, `${row.name} response`).toBe(true)
  }
})
