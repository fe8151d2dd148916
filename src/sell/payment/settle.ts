import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'
import type { FactHandler, JobHandler, Work } from '../../kernel/engine/index.ts'
import { parseJson } from '../../kernel/json.ts'
import { advance, expireJobKind, findMallOrder, lockMallOrders, recordOrders, stepMall, type MallOrder, type Recorder } from '../checkout/index.ts'
import { paymentFault } from './errors.ts'
import { timeOf, type PaymentPlatform } from './ports.ts'
import { requestRefund, settleRefunds, type RefundResult } from './refund.ts'

type Loose = Record<string, unknown>
export type Payment = { orderId: string; transactionId: string; paidAt: Instant; totalFen: number }

/** @returns undefined when the text is not of a successful payment. */
function readPayment(body: Loose, now: Instant): Payment | undefined {
  if (body.trade_state !== 'SUCCESS' && body.trade_state !== 'REFUND') return undefined
  return { orderId: String(body.out_trade_no), transactionId: String(body.transaction_id ?? ''), paidAt: timeOf(body.success_time, now), totalFen: Number((body.amount as Loose | undefined)?.total ?? 0) }
}

/**
 * Books payments: from notices, and from asking. Told again, nothing changes; an order that was cancelled in the meantime keeps its end and the money
 * goes back by itself. Orders that are not the mall's are left alone.
 */
export async function settlePayments(tx: Tx, work: Recorder, platform: PaymentPlatform, payments: readonly Payment[], cause: 'callback' | 'backfill'): Promise<void> {
  const orders = await lockMallOrders(tx, work.tenantId, payments.map((payment) => payment.orderId))
  const changed: MallOrder[] = []
  const late: MallOrder[] = []
  for (const payment of payments) {
    const order = orders.get(payment.orderId)
    if (!order || order.paidAt !== null) continue
    if (payment.totalFen !== order.totalFen) throw paymentFault('payment/amount-differs', { orderId: order.orderId, found: payment.totalFen, expected: order.totalFen })
    const facts = { paidAt: payment.paidAt, transactionId: payment.transactionId }
    const paid = stepMall(order.state, 'pay') === undefined ? { ...order, ...facts, version: Math.max(order.version, Math.floor(work.now / 1000)) } : advance(order, 'pay', work.now, facts)
    orders.set(order.orderId, paid)
    changed.push(paid)
    if (paid.state === 'cancelled') late.push(paid)
  }
  await recordOrders(tx, work, changed, cause)
  for (const order of late) await requestRefund(tx, work, platform, order, { amountFen: order.totalFen, skuId: null, quantity: 0, reason: '订单已取消，原路退回' })
}

/** TRANSACTION.SUCCESS and REFUND.* notices, stored like callbacks. */
export function payNotices(platform: PaymentPlatform): FactHandler {
  return {
    line: 'pay',
    accepts: (event) => event === 'TRANSACTION.SUCCESS' || event.startsWith('REFUND.'),
    async handle(work, tx, facts) {
      const recorder = recorderOf(work)
      const bodies = facts.map((fact) => ({ event: fact.event, body: parseJson(fact.message) as Loose }))
      await settlePayments(tx, recorder, platform, bodies.filter(({ event }) => event === 'TRANSACTION.SUCCESS').flatMap(({ body }) => readPayment(body, work.now) ?? []), 'callback')
      await settleRefunds(tx, recorder, bodies.filter(({ event }) => event.startsWith('REFUND.')).map(({ body }): RefundResult => ({
        orderId: String(body.out_trade_no), refundId: String(body.out_refund_no), status: String(body.refund_status), finishedAt: timeOf(body.success_time, work.now),
      })), 'callback')
    },
  }
}

export const recorderOf = (work: Work): Recorder => ({ tenantId: work.tenantId, now: work.now, ids: work.ids, emit: work.emit })

type Ending = { kind: 'none' } | { kind: 'paid'; payment: Payment } | { kind: 'closed' }

/**
 * The end of an unpaid order (at its time, or when the buyer cancels). First WeChat Pay is asked: paid, and the notice was lost; else it is closed there; only
 * then are the units free. So a payment cannot arrive for units that somebody else has bought.
 */
export function expireOrders(platform: PaymentPlatform): JobHandler {
  return {
    kind: expireJobKind,
    async prepare(work, job): Promise<Ending> {
      const { orderId } = job.state as { orderId: string }
      const { tenantId } = work
      const order = await platform.db.tx({ role: 'app', tenantId }, (tx) => findMallOrder(tx, tenantId, orderId))
      if (!order || order.state !== 'unpaid') return { kind: 'none' }
      const mchid = platform.accountOf(tenantId, order.payConnectionId)
      const unknown = (code: string): boolean => code === 'ORDER_NOT_EXIST' || code === 'ORDERNOTEXIST' || code === 'RESOURCE_NOT_EXISTS'
      const asked = await platform.call(tenantId, order.payConnectionId, 'pay.transaction.query-by-out-trade-no', { out_trade_no: orderId, mchid })
      if (asked.kind === 'ok') {
        const body = asked.result as Loose
        const payment = readPayment(body, work.now)
        if (payment) return { kind: 'paid', payment }
        if (body.trade_state === 'CLOSED') return { kind: 'closed' }
      } else if (asked.kind === 'refused' && unknown(asked.code)) return { kind: 'closed' } // the buyer never came to the payment
      else throw new Error(`order ${orderId}: ${asked.text}`)
      const closed = await platform.call(tenantId, order.payConnectionId, 'pay.transaction.close', { out_trade_no: orderId, mchid })
      if (closed.kind === 'ok' || (closed.kind === 'refused' && (closed.code === 'ORDER_CLOSED' || unknown(closed.code)))) return { kind: 'closed' }
      // Paid between the two calls, or silence: asked again soon.
      throw new Error(`order ${orderId} could not be closed: ${closed.text}`)
    },
    async run(work, tx, job, prepared) {
      const ending = prepared as Ending
      const { orderId } = job.state as { orderId: string }
      if (ending.kind === 'paid') await settlePayments(tx, recorderOf(work), platform, [ending.payment], 'backfill')
      if (ending.kind === 'closed') {
        const order = (await lockMallOrders(tx, work.tenantId, [orderId])).get(orderId)
        if (order?.state === 'unpaid') await recordOrders(tx, recorderOf(work), [advance(order, 'cancel', work.now, { cancelledAt: work.now })], 'own')
      }
      return null
    },
  }
}
