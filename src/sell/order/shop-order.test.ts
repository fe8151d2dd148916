import { describe, expect, test } from 'vitest'
import { bellsOfShopEvent } from './index.ts'
import { linesDigest, readShopAftersale, readShopOrder } from './shop-order.ts'

/** As `channels/ec/order/get` answers (sheet §4): ids as text, times in seconds, amounts in fen. */
const answer = (more: Record<string, unknown> = {}, detail: Record<string, unknown> = {}) => ({
  errcode: 0,
  order: {
    order_id: '3705115058471208928', openid: 'o-1', unionid: 'u-1', status: 20, create_time: 1_700_000_000, update_time: 1_700_000_100, ...more,
    order_detail: {
      product_infos: [{ product_id: '1', sku_id: '11', sku_cnt: 2, sale_price: 1000, real_price: 1900, title: '白茶', sku_code: 'A' }, { product_id: '2', sku_id: '22', sku_cnt: 1, sale_price: 500, real_price: 500, title: '红茶', out_sku_id: 'B' }],
      pay_info: { pay_time: 1_700_000_060 }, price_info: { product_price: 2500, order_price: 2900, freight: 500, discounted_price: 100 }, delivery_info: {}, ext_info: { order_scene: 2 }, ...detail,
    },
  },
})

describe('an order as the Shop answers it', () => {
  test('is read whole', () => {
    expect(readShopOrder(answer())).toMatchObject({
      orderId: '3705115058471208928', openid: 'o-1', unionid: 'u-1', status: 'to_ship', placedAt: 1_700_000_000_000, paidAt: 1_700_000_060_000, paidFen: 2900, goodsFen: 2500, freightFen: 500, discountFen: 100,
      source: { scene: 2 }, updateTime: 1_700_000_100, lines: [{ lineNo: 1, skuCode: 'A', quantity: 2, paidFen: 1900 }, { lineNo: 2, skuCode: 'B', quantity: 1, paidFen: 500 }],
    })
  })
  test.each([[10, 'unpaid'], [12, 'to_ship'], [13, 'to_ship'], [20, 'to_ship'], [21, 'part_shipped'], [30, 'to_receive'], [100, 'completed'], [190, 'cancelled'], [200, 'refunded'], [250, 'cancelled']] as const)('status %d is %s', (code, status) => expect(readShopOrder(answer({ status: code })).status).toBe(status))

  test('an order that was never paid has no money, whatever else it says', () => {
    expect(readShopOrder(answer({ status: 10 }, { pay_info: {} }))).toMatchObject({ paidAt: null, paidFen: 0 })
    expect(readShopOrder(answer({ status: 250 }))).toMatchObject({ paidAt: null, paidFen: 0, cancelledAt: 1_700_000_100_000 })
  })
  test('where the paid price of a line is missing, the order price without freight is split by list price, to the fen', () => {
    const { lines } = readShopOrder(answer({}, { product_infos: [1, 2, 3].map((id) => ({ product_id: String(id), sku_id: String(id), sku_cnt: 1, sale_price: 100 })), price_info: { order_price: 600, freight: 500 } }))
    expect(lines.map((line) => line.paidFen)).toEqual([34, 33, 33])
  })
  test('ids and amounts may be numbers or text; blocks may be missing', () => {
    expect(readShopOrder({ order: { order_id: '370511505', openid: 'o', status: '20', create_time: '1700000000', order_detail: { price_info: { order_price: '100' } } } })).toMatchObject({ status: 'to_ship', updateTime: 1_700_000_000, lines: [], paidFen: 0 })
  })
  test('a note of a buyer is no note of ours, even if it looks like one', () => {
    expect(readShopOrder(answer({}, { ext_info: { customer_notes: '{"lines":[broken' } })).lines[0].note).toBeNull()
    expect(readShopOrder(answer({}, { ext_info: { customer_notes: '{"lines":[{"i":"536365"}]}' } })).lines.map((l) => l.note)).toEqual([{ i: '536365' }, null])
  })
  test.each([['no id', { order_id: undefined }], ['an id that is no number', { order_id: 'abc' }], ['an unknown status', { status: 77 }], ['no time', { create_time: 0 }]])('%s is refused, with what was found', (_what, more) => expect(() => readShopOrder(answer(more))).toThrow(/was expected/))
  test('an answer that is no order is refused', () => {
    for (const body of [null, undefined, 'text', [], {}, { order: null }]) expect(() => readShopOrder(body)).toThrow(/was expected/)
  })
  test('equal lines have equal digests, any change another', () => {
    const { lines } = readShopOrder(answer())
    expect(linesDigest(lines)).toBe(linesDigest(readShopOrder(answer()).lines))
    expect(linesDigest(lines)).not.toBe(linesDigest([{ ...lines[0], paidFen: 1 }, lines[1]]))
  })
})

describe('an after-sale as the Shop answers it', () => {
  const aftersale = (status: string) => readShopAftersale({ after_sale_order: { after_sale_order_id: '9', order_id: '3705', status, product_info: { sku_id: '11', count: 1 }, refund_info: { amount: 900 }, create_time: 1_700_000_000, complete_time: 1_700_000_500, reason: 'x' } })
  test.each([['MERCHANT_REFUND_SUCCESS', 'done'], ['MERCHANT_RETURN_SUCCESS', 'done'], ['USER_CANCELD', 'refused'], ['MERCHANT_REJECT_REFUND', 'refused'], ['MERCHANT_PROCESSING', 'pending'], ['something new', 'pending']])('%s is %s', (status, expected) => {
    expect(aftersale(status)).toMatchObject({ refundId: '9', orderId: '3705', skuId: '11', quantity: 1, amountFen: 900, status: expected, finishedAt: expected === 'pending' ? null : 1_700_000_500_000 })
  })
  test('without both ids it is refused', () => expect(() => readShopAftersale({ after_sale_order: { after_sale_order_id: '9' } })).toThrow(/both ids/))
})

describe('which objects a callback rings', () => {
  test.each([
    ['channels_ec_order_pay', { order_info: { order_id: '3705115058471208928' } }, ['shop.order 3705115058471208928']],
    ['channels_ec_order_new', { order_info: { order_id: 3705 } }, ['shop.order 3705']],
    ['channels_ec_aftersale_update', { finder_shop_aftersale_status_update: { after_sale_order_id: '9', order_id: '3705' } }, ['shop.aftersale 9', 'shop.order 3705']],
    ['product_spu_audit', { ProductSpuAudit: { product_id: '1' } }, ['shop.product 1']],
    ['channels_ec_order_pay', {}, []], ['channels_ec_order_pay', { order_info: { order_id: '' } }, []], ['something_else', { order_info: { order_id: '1' } }, []],
  ])('%s with %j', (event, message, bells) => expect(bellsOfShopEvent(event, message).map((bell) => `${bell.kind} ${bell.objectId}`)).toEqual(bells))
})
