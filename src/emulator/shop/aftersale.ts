import { z } from 'zod'
import { orderStatus } from '../../wechat/spec/shop/order.ts'
import {
  aftersaleAccept, aftersaleGenerate, aftersaleGet, aftersaleListGet, aftersaleReasonGet, aftersaleReject, aftersaleRejectReasonGet, aftersaleUploadCertificate, type aftersaleOrder,
} from '../../wechat/spec/shop/aftersale.ts'
import type { Fen } from '../../kernel/money.ts'
import { freshDigits, type Namespace } from '../core/namespace.ts'
import { PlatformError } from '../core/platform-error.ts'
import { schedule } from '../core/push.ts'
import { act, serve, type Act, type Route } from '../core/registry.ts'
import { aftersaleOpen } from './aftersale-status.ts'
import { pushOrderEvent, pushShopEvent } from './event.ts'
import { bookFunds } from './fulfil.ts'
import { orderOf, orderPriceFen, orderShown, seconds, shopOf, type Aftersale, type Order, type Shop } from './state.ts'

/**
 * After-sale (售后): REFUND  MERCHANT_PROCESSING → MERCHANT_REFUND_SUCCESS | MERCHANT_REJECT_REFUND | USER_CANCELD;
 * RETURN  MERCHANT_PROCESSING → USER_WAIT_RETURN → MERCHANT_WAIT_RECEIPT → MERCHANT_RETURN_SUCCESS | MERCHANT_REJECT_RETURN | USER_CANCELD.
 * Nothing here returns stock: the merchant must add it back. The order is cancelled (200) only when every piece of it is refunded.
 */

type Request = { line: number; count: number; amountFen: Fen; type?: 'REFUND' | 'RETURN'; reason?: string; description?: string }

/** What of a line's money is neither refunded nor asked for; the freight of the order can go with any line. */
function refundableFen(shop: Shop, order: Order, index: number): Fen {
  const line = order.lines[index]
  let open = 0
  for (const id of order.aftersaleIds) {
    const item = shop.state.aftersales[id]
    if (item.line === index && aftersaleOpen(item.status)) open += item.amountFen
  }
  return line.realFen - line.refundedFen - open
}

function apply(ns: Namespace, shop: Shop, order: Order, request: Request, announce: boolean): Aftersale {
  if (order.paidAt === undefined || order.status === orderStatus.refunded) throw new PlatformError(10020065, `order ${order.id} cannot be refunded (status ${order.status})`)
  const line = order.lines[request.line]
  if (!line) throw new PlatformError(10020052, `order ${order.id} has no line ${request.line}`)
  if (request.count > line.count - line.refundedCount - line.onAftersale) throw new PlatformError(40097, `line ${request.line} has fewer than ${request.count} pieces left`)
  if (request.amountFen > refundableFen(shop, order, request.line)) throw new PlatformError(40097, `line ${request.line} has less than ${request.amountFen} fen left`)
  const aftersale: Aftersale = {
    id: freshDigits(ns, 'aftersale', 16, '2000'), orderId: order.id, line: request.line, type: request.type ?? (order.parcels.length > 0 ? 'RETURN' : 'REFUND'),
    status: 'MERCHANT_PROCESSING', openid: order.openid, unionid: order.unionid, count: request.count, amountFen: request.amountFen,
    reason: request.reason ?? '', description: request.description ?? '', createdAt: ns.now, updatedAt: ns.now,
  }
  shop.state.aftersales[aftersale.id] = aftersale
  shop.state.aftersaleIds.push(aftersale.id)
  order.aftersaleIds.push(aftersale.id)
  line.onAftersale += request.count
  order.updatedAt = ns.now
  if (announce) {
    tell(ns, shop, aftersale)
    schedule(ns, ns.now + shop.state.parameters.aftersaleDeadlineMs, 'shop.timeoutAftersale', { shop: shop.account.id, aftersaleId: aftersale.id })
  }
  return aftersale
}

function tell(ns: Namespace, shop: Shop, aftersale: Aftersale): void {
  pushShopEvent(ns, shop, 'channels_ec_aftersale_update', {
    finder_shop_aftersale_status_update: { status: aftersale.status, after_sale_order_id: aftersale.id, order_id: aftersale.orderId },
  })
}

function setStatus(ns: Namespace, shop: Shop, aftersale: Aftersale, status: string): void {
  aftersale.status = status
  aftersale.updatedAt = ns.now
  orderOf(shop, aftersale.orderId).updatedAt = ns.now
  tell(ns, shop, aftersale)
}

/** Ends without money: the pieces are free again. */
function close(ns: Namespace, shop: Shop, aftersale: Aftersale, status: string): void {
  orderOf(shop, aftersale.orderId).lines[aftersale.line].onAftersale -= aftersale.count
  aftersale.completedAt = ns.now
  setStatus(ns, shop, aftersale, status)
}

function payBack(ns: Namespace, shop: Shop, aftersale: Aftersale): void {
  const { state } = shop
  const order = orderOf(shop, aftersale.orderId)
  const line = order.lines[aftersale.line]
  line.onAftersale -= aftersale.count
  line.refundedCount += aftersale.count
  line.refundedFen += aftersale.amountFen
  aftersale.completedAt = ns.now
  if (order.settledAt === undefined) state.pendingFen -= aftersale.amountFen
  else bookFunds(ns, shop, 3, -aftersale.amountFen, { orderId: order.id, aftersaleId: aftersale.id, transactionId: order.transactionId, remark: '退款' })
  setStatus(ns, shop, aftersale, aftersale.type === 'RETURN' ? 'MERCHANT_RETURN_SUCCESS' : 'MERCHANT_REFUND_SUCCESS')
  if (order.lines.every((item) => item.refundedCount === item.count) && order.status !== orderStatus.refunded) {
    order.status = orderStatus.refunded
    order.cancelledAt = ns.now
    order.cancelType = 3
    if (order.settledAt === undefined) {
      // The freight goes back with the last piece; money the parties agreed to leave with the shop is free at once.
      const keptFen = orderPriceFen(order) - order.lines.reduce((sum, item) => sum + item.refundedFen, 0)
      state.pendingFen -= keptFen
      order.refundedFreightFen = order.freightFen
      if (keptFen > order.freightFen) bookFunds(ns, shop, 1, keptFen - order.freightFen, { orderId: order.id, transactionId: order.transactionId, remark: '订单收入' })
    }
    pushOrderEvent(ns, shop, order, 'channels_ec_order_cancel', { cancel_type: '3' })
  }
}

/** A refund from first word to money in one go, as a merchant's own back office would have it: the shop hears the end, by one event. */
export function refundLine(ns: Namespace, shop: Shop, order: Order, request: Request): Aftersale {
  const aftersale = apply(ns, shop, order, request, false)
  payBack(ns, shop, aftersale)
  return aftersale
}

function aftersaleOf(shop: Shop, id: string): Aftersale {
  const found = shop.state.aftersales[id]
  if (!found) throw new PlatformError(10020050, 'after sale order not exist')
  return found
}

function wireAftersale(ns: Namespace, shop: Shop, item: Aftersale): z.input<typeof aftersaleOrder> {
  const order = orderShown(shop, item.orderId)
  const line = order.lines[item.line]
  const product = shop.state.products[line.productId]?.online
  return {
    after_sale_order_id: item.id,
    order_id: item.orderId,
    type: item.type,
    status: item.status,
    openid: item.openid,
    ...(item.unionid === undefined ? {} : { unionid: item.unionid }),
    reason: item.reason,
    product_info: { product_id: line.productId, sku_id: line.skuId, sku_code: product?.skus?.find((sku) => sku.sku_id === line.skuId)?.sku_code ?? '', count: item.count, fast_refund: false },
    details: { desc: item.description, receive_product: order.confirmedAt !== undefined, media_id_list: [], tel_number: '' },
    refund_info: { amount: item.amountFen, refund_reason: 0 },
    ...(item.returnInfo ? { return_info: { delivery_id: item.returnInfo.deliveryId, delivery_name: '', waybill_id: item.returnInfo.waybillId } } : {}),
    ...(item.rejectReason === undefined ? {} : { merchant_upload_info: { reject_reason: item.rejectReason } }),
    deadline: aftersaleOpen(item.status) ? Math.max(0, seconds(item.updatedAt + shop.state.parameters.aftersaleDeadlineMs - ns.now)) : 0,
    create_time: seconds(item.createdAt),
    update_time: seconds(item.updatedAt),
    ...(item.completedAt === undefined ? {} : { complete_time: seconds(item.completedAt) }),
  }
}

const pageSize = 50

const list = serve(aftersaleListGet, ({ ns, account, input }) => {
  const shop = shopOf(ns, account?.id)
  if (input.end_create_time < input.begin_create_time) throw new PlatformError(40097, 'end_create_time is before begin_create_time')
  const kept = shop.state.aftersaleIds.filter((id) => {
    const at = seconds(shop.state.aftersales[id].createdAt)
    return at >= input.begin_create_time && at <= input.end_create_time
  })
  const from = input.next_key ? Number(input.next_key) : 0
  const ids = kept.slice(from, from + pageSize)
  const end = from + ids.length
  return { after_sale_order_id_list: ids, next_key: end < kept.length ? String(end) : '', has_more: end < kept.length }
})

const get = serve(aftersaleGet, ({ ns, account, input }) => {
  const shop = shopOf(ns, account?.id)
  return { after_sale_order: wireAftersale(ns, shop, aftersaleOf(shop, input.after_sale_order_id)) }
})

const accept = serve(aftersaleAccept, ({ ns, account, input }) => {
  const shop = shopOf(ns, account?.id)
  const item = aftersaleOf(shop, input.after_sale_order_id)
  if (item.status === 'MERCHANT_PROCESSING' && item.type === 'RETURN') setStatus(ns, shop, item, 'USER_WAIT_RETURN')
  else if (item.status === 'MERCHANT_PROCESSING' || item.status === 'MERCHANT_WAIT_RECEIPT' || item.status === 'MERCHANT_OVERDUE_REFUND') payBack(ns, shop, item)
  else throw new PlatformError(10020065, `the after-sale order is in state ${item.status}`)
  return {}
})

const reject = serve(aftersaleReject, ({ ns, account, input }) => {
  const shop = shopOf(ns, account?.id)
  const item = aftersaleOf(shop, input.after_sale_order_id)
  if (item.status !== 'MERCHANT_PROCESSING' && item.status !== 'MERCHANT_WAIT_RECEIPT') throw new PlatformError(10020065, `the after-sale order is in state ${item.status}`)
  item.rejectReason = input.reject_reason ?? ''
  setStatus(ns, shop, item, item.type === 'RETURN' ? 'MERCHANT_REJECT_RETURN' : 'MERCHANT_REJECT_REFUND')
  return {}
})

const uploadCertificate = serve(aftersaleUploadCertificate, ({ ns, account, input }) => {
  aftersaleOf(shopOf(ns, account?.id), input.after_sale_order_id)
  return {}
})

const reasons = serve(aftersaleReasonGet, () => ({
  after_sale_reason: ['拍错/多拍', '不想要了', '无快递信息', '包裹为空', '已拒签包裹', '快递长时间未送达', '与商品描述不符', '质量问题', '卖家发错货', '三无产品', '假冒产品', '其他'].map((text, index) => ({ reason: index + 1, reason_text: text })),
}))
const rejectReasons = serve(aftersaleRejectReasonGet, () => ({
  reject_reason: ['已与买家协商一致', '商品已发出', '商品影响二次销售', '凭证不足', '其他'].map((text, index) => ({ reject_reason_type: index + 1, reject_reason_type_text: text })),
}))

const generate = serve(aftersaleGenerate, ({ ns, account, input }) => {
  const shop = shopOf(ns, account?.id)
  const known = shop.state.requests[input.request_id]
  if (known) return { after_sale_order_id: known[0], after_sale_order_ids: known }
  const order = orderOf(shop, input.order_id)
  const wanted = (input.after_sale_infos ?? []).map((info) => {
    const line = order.lines.findIndex((item) => item.productId === info.product_id && item.skuId === info.sku_id)
    if (line < 0) throw new PlatformError(10020052, 'sku not exist in the order')
    const left = order.lines[line].count - order.lines[line].refundedCount - order.lines[line].onAftersale
    if (info.count > left || info.refund_amount > refundableFen(shop, order, line)) throw new PlatformError(40097, 'more than is left of the line')
    return { line, count: info.count, amountFen: info.refund_amount, reason: String(info.reason ?? ''), type: 'REFUND' as const }
  })
  if (wanted.length === 0) throw new PlatformError(40097, 'after_sale_infos is empty')
  const ids = wanted.map((request) => {
    const item = apply(ns, shop, order, request, false)
    payBack(ns, shop, item)
    return item.id
  })
  shop.state.requests[input.request_id] = ids
  return { after_sale_order_id: ids[0], after_sale_order_ids: ids }
})

export const aftersaleRoutes: Route[] = [list, get, accept, reject, uploadCertificate, reasons, rejectReasons, generate]

const shopName = z.string().optional()

export const aftersaleActs: Act[] = [
  act({
    name: 'shop.applyAftersale',
    en: 'The buyer asks for a refund, or to return goods',
    args: z.object({
      shop: shopName,
      orderId: z.string(),
      line: z.int().nonnegative().optional().describe('index in product_infos; 0 when absent'),
      count: z.int().nonnegative().optional().describe('all that is left when absent'),
      amountFen: z.int().nonnegative().optional().describe('all that is left when absent'),
      type: z.enum(['REFUND', 'RETURN']).optional(),
      reason: z.string().optional(),
      description: z.string().optional(),
    }),
    run(ns, args) {
      const shop = shopOf(ns, args.shop)
      const order = orderOf(shop, args.orderId)
      const index = args.line ?? 0
      const line = order.lines[index]
      if (!line) throw new PlatformError(10020052, `order ${order.id} has no line ${index}`)
      const item = apply(ns, shop, order, { ...args, line: index, count: args.count ?? line.count - line.refundedCount - line.onAftersale, amountFen: args.amountFen ?? refundableFen(shop, order, index) }, true)
      return { aftersaleId: item.id, status: item.status }
    },
  }),
  act({
    name: 'shop.cancelAftersale',
    en: 'The buyer withdraws the request',
    args: z.object({ shop: shopName, aftersaleId: z.string() }),
    run(ns, args) {
      const shop = shopOf(ns, args.shop)
      const item = aftersaleOf(shop, args.aftersaleId)
      if (!aftersaleOpen(item.status)) throw new PlatformError(10020065, `the after-sale order is in state ${item.status}`)
      close(ns, shop, item, 'USER_CANCELD')
      return { aftersaleId: item.id, status: item.status }
    },
  }),
  act({
    name: 'shop.returnGoods',
    en: 'The buyer sends the goods back',
    args: z.object({ shop: shopName, aftersaleId: z.string(), deliveryId: z.string().optional(), waybillId: z.string().optional() }),
    run(ns, args) {
      const shop = shopOf(ns, args.shop)
      const item = aftersaleOf(shop, args.aftersaleId)
      if (item.status !== 'USER_WAIT_RETURN') throw new PlatformError(10020065, `the after-sale order is in state ${item.status}`)
      item.returnInfo = { deliveryId: args.deliveryId ?? 'SF', waybillId: args.waybillId ?? `SF${item.id.slice(-12)}` }
      setStatus(ns, shop, item, 'MERCHANT_WAIT_RECEIPT')
      return { aftersaleId: item.id, status: item.status }
    },
  }),
  act({
    name: 'shop.timeoutAftersale',
    en: 'Scheduled: a request the merchant left unanswered is granted by the platform',
    args: z.object({ shop: z.string(), aftersaleId: z.string() }),
    run(ns, args) {
      const shop = shopOf(ns, args.shop)
      const item = shop.state.aftersales[args.aftersaleId]
      if (item?.status !== 'MERCHANT_PROCESSING') return null
      if (item.type === 'RETURN') setStatus(ns, shop, item, 'USER_WAIT_RETURN')
      else payBack(ns, shop, item)
      return null
    },
  }),
]
