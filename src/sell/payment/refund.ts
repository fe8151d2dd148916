import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'
import type { JobHandler, ReplyHandler, Work } from '../../kernel/engine/index.ts'
import { putJobs } from '../../kernel/job/index.ts'
import { enqueueCalls, withdrawCalls } from '../../kernel/outbox/index.ts'
import { book } from '../../book/account/index.ts'
import { listRefunds, saveRefunds } from '../order/index.ts'
import { advance, lockMallOrders, payFenOf, recordOrders, stepMall, type MallOrder, type Recorder } from '../checkout/index.ts'
import { timeOf, type PaymentPlatform } from './ports.ts'
import { subMerchant } from './prepay.ts'
import { splitRefund, type Paid } from './split-refund.ts'
import { lockBills, paidNumber, putRefund, raiseAlarm, refundsByIds, refundsOfTarget, updateBill, type PayRefund } from './store.ts'

export const refundReplyKind = 'mall.refund'
export const refundJobKind = 'mall.refund'

export type RefundWish = { amountFen: number; skuId: string | null; quantity: number; reason: string }
export type RefundOutcome = { kind: 'requested'; refundId: string } | { kind: 'not-paid' } | { kind: 'too-much'; leftFen: number }
export type RefundResult = { refundId: string; status: string; finishedAt: Instant }

const paidWith = (order: MallOrder): Paid => ({
  payFen: payFenOf(order), storedFen: order.tenders.filter((one) => one.kind === 'stored').reduce((sum, one) => sum + one.fen, 0), depositFen: order.tenders.filter((one) => one.kind === 'deposit').reduce((sum, one) => sum + one.fen, 0),
})
/** What refunds that were not refused take of each way the order was paid with, in their order. */
function sharesOf(order: MallOrder, refunds: readonly PayRefund[]): Map<string, Paid> {
  const back: Paid = { payFen: 0, storedFen: 0, depositFen: 0 }
  const paid = paidWith(order)
  const shares = new Map<string, Paid>()
  for (const refund of refunds) {
    if (refund.state === 'refused') continue
    // `payFen` was fixed when the refund was made; the rest is shared between what else there was.
    const rest = splitRefund({ ...paid, payFen: 0 }, { ...back, payFen: 0 }, Math.min(refund.amountFen - refund.payFen, paid.storedFen + paid.depositFen - back.storedFen - back.depositFen))
    const share = { payFen: refund.payFen, storedFen: rest.storedFen, depositFen: rest.depositFen }
    shares.set(refund.refundId, share)
    for (const part of ['payFen', 'storedFen', 'depositFen'] as const) back[part] += share[part]
  }
  return shares
}

/**
 * The order must be locked by the caller. The refund's own number is the key at WeChat Pay: repeated, it is one refund. Never more than was paid; what was paid before
 * (stored value, a deposit) goes back there in proportion.
 */
export async function requestRefund(tx: Tx, work: Recorder, platform: PaymentPlatform, order: MallOrder, wish: RefundWish): Promise<RefundOutcome> {
  const { tenantId, now, ids } = work
  if (order.paidAt === null) return { kind: 'not-paid' }
  const before = await listRefunds(tx, tenantId, 'mall', order.orderId)
  const leftFen = order.totalFen - before.filter((refund) => refund.status !== 'refused').reduce((sum, refund) => sum + refund.amountFen, 0)
  if (wish.amountFen > leftFen) return { kind: 'too-much', leftFen }
  const known = await refundsOfTarget(tx, tenantId, order.orderId)
  const back = [...sharesOf(order, known).values()].reduce<Paid>((sum, one) => ({ payFen: sum.payFen + one.payFen, storedFen: sum.storedFen + one.storedFen, depositFen: sum.depositFen + one.depositFen }), { payFen: 0, storedFen: 0, depositFen: 0 })
  // Refunds of before shares were kept went through WeChat Pay whole.
  const older = before.filter((one) => one.status !== 'refused' && !known.some((row) => row.refundId === one.refundId)).reduce((sum, one) => sum + one.amountFen, 0)
  const share = splitRefund(paidWith(order), { ...back, payFen: back.payFen + older }, wish.amountFen)
  const refundId = ids.next().replaceAll('-', '')
  const number = order.transactionId === '' ? order.orderId : await paidNumber(tx, tenantId, order.orderId, order.transactionId)
  await work.emit(tx, await saveRefunds(tx, tenantId, [{
    shelf: 'mall', refundId, orderId: order.orderId, skuId: wish.skuId, quantity: wish.quantity, amountFen: wish.amountFen, status: 'pending', requestedAt: now, finishedAt: null, reason: wish.reason,
  }], now, ids, 'own'))
  await putRefund(tx, tenantId, { refundId, target: order.orderId, number, amountFen: wish.amountFen, payFen: share.payFen, state: 'pending', reason: wish.reason, requestedAt: now, finishedAt: null })
  if (share.payFen === 0) {
    await settleRefunds(tx, work, platform, [{ refundId, status: 'SUCCESS', finishedAt: now }], 'own')
    return { kind: 'requested', refundId }
  }
  await platform.beforeRefund?.(tx, work, order, back.payFen + older + share.payFen, `refund/${number}`)
  await askRefund(tx, work, platform, { refundId, number, payConnectionId: order.payConnectionId, payFen: share.payFen, totalFen: payFenOf(order), reason: wish.reason }, now)
  return { kind: 'requested', refundId }
}

/** Pays back a bill, in whole or in part. @returns undefined when no more so much is left of it. */
export async function refundBill(tx: Tx, work: Recorder, platform: PaymentPlatform, billId: string, amountFen: number, reason: string, refundId = work.ids.next().replaceAll('-', '')): Promise<{ refundId: string } | undefined> {
  const { tenantId, now } = work
  const bill = (await lockBills(tx, tenantId, [billId])).get(billId)
  if (!bill || bill.paidAt === null) return undefined
  const open = (await refundsOfTarget(tx, tenantId, billId)).filter((one) => one.state !== 'refused')
  if (open.some((one) => one.refundId === refundId)) return { refundId }
  if (amountFen < 1 || amountFen > bill.amountFen - open.reduce((sum, one) => sum + one.amountFen, 0)) return undefined
  const number = await paidNumber(tx, tenantId, billId, bill.transactionId)
  await putRefund(tx, tenantId, { refundId, target: billId, number, amountFen, payFen: amountFen, state: 'pending', reason, requestedAt: now, finishedAt: null })
  await askRefund(tx, work, platform, { refundId, number, payConnectionId: bill.payConnectionId, payFen: amountFen, totalFen: bill.amountFen, reason }, now)
  return { refundId }
}

async function askRefund(tx: Tx, work: Recorder, platform: PaymentPlatform, wish: { refundId: string; number: string; payConnectionId: string; payFen: number; totalFen: number; reason: string }, now: Instant): Promise<void> {
  const { tenantId, ids } = work
  await enqueueCalls(tx, tenantId, [{
    outboxId: ids.next(), connectionId: wish.payConnectionId, endpoint: 'pay.refund.create', lane: `refund/${wish.number}`, dueAt: now, createdAt: now, reply: { kind: refundReplyKind, refundId: wish.refundId },
    request: {
      ...subMerchant(platform, tenantId, wish.payConnectionId), out_trade_no: wish.number, out_refund_no: wish.refundId, reason: clip(wish.reason, 80), notify_url: platform.notifyUrl(tenantId, wish.payConnectionId), amount: { refund: wish.payFen, total: wish.totalFen, currency: 'CNY' },
    },
  }])
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
export async function settleRefunds(tx: Tx, work: Recorder, platform: PaymentPlatform, results: readonly RefundResult[], cause: 'callback' | 'backfill' | 'own'): Promise<void> {
  const { tenantId, now, ids } = work
  const rows = await refundsByIds(tx, tenantId, results.map((result) => result.refundId))
  const orders = await lockMallOrders(tx, tenantId, [...rows.values()].map((row) => row.target))
  for (const result of results) {
    const row = rows.get(result.refundId)
    if (!row || row.state === 'done') continue
    if (result.status === 'ABNORMAL') {
      await putRefund(tx, tenantId, { ...row, state: 'abnormal' })
      await raiseAlarm(tx, tenantId, { key: `refund-abnormal/${row.refundId}`, kind: 'refund-abnormal', number: row.refundId, detail: { target: row.target, fen: row.payFen } }, now, ids)
      continue
    }
    if (result.status !== 'SUCCESS' && result.status !== 'CLOSED') continue
    const state = result.status === 'SUCCESS' ? ('done' as const) : ('refused' as const)
    const ended: PayRefund = { ...row, state, finishedAt: result.finishedAt }
    rows.set(row.refundId, ended)
    await putRefund(tx, tenantId, ended)
    const order = orders.get(row.target)
    if (order) orders.set(order.orderId, await settleOrderRefund(tx, work, platform, order, ended, cause))
    else if (state === 'done') await settleOtherRefund(tx, work, platform, ended)
    else await refuseOtherRefund(tx, work, platform, ended)
  }
}

async function settleOrderRefund(tx: Tx, work: Recorder, platform: PaymentPlatform, order: MallOrder, row: PayRefund, cause: 'callback' | 'backfill' | 'own'): Promise<MallOrder> {
  const { tenantId, now, ids } = work
  const refunds = await listRefunds(tx, tenantId, 'mall', order.orderId)
  const refund = refunds.find((one) => one.refundId === row.refundId)
  if (!refund || refund.status === 'done') return order
  const status = row.state === 'done' ? ('done' as const) : ('refused' as const)
  await work.emit(tx, await saveRefunds(tx, tenantId, [{ ...refund, shelf: 'mall', orderId: order.orderId, skuId: null, status, finishedAt: row.finishedAt, tenderFen: row.amountFen - row.payFen }], now, ids, cause))
  if (status !== 'done') return order
  if (row.amountFen > row.payFen) {
    const share = sharesOf(order, (await refundsOfTarget(tx, tenantId, order.orderId)).map((one) => (one.refundId === row.refundId ? row : one))).get(row.refundId)!
    await platform.tender?.giveBack(tx, work, order, row.refundId, { storedFen: share.storedFen, depositFen: share.depositFen })
  }
  const back = refund.amountFen + refunds.filter((one) => one.status === 'done').reduce((sum, one) => sum + one.amountFen, 0)
  if (back < order.totalFen || !stepMall(order.state, 'refund')) return order
  const refunded = advance(order, 'refund', now)
  await recordOrders(tx, work, [refunded], cause)
  return refunded
}

/** A bill's money, or a payment that belonged to nothing, is back. */
async function settleOtherRefund(tx: Tx, work: Recorder, platform: PaymentPlatform, row: PayRefund): Promise<void> {
  const { tenantId, now, ids } = work
  if (row.target.startsWith('suspense ')) {
    await book(tx, tenantId, [{ postingId: ids.next(), key: `suspense/${row.number}/back`, occurredAt: row.finishedAt ?? now, recordedAt: now, reason: 'given back', entries: [{ account: 'suspense:pay', unit: 'fen', amount: row.payFen }, { account: 'till:pay', unit: 'fen', amount: 0 - row.payFen }] }])
    return
  }
  const bill = (await lockBills(tx, tenantId, [row.target])).get(row.target)
  if (!bill) return
  const after = { ...bill, refundedFen: bill.refundedFen + row.payFen }
  await updateBill(tx, tenantId, after)
  await platform.bills?.[bill.kind].refunded(tx, work, after, row.refundId, row.payFen)
}

/** A refund of something else than an order came to nothing: whoever asked for it waits for no event, so it is told and shown to a person. */
async function refuseOtherRefund(tx: Tx, work: Recorder, platform: PaymentPlatform, row: PayRefund): Promise<void> {
  const { tenantId, now, ids } = work
  await raiseAlarm(tx, tenantId, { key: `refund-closed/${row.refundId}`, kind: 'refund-abnormal', number: row.refundId, detail: { target: row.target, fen: row.payFen } }, now, ids)
  const bill = (await lockBills(tx, tenantId, [row.target])).get(row.target)
  if (bill) await platform.bills?.[bill.kind].notRefunded?.(tx, work, bill, row.refundId)
}

const recorder = (work: Work): Recorder => ({ tenantId: work.tenantId, now: work.now, ids: work.ids, emit: work.emit })
const resultOf = (refundId: string, body: unknown, now: Instant): RefundResult => {
  const answer = body as { status?: unknown; success_time?: unknown }
  return { refundId, status: String(answer.status ?? ''), finishedAt: timeOf(answer.success_time, now) }
}
const pollMs = 10 * 60_000

/** 200 means accepted only: the end comes by notice, or by asking some minutes later. Too soon after the last one is asked again. */
export function refundReply(platform: PaymentPlatform): ReplyHandler {
  return {
    kind: refundReplyKind,
    async handle(work, tx, call, outcome) {
      if (!outcome.final) return
      const { refundId } = call.reply as { refundId: string }
      if (outcome.kind === 'refused') {
        await settleRefunds(tx, recorder(work), platform, [{ refundId, status: 'CLOSED', finishedAt: work.now }], 'own')
        await withdrawCalls(tx, work.tenantId, [call.outboxId], work.now)
        return
      }
      if (outcome.kind === 'ok') await settleRefunds(tx, recorder(work), platform, [resultOf(refundId, outcome.result, work.now)], 'own')
      await putJobs(tx, work.tenantId, [{ kind: refundJobKind, key: refundId, dueAt: work.now + pollMs, state: { refundId, connectionId: call.connectionId, asked: 0 } }])
    },
  }
}

/** Asks how a refund ended when no notice said so; less and less often, for some days. */
export function refundPoll(platform: PaymentPlatform): JobHandler {
  return {
    kind: refundJobKind,
    async prepare(work, job): Promise<unknown> {
      const { refundId, connectionId } = job.state as { refundId: string; connectionId: string }
      const row = (await platform.db.tx({ role: 'app', tenantId: work.tenantId }, (tx) => refundsByIds(tx, work.tenantId, [refundId]))).get(refundId)
      if (row?.state !== 'pending') return null
      const answer = await platform.call(work.tenantId, connectionId, 'pay.refund.query', { out_refund_no: refundId, ...subMerchant(platform, work.tenantId, connectionId) })
      if (answer.kind !== 'ok') throw new Error(`refund ${refundId}: ${answer.text}`)
      return answer.result
    },
    async run(work, tx, job, prepared) {
      if (prepared === null) return null
      const state = job.state as { refundId: string; asked: number }
      const result = resultOf(state.refundId, prepared, work.now)
      await settleRefunds(tx, recorder(work), platform, [result], 'backfill')
      if (result.status === 'SUCCESS' || result.status === 'CLOSED' || state.asked >= 12) return null
      return { dueAt: work.now + pollMs * 2 ** Math.min(state.asked, 6), state: { ...state, asked: state.asked + 1 } }
    },
  }
}
