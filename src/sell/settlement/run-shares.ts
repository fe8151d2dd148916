import { dayMs } from '../../kernel/calendar.ts'
import type { Instant } from '../../kernel/clock.ts'
import type { Db, Tx } from '../../kernel/db/index.ts'
import type { JobHandler, PlatformAnswer, ReplyHandler, Work } from '../../kernel/engine/index.ts'
import { putJobs } from '../../kernel/job/index.ts'
import { enqueueCalls, withdrawCalls } from '../../kernel/outbox/index.ts'
import { book } from '../../book/account/index.ts'
import { referrersOf } from '../../acquire/referral/index.ts'
import { findMallOrder, openidOf, payFenOf, type MallOrder, type Recorder } from '../checkout/index.ts'
import { raiseAlarm, refundsOfOrder } from '../payment/index.ts'
import { returnsOf, sharesOf } from './share.ts'
import { findShare, listPartners, putShare, type ShareOrder } from './store.ts'

/**
 * Profit sharing (分账) for referrers and partners: the money of an order is frozen when it is asked for, shared some days after the goods were received, and what nobody gets
 * is released in the same request. Asynchronous: the result is asked for.
 */
export const shareJobKind = 'pay.share'
export const shareReplyKind = 'pay.share'

/** Shared so long after the payment at the earliest: most refunds are asked for by then. */
const afterPayMs = 8 * dayMs
/** An order that is not received by then is shared all the same: frozen money is released after 180 days anyhow (pay sheet 8). */
const latestMs = 60 * dayMs
const askMs = 60_000

export type SharePlatform = {
  db: Db
  call(tenantId: number, connectionId: string, endpoint: string, request: unknown): Promise<PlatformAnswer>
  accountOf(tenantId: number, connectionId: string): string
  subMerchant(tenantId: number, connectionId: string): { sub_mchid?: string }
}

/**
 * For payment: whether the money of this order shall be frozen. Decided once for an order. Whether a merchant shares at all is remembered for a minute, so that a
 * festival does not ask for every order; a partner added in that minute begins with the orders after it.
 */
export function sharingPort(): (tx: Tx, tenantId: number, order: MallOrder, now: Instant) => Promise<boolean> {
  const none = new Map<number, Instant>()
  return async (tx, tenantId, order, now) => {
    const seen = none.get(tenantId)
    if (seen !== undefined && now >= seen && now - seen < 60_000) return false
    const partners = (await listPartners(tx, tenantId)).filter((one) => one.state === 'on')
    if (partners.length === 0) {
      none.set(tenantId, now)
      return false
    }
    none.delete(tenantId)
    const known = await findShare(tx, tenantId, order.orderId)
    if (known) return known.state !== 'nothing'
    const referrer = (await referrersOf(tx, tenantId, [order.personId])).get(order.personId)
    const receivers = sharesOf({ netFen: payFenOf(order), personId: order.personId }, partners.filter((one) => one.createdAt <= order.placedAt), referrer)
    await putShare(tx, tenantId, { orderId: order.orderId, transactionId: '', payConnectionId: order.payConnectionId, state: receivers.length > 0 ? 'waiting' : 'nothing', receivers, totalFen: 0, returnedFen: 0, dueAt: order.placedAt + afterPayMs, sentAt: null, finishedAt: null, error: null })
    if (receivers.length > 0) await putJobs(tx, tenantId, [{ kind: shareJobKind, key: order.orderId, dueAt: order.placedAt + afterPayMs, state: { orderId: order.orderId } }])
    return receivers.length > 0
  }
}

export function runShares(platform: SharePlatform): JobHandler {
  return {
    kind: shareJobKind,
    async prepare(work, job): Promise<unknown> {
      const { orderId } = job.state as { orderId: string }
      const share = await platform.db.tx({ role: 'app', tenantId: work.tenantId }, (tx) => findShare(tx, work.tenantId, orderId))
      if (share?.state !== 'sent') return null
      const answer = await platform.call(work.tenantId, share.payConnectionId, 'pay.profit-sharing.query', { out_order_no: outOrderNo(orderId), transaction_id: share.transactionId, ...platform.subMerchant(work.tenantId, share.payConnectionId) })
      if (answer.kind !== 'ok') throw new Error(`sharing of ${orderId}: ${answer.text}`)
      return answer.result
    },
    async run(work, tx, job, prepared) {
      const { orderId } = job.state as { orderId: string }
      const share = await findShare(tx, work.tenantId, orderId, true)
      if (!share || share.state === 'done' || share.state === 'nothing' || share.state === 'failed') return null
      if (share.state === 'sent') return finish(tx, work, share, prepared)
      const order = await findMallOrder(tx, work.tenantId, orderId)
      if (!order || order.paidAt === null) {
        await putShare(tx, work.tenantId, { ...share, state: 'nothing' })
        return null
      }
      const ready = order.state === 'received' || order.state === 'refunded' || work.now >= order.paidAt + latestMs
      if (!ready || work.now < order.paidAt + afterPayMs) return { dueAt: Math.max(work.now + dayMs, order.paidAt + afterPayMs), state: job.state }
      await send(tx, work, platform, share, order)
      return { dueAt: work.now + askMs, state: job.state }
    },
  }
}

const outOrderNo = (orderId: string): string => `${orderId}S`

async function send(tx: Tx, work: Work, platform: SharePlatform, share: ShareOrder, order: MallOrder): Promise<void> {
  const { tenantId, now, ids } = work
  const gone = (await refundsOfOrder(tx, tenantId, order.orderId)).filter((one) => one.state !== 'refused').reduce((sum, one) => sum + one.payFen, 0)
  const partners = (await listPartners(tx, tenantId)).filter((one) => one.createdAt <= order.placedAt)
  const referrer = (await referrersOf(tx, tenantId, [order.personId])).get(order.personId)
  const appid = platform.accountOf(tenantId, order.miniConnectionId)
  const receivers = await Promise.all(sharesOf({ netFen: payFenOf(order) - gone, personId: order.personId }, partners, referrer).map(async (one) => ({ ...one, account: one.receiver === 'MERCHANT_ID' ? one.account : ((await openidOf(tx, tenantId, one.personId ?? '', appid)) ?? '') })))
  // Whoever was erased has no openid any more, and gets nothing.
  const named = receivers.filter((one) => one.account !== '')
  const sub = platform.subMerchant(tenantId, order.payConnectionId)
  const call = (endpoint: string, request: Record<string, unknown>, step: string) => ({ outboxId: ids.next(), connectionId: order.payConnectionId, endpoint, lane: `share/${order.orderId}`, dueAt: now, createdAt: now, reply: { kind: shareReplyKind, orderId: order.orderId, step }, request: { ...sub, ...request } })
  const relations = new Map(partners.map((one) => [one.partnerId, one.relation]))
  await enqueueCalls(tx, tenantId, named.length === 0
    ? [call('pay.profit-sharing.unfreeze', { transaction_id: order.transactionId, out_order_no: outOrderNo(order.orderId), description: '无需分账，解冻给商户' }, 'create')]
    : [
        ...named.map((one) => call('pay.profit-sharing.receiver-add', { ...(one.receiver === 'PERSONAL_OPENID' ? { appid } : {}), type: one.receiver, account: one.account, relation_type: relations.get(one.partnerId) ?? 'PARTNER' }, 'add')),
        call('pay.profit-sharing.create', {
          ...(named.some((one) => one.receiver === 'PERSONAL_OPENID') ? { appid } : {}), transaction_id: order.transactionId, out_order_no: outOrderNo(order.orderId), unfreeze_unsplit: true,
          receivers: named.map((one) => ({ type: one.receiver, account: one.account, amount: one.fen, description: [...`分给${one.name}`].slice(0, 80).join('') })),
        }, 'create'),
      ])
  // An openid is personal: it travels, and is not kept with the order.
  await putShare(tx, tenantId, { ...share, transactionId: order.transactionId ?? '', state: 'sent', sentAt: now, receivers: named.map((one) => ({ ...one, account: one.receiver === 'MERCHANT_ID' ? one.account : '', result: 'pending' })), totalFen: named.reduce((sum, one) => sum + one.fen, 0) })
}

export const shareReply: ReplyHandler = {
  kind: shareReplyKind,
  async handle(work, tx, call, outcome) {
    if (!outcome.final || outcome.kind !== 'refused') return
    const { orderId, step } = call.reply as { orderId: string; step: string }
    // A receiver that cannot be added is closed by the split itself; the split is what counts.
    await withdrawCalls(tx, work.tenantId, [call.outboxId], work.now)
    if (step === 'add') return
    const share = await findShare(tx, work.tenantId, orderId, true)
    if (!share || share.state === 'done') return
    await putShare(tx, work.tenantId, { ...share, state: 'failed', error: `${outcome.code} ${outcome.text}`.slice(0, 300), finishedAt: work.now })
    await raiseAlarm(tx, work.tenantId, { key: `split-failed/${orderId}`, kind: 'split-failed', number: orderId, detail: { code: outcome.code, text: outcome.text.slice(0, 200), fen: share.totalFen } }, work.now, work.ids)
  },
}

type Answer = { state?: string; receivers?: Array<{ type: string; account: string; amount: number; result: string; fail_reason?: string; finish_time?: string }> }

async function finish(tx: Tx, work: Work, share: ShareOrder, body: unknown): Promise<{ dueAt: Instant; state?: unknown } | null> {
  const { tenantId, now, ids } = work
  const answer = (body ?? {}) as Answer
  if (answer.state !== 'FINISHED') return { dueAt: now + 5 * askMs, state: { orderId: share.orderId } }
  const said = answer.receivers ?? []
  const receivers = share.receivers.map((one, n) => {
    const row = said[n]
    return { ...one, result: row?.result === 'SUCCESS' ? ('success' as const) : ('closed' as const), ...(row?.fail_reason === undefined ? {} : { reason: row.fail_reason }) }
  })
  await putShare(tx, tenantId, { ...share, receivers, state: 'done', finishedAt: now })
  await book(tx, tenantId, receivers.flatMap((one, n) => (one.result === 'success' ? [{
    postingId: ids.next(), key: `split/${share.orderId}/${n}`, occurredAt: Date.parse(said[n].finish_time ?? '') || now, recordedAt: now, reason: 'shared', entries: [{ account: 'commission:share', unit: 'fen', amount: one.fen }, { account: 'till:pay', unit: 'fen', amount: 0 - one.fen }],
  }] : [])))
  const closed = receivers.filter((one) => one.result === 'closed')
  if (closed.length > 0) await raiseAlarm(tx, tenantId, { key: `split-closed/${share.orderId}`, kind: 'split-failed', number: share.orderId, detail: { receivers: closed.map((one) => ({ name: one.name, fen: one.fen, reason: one.reason ?? '' })) } }, now, ids)
  return null
}

/** Before a refund: merchants that had their part give back their share of it, in the lane of the refund and ahead of it (pay sheet 7, funds). */
export async function returnShares(tx: Tx, work: Recorder, platform: Pick<SharePlatform, 'subMerchant'>, order: MallOrder, refundedFen: number, lane: string): Promise<void> {
  const { tenantId, now, ids } = work
  const share = await findShare(tx, tenantId, order.orderId, true)
  if (share?.state !== 'done') return
  const before = share.receivers.map((one) => one.returned ?? 0)
  const due = returnsOf(share.receivers, payFenOf(order), refundedFen, before)
  if (due.every((fen) => fen === 0)) return
  await enqueueCalls(tx, tenantId, share.receivers.flatMap((one, n) => (due[n] === 0 ? [] : [{
    outboxId: ids.next(), connectionId: order.payConnectionId, endpoint: 'pay.profit-sharing.return-create', lane, dueAt: now, createdAt: now, reply: { kind: shareReplyKind, orderId: order.orderId, step: 'add' },
    request: { ...platform.subMerchant(tenantId, order.payConnectionId), out_order_no: outOrderNo(order.orderId), out_return_no: `${order.orderId}R${before[n] + due[n]}N${n}`, return_mchid: one.account, amount: due[n], description: '退款回退' },
  }])))
  await putShare(tx, tenantId, { ...share, receivers: share.receivers.map((one, n) => ({ ...one, returned: before[n] + due[n] })), returnedFen: share.returnedFen + due.reduce((sum, fen) => sum + fen, 0) })
  await book(tx, tenantId, share.receivers.flatMap((_one, n) => (due[n] === 0 ? [] : [{
    postingId: ids.next(), key: `split/${order.orderId}/${n}/back/${before[n] + due[n]}`, occurredAt: now, recordedAt: now, reason: 'share returned', entries: [{ account: 'till:pay', unit: 'fen', amount: due[n] }, { account: 'commission:share', unit: 'fen', amount: 0 - due[n] }],
  }])))
}
