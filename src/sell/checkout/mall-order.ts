import { assert } from '../../kernel/assert.ts'
import type { Instant } from '../../kernel/clock.ts'
import type { Fen } from '../../kernel/money.ts'
import type { OrderState, OrderStatus } from '../order/index.ts'
import type { LineDiscount, Tender } from './price-rule.ts'

/** An order of the mall: its states, and what the order book shall say of it. */
export type MallState = 'unpaid' | 'paid' | 'part_shipped' | 'shipped' | 'received' | 'cancelled' | 'refunded'
export type MallAct = 'pay' | 'cancel' | 'ship-part' | 'ship' | 'receive' | 'refund'

/** Every legal step; what is not here is illegal. A payment after a cancellation is no step: it is paid back. */
export const mallSteps: Readonly<Record<MallState, Partial<Record<MallAct, MallState>>>> = {
  unpaid: { pay: 'paid', cancel: 'cancelled' },
  paid: { 'ship-part': 'part_shipped', ship: 'shipped', refund: 'refunded' },
  part_shipped: { 'ship-part': 'part_shipped', ship: 'shipped', refund: 'refunded' },
  shipped: { receive: 'received', refund: 'refunded' },
  received: { refund: 'refunded' },
  cancelled: {},
  refunded: {},
}

/** @returns the next state; undefined when the step is not allowed from here. */
export const stepMall = (state: MallState, act: MallAct): MallState | undefined => mallSteps[state][act]

export type MallLine = { lineNo: number; productId: string; skuId: string; skuCode: string; title: string; name: string; image: string; quantity: number; unitFen: Fen; paidFen: Fen; discounts?: readonly LineDiscount[] }
export type MallOrder = {
  /** 32 hex digits; also the out_trade_no of WeChat Pay. */
  orderId: string
  personId: string
  buyer: string
  buyerKnown: boolean
  clientKey: string
  miniConnectionId: string
  payConnectionId: string
  state: MallState
  lines: MallLine[]
  goodsFen: Fen
  discountFen: Fen
  freightFen: Fen
  totalFen: Fen
  /** What of the total was paid before: WeChat Pay is asked for the rest. */
  tenders: readonly Tender[]
  terms: { groupId?: string; depositId?: string }
  placedAt: Instant
  expiresAt: Instant
  paidAt: Instant | null
  transactionId: string | null
  shippedAt: Instant | null
  shipping: { company: string; trackingNo: string } | null
  shippingReport: 'none' | 'sent' | 'reported' | 'refused'
  receivedAt: Instant | null
  settledAt: Instant | null
  cancelledAt: Instant | null
  /** Seconds of the last change; the order book tells older states from newer ones by it. */
  version: number
}

/** What WeChat Pay is asked for. */
export const payFenOf = (order: Pick<MallOrder, 'totalFen' | 'tenders'>): Fen => order.totalFen - tenderFenOf(order)
export const tenderFenOf = (order: Pick<MallOrder, 'tenders'>): Fen => order.tenders.reduce((sum, tender) => sum + tender.fen, 0)

/** How long an unpaid order keeps its units. */
export const payWithinMs = 15 * 60_000

const statusOf: Record<MallState, OrderStatus> = { unpaid: 'unpaid', paid: 'to_ship', part_shipped: 'part_shipped', shipped: 'to_receive', received: 'completed', cancelled: 'cancelled', refunded: 'refunded' }
/** Grows along an order's life, as the Shop's numbers do: inside one second it decides which state is newer. */
const rank: Record<MallState, number> = { unpaid: 10, paid: 20, part_shipped: 21, shipped: 30, received: 100, refunded: 200, cancelled: 250 }

export function bookState(order: MallOrder): OrderState {
  return {
    shelf: 'mall', orderId: order.orderId, openid: '', unionid: order.buyerKnown ? 'known' : undefined, status: statusOf[order.state], platformStatus: rank[order.state],
    placedAt: order.placedAt, paidAt: order.paidAt, shippedAt: order.shippedAt, completedAt: order.receivedAt, settledAt: order.settledAt, cancelledAt: order.cancelledAt,
    goodsFen: order.goodsFen, freightFen: order.freightFen, discountFen: order.discountFen, paidFen: order.paidAt === null ? 0 : order.totalFen, ...(order.tenders.length > 0 ? { tenderFen: tenderFenOf(order) } : {}), source: { shelf: 'mall' }, updateTime: order.version,
    lines: order.lines.map(({ lineNo, productId, skuId, skuCode, title, quantity, unitFen, paidFen, discounts }) => ({ lineNo, productId, skuId, skuCode, title, quantity, unitFen, paidFen, note: discounts === undefined ? null : { discounts } })),
  }
}

/** Takes a step with its facts. The caller has asked `stepMall` whether it is allowed. */
export function advance(order: MallOrder, act: MallAct, now: Instant, facts: Partial<MallOrder> = {}): MallOrder {
  const state = stepMall(order.state, act)
  assert(state, `an order that is ${order.state} cannot ${act}`)
  return { ...order, ...facts, state, version: Math.max(order.version, Math.floor(now / 1000)) }
}
