import type { Fen } from '../../kernel/money.ts'
import type { Instant } from '../../kernel/clock.ts'
import type { z } from 'zod'
import { orderStatus, type orderAddress, type orderSource } from '../../wechat/spec/shop/order.ts'
import type { ShopProduct } from '../../wechat/spec/shop/product.ts'
import type { WeixinAccount } from '../core/account.ts'
import { accountOf, slice, type Namespace, type Slice } from '../core/namespace.ts'
import { Annals, Shelf } from '../core/packed.ts'
import { PlatformError } from '../core/platform-error.ts'
import { StockFlow, type FlowForms } from './stock-flow.ts'

/**
 * Times and rates of the Shop that no source confirms (shop sheet 21). They are settings of the emulated shop (`shop.setParameters`), so that
 * a test states what it assumes; nothing in the product may rely on a particular value.
 */
export type ShopParameters = {
  /** An unpaid order is cancelled after this. UNCONFIRMED. */
  unpaidTimeoutMs: number
  /** Receipt is confirmed by the platform this long after the last parcel. UNCONFIRMED. */
  autoReceiptMs: number
  /** Settlement after receipt. UNCONFIRMED. */
  settleDelayMs: number
  /** A product audit ends after this. UNCONFIRMED. */
  auditMs: number
  /** The technical service fee, in ten-thousandths of what was paid. Depends on the category; UNCONFIRMED. */
  feeBasisPoints: number
  /** `channels_ec_stock_no_enough` is sent when stock falls to this or below. UNCONFIRMED. */
  lowStockAt: number
  /** Updates of one SKU's stock per second before 10020112. UNCONFIRMED. */
  stockUpdatesPerSecond: number
  /** The merchant must answer an after-sale request within this. UNCONFIRMED. */
  aftersaleDeadlineMs: number
}

export const defaultParameters: ShopParameters = {
  unpaidTimeoutMs: 30 * 60_000,
  autoReceiptMs: 10 * 86_400_000,
  settleDelayMs: 7 * 86_400_000,
  auditMs: 60_000,
  feeBasisPoints: 60,
  lowStockAt: 0,
  stockUpdatesPerSecond: 50,
  aftersaleDeadlineMs: 48 * 3_600_000,
}

export type Product = { online: ShopProduct | null; draft: ShopProduct | null; everListed: boolean; createdAt: Instant; sold: number }

/** Stock of one SKU. */
export type Stock = { productId: string; skuId: string; num: number; sold: number; flow: StockFlow; second: number; updates: number }

export type OrderLine = {
  productId: string
  skuId: string
  count: number
  /** Per piece at the moment of ordering. */
  priceFen: Fen
  discountFen: Fen
  /** Whole line, after discounts and price changes. */
  realFen: Fen
  onAftersale: number
  refundedCount: number
  refundedFen: Fen
  /** Its price was changed while unpaid. */
  changed?: true
  couponId?: string
  userCouponId?: string
  /** The buyer door's own remark, not on the wire. */
  note?: string
}

/** `whole`: everything the order holds, `items` is empty then. */
export type Parcel = { at: Instant; deliveryId: string; waybillId: string; deliverType: number; whole?: true; items: Array<{ productId: string; skuId: string; count: number }> }

export type Order = {
  id: string
  status: number
  openid: string
  unionid?: string
  createdAt: Instant
  updatedAt: Instant
  lines: OrderLine[]
  freightFen: Fen
  originalFen: Fen
  priceChanges: number
  prepayId: string
  paidAt?: Instant
  transactionId?: string
  paymentMethod: number
  address: z.output<typeof orderAddress>
  addressChanges: number
  deliveryChanges: number
  parcels: Parcel[]
  shippedAt?: Instant
  confirmedAt?: Instant
  settledAt?: Instant
  feeFen?: Fen
  cancelledAt?: Instant
  cancelType?: number
  customerNotes: string
  merchantNotes: string
  scene: number
  liveId: string
  finderId: string
  sources: Array<z.output<typeof orderSource>>
  aftersaleIds: string[]
  refundedFreightFen?: Fen
  /** The buyer asks for another address; null or absent: no request is open. */
  addressWanted?: Order['address'] | null
  /** Placed through a related mini program, which knows it under another id and another openid. */
  related?: { appid: string; orderId: string; openid: string; unionid?: string }
  /** Who earns commission; computed by the platform after a while. Absent: nobody. */
  commissions?: Array<{ skuId: string; nickname: string; type: number; amountFen: Fen; finderId: string }>
  /** The commissions are computed but not told yet. */
  commissionPending?: boolean
}

export type Aftersale = {
  id: string
  orderId: string
  line: number
  type: 'REFUND' | 'RETURN'
  status: string
  openid: string
  unionid?: string
  count: number
  amountFen: Fen
  reason: string
  description: string
  createdAt: Instant
  updatedAt: Instant
  completedAt?: Instant
  returnInfo?: { deliveryId: string; waybillId: string }
  rejectReason?: string
}

export type Coupon = {
  id: string
  type: number
  name: string
  status: number
  body: Record<string, unknown>
  createdAt: Instant
  updatedAt: Instant
  issued: number
  received: number
  used: number
  total: number
}
export type UserCoupon = { id: string; couponId: string; openid: string; unionid?: string; status: number; receivedAt: Instant; usedAt?: Instant; orderId?: string; discountFen?: Fen; startAt: Instant; endAt: Instant }

export type FundsFlow = { id: string; at: Instant; type: number; direction: 1 | 2; amountFen: Fen; balanceFen: Fen; orderId: string; aftersaleId: string; transactionId: string; remark: string }

/** What lists look at; it stays at hand when the order is packed. */
export type OrderHead = Pick<Order, 'status' | 'openid' | 'createdAt' | 'updatedAt' | 'paidAt' | 'liveId'>

/** Money has gone where it goes in the end, and nobody waits for anything: such an order may be packed. */
const orderDone = (order: Order): boolean =>
  (order.settledAt !== undefined || order.status === orderStatus.cancelled || order.status === orderStatus.refunded) &&
  order.commissionPending !== true && order.addressWanted == null && order.lines.every((line) => line.onAftersale === 0)

const orderShelf = (): ShopState['orders'] => new Shelf(({ status, openid, createdAt, updatedAt, paidAt, liveId }) => ({ status, openid, createdAt, updatedAt, paidAt, liveId }), orderDone)

export type ShopState = {
  parameters: ShopParameters
  products: Record<string, Product>
  productIds: string[]
  stock: Record<string, Stock>
  orders: Shelf<Order, OrderHead>
  orderIds: string[]
  aftersales: Record<string, Aftersale>
  aftersaleIds: string[]
  coupons: Record<string, Coupon>
  userCoupons: Record<string, UserCoupon>
  withdrawals: Record<string, { id: string; amountFen: Fen; status: string; ticket: string; createdAt: Instant; updatedAt: Instant; remark: string }>
  addresses: Record<string, Record<string, unknown>>
  /** request_id of merchant-initiated after-sale orders → their ids. */
  requests: Record<string, string[]>
  availableFen: Fen
  pendingFen: Fen
  funds: Annals<FundsFlow>
}

const shops: Slice<Record<string, ShopState>> = { name: 'shop', init: () => ({}) }

/** `flowOrders`: data folders of before the flow was packed hold the order ids apart, and five numbers an entry in `flow`. */
type KeptStock = { flow: FlowForms | Array<number | string>; flowOrders?: string[] }

function keptFlow({ flow, flowOrders }: KeptStock): FlowForms {
  if (flowOrders === undefined) return flow as FlowForms
  const flat = flow as Array<number | string>
  const rows = flowOrders.map((orderId, n) => [...flat.slice(n * 5, n * 5 + 5), orderId])
  // A later version that did not know this form added whole entries behind it.
  for (let at = flowOrders.length * 5; at + 6 <= flat.length; at += 6) rows.push(flat.slice(at, at + 6))
  return rows as unknown as FlowForms
}

/** The state of the shop with that appid, made at first use. */
export function shopState(ns: Namespace, appid: string): ShopState {
  const all = slice(ns, shops)
  const state = (all[appid] ??= {
    parameters: { ...defaultParameters },
    products: {}, productIds: [], stock: {}, orders: orderShelf(), orderIds: [], aftersales: {}, aftersaleIds: [], coupons: {}, userCoupons: {},
    withdrawals: {}, addresses: {}, requests: {}, availableFen: 0, pendingFen: 0, funds: new Annals(),
  })
  // After a restore the state is as a snapshot holds it. All forms are read before the first is put in place: a state in two forms could not be read again.
  if (!(state.orders instanceof Shelf)) {
    const orders = orderShelf().fill(state.orders as unknown as Record<string, Order>)
    const funds = new Annals<FundsFlow>().fill(state.funds as unknown as FundsFlow[])
    const flows = Object.values(state.stock).map((stock) => [stock, new StockFlow().fill(keptFlow(stock as unknown as KeptStock))] as const)
    Object.assign(state, { orders, funds })
    for (const [stock, flow] of flows) {
      stock.flow = flow
      delete (stock as unknown as KeptStock).flowOrders
    }
  }
  return state
}

export type Shop = { account: WeixinAccount; state: ShopState }

/** The shop named by an act, or the only one. */
export function shopOf(ns: Namespace, appid: string | undefined): Shop {
  const account = accountOf(ns, 'shop', appid)
  if (!account) throw new PlatformError('NOT_FOUND', `there is no shop ${appid ?? ''}`)
  return { account, state: shopState(ns, account.id) }
}

/** An order that is going to change. */
export function orderOf(shop: Shop, orderId: string): Order {
  const order = shop.state.orders.open(orderId)
  if (!order) throw new PlatformError(10020050, 'order not exist')
  return order
}

/** An order to look at. */
export function orderShown(shop: Shop, orderId: string): Readonly<Order> {
  const order = shop.state.orders.get(orderId)
  if (!order) throw new PlatformError(10020050, 'order not exist')
  return order
}

export function orderPriceFen(order: Readonly<Order>): Fen {
  let sum = order.freightFen
  for (const line of order.lines) sum += line.realFen
  return sum
}

export const seconds = (at: Instant): number => Math.floor(at / 1000)
