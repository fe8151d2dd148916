import { roundHalfUp, splitFen, type Fen } from '../../kernel/money.ts'
import { orderStatus } from '../../wechat/spec/shop/order.ts'
import { stockOp } from '../../wechat/spec/shop/product.ts'
import { freshTransactionId } from '../core/core-module.ts'
import { accountOf, freshDigits, freshId, nextNumber, type Namespace } from '../core/namespace.ts'
import { openidOf, unionidOf } from '../core/people.ts'
import { PlatformError } from '../core/platform-error.ts'
import { push, schedule } from '../core/push.ts'
import { pushOrderEvent, pushShopEvent } from './event.ts'
import { moveStock } from './stock.ts'
import { orderPriceFen, seconds, type FundsFlow, type Order, type OrderLine, type Parcel, type Shop } from './state.ts'

/**
 * What happens to an order by the hands of buyer and platform: placed (10) → paid (20) → parcels (21, 30) → received (100) → settled; or
 * cancelled before payment (250), or refunded whole (200). Every step checks the state it starts from, sets `updatedAt` and tells the shop.
 */

export type Buyer = { person?: string; openid?: string; unionid?: string; anonymous?: boolean }
export type Basket = {
  lines: Array<{ productId: string; skuId: string; count: number; priceFen?: Fen; discountFen?: Fen; note?: string }>
  freightFen?: Fen
  userCouponId?: string
  customerNotes?: string
  address?: Order['address']
  scene?: number
  liveId?: string
  finderId?: string
  sources?: Order['sources']
  /** The link the buyer came by (`product/h5url/get` …); WeCom parameters in it become the source of that product's lines. */
  link?: string
  /** appid of the related mini program whose page the order was placed in. */
  miniProgram?: string
  commissions?: Order['commissions']
  /** The platform computes commissions this long after ordering. */
  commissionAfterMs?: number
  paymentMethod?: number
}

/** The order takes stock at once; short stock refuses the whole order. Equal SKUs at an equal price become one line. */
export function place(ns: Namespace, shop: Shop, buyer: Buyer, basket: Basket, unpaidTimeout = true): Order {
  const { state, account } = shop
  const lines: OrderLine[] = []
  const taken = new Map<string, number>()
  const byPrice = new Map<string, OrderLine>()
  for (const wanted of basket.lines) {
    const product = state.products[wanted.productId]
    const stock = state.stock[wanted.skuId]
    if (!product || !stock || stock.productId !== wanted.productId) throw new PlatformError(10020052, `product ${wanted.productId} has no sku ${wanted.skuId}`)
    if (product.online?.status !== 5) throw new PlatformError(10020065, `product ${wanted.productId} is not listed`)
    if (!Number.isSafeInteger(wanted.count) || wanted.count < 1) throw new PlatformError(40097, 'a line has at least one piece')
    const priceFen = wanted.priceFen ?? product.online.skus?.find((sku) => sku.sku_id === wanted.skuId)?.sale_price ?? 0
    const discountFen = wanted.discountFen ?? 0
    if (priceFen < 0 || discountFen < 0 || discountFen > priceFen * wanted.count) throw new PlatformError(40097, 'a price is not negative, and a discount not above it')
    const asked = (taken.get(wanted.skuId) ?? 0) + wanted.count
    if (asked > stock.num) throw new PlatformError(10020219, `stock not enough: sku ${wanted.skuId} has ${stock.num}, the order asks for ${asked}`)
    taken.set(wanted.skuId, asked)
    const key = `${wanted.skuId}/${priceFen}`
    const equal = byPrice.get(key)
    if (equal) {
      equal.count += wanted.count
      equal.discountFen += discountFen
      equal.realFen += priceFen * wanted.count - discountFen
      if (wanted.note !== undefined) equal.note = equal.note === undefined ? wanted.note : `${equal.note}\n${wanted.note}`
    } else {
      const line: OrderLine = {
        // The ids of the stock record, so that half a million lines share a few thousand texts.
        productId: stock.productId, skuId: stock.skuId, count: wanted.count, priceFen, discountFen, realFen: priceFen * wanted.count - discountFen,
        onAftersale: 0, refundedCount: 0, refundedFen: 0, ...(wanted.note === undefined ? {} : { note: wanted.note }),
      }
      lines.push(line)
      byPrice.set(key, line)
    }
  }
  if (lines.length === 0) throw new PlatformError(40097, 'an order has at least one line')

  const id = freshDigits(ns, 'order', 19, '37')
  const person = buyer.person ?? `buyer-${id}`
  const openid = buyer.openid ?? openidOf(ns, account.id, person)
  const unionid = account.openPlatform === null || buyer.anonymous ? undefined : (buyer.unionid ?? (buyer.person === undefined ? undefined : unionidOf(ns, account, person)))
  const coupon = basket.userCouponId === undefined ? undefined : useCoupon(ns, shop, openid, basket.userCouponId, id, lines)
  const order: Order = {
    id, status: orderStatus.unpaid, openid, unionid, createdAt: ns.now, updatedAt: ns.now, lines, freightFen: basket.freightFen ?? 0, originalFen: 0, priceChanges: 0,
    prepayId: `up_wx${nextNumber(ns, 'prepay').toString().padStart(24, '0')}`, paymentMethod: basket.paymentMethod ?? 1,
    address: basket.address ?? {}, addressChanges: 0, deliveryChanges: 0, parcels: [], customerNotes: basket.customerNotes ?? '', merchantNotes: '',
    scene: basket.scene ?? 1, liveId: basket.liveId ?? '', finderId: basket.finderId ?? '', sources: basket.sources ?? [], aftersaleIds: [],
  }
  order.originalFen = orderPriceFen(order)
  if (basket.link !== undefined) order.sources = [...order.sources, ...sourcesOfLink(basket.link, lines)]
  if (basket.commissions && basket.commissions.length > 0) {
    order.commissions = basket.commissions
    order.commissionPending = true
    schedule(ns, ns.now + (basket.commissionAfterMs ?? 60_000), 'shop.tellCommission', { shop: account.id, orderId: id })
  }
  if (basket.miniProgram !== undefined) relate(ns, shop, order, basket.miniProgram, person, unionid)
  state.orders.add(order)
  state.orderIds.push(id)
  for (const line of lines) {
    const stock = state.stock[line.skuId]
    moveStock(ns, shop, line.skuId, stockOp.order, line.count, stock.num - line.count, id)
    stock.sold += line.count
    state.products[line.productId].sold += line.count
  }
  pushOrderEvent(ns, shop, order, 'channels_ec_order_new')
  if (coupon) pushShopEvent(ns, shop, 'channels_ec_user_coupon_use', { use_info: { coupon_id: coupon.couponId, user_coupon_id: coupon.id, order_id: id, use_time: seconds(ns.now) } }, openid)
  if (unpaidTimeout) schedule(ns, ns.now + state.parameters.unpaidTimeoutMs, 'shop.timeoutUnpaid', { shop: account.id, orderId: id })
  return order
}

/** The mini program hears of the order under an id of its own, by its own event; the Shop sees the appid as the source. */
function relate(ns: Namespace, shop: Shop, order: Order, appid: string, person: string, unionid: string | undefined): void {
  const mini = accountOf(ns, 'mini-program', appid)
  if (!mini) throw new PlatformError('NOT_FOUND', `there is no mini program ${appid}`)
  order.related = { appid, orderId: freshId(ns, 'co', 76), openid: openidOf(ns, appid, person), unionid: mini.openPlatform === null ? undefined : unionid }
  order.sources = [...order.sources, ...order.lines.map((line) => ({ sku_id: line.skuId, sale_channel: 0, account_type: 3, account_id: appid, account_nickname: mini.name }))]
  push(ns, {
    account: { kind: 'mini-program', id: appid },
    event: 'related_shop_order_submission',
    message: JSON.stringify({
      ToUserName: mini.originalId, FromUserName: order.related.openid, CreateTime: seconds(ns.now), MsgType: 'event', Event: 'related_shop_order_submission',
      Data: { order_id: order.related.orderId, shop_appid: shop.account.id },
    }),
    envelope: 'weixin',
  })
}

function sourcesOfLink(link: string, lines: readonly OrderLine[]): Order['sources'] {
  const found = /\/(\d{14})\?corp=([^&]+)&member=([^&]*)/.exec(link)
  if (!found) return []
  const [, productId, corp, member] = found
  return lines
    .filter((line) => line.productId === productId)
    .map((line) => ({ sku_id: line.skuId, sale_channel: 0, account_type: 4, account_id: decodeURIComponent(corp), account_nickname: '', content_type: 1, content_id: decodeURIComponent(member) }))
}

/** Takes the coupon's reduction off the lines, shared by amount. Percentages (discount_num in ten-thousandths) and reductions in fen. */
function useCoupon(ns: Namespace, shop: Shop, openid: string, userCouponId: string, orderId: string, lines: OrderLine[]) {
  const userCoupon = shop.state.userCoupons[userCouponId]
  if (!userCoupon || userCoupon.openid !== openid) throw new PlatformError(10021037, 'coupon not found')
  if (userCoupon.status !== 100 || ns.now < userCoupon.startAt || ns.now > userCoupon.endAt) throw new PlatformError(10021001, 'the coupon cannot be used')
  const body = shop.state.coupons[userCoupon.couponId].body as {
    discount_info?: { discount_num?: number; discount_fee?: number; discount_condition?: { product_ids?: unknown[]; product_cnt?: number; product_price?: number } }
  }
  const condition = body.discount_info?.discount_condition
  const ids = (condition?.product_ids ?? []).map(String)
  const covered = lines.filter((line) => ids.length === 0 || ids.includes(line.productId))
  const total = covered.reduce((sum, line) => sum + line.realFen, 0)
  const pieces = covered.reduce((sum, line) => sum + line.count, 0)
  if (covered.length === 0 || pieces < (condition?.product_cnt ?? 0) || total < (condition?.product_price ?? 0)) throw new PlatformError(10021001, 'the order does not meet the condition of the coupon')
  const { discount_num: share, discount_fee: fee } = body.discount_info ?? {}
  // Never below 20 % of the price (shop sheet 10).
  const reduction = Math.min(share !== undefined ? total - roundHalfUp((total * share) / 10_000) : (fee ?? 0), total - Math.ceil(total / 5))
  const parts = splitFen(reduction, covered.map((line) => line.realFen))
  for (const [index, line] of covered.entries()) {
    line.discountFen += parts[index]
    line.realFen -= parts[index]
    line.couponId = userCoupon.couponId
    line.userCouponId = userCoupon.id
  }
  userCoupon.status = 102
  userCoupon.usedAt = ns.now
  userCoupon.orderId = orderId
  userCoupon.discountFen = reduction
  shop.state.coupons[userCoupon.couponId].used++
  return userCoupon
}

export function pay(ns: Namespace, shop: Shop, order: Order): void {
  if (order.status !== orderStatus.unpaid) throw new PlatformError(10020065, `order ${order.id} is not unpaid (status ${order.status})`)
  order.status = orderStatus.toShip
  order.paidAt = ns.now
  order.updatedAt = ns.now
  order.transactionId = freshTransactionId(ns)
  shop.state.pendingFen += orderPriceFen(order)
  pushOrderEvent(ns, shop, order, 'channels_ec_order_pay', { pay_time: seconds(ns.now) })
  pushOrderEvent(ns, shop, order, 'channels_ec_order_wait_shipping')
}

/** cancel_type: 1 user, 2 timeout, 3 all refunded, 4 oversold by the merchant. */
export function cancelUnpaid(ns: Namespace, shop: Shop, order: Order, cancelType: number): void {
  if (order.status !== orderStatus.unpaid) throw new PlatformError(10020065, `order ${order.id} is not unpaid (status ${order.status})`)
  order.status = orderStatus.cancelled
  order.cancelledAt = ns.now
  order.cancelType = cancelType
  order.updatedAt = ns.now
  // The one case, besides gifts nobody accepted, in which the platform gives stock back by itself.
  for (const line of order.lines) {
    const stock = shop.state.stock[line.skuId]
    moveStock(ns, shop, line.skuId, stockOp.orderCancelled, line.count, stock.num + line.count, order.id)
    stock.sold -= line.count
    shop.state.products[line.productId].sold -= line.count
    const userCoupon = line.userCouponId === undefined ? undefined : shop.state.userCoupons[line.userCouponId]
    if (userCoupon?.status === 102 && userCoupon.orderId === order.id) {
      userCoupon.status = 100
      userCoupon.orderId = undefined
      shop.state.coupons[userCoupon.couponId].used--
      // The key of this event's object is UNCONFIRMED (shop sheet 21.14).
      pushShopEvent(ns, shop, 'channels_ec_user_coupon_unuse', { user_coupon_info: { coupon_id: userCoupon.couponId, user_coupon_id: userCoupon.id, unuse_time: seconds(ns.now) } }, order.openid)
    }
  }
  pushOrderEvent(ns, shop, order, 'channels_ec_order_cancel', { cancel_type: cancelType })
}

/** Pieces of a SKU still to be sent: ordered, less sent, less refunded before shipping. */
function leftToShip(order: Order, productId: string, skuId: string): number {
  if (order.parcels.some((parcel) => parcel.whole)) return 0
  let left = 0
  for (const line of order.lines) if (line.productId === productId && line.skuId === skuId) left += line.count - line.refundedCount
  for (const parcel of order.parcels) for (const item of parcel.items) if (item.productId === productId && item.skuId === skuId) left -= item.count
  return Math.max(0, left)
}

export function ship(ns: Namespace, shop: Shop, order: Order, parcels: Array<Omit<Parcel, 'at'>>): void {
  if (order.status !== orderStatus.toShip && order.status !== orderStatus.partlyShipped) throw new PlatformError(10020065, `order ${order.id} is not to be shipped (status ${order.status})`)
  const asked = new Map<string, number>()
  for (const parcel of parcels) {
    if (parcel.deliverType !== 1 && parcel.deliverType !== 3) throw new PlatformError(40097, 'deliver_type must be 1 or 3')
    if (parcel.deliverType === 1 && (parcel.deliveryId === '' || parcel.waybillId === '')) throw new PlatformError(40097, 'a parcel needs delivery_id and waybill_id')
    if (parcel.items.length === 0) throw new PlatformError(40097, 'a parcel has at least one line')
    for (const item of parcel.items) {
      const key = `${item.productId}/${item.skuId}`
      asked.set(key, (asked.get(key) ?? 0) + item.count)
      if (item.count < 1 || (asked.get(key) ?? 0) > leftToShip(order, item.productId, item.skuId)) throw new PlatformError(40097, `sku ${item.skuId}: more pieces than are left to ship`)
    }
  }
  for (const parcel of parcels) order.parcels.push({ ...parcel, at: ns.now })
  shipped(ns, shop, order, order.lines.every((line) => leftToShip(order, line.productId, line.skuId) === 0))
}

function shipped(ns: Namespace, shop: Shop, order: Order, done: boolean): void {
  order.status = done ? orderStatus.toReceive : orderStatus.partlyShipped
  order.updatedAt = ns.now
  if (done) {
    order.shippedAt = ns.now
    schedule(ns, ns.now + shop.state.parameters.autoReceiptMs, 'shop.timeoutReceipt', { shop: shop.account.id, orderId: order.id })
  }
  pushOrderEvent(ns, shop, order, 'channels_ec_order_deliver', { finish_delivery: done ? 1 : 0 })
}

/** One parcel with everything that is left. */
export function shipAll(ns: Namespace, shop: Shop, order: Order, deliveryId = 'SF', waybillId = `SF${order.id.slice(-13)}`): void {
  if (order.status === orderStatus.toShip && order.lines.every((line) => line.refundedCount === 0)) {
    order.parcels.push({ at: ns.now, deliveryId, waybillId, deliverType: 1, whole: true, items: [] })
    shipped(ns, shop, order, true)
    return
  }
  const items = new Map<string, Parcel['items'][number]>()
  for (const line of order.lines) {
    const count = leftToShip(order, line.productId, line.skuId)
    if (count > 0) items.set(line.skuId, { productId: line.productId, skuId: line.skuId, count })
  }
  ship(ns, shop, order, [{ deliveryId, waybillId, deliverType: 1, items: [...items.values()] }])
}

/** confirm_type: 1 user, 2 timeout. */
export function confirmReceipt(ns: Namespace, shop: Shop, order: Order, confirmType: number): void {
  if (order.status !== orderStatus.toReceive) throw new PlatformError(10020065, `order ${order.id} is not to be received (status ${order.status})`)
  order.status = orderStatus.completed
  order.confirmedAt = ns.now
  order.updatedAt = ns.now
  pushOrderEvent(ns, shop, order, 'channels_ec_order_confirm', { confirm_type: String(confirmType) })
  schedule(ns, ns.now + shop.state.parameters.settleDelayMs, 'shop.timeoutSettle', { shop: shop.account.id, orderId: order.id })
}

/** What was paid less what was refunded becomes available, less the platform's fee. */
export function settle(ns: Namespace, shop: Shop, order: Order): void {
  if (order.status !== orderStatus.completed || order.settledAt !== undefined) throw new PlatformError(10020065, `order ${order.id} cannot be settled (status ${order.status})`)
  const { state } = shop
  const netFen = orderPriceFen(order) - order.lines.reduce((sum, line) => sum + line.refundedFen, 0)
  order.settledAt = ns.now
  order.updatedAt = ns.now
  order.feeFen = Math.floor((netFen * state.parameters.feeBasisPoints) / 10_000)
  state.pendingFen -= netFen
  bookFunds(ns, shop, 1, netFen, { orderId: order.id, transactionId: order.transactionId, remark: '订单收入' })
  if (order.feeFen > 0) bookFunds(ns, shop, 2, -order.feeFen, { orderId: order.id, transactionId: order.transactionId, remark: '技术服务费' })
  pushOrderEvent(ns, shop, order, 'channels_ec_order_settle', { settle_time: String(seconds(ns.now)) })
}

/** One entry of the shop's funds flow; `amountFen` below zero goes out. */
export function bookFunds(ns: Namespace, shop: Shop, type: number, amountFen: Fen, related: { orderId?: string; aftersaleId?: string; transactionId?: string; remark?: string }): FundsFlow {
  const { state } = shop
  state.availableFen += amountFen
  const flow: FundsFlow = {
    id: freshDigits(ns, 'funds', 20, '9'), at: ns.now, type, direction: amountFen < 0 ? 2 : 1, amountFen: Math.abs(amountFen), balanceFen: state.availableFen,
    orderId: related.orderId ?? '', aftersaleId: related.aftersaleId ?? '', transactionId: related.transactionId ?? '', remark: related.remark ?? '',
  }
  state.funds.push(flow)
  return flow
}
