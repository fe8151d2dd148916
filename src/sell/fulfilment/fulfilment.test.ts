import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connectionA, day, hour, makeTenant, start, testIds } from '../../../tests/setup/fixtures.ts'
import { openTestDb, type TestDb } from '../../../tests/setup/test-db.ts'
import { testWork } from '../../../tests/setup/test-work.ts'
import { seededRandom } from '../../kernel/random.ts'
import { createSeal } from '../../kernel/seal.ts'
import { forgetWholly, resolvePersons } from '../../book/person/index.ts'
import { bookState, findMallOrder, type MallOrder } from '../checkout/index.ts'
import { insertMallOrders } from '../checkout/store.ts'
import { findOrder, saveOrders, type OrderState } from '../order/index.ts'
import { maskAddress, openAddresses, readAddress, saveAddress } from './addresses.ts'
import { readBulk } from './bulk.ts'
import { readDivisions } from './divisions.ts'
import { courierOf, couriers, leftToSend, logisticsType, pack } from './parcel.ts'
import { deliveryReply, sendParcel, type FulfilmentPlatform } from './send-parcels.ts'
import { forgetAddresses, parcelsOf } from './store.ts'

describe('what is left to send', () => {
  test('whatever parcels leave, no piece leaves twice and none that was given back before leaves', () => {
    const line = fc.record({ quantity: fc.integer({ min: 1, max: 9 }), refunded: fc.integer({ min: 0, max: 9 }) })
    fc.assert(fc.property(fc.array(line, { minLength: 1, maxLength: 4 }), fc.array(fc.array(fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 5 })), { minLength: 1, maxLength: 3 }), { maxLength: 8 }), (rows, wishes) => {
      const lines = rows.map((row, n) => ({ lineNo: n + 1, quantity: row.quantity, refunded: Math.min(row.refunded, row.quantity) }))
      const parcels: Array<{ lines: Array<[number, number]> }> = []
      let whole = false
      for (const wish of wishes) {
        const packed = pack(leftToSend(lines, parcels), wish)
        if ('kind' in packed) continue
        parcels.push({ lines: packed.packed })
        whole = packed.whole
      }
      const sent = (lineNo: number): number => parcels.reduce((sum, parcel) => sum + parcel.lines.filter(([n]) => n === lineNo).reduce((s, [, pieces]) => s + pieces, 0), 0)
      const fits = lines.every((row) => sent(row.lineNo) <= row.quantity - row.refunded)
      const done = lines.every((row) => sent(row.lineNo) === row.quantity - row.refunded)
      return fits && (parcels.length === 0 || whole === done)
    }))
  })

  test('a parcel that names too much, a line that is not there, or nothing left says which', () => {
    const left = new Map([[1, 2], [2, 0]])
    expect(pack(left, [[1, 3]])).toEqual({ kind: 'too-many', lineNo: 1, left: 2, found: 3 })
    expect(pack(left, [[1, 1], [1, 2]])).toEqual({ kind: 'too-many', lineNo: 1, left: 2, found: 3 })
    expect(pack(left, [[9, 1]])).toEqual({ kind: 'no-line', lineNo: 9 })
    expect(pack(new Map([[1, 0]]), undefined)).toEqual({ kind: 'nothing-left' })
    expect(pack(left, undefined)).toEqual({ packed: [[1, 2]], whole: true })
  })

  test('couriers are known by code and by the names people write; the numbers of the report are those of the sheet', () => {
    expect(['顺丰', 'zto', '中通快递', 'J&T'].map((text) => courierOf(text)?.code)).toEqual(['SF', 'ZTO', 'ZTO', 'JTSD'])
    expect(courierOf('无名快递')).toBeUndefined()
    expect(courierOf('某地快运', [{ code: 'XX', zh: '某地快运' }])?.code).toBe('XX')
    expect(new Set(couriers.map((one) => one.code)).size).toBe(couriers.length)
    expect(logisticsType).toEqual({ express: 1, local: 2, virtual: 3, pickup: 4 })
  })
})

describe('addresses', () => {
  const divisions = readDivisions()
  const good = { name: '周予安', phone: '13800004471', detail: '科苑路 8 号 3 栋 1201', division: '440305' }
  test('a county-level code is good, and so are the names of the picker; anything else is refused and says what was found', () => {
    expect(divisions.nameOf('440305')).toEqual(['广东省', '深圳市', '南山区'])
    expect(readAddress({ ...good, division: undefined, region: '广东省 深圳市 南山区' }, divisions).division).toBe('440305')
    expect(readAddress({ ...good, division: undefined, region: '北京市 北京市 东城区' }, divisions).division).toBe('110101')
    expect(divisions.isLeaf(divisions.find(['广东省', '东莞市'])!)).toBe(true)
    for (const division of ['440300', '440000', '999999', '']) expect(() => readAddress({ ...good, division }, divisions)).toThrow(expect.objectContaining({ code: 'address/no-division' }))
    expect(() => readAddress({ ...good, division: undefined, region: '广东省 深圳市 火星区' }, divisions)).toThrow(expect.objectContaining({ code: 'address/no-division', zh: expect.stringContaining('火星区') }))
    expect(() => readAddress({ ...good, detail: '' }, divisions)).toThrow(expect.objectContaining({ code: 'address/needed' }))
    expect(() => readAddress({ ...good, phone: 'abc' }, divisions)).toThrow(expect.objectContaining({ code: 'address/unreadable' }))
    expect(readAddress({ method: 'pickup', name: '周', phone: '13800004471' }, divisions).method).toBe('pickup')
  })
  test('what packers see names nobody', () => {
    const masked = maskAddress(readAddress(good, divisions), divisions)
    expect(masked).toBe('广东省深圳市南山区 周** 138••••4471')
    for (const hidden of ['予安', '13800004471', '科苑路']) expect(masked).not.toContain(hidden)
  })
})

describe('a shipping file', () => {
  test('is read by its heads, as CSV or pasted; lines of one parcel may stand on rows of their own', () => {
    expect(readBulk('\uFEFF订单号,快递公司,快递单号\r\n1001,顺丰,SF1234\r\n1002,中通快递,7312345\r\n').rows).toEqual([{ row: 2, orderId: '1001', courier: '顺丰', trackingNo: 'SF1234' }, { row: 3, orderId: '1002', courier: '中通快递', trackingNo: '7312345' }])
    expect(readBulk("订单号\t快递\t单号\t行号\t件数\n'1001\tSF\tSF1234\t1\t2\n1001\tSF\tSF1234\t3\t1").rows).toEqual([{ row: 2, orderId: '1001', courier: 'SF', trackingNo: 'SF1234', lines: [[1, 2], [3, 1]] }])
  })
  test('each bad row is named with its line and why; a file that is none says so', () => {
    expect(readBulk('订单号,快递,单号\n,SF,SF1234\n3.7E+17,SF,SF1234\n1001,飞毛腿,SF1234\n1001,SF,单 号\n1002,SF,SF9999\n1002,SF,SF9999').problems.map(({ row, why }) => [row, why])).toEqual([[2, 'no-order-id'], [3, 'no-order-id'], [4, 'no-courier'], [5, 'bad-tracking'], [7, 'twice']])
    for (const text of ['', '订单号,快递,单号', 'a,b\n1,2', '\x00\x01binary']) expect(() => readBulk(text)).toThrow(expect.objectContaining({ code: 'fulfilment/bad-file' }))
    expect(() => readBulk(`订单号,快递,单号\n${Array.from({ length: 5001 }, (_, n) => `${n},SF,SF${n}00`).join('\n')}`)).toThrow(expect.objectContaining({ code: 'fulfilment/bad-file', zh: expect.stringContaining('5001') }))
  })
})

describe('parcels of both shelves', () => {
  let t: TestDb
  let tenantId: number
  const ids = testIds('fulfilment')
  const work = (now = start) => ({ ...testWork(tenantId, now, 'fulfilment'), ids })
  const platform: FulfilmentPlatform = { accountOf: () => 'wx', call: async () => ({ kind: 'no-answer', text: '' }), connectionOf: async () => connectionA, pickupCode: () => '123456' }
  const send = (wish: Omit<Parameters<typeof sendParcel>[3], 'method'> & { method?: 'express' | 'pickup' | 'local' | 'virtual' }, now = start) => t.app(tenantId, (tx) => sendParcel(tx, work(now), platform, { method: 'express', courier: '顺丰', ...wish }, 'packer'))
  const calls = (endpoint: string) => t.app(tenantId, (tx) => tx.query<{ request: Record<string, unknown>; reply: Record<string, unknown>; outboxId: string; connectionId: string }>(`select request, reply, outbox_id as "outboxId", connection_id as "connectionId" from outbox where tenant_id = $1 and endpoint = $2 order by lane, seq`, [tenantId, endpoint]))
  let personId: string

  const mall = (n: number): MallOrder => ({
    orderId: `${n}`.padStart(32, 'a'), personId, buyer: `b${n}`, buyerKnown: true, clientKey: `k${n}`, miniConnectionId: connectionA, payConnectionId: connectionA, state: 'paid',
    lines: [1, 2].map((lineNo) => ({ lineNo, productId: '00000000-0000-7000-8000-0000000000c1', skuId: `00000000-0000-7000-8000-0000000000d${lineNo}`, skuCode: 'A', title: lineNo === 1 ? '白茶' : '茶杯', name: '', image: '', quantity: 2, unitFen: 1_000, paidFen: 2_000 })),
    goodsFen: 4_000, discountFen: 0, freightFen: 0, totalFen: 4_000, tenders: [], terms: {}, placedAt: start - day, expiresAt: start, paidAt: start - hour, transactionId: 't', shippedAt: null, shipping: null, shippingReport: 'none', receivedAt: null, settledAt: null, cancelledAt: null, version: Math.floor(start / 1000),
  })
  const place = async (order: MallOrder) => t.app(tenantId, async (tx) => {
    await insertMallOrders(tx, tenantId, [order])
    // The insert is of unpaid orders only.
    await tx.run(`update mall_order set state = $3, paid_at = $4 where tenant_id = $1 and order_id = $2`, [tenantId, order.orderId, order.state, order.paidAt])
    await saveOrders(tx, tenantId, [{ order: bookState(order), personId, connectionId: connectionA, appid: '', cause: 'own' }], start, ids)
  })

  beforeAll(async () => {
    t = await openTestDb()
    tenantId = await makeTenant(t, 'fulfilment')
    personId = await t.app(tenantId, async (tx) => (await resolvePersons(tx, tenantId, [{ unionid: 'u', local: { kind: 'openid', scope: 'wx', value: 'o-buyer' }, seenAt: start, evidence: 'test' }], ids)).personIds[0])
  })
  afterAll(() => t.close())

  test('a mall order leaves in two parcels: the order is part shipped, then shipped, and WeChat is told of both as a split delivery', async () => {
    const order = mall(1)
    await place(order)
    await send({ shelf: 'mall', orderId: order.orderId, trackingNo: 'SF0001', lines: [[1, 2]] })
    expect(await t.app(tenantId, (tx) => findOrder(tx, tenantId, 'mall', order.orderId))).toMatchObject({ status: 'part_shipped' })
    await expect(send({ shelf: 'mall', orderId: order.orderId, trackingNo: 'SF0002', lines: [[1, 1]] })).rejects.toMatchObject({ code: 'fulfilment/too-many' })
    await send({ shelf: 'mall', orderId: order.orderId, trackingNo: 'SF0002' }, start + hour)
    expect(await t.app(tenantId, (tx) => findOrder(tx, tenantId, 'mall', order.orderId))).toMatchObject({ status: 'to_receive' })
    expect((await calls('mini-program.shipping.upload')).map(({ request }) => [request.logistics_type, request.delivery_mode, request.is_all_delivered, (request.shipping_list as Array<Record<string, unknown>>)[0].item_desc])).toEqual([[1, 2, false, '白茶*2'], [1, 2, true, '茶杯*2']])
    await expect(send({ shelf: 'mall', orderId: order.orderId, trackingNo: 'SF0003' })).rejects.toMatchObject({ code: 'fulfilment/wrong-state' })
  })

  test('a pick-up is ready with six digits and is reported as one, without a courier', async () => {
    const order = mall(2)
    await place(order)
    const parcel = await send({ shelf: 'mall', orderId: order.orderId, method: 'pickup', courier: undefined })
    expect(parcel).toMatchObject({ pickupCode: '123456', company: '', trackingNo: '' })
    const last = (await calls('mini-program.shipping.upload')).find(({ request }) => (request.order_key as Record<string, unknown>).out_trade_no === order.orderId)!
    expect(last.request).toMatchObject({ logistics_type: 4, delivery_mode: 1 })
    expect((last.request.shipping_list as Array<Record<string, unknown>>)[0]).not.toHaveProperty('tracking_no')
  })

  test('what does not allow a parcel leaves no trace of it', async () => {
    const order = mall(3)
    await place(order)
    for (const [wish, code] of [[{ trackingNo: 'x' }, 'fulfilment/bad-tracking'], [{ courier: '飞毛腿', trackingNo: 'SF0009' }, 'fulfilment/no-courier'], [{ trackingNo: 'SF0009', lines: [[7, 1]] as Array<[number, number]> }, 'fulfilment/no-line'], [{ orderId: 'nope', trackingNo: 'SF0009' }, 'fulfilment/no-order']] as const) {
      await expect(send({ shelf: 'mall', orderId: order.orderId, ...wish } as never)).rejects.toMatchObject({ code })
    }
    const held = { ...platform, holds: async () => '拼团还没成' }
    await expect(t.app(tenantId, (tx) => sendParcel(tx, work(), held, { shelf: 'mall', orderId: order.orderId, method: 'express', courier: 'SF', trackingNo: 'SF0009' }, 'packer'))).rejects.toMatchObject({ code: 'fulfilment/on-hold', zh: expect.stringContaining('拼团还没成') })
    expect(await t.app(tenantId, (tx) => parcelsOf(tx, tenantId, 'mall', [order.orderId]))).toEqual([])
    expect(await t.app(tenantId, (tx) => findMallOrder(tx, tenantId, order.orderId))).toMatchObject({ state: 'paid' })
  })

  test('a Shop order is sent through its own API; refused, the parcel says why and its pieces can leave again', async () => {
    const shop: OrderState = { ...bookState(mall(4)), shelf: 'shop', orderId: '3700000001', platformStatus: 20, lines: [{ lineNo: 1, productId: '10001', skuId: '20001', skuCode: 'A', title: '白茶', quantity: 3, unitFen: 1_000, paidFen: 3_000, note: null }] }
    await t.app(tenantId, (tx) => saveOrders(tx, tenantId, [{ order: shop, personId, connectionId: connectionA, appid: '', cause: 'callback' }], start, ids))
    await expect(send({ shelf: 'shop', orderId: shop.orderId, method: 'pickup' })).rejects.toMatchObject({ code: 'fulfilment/shop-method' })
    const parcel = await send({ shelf: 'shop', orderId: shop.orderId, trackingNo: 'SF7777', lines: [[1, 2]] })
    const [call] = await calls('shop.order.delivery.send')
    expect(call.request).toEqual({ order_id: '3700000001', delivery_list: [{ delivery_id: 'SF', waybill_id: 'SF7777', deliver_type: 1, product_infos: [{ product_id: '10001', sku_id: '20001', product_cnt: 2 }] }] })
    await t.app(tenantId, (tx) => deliveryReply.handle(work(), tx, call as never, { kind: 'refused', final: true, code: '10020065', text: 'wrong state', retry: 'never' } as never))
    expect(await t.app(tenantId, (tx) => parcelsOf(tx, tenantId, 'shop', [shop.orderId]))).toMatchObject([{ parcelId: parcel.parcelId, report: 'refused', reportReason: '10020065 wrong state' }])
    await send({ shelf: 'shop', orderId: shop.orderId, trackingNo: 'SF7778', lines: [[1, 3]] })
    // Control: what the platform may have taken cannot leave again.
    await expect(send({ shelf: 'shop', orderId: shop.orderId, trackingNo: 'SF7779', lines: [[1, 1]] })).rejects.toMatchObject({ code: 'fulfilment/nothing-left' })
  })

  test('an address is sealed at rest, opened for a label, and gone when the person is forgotten', async () => {
    const order = mall(5)
    await place(order)
    const ports = { seal: createSeal(Buffer.alloc(32, 5), seededRandom('address')), divisions: readDivisions() }
    await t.app(tenantId, (tx) => saveAddress(tx, tenantId, order, readAddress({ name: '周予安', phone: '13800004471', detail: '科苑路 8 号', division: '440305' }, ports.divisions), ports, start))
    const raw = await t.app(tenantId, (tx) => tx.query<{ row: string }>(`select encode(sealed, 'escape') || masked as row from order_address where tenant_id = $1`, [tenantId]))
    for (const hidden of ['予安', '13800004471', '科苑路']) expect(raw[0].row).not.toContain(hidden)
    expect((await t.app(tenantId, (tx) => openAddresses(tx, tenantId, [order.orderId], ports))).get(order.orderId)).toMatchObject({ name: '周予安', region: ['广东省', '深圳市', '南山区'] })
    await t.app(tenantId, (tx) => forgetWholly(tx, tenantId, personId, start, (within, id, _values, person) => forgetAddresses(within, id, person)))
    expect(await t.app(tenantId, (tx) => openAddresses(tx, tenantId, [order.orderId], ports))).toEqual(new Map())
  })
})
