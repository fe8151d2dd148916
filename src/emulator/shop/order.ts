import type { z } from 'zod'
import { cooperationOrderGet } from '../../wechat/spec/shop/cooperation.ts'
import {
  addressModifyAccept, addressModifyReject, deliveryCompanyList, deliveryCompanyNewList, deliveryInfoUpdate, deliverySend, orderAddressUpdate, orderGet, orderListGet, orderMerchantNotesUpdate, orderPriceUpdate,
  orderSearch, orderStatus, type shopOrder,
} from '../../wechat/spec/shop/order.ts'
import { splitFen } from '../../kernel/money.ts'
import type { Namespace } from '../core/namespace.ts'
import { PlatformError } from '../core/platform-error.ts'
import { serve, type Route } from '../core/registry.ts'
import { aftersaleOpen, aftersaleStatusCode } from './aftersale-status.ts'
import { pushOrderEvent } from './event.ts'
import { ship } from './fulfil.ts'
import { orderOf, orderPriceFen, orderShown, seconds, shopOf, type Order, type Shop } from './state.ts'

const weekSeconds = 7 * 86_400

function mask(text: string | undefined): string | undefined {
  return text === undefined || text === '' ? text : text.length <= 2 ? `${text.slice(0, 1)}*` : `${text.slice(0, 1)}${'*'.repeat(text.length - 2)}${text.slice(-1)}`
}

/** The order as `order/get` shows it. */
export function wireOrder(shop: Shop, order: Readonly<Order>, masked: boolean): z.input<typeof shopOrder> {
  const { state } = shop
  const productFen = order.lines.reduce((sum, line) => sum + line.priceFen * line.count, 0)
  const discountFen = order.lines.reduce((sum, line) => sum + line.discountFen, 0)
  const priceFen = orderPriceFen(order)
  const address = masked
    ? { ...order.address, user_name: mask(order.address.user_name), tel_number: mask(order.address.tel_number), detail_info: mask(order.address.detail_info) }
    : order.address
  return {
    order_id: order.id,
    status: order.status,
    openid: order.openid,
    ...(order.unionid === undefined ? {} : { unionid: order.unionid }),
    create_time: seconds(order.createdAt),
    update_time: seconds(order.updatedAt),
    is_present: false,
    order_detail: {
      product_infos: order.lines.map((line, index) => {
        const product = state.products[line.productId]
        const shown = product?.online ?? product?.draft
        const sku = shown?.skus?.find((item) => item.sku_id === line.skuId)
        return {
          product_id: line.productId,
          sku_id: line.skuId,
          sku_cnt: line.count,
          sku_code: sku?.sku_code ?? '',
          out_product_id: shown?.out_product_id ?? '',
          out_sku_id: sku?.out_sku_id ?? '',
          title: shown?.title ?? '',
          thumb_img: sku?.thumb_img ?? shown?.head_imgs?.[0] ?? '',
          sku_attrs: sku?.sku_attrs ?? [],
          product_unique_id: `${order.id}${index}`,
          on_aftersale_sku_cnt: line.onAftersale,
          finish_aftersale_sku_cnt: line.refundedCount,
          market_price: sku?.market_price ?? line.priceFen,
          sale_price: line.priceFen,
          real_price: line.realFen,
          estimate_price: line.realFen,
          is_discounted: line.discountFen > 0,
          merchant_discounted_price: line.discountFen,
          is_change_price: line.changed === true,
          ...(line.changed ? { change_price: line.realFen } : {}),
          order_product_coupon_info_list: line.userCouponId === undefined ? [] : [{ coupon_type: 1, user_coupon_id: line.userCouponId, coupon_id: line.couponId, discounted_price: line.discountFen }],
        }
      }),
      pay_info: {
        prepay_id: order.prepayId,
        prepay_time: seconds(order.createdAt),
        payment_method: order.paymentMethod,
        ...(order.paidAt === undefined ? {} : { pay_time: seconds(order.paidAt), transaction_id: order.transactionId }),
      },
      price_info: {
        product_price: productFen,
        order_price: priceFen,
        freight: order.freightFen,
        discounted_price: discountFen,
        is_discounted: discountFen > 0,
        original_order_price: order.originalFen,
        estimate_product_price: priceFen - order.freightFen,
        change_down_price: Math.max(0, order.originalFen - priceFen - discountFen),
        merchant_receieve_price: priceFen,
      },
      delivery_info: {
        address_info: address,
        delivery_product_info: order.parcels.map((parcel) => ({
          waybill_id: parcel.waybillId,
          delivery_id: parcel.deliveryId,
          delivery_name: deliveryCompanies.find((company) => company.delivery_id === parcel.deliveryId)?.delivery_name ?? '',
          delivery_time: seconds(parcel.at),
          deliver_type: parcel.deliverType,
          product_infos: (parcel.whole ? order.lines : parcel.items).map((item) => ({ product_id: item.productId, sku_id: item.skuId, product_cnt: item.count })),
        })),
        ...(order.shippedAt === undefined ? {} : { ship_done_time: seconds(order.shippedAt) }),
        deliver_method: 0,
        address_under_review: order.addressWanted != null,
      },
      ext_info: {
        customer_notes: order.customerNotes,
        merchant_notes: order.merchantNotes,
        ...(order.confirmedAt === undefined ? {} : { confirm_receipt_time: seconds(order.confirmedAt) }),
        finder_id: order.finderId,
        live_id: order.liveId,
        order_scene: order.scene,
        commission_handling_progress: order.commissionPending ? 0 : 1,
      },
      commission_infos: (order.commissionPending ? [] : (order.commissions ?? [])).map((item) => ({
        sku_id: item.skuId, nickname: item.nickname, type: item.type, status: order.settledAt === undefined ? 1 : 2, amount: item.amountFen, finder_id: item.finderId,
      })),
      source_infos: order.sources,
      settle_info: {
        predict_commission_fee: Math.floor((priceFen * state.parameters.feeBasisPoints) / 10_000),
        ...(order.settledAt === undefined ? {} : { commission_fee: order.feeFen ?? 0, settle_time: seconds(order.settledAt) }),
      },
      ...(order.refundedFreightFen === undefined ? {} : { refund_info: { refund_freight: order.refundedFreightFen } }),
    },
    aftersale_detail: {
      aftersale_order_list: order.aftersaleIds.map((id) => ({ aftersale_order_id: id, status: aftersaleStatusCode(state.aftersales[id].status) })),
      on_aftersale_order_cnt: order.aftersaleIds.filter((id) => aftersaleOpen(state.aftersales[id].status)).length,
    },
  }
}

/** Sorts by (time, id) and pages after the cursor `time.id`, so that orders changing between pages are neither lost nor repeated wrongly. */
function page(kept: Array<{ at: number; id: string }>, nextKey: string | undefined, size: number): { ids: string[]; nextKey: string; hasMore: boolean } {
  if (size < 1 || size > 100) throw new PlatformError(40097, 'page_size must be 1 to 100')
  const [afterAt, afterId] = nextKey ? [Number(nextKey.split('.')[0]), nextKey.split('.')[1] ?? ''] : [-1, '']
  const rest = kept.filter((item) => item.at > afterAt || (item.at === afterAt && item.id > afterId)).sort((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1))
  const shown = rest.slice(0, size)
  const last = shown.at(-1)
  return { ids: shown.map((item) => item.id), nextKey: last ? `${last.at}.${last.id}` : (nextKey ?? ''), hasMore: rest.length > shown.length }
}

const listGet = serve(orderListGet, ({ ns, account, input, faults }) => {
  const shop = shopOf(ns, account?.id)
  const { create_time_range: created, update_time_range: updated } = input
  if (!created && !updated) throw new PlatformError(40097, 'create_time_range or update_time_range is needed')
  for (const range of [created, updated]) {
    if (range && (range.end_time < range.start_time || range.end_time - range.start_time > weekSeconds)) throw new PlatformError(40097, 'a time range spans at most 7 days')
  }
  const kept: Array<{ at: number; id: string }> = []
  const inside = (at: number, range: { start_time: number; end_time: number } | undefined): boolean => range === undefined || (at >= range.start_time * 1000 && at < (range.end_time + 1) * 1000)
  for (const order of shop.state.orders.heads()) {
    if (!inside(order.createdAt, created) || !inside(order.updatedAt, updated)) continue
    if (input.status !== undefined && input.status !== 0 && order.status !== input.status) continue
    if (input.openid && order.openid !== input.openid) continue
    kept.push({ at: updated && !created ? seconds(order.updatedAt) : seconds(order.createdAt), id: order.id })
  }
  const { ids, nextKey, hasMore } = page(kept, input.next_key, input.page_size)
  if (faults.includes('partial') && ids.length > 1) {
    const short = ids.slice(0, Math.ceil(ids.length / 2))
    const last = kept.find((item) => item.id === short.at(-1))
    return { order_id_list: short, next_key: last ? `${last.at}.${last.id}` : nextKey, has_more: true }
  }
  return { order_id_list: ids, next_key: nextKey, has_more: hasMore }
})

const get = serve(orderGet, ({ ns, account, input }) => {
  const shop = shopOf(ns, account?.id)
  return { order: wireOrder(shop, orderShown(shop, input.order_id), input.encode_sensitive_info === true) }
})

/** The related mini program's own view of an order: without the Shop's order id. */
const relatedGet = serve(cooperationOrderGet, ({ ns, account, input }) => {
  const shop = shopOf(ns, input.shop_appid)
  const order = shop.state.orders.find((item) => item.related?.orderId === input.order_id && item.related.appid === account?.id)
  if (!order?.related) throw new PlatformError(10020050, 'order not exist')
  const whole = wireOrder(shop, order, false)
  return {
    order: {
      order_id: order.related.orderId, status: order.status, create_time: seconds(order.createdAt), update_time: seconds(order.updatedAt), openid: order.related.openid,
      ...(order.related.unionid === undefined ? {} : { unionid: order.related.unionid }),
      order_detail: { product_infos: whole.order_detail?.product_infos, price_info: whole.order_detail?.price_info },
    },
  }
})

const search = serve(orderSearch, ({ ns, account, input }) => {
  const shop = shopOf(ns, account?.id)
  const { state } = shop
  const wanted = input.search_condition
  const given = Object.values(wanted).some((value) => value !== undefined && value !== '')
  if (!given) throw new PlatformError(40097, 'search_condition needs at least one field')
  const tel = wanted.tel_number_last4 ?? wanted.tel_number
  if (tel !== undefined && tel !== '' && !/^\d{4}$/.test(tel)) throw new PlatformError(40097, 'tel_number takes the last four digits only')
  const has = (text: string | undefined, part: string | undefined): boolean => part === undefined || part === '' || (text ?? '').includes(part)
  const kept: Array<{ at: number; id: string }> = []
  for (const { id, status } of state.orders.heads()) {
    if (wanted.order_id !== undefined && wanted.order_id !== id) continue
    // 20 also matches partly shipped orders.
    if (input.status && status !== input.status && !(input.status === orderStatus.toShip && status === orderStatus.partlyShipped)) continue
    const order = orderShown(shop, id)
    const shown = order.lines.map((line) => state.products[line.productId]?.online ?? state.products[line.productId]?.draft)
    if (wanted.address_under_review !== undefined && wanted.address_under_review !== (order.addressWanted != null)) continue
    if (!has(order.merchantNotes, wanted.merchant_notes) || !has(order.customerNotes, wanted.customer_notes) || !has(order.address.user_name, wanted.user_name)) continue
    if (tel && !(order.address.tel_number ?? '').endsWith(tel)) continue
    if (wanted.title && !shown.some((product) => has(product?.title, wanted.title))) continue
    if (wanted.sku_code && !shown.some((product, index) => product?.skus?.find((sku) => sku.sku_id === order.lines[index].skuId)?.sku_code === wanted.sku_code)) continue
    if (input.on_aftersale_order_exist !== undefined) {
      const open = order.aftersaleIds.some((aftersaleId) => aftersaleOpen(state.aftersales[aftersaleId].status))
      if (open !== (input.on_aftersale_order_exist === 1)) continue
    }
    kept.push({ at: seconds(order.createdAt), id })
  }
  const { ids, nextKey, hasMore } = page(kept, input.next_key, input.page_size)
  return { orders: ids, next_key: nextKey, has_more: hasMore }
})

const priceUpdate = serve(orderPriceUpdate, ({ ns, account, input }) => {
  const shop = shopOf(ns, account?.id)
  const order = orderOf(shop, input.order_id)
  if (order.status !== orderStatus.unpaid) throw new PlatformError(10020065, 'only an unpaid order can change its price')
  const changes = input.change_order_infos ?? []
  if (order.priceChanges + 1 > 50) throw new PlatformError(10020065, 'the price was changed 50 times')
  const plan: Array<{ lines: Order['lines']; total: number }> = []
  for (const change of changes) {
    const lines = order.lines.filter((line) => line.productId === change.product_id && line.skuId === change.sku_id)
    if (lines.length === 0) throw new PlatformError(10020052, 'sku not exist in the order')
    const total = lines.reduce((sum, line) => sum + line.realFen, 0)
    if (change.change_price < 0 || change.change_price > total) throw new PlatformError(40097, 'the price can only be lowered')
    plan.push({ lines, total: change.change_price })
  }
  if (input.change_express) {
    if (input.express_fee === undefined || input.express_fee < 0 || input.express_fee > order.freightFen) throw new PlatformError(40097, 'the freight can only be lowered')
    order.freightFen = input.express_fee
  }
  for (const { lines, total } of plan) {
    const parts = splitFen(total, lines.map((line) => line.realFen))
    for (const [index, line] of lines.entries()) {
      line.realFen = parts[index]
      line.changed = true
    }
  }
  order.priceChanges++
  touch(ns, shop, order, 12)
  return {}
})

/** Something else about the order changed: new update time and the event that says what (shop sheet 19.4). */
export function touch(ns: Namespace, shop: Shop, order: Order, type: number): void {
  order.updatedAt = ns.now
  pushOrderEvent(ns, shop, order, 'channels_ec_order_ext_info_update', { type })
}

const merchantNotes = serve(orderMerchantNotesUpdate, ({ ns, account, input }) => {
  const shop = shopOf(ns, account?.id)
  const order = orderOf(shop, input.order_id)
  order.merchantNotes = input.merchant_notes
  touch(ns, shop, order, 3)
  return {}
})

const addressUpdate = serve(orderAddressUpdate, ({ ns, account, input }) => {
  const shop = shopOf(ns, account?.id)
  const order = orderOf(shop, input.order_id)
  if (order.status !== orderStatus.toShip && order.status !== orderStatus.unpaid) throw new PlatformError(10020065, 'the address can be changed before shipping only')
  if (order.addressChanges >= 5) throw new PlatformError(10020065, 'the address was changed 5 times')
  order.addressChanges++
  order.address = { ...order.address, ...input.user_address }
  touch(ns, shop, order, 2)
  return {}
})

const send = serve(deliverySend, ({ ns, account, input }) => {
  const shop = shopOf(ns, account?.id)
  const order = orderOf(shop, input.order_id)
  if (input.delivery_list.length === 0) throw new PlatformError(40097, 'delivery_list is empty')
  ship(ns, shop, order, input.delivery_list.map((parcel) => ({
    deliveryId: parcel.delivery_id ?? '',
    waybillId: parcel.waybill_id ?? '',
    deliverType: parcel.deliver_type,
    items: parcel.product_infos.map((item) => ({ productId: item.product_id, skuId: item.sku_id, count: item.product_cnt })),
  })))
  return {}
})

const infoUpdate = serve(deliveryInfoUpdate, ({ ns, account, input }) => {
  const shop = shopOf(ns, account?.id)
  const order = orderOf(shop, input.order_id)
  if (order.parcels.length === 0 || order.status === orderStatus.completed) throw new PlatformError(10020065, 'there is no parcel to correct, or the order is complete')
  if (order.deliveryChanges >= 3) throw new PlatformError(10020065, 'the parcels were corrected 3 times')
  order.deliveryChanges++
  order.parcels = input.delivery_list.map((parcel) => ({
    at: order.shippedAt ?? ns.now,
    deliveryId: parcel.delivery_id ?? '',
    waybillId: parcel.waybill_id ?? '',
    deliverType: parcel.deliver_type,
    items: parcel.product_infos.map((item) => ({ productId: item.product_id, skuId: item.sku_id, count: item.product_cnt })),
  }))
  order.updatedAt = ns.now
  return {}
})

function answerAddress(ns: Namespace, shop: Shop, orderId: string, accepted: boolean): void {
  const order = orderOf(shop, orderId)
  if (order.addressWanted == null) throw new PlatformError(10020065, 'the buyer asked for no other address')
  if (accepted) order.address = { ...order.address, ...order.addressWanted }
  order.addressWanted = null
  if (accepted) touch(ns, shop, order, 2)
  else order.updatedAt = ns.now
}
const addressAccept = serve(addressModifyAccept, ({ ns, account, input }) => {
  answerAddress(ns, shopOf(ns, account?.id), input.order_id, true)
  return {}
})
const addressReject = serve(addressModifyReject, ({ ns, account, input }) => {
  answerAddress(ns, shopOf(ns, account?.id), input.order_id, false)
  return {}
})

export const deliveryCompanies = [
  { delivery_id: 'SF', delivery_name: '顺丰速运' },
  { delivery_id: 'ZTO', delivery_name: '中通快递' },
  { delivery_id: 'YTO', delivery_name: '圆通速递' },
  { delivery_id: 'STO', delivery_name: '申通快递' },
  { delivery_id: 'YD', delivery_name: '韵达速递' },
  { delivery_id: 'JTSD', delivery_name: '极兔速递' },
  { delivery_id: 'JD', delivery_name: '京东物流' },
  { delivery_id: 'EMS', delivery_name: '中国邮政速递物流' },
  { delivery_id: 'OTHERS', delivery_name: '其他' },
]
const companyList = serve(deliveryCompanyList, () => ({ company_list: deliveryCompanies }))
const companyNewList = serve(deliveryCompanyNewList, () => ({ company_list: deliveryCompanies }))

export const orderRoutes: Route[] = [listGet, get, search, priceUpdate, merchantNotes, addressUpdate, send, infoUpdate, companyList, companyNewList, addressAccept, addressReject, relatedGet]
