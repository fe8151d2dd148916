import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'
import type { JobHandler, ReplyHandler, Work } from '../../kernel/engine/index.ts'
import { putJobs } from '../../kernel/job/index.ts'
import { enqueueCalls, withdrawCalls } from '../../kernel/outbox/index.ts'
import { listRefunds, saveRefunds } from '../order/index.ts'
import { advance, lockMallOrders, recordOrders, stepMall, type MallOrder, type Recorder } from '../checkout/index.ts'
import { timeOf, type PaymentPlatform } from './ports.ts'

export const refundReplyKind = 'mall.refund'
export const refundJobKind = 'mall.refund'

export type RefundWish = { amountFen: number; skuId: string | null; quantity: number; reason: string }
export type RefundOutcome = { kind: 'requested'; refundId: string } | { kind: 'not-paid' } | { kind: 'too-much'; leftFen: number }
export type RefundResult = { orderId: string; refundId: string; status: string; finishedAt: Instant }

/** The order must be locked by the caller. The refund's own number is the key at WeChat Pay: repeated, it is one refund. */
export async function requestRefund(tx: Tx, work: Recorder, platform: PaymentPlatform, order: MallOrder, wish: RefundWish): Promise<RefundOutcome> {
  const { tenantId, now, ids } = work
  if (order.paidAt === null) return { kind: 'not-paid' }
  const before = await listRefunds(tx, tenantId, 'mall', order.orderId)
  const leftFen = order.totalFen - before.filter((refund) => refund.status !== 'refused').reduce((sum, refund) => sum + refund.amountFen, 0)
  if (wish.amountFen > leftFen) return { kind: 'too-much', leftFen }
  const refundId = ids.next().replaceAll('-', '')
  await work.emit(tx, await saveRefunds(tx, tenantId, [{
    shelf: 'mall', refundId, orderId: order.orderId, skuId: wish.skuId, quantity: wish.quantity, amountFen: wish.amountFen, status: 'pending', requestedAt: now, finishedAt: null, reason: wish.reason,
  }], now, ids, 'own'))
  await enqueueCalls(tx, tenantId, [{
    outboxId: ids.next(), connectionId: order.payConnectionId, endpoint: 'pay.refund.create', lane: `refund/${order.orderId}`, dueAt: now, createdAt: now, reply: { kind: refundReplyKind, orderId: order.orderId, refundId },
    request: {
      out_trade_no: order.orderId, out_refund_no: refundId, reason: clip(wish.reason, 80), notify_url: platform.notifyUrl(tenantId, order.payConnectionId), amount: { refund: wish.amountFen, total: order.totalFen, currency: 'CNY' },
    },
  }])
  return { kind: 'requested', refundId }
}

/** At most `bytes` bytes of UTF-8, whole characters. */
function clip(text: string, bytes: number): string {
  let kept = ''
  for (const character of text) {
    if (Buffer.byteLength(kept + character) > bytes) break
    kept += character
  }
  return kept
}

/** How refunds ended. SUCCESS is money; CLOSED is none; ABNORMAL (the payer's account cannot take it) stays open for a person. */
export async function settleRefunds(tx: Tx, work: Recorder, results: readonly RefundResult[], cause: 'callback' | 'backfill' | 'own'): Promise<void> {
  const orders = await lockMallOrders(tx, work.tenantId, results.map((result) => result.orderId))
  for (const result of results) {
    const order = orders.get(result.orderId)
    if (!order || (result.status !== 'SUCCESS' && result.status !== 'CLOSED')) continue
    const refunds = await listRefunds(tx, work.tenantId, 'mall', result.orderId)
    const refund = refunds.find((one) => one.refundId === result.refundId)
    if (!refund || refund.status === 'done') continue
    const status = result.status === 'SUCCESS' ? ('done' as const) : ('refused' as const)
    await work.emit(tx, await saveRefunds(tx, work.tenantId, [{ ...refund, shelf: 'mall', orderId: result.orderId, skuId: null, status, finishedAt: result.finishedAt }], work.now, work.ids, cause))
    if (status !== 'done') continue
    const back = refund.amountFen + refunds.filter((one) => one.status === 'done').reduce((sum, one) => sum + one.amountFen, 0)
    if (back >= order.totalFen && stepMall(order.state, 'refund')) {
      const refunded = advance(order, 'refund', work.now)
      orders.set(order.orderId, refunded)
      await recordOrders(tx, work, [refunded], cause)
    }
  }
}

const recorder = (work: Work): Recorder => ({ tenantId: work.tenantId, now: work.now, ids: work.ids, emit: work.emit })
const resultOf = (orderId: string, refundId: string, body: unknown, now: Instant): RefundResult => {
  const answer = body as { status?: unknown; success_time?: unknown }
  return { orderId, refundId, status: String(answer.status ?? ''), finishedAt: timeOf(answer.success_time, now) }
}
const pollMs = 10 * 60_000

/** 200 means accepted only: the end comes by notice, or by asking some minutes later. */
export const refundReply: ReplyHandler = {
  kind: refundReplyKind,
  async handle(work, tx, call, outcome) {
    if (!outcome.final) return
    const { orderId, refundId } = call.reply as { orderId: string; refundId: string }
    if (outcome.kind === 'refused') {
      await settleRefunds(tx, recorder(work), [{ orderId, refundId, status: 'CLOSED', finishedAt: work.now }], 'own')
      await withdrawCalls(tx, work.tenantId, [call.outboxId], work.now)
      return
    }
    if (outcome.kind === 'ok') await settleRefunds(tx, recorder(work), [resultOf(orderId, refundId, outcome.result, work.now)], 'own')
    await putJobs(tx, work.tenantId, [{ kind: refundJobKind, key: refundId, dueAt: work.now + pollMs, state: { orderId, refundId, connectionId: call.connectionId, asked: 0 } }])
  },
}

/** Asks how a refund ended when no notice said so; less and less often, for some days. */
export function refundPoll(platform: Pick<PaymentPlatform, 'call' | 'db'>): JobHandler {
  return {
    kind: refundJobKind,
    async prepare(work, job): Promise<unknown> {
      const { orderId, refundId, connectionId } = job.state as { orderId: string; refundId: string; connectionId: string }
      const refunds = await platform.db.tx({ role: 'app', tenantId: work.tenantId }, (tx) => listRefunds(tx, work.tenantId, 'mall', orderId))
      if (refunds.find((refund) => refund.refundId === refundId)?.status !== 'pending') return null
      const answer = await platform.call(work.tenantId, connectionId, 'pay.refund.query', { out_refund_no: refundId })
      if (answer.kind !== 'ok') throw new Error(`refund ${refundId}: ${answer.text}`)
      return answer.result
    },
    async run(work, tx, job, prepared) {
      if (prepared === null) return null
      const state = job.state as { orderId: string; refundId: string; asked: number }
      const result = resultOf(state.orderId, state.refundId, prepared, work.now)
      await settleRefunds(tx, recorder(work), [result], 'backfill')
      if (result.status === 'SUCCESS' || result.status === 'CLOSED' || state.asked >= 12) return null
      return { dueAt: work.now + pollMs * 2 ** Math.min(state.asked, 6), state: { ...state, asked: state.asked + 1 } }
    },
  }
}
