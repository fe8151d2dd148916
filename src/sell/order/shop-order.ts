import { createHash } from 'node:crypto'
import type { Instant } from '../../kernel/clock.ts'
import { splitFen, type Fen } from '../../kernel/money.ts'

export type OrderStatus = 'unpaid' | 'to_ship' | 'part_shipped' | 'to_receive' | 'completed' | 'cancelled' | 'refunded'

/** One SKU line. `paidFen` is what the buyer paid for the whole line, after every discount. */
export type OrderLine = { lineNo: number; productId: string; skuId: string; skuCode: string; title: string; quantity: number; unitFen: Fen; paidFen: Fen; note: unknown }

export type OrderState = {
  shelf: 'shop' | 'mall'
  orderId: string
  openid: string
  unionid: string | undefined
  status: OrderStatus
  platformStatus: number
  placedAt: Instant
  paidAt: Instant | null
  shippedAt: Instant | null
  completedAt: Instant | null
  settledAt: Instant | null
  cancelledAt: Instant | null
  goodsFen: Fen
  freightFen: Fen
  discountFen: Fen
  /** What the buyer paid, freight included; 0 while unpaid. */
  paidFen: Fen
  /** Part of `paidFen` that was paid before (stored value, a deposit): it comes from the tender account and not from the till. */
  tenderFen?: Fen
  /** What the platform reports about where the order came from; never guessed. */
  source: Record<string, unknown>
  /** The platform's own update time in seconds: orders versions that arrive out of order. */
  updateTime: number
  lines: OrderLine[]
}

export type RefundState = {
  shelf: 'shop' | 'mall'
  refundId: string
  orderId: string
  skuId: string | null
  quantity: number
  amountFen: Fen
  /** Part of `amountFen` that goes back to where it was paid before, not through the till. */
  tenderFen?: Fen
  status: 'pending' | 'done' | 'refused'
  requestedAt: Instant
  finishedAt: Instant | null
  reason: string
}

export class UnreadableOrder extends Error {
  override name = 'UnreadableOrder'
  readonly found: string
  readonly expected: string
  constructor(found: string, expected: string) {
    super(`${found} where ${expected} was expected`)
    this.found = found
    this.expected = expected
  }
}

type Loose = Record<string, unknown>
const object = (value: unknown): Loose => (value !== null && typeof value === 'object' && !Array.isArray(value) ? (value as Loose) : {})
const list = (value: unknown): Loose[] => (Array.isArray(value) ? value.map(object) : [])
const text = (value: unknown): string => (typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '')
/** Amounts and times come as numbers or as digits in text (sheet §4.3). */
const integer = (value: unknown): number => {
  const number = typeof value === 'string' && value !== '' ? Number(value) : value
  return typeof number === 'number' && Number.isSafeInteger(number) ? number : 0
}
const at = (seconds: unknown): Instant | null => {
  const value = integer(seconds)
  return value > 0 ? value * 1000 : null
}

/** Sheet §4.2. Gift (12) and group purchase (13) are paid and wait for others; 190 and 250 ended before shipping. */
function statusOf(code: number): OrderStatus {
  switch (code) {
    case 10: return 'unpaid'
    case 12: case 13: case 20: return 'to_ship'
    case 21: return 'part_shipped'
    case 30: return 'to_receive'
    case 100: return 'completed'
    case 200: return 'refunded'
    case 190: case 250: return 'cancelled'
    default: throw new UnreadableOrder(`order status ${code}`, 'one of 10, 12, 13, 20, 21, 30, 100, 190, 200, 250')
  }
}

/**
 * The answer of `channels/ec/order/get` as an order of ours. Every block but ids and amounts may be missing (sheet §4.3).
 * @throws UnreadableOrder when an id, the status or an amount makes no sense.
 */
export function readShopOrder(body: unknown): OrderState {
  const order = object(object(body).order)
  const orderId = text(order.order_id)
  if (!/^\d{5,}$/.test(orderId)) throw new UnreadableOrder(`order_id ${JSON.stringify(order.order_id)}`, 'digits')
  const detail = object(order.order_detail)
  const price = object(detail.price_info)
  const pay = object(detail.pay_info)
  const delivery = object(detail.delivery_info)
  const ext = object(detail.ext_info)
  const settle = object(detail.settle_info)
  const platformStatus = integer(order.status)
  const status = statusOf(platformStatus)
  const placedAt = at(order.create_time)
  if (placedAt === null) throw new UnreadableOrder(`create_time ${JSON.stringify(order.create_time)}`, 'Unix seconds')
  const paidAt = at(pay.pay_time)
  const isPaid = paidAt !== null && status !== 'unpaid' && !(status === 'cancelled' && platformStatus === 250)
  const orderFen = integer(price.order_price)
  const freightFen = integer(price.freight)
  if (orderFen < 0 || freightFen < 0) throw new UnreadableOrder(`order_price ${orderFen}, freight ${freightFen}`, 'amounts of 0 or more')
  const products = list(detail.product_infos)
  const goodsPaid = orderFen - freightFen
  // `real_price` is what was paid for the line; where it is missing the goods' share of the order price is split by list price.
  const real = products.map((line) => (line.real_price === undefined ? undefined : integer(line.real_price)))
  const split = real.some((value) => value === undefined) ? splitFen(goodsPaid, products.map((line) => integer(line.sale_price) * integer(line.sku_cnt))) : (real as number[])
  let notes: Record<string, unknown> = {}
  const customerNotes = text(ext.customer_notes)
  if (customerNotes.startsWith('{"lines":')) {
    try {
      notes = JSON.parse(customerNotes) as Record<string, unknown> // an import keeps the source of each line here
    } catch {
      notes = {} // a buyer may write anything
    }
  }
  const lines = products.map((line, index): OrderLine => ({
    lineNo: index + 1,
    productId: text(line.product_id),
    skuId: text(line.sku_id),
    skuCode: text(line.sku_code) || text(line.out_sku_id),
    title: text(line.title),
    quantity: integer(line.sku_cnt),
    unitFen: integer(line.sale_price),
    paidFen: split[index],
    note: (notes.lines as unknown[] | undefined)?.[index] ?? null,
  }))
  const completedAt = at(ext.confirm_receipt_time)
  const updateTime = integer(order.update_time) || integer(order.create_time)
  return {
    shelf: 'shop', orderId, openid: text(order.openid), unionid: text(order.unionid) || undefined, status, platformStatus, placedAt,
    paidAt: isPaid ? paidAt : null,
    shippedAt: at(delivery.ship_done_time), completedAt, settledAt: at(settle.settle_time),
    cancelledAt: status === 'cancelled' ? updateTime * 1000 : null,
    goodsFen: integer(price.product_price), freightFen, discountFen: integer(price.discounted_price), paidFen: isPaid ? orderFen : 0,
    source: sourceOf(detail, ext), updateTime, lines,
  }
}

/** Only what the platform reports (sheet §5): scene, live session, account per SKU line, coupons. */
function sourceOf(detail: Loose, ext: Loose): Record<string, unknown> {
  const source: Record<string, unknown> = {}
  if (ext.order_scene !== undefined) source.scene = integer(ext.order_scene)
  for (const key of ['live_id', 'finder_id']) if (text(ext[key]) !== '') source[key] = text(ext[key])
  const infos = list(detail.source_infos)
  if (infos.length > 0) {
    source.accounts = infos.map((info) => ({
      skuId: text(info.sku_id), saleChannel: integer(info.sale_channel), accountType: integer(info.account_type), accountId: text(info.account_id),
      ...(text(info.content_id) === '' ? {} : { contentType: integer(info.content_type), contentId: text(info.content_id) }),
    }))
  }
  return source
}

const refundDone = new Set(['MERCHANT_REFUND_SUCCESS', 'MERCHANT_RETURN_SUCCESS'])
const refundClosed = new Set(['USER_CANCELD', 'MERCHANT_REJECT_REFUND', 'MERCHANT_REJECT_RETURN', 'RETURN_CLOSED', 'MERCHANT_REFUND_RETRY_FAIL', 'MERCHANT_FAIL'])

/** The answer of `channels/ec/aftersale/getaftersaleorder` as a refund of ours (sheet §9). */
export function readShopAftersale(body: unknown): RefundState {
  const order = object(object(body).after_sale_order)
  const refundId = text(order.after_sale_order_id)
  const orderId = text(order.order_id)
  if (refundId === '' || orderId === '') throw new UnreadableOrder(`after_sale_order_id ${JSON.stringify(order.after_sale_order_id)}, order_id ${JSON.stringify(order.order_id)}`, 'both ids')
  const status = text(order.status)
  const product = object(order.product_info)
  const done = refundDone.has(status)
  const closed = refundClosed.has(status)
  return {
    shelf: 'shop', refundId, orderId, skuId: text(product.sku_id) || null, quantity: integer(product.count), amountFen: integer(object(order.refund_info).amount),
    status: done ? 'done' : closed ? 'refused' : 'pending',
    requestedAt: at(order.create_time) ?? 0,
    finishedAt: done || closed ? (at(order.complete_time) ?? at(order.update_time)) : null,
    reason: text(order.reason),
  }
}

/**
 * A read that shows an older state than the one booked must not overwrite it. The platform counts whole seconds; inside one, the status decides: its
 * numbers only grow along an order's life (sheet §4.2).
 */
export function isLate(read: { updateTime: number; platformStatus: number }, booked: { version: number; platformStatus: number } | undefined): boolean {
  return booked !== undefined && (read.updateTime < booked.version || (read.updateTime === booked.version && read.platformStatus < booked.platformStatus))
}

/** Equal lines, equal text. */
export function linesDigest(lines: readonly OrderLine[]): string {
  return createHash('sha1').update(JSON.stringify(lines)).digest('base64url')
}
