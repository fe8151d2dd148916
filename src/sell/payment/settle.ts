import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'
import type { FactHandler, JobHandler, Work } from '../../kernel/engine/index.ts'
import { parseJson } from '../../kernel/json.ts'
import { advance, expireJobKind, findMallOrder, lockMallOrders, payFenOf, recordOrders, stepMall, type MallOrder, type Recorder } from '../checkout/index.ts'
import { giveBackPayment } from './give-back.ts'
import { timeOf, type PayCoupon, type PaymentPlatform } from './ports.ts'
import { merchantFields, tradeEndpoint } from './prepay.ts'
import { requestRefund, settleRefunds, type RefundResult } from './refund.ts'
import { attemptsByNumber, attemptsOf, lockBills, raiseAlarm, setAttempt, updateBill, type Attempt, type PayBill } from './store.ts'

type Loose = Record<string, unknown>
/** `number` is the out_trade_no; `totalFen` what WeChat Pay says was asked for. */
export type Payment = { number: string; transactionId: string; paidAt: Instant; totalFen: number; currency: string; coupons: readonly PayCoupon[] }

const fen = (value: unknown): number => (typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? value : 0)

/** @returns undefined when the text is not of a successful payment. */
export function readPayment(body: Loose, now: Instant): Payment | undefined {
  if (body.trade_state !== 'SUCCESS' && body.trade_state !== 'REFUND') return undefined
  const amount = (body.amount ?? {}) as Loose
  return {
    number: String(body.out_trade_no), transactionId: String(body.transaction_id ?? ''), paidAt: timeOf(body.success_time, now), totalFen: Number(amount.total ?? 0), currency: String(amount.currency ?? 'CNY'),
    coupons: (Array.isArray(body.promotion_detail) ? (body.promotion_detail as Loose[]) : []).map((one) => {
      const parts = { merchantFen: fen(one.merchant_contribute), platformFen: fen(one.wechatpay_contribute), otherFen: fen(one.other_contribute) }
      // Without a word on who bears it, the platform does.
      const known = parts.merchantFen + parts.platformFen + parts.otherFen
      return { couponId: String(one.coupon_id ?? ''), name: String(one.name ?? '微信支付优惠'), cash: one.type !== 'NOCASH', ...parts, ...(known === 0 ? { platformFen: fen(one.amount) } : {}) }
    }),
  }
}

/**
 * Books payments: from notices, and from asking. Told again, nothing changes. An amount or currency that is not what was asked for is refused: nothing is booked, an
 * alarm is raised. Money for an order that was cancelled in the meantime, or that was paid already under another number, goes back by itself. Numbers that are not
 * the mall's are left alone.
 */
export async function settlePayments(tx: Tx, work: Recorder, platform: PaymentPlatform, payments: readonly Payment[], cause: 'callback' | 'backfill'): Promise<void> {
  const { tenantId, now, ids } = work
  const numbers = payments.map((payment) => payment.number)
  let orders = await lockMallOrders(tx, tenantId, numbers)
  const others = numbers.filter((number) => !orders.has(number))
  const attempts = new Map((await attemptsByNumber(tx, tenantId, others)).map((one) => [one.number, one]))
  if (attempts.size > 0) orders = new Map([...orders, ...(await lockMallOrders(tx, tenantId, [...attempts.values()].map((one) => one.target)))])
  const bills = await lockBills(tx, tenantId, [...others, ...[...attempts.values()].map((one) => one.target)])
  const changed = new Map<string, MallOrder>()
  const late: MallOrder[] = []
  for (const payment of payments) {
    const attempt = attempts.get(payment.number)
    const target = attempt?.target ?? payment.number
    const order = orders.get(target)
    const bill = bills.get(target)
    const expected = attempt?.amountFen ?? (order ? payFenOf(order) : bill?.amountFen)
    if (expected === undefined) continue
    if (payment.totalFen !== expected || payment.currency !== 'CNY') {
      const kind = payment.currency === 'CNY' ? ('amount-differs' as const) : ('currency-differs' as const)
      await raiseAlarm(tx, tenantId, { key: `${kind}/${payment.number}/${payment.transactionId}`, kind, number: payment.number, detail: { target, transactionId: payment.transactionId, foundFen: payment.totalFen, expectedFen: expected, currency: payment.currency } }, now, ids)
      continue
    }
    if (attempt) await markAttempt(tx, tenantId, attempts, attempt, payment)
    const before = order ?? bill
    if (before!.paidAt !== null) {
      // The same payment told again, or a second one: by another way, while the first was under way.
      if (before!.transactionId !== payment.transactionId) await giveBackPayment(tx, work, platform, { kind: 'paid-twice', target, payConnectionId: before!.payConnectionId, payment })
      continue
    }
    if (bill) {
      bills.set(target, await settleBill(tx, work, platform, bill, payment))
      continue
    }
    const facts = { paidAt: payment.paidAt, transactionId: payment.transactionId }
    if (stepMall(order!.state, 'pay') === undefined && order!.tenders.length > 0) {
      // What had been paid before is free again and may be spent: the order stays cancelled, and this part goes back.
      await giveBackPayment(tx, work, platform, { kind: 'paid-late', target, payConnectionId: order!.payConnectionId, payment })
      continue
    }
    const paid = stepMall(order!.state, 'pay') === undefined ? { ...order!, ...facts, version: Math.max(order!.version, Math.floor(now / 1000)) } : advance(order!, 'pay', now, facts)
    orders.set(target, paid)
    changed.set(target, paid)
    if (paid.state === 'cancelled') late.push(paid)
    if (payment.coupons.length > 0) await platform.payCoupons?.(tx, work, paid, payment.coupons)
  }
  await recordOrders(tx, work, [...changed.values()], cause)
  for (const order of changed.values()) if (order.tenders.length > 0) await platform.tender?.capture(tx, work, order)
  for (const order of late) await requestRefund(tx, work, platform, order, { amountFen: order.totalFen, skuId: null, quantity: 0, reason: '订单已取消，原路退回' })
}

async function markAttempt(tx: Tx, tenantId: number, attempts: Map<string, Attempt>, attempt: Attempt, payment: Payment): Promise<void> {
  if (attempt.state === 'paid') return
  const paid: Attempt = { ...attempt, state: 'paid', paidAt: payment.paidAt, transactionId: payment.transactionId }
  attempts.set(attempt.number, paid)
  await setAttempt(tx, tenantId, paid)
}

/** A bill that was closed and is paid after all is paid: what it was for decides what becomes of it. */
async function settleBill(tx: Tx, work: Recorder, platform: PaymentPlatform, bill: PayBill, payment: Payment): Promise<PayBill> {
  const paid: PayBill = { ...bill, state: 'paid', paidAt: payment.paidAt, transactionId: payment.transactionId }
  await updateBill(tx, work.tenantId, paid)
  await platform.bills?.[bill.kind].paid(tx, work, paid)
  return paid
}

/**
 * TRANSACTION.SUCCESS and REFUND.* notices, stored like callbacks. A notice of profit sharing comes under the same name as a payment (pay sheet 4.3): it is told by its
 * `receiver` and is no payment.
 */
export function payNotices(platform: PaymentPlatform): FactHandler {
  return {
    line: 'pay',
    accepts: (event) => event === 'TRANSACTION.SUCCESS' || event.startsWith('REFUND.'),
    async handle(work, tx, facts) {
      const recorder = recorderOf(work)
      const bodies = facts.map((fact) => ({ event: fact.event, body: parseJson(fact.message) as Loose }))
      await settlePayments(tx, recorder, platform, bodies.filter(({ event, body }) => event === 'TRANSACTION.SUCCESS' && body.receiver === undefined).flatMap(({ body }) => readPayment(body, work.now) ?? []), 'callback')
      await settleRefunds(tx, recorder, platform, bodies.filter(({ event }) => event.startsWith('REFUND.')).map(({ body }): RefundResult => ({
        refundId: String(body.out_refund_no), status: String(body.refund_status), finishedAt: timeOf(body.success_time, work.now),
      })), 'callback')
    },
  }
}

export const recorderOf = (work: Work): Recorder => ({ tenantId: work.tenantId, now: work.now, ids: work.ids, emit: work.emit })

export type Ending = { kind: 'none' } | { kind: 'paid'; payment: Payment } | { kind: 'closed' }
const unknown = (code: string): boolean => code === 'ORDER_NOT_EXIST' || code === 'ORDERNOTEXIST' || code === 'RESOURCE_NOT_EXISTS'

/** Asks WeChat Pay how a number stands and closes it if it is unpaid. @throws when that is not known yet: asked again soon. */
async function endNumber(platform: PaymentPlatform, work: Work, payConnectionId: string, number: string): Promise<Ending> {
  const { tenantId } = work
  const who = merchantFields(platform, tenantId, payConnectionId)
  const asked = await platform.call(tenantId, payConnectionId, tradeEndpoint(platform, tenantId, payConnectionId, 'query-by-out-trade-no'), { out_trade_no: number, ...who })
  if (asked.kind === 'ok') {
    const body = asked.result as Loose
    const payment = readPayment(body, work.now)
    if (payment) return { kind: 'paid', payment }
    if (body.trade_state === 'CLOSED') return { kind: 'closed' }
  } else if (asked.kind === 'refused' && unknown(asked.code)) return { kind: 'closed' } // the buyer never came to the payment
  else throw new Error(`payment ${number}: ${asked.text}`)
  const closed = await platform.call(tenantId, payConnectionId, tradeEndpoint(platform, tenantId, payConnectionId, 'close'), { out_trade_no: number, ...who })
  if (closed.kind === 'ok' || (closed.kind === 'refused' && (closed.code === 'ORDER_CLOSED' || unknown(closed.code)))) return { kind: 'closed' }
  // Paid between the two calls, or silence: asked again soon.
  throw new Error(`payment ${number} could not be closed: ${closed.text}`)
}

/** Ends every number of an order or bill; the first that turns out paid is told. */
export async function endTarget(platform: PaymentPlatform, work: Work, target: string, payConnectionId: string): Promise<Ending> {
  const attempts = await platform.db.tx({ role: 'app', tenantId: work.tenantId }, (tx) => attemptsOf(tx, work.tenantId, target))
  for (const number of [target, ...attempts.filter((one) => one.state === 'open').map((one) => one.number)]) {
    const ending = await endNumber(platform, work, payConnectionId, number)
    if (ending.kind === 'paid') return ending
  }
  return { kind: 'closed' }
}

export async function closeAttempts(tx: Tx, tenantId: number, target: string): Promise<void> {
  for (const attempt of await attemptsOf(tx, tenantId, target)) if (attempt.state === 'open') await setAttempt(tx, tenantId, { ...attempt, state: 'closed' })
}

/**
 * The end of an unpaid order (at its time, or when the buyer cancels). First WeChat Pay is asked: paid, and the notice was lost; else it is closed there; only
 * then are the units free. So a payment cannot arrive for units that somebody else has bought.
 */
export function expireOrders(platform: PaymentPlatform): JobHandler {
  return {
    kind: expireJobKind,
    async prepare(work, job): Promise<Ending> {
      const { orderId, ask } = job.state as { orderId: string; /** Also when it has ended: a bill says that it was paid. */ ask?: boolean }
      const { tenantId } = work
      const order = await platform.db.tx({ role: 'app', tenantId }, (tx) => findMallOrder(tx, tenantId, orderId))
      return order?.state === 'unpaid' || (order && ask === true && order.paidAt === null) ? endTarget(platform, work, orderId, order.payConnectionId) : { kind: 'none' }
    },
    async run(work, tx, job, prepared) {
      const ending = prepared as Ending
      const { orderId } = job.state as { orderId: string }
      if (ending.kind === 'paid') await settlePayments(tx, recorderOf(work), platform, [ending.payment], 'backfill')
      if (ending.kind === 'closed') {
        const order = (await lockMallOrders(tx, work.tenantId, [orderId])).get(orderId)
        await closeAttempts(tx, work.tenantId, orderId)
        if (order?.state === 'unpaid') await recordOrders(tx, recorderOf(work), [advance(order, 'cancel', work.now, { cancelledAt: work.now })], 'own')
      }
      return null
    },
  }
}
