import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'
import type { JobHandler, ReplyHandler, Subscriber, Work } from '../../kernel/engine/index.ts'
import { ringDoorbells } from '../../kernel/doorbell/index.ts'
import { putJobs } from '../../kernel/job/index.ts'
import { fenToYuan } from '../../kernel/money.ts'
import { enqueueCalls, finishCall, retryCalls, withdrawCalls } from '../../kernel/outbox/index.ts'
import { payloadOf } from '../../events.ts'
import { lockMallOrders, type MallOrder, type Recorder } from '../checkout/index.ts'
import { listOrderLines, listRefunds } from '../order/index.ts'
import { changeStock } from '../stock/index.ts'
import { checkAsked, deadlineAfter, ended, step, type Act, type Kind } from './aftersale.ts'
import { actWords, aftersaleFault, stateWords } from './errors.ts'
import { aftersaleOfRefund, aftersalesOfOrder, appendAftersaleFacts, dueAftersales, findAftersale, lockAftersale, nextDeadline, upsertAftersales, type Aftersale, type Parcel } from './store.ts'

export const aftersaleJobKind = 'aftersale.tick'
export const aftersaleReplyKind = 'shop.aftersale'
export const aftersaleProbeKind = 'shop.aftersale'

/** How the money goes back; implemented by payment. The order is locked. */
export type RefundPort = (tx: Tx, work: Recorder, order: MallOrder, wish: { amountFen: number; skuId: string | null; quantity: number; reason: string }) => Promise<{ kind: 'requested'; refundId: string } | { kind: string }>
export type AftersaleWork = Recorder
export type Ask = { orderId: string; lineNo: number; kind: Kind; quantity: number; amountFen: number; reason: string; description: string; media: string[] }
export type ActDetail = { by: string; reason?: string; parcel?: Parcel; restock?: number }

const wrong = (row: Aftersale, act: Act): Error => aftersaleFault('aftersale/wrong-state', { aftersaleId: row.aftersaleId, state: stateWords[row.state].zh, act: actWords[act].zh })

function keep(tx: Tx, work: AftersaleWork, row: Aftersale, act: string, by: string, detail: Record<string, unknown> = {}): void {
  appendAftersaleFacts(tx, work.tenantId, [{ factId: work.ids.next(), shelf: row.shelf, aftersaleId: row.aftersaleId, at: work.now, act, by, state: row.state, detail }])
}

/**
 * A buyer of the mall, or the shop for a buyer, asks. One open after-sale may stand on each piece: what is asked for is counted against the line.
 * @throws Fault aftersale/no-line, not-paid, not-shipped, too-many, too-much
 */
export async function askAftersale(tx: Tx, work: AftersaleWork, order: MallOrder, ask: Ask, by: string): Promise<Aftersale> {
  const { tenantId, now, ids } = work
  const line = (await listOrderLines(tx, tenantId, 'mall', order.orderId)).find((one) => one.lineNo === ask.lineNo)
  if (!line) throw aftersaleFault('aftersale/no-line', { orderId: order.orderId, lineNo: ask.lineNo })
  // Money and pieces that an after-sale of ours took are counted here, refunds made without one through the line.
  const open = (await aftersalesOfOrder(tx, tenantId, 'mall', order.orderId)).filter((one) => one.lineNo === ask.lineNo && one.state !== 'withdrawn' && one.state !== 'closed')
  const running = open.filter((one) => one.state !== 'done')
  const problem = checkAsked(ask, {
    quantity: line.quantity, paidFen: line.paidFen, paid: order.paidAt !== null, shipped: order.shippedAt !== null,
    takenQuantity: running.reduce((sum, one) => sum + one.quantity, 0) + Math.max(line.refundedQuantity, open.filter((one) => one.state === 'done' && one.kind !== 'exchange').reduce((sum, one) => sum + one.quantity, 0)),
    takenFen: running.reduce((sum, one) => sum + (one.kind === 'exchange' ? 0 : one.amountFen), 0) + line.refundedFen,
  })
  if (problem) {
    if (problem.kind === 'too-many') throw aftersaleFault('aftersale/too-many', { left: problem.left, found: ask.quantity })
    if (problem.kind === 'too-much') throw aftersaleFault('aftersale/too-much', { left: fenToYuan(problem.leftFen), found: fenToYuan(ask.amountFen) })
    throw aftersaleFault(problem.kind === 'not-paid' ? 'aftersale/not-paid' : 'aftersale/not-shipped')
  }
  const row: Aftersale = {
    shelf: 'mall', aftersaleId: ids.next().replaceAll('-', ''), connectionId: null, orderId: order.orderId, personId: order.personId, buyer: order.buyer, kind: ask.kind, state: 'asked', platformState: null, lineNo: ask.lineNo, skuId: line.skuId,
    title: line.title, quantity: ask.quantity, amountFen: ask.kind === 'exchange' ? 0 : ask.amountFen, reason: ask.reason, description: ask.description, media: ask.media, back: null, again: null, refuseReason: null, refundId: null, restocked: 0,
    asking: null, askingError: null, askedAt: now, deadlineAt: deadlineAfter('asked', now), changedAt: now, endedAt: null,
  }
  await upsertAftersales(tx, tenantId, [row])
  keep(tx, work, row, 'ask', by, { quantity: row.quantity, amountFen: row.amountFen })
  await wake(tx, tenantId, row.deadlineAt)
  return row
}

async function wake(tx: Tx, tenantId: number, at: Instant | null): Promise<void> {
  if (at !== null) await putJobs(tx, tenantId, [{ kind: aftersaleJobKind, key: '', dueAt: at, state: {} }])
}

/**
 * One step of a mall after-sale. The row is locked by the caller. Money starts to go back when the step leads to refunding.
 * @throws Fault aftersale/wrong-state, aftersale/refund-refused
 */
export async function stepAftersale(tx: Tx, work: AftersaleWork, row: Aftersale, act: Act, detail: ActDetail, refund: RefundPort): Promise<Aftersale> {
  const { tenantId, now, ids } = work
  const state = step(row.kind, row.state, act)
  if (row.shelf !== 'mall' || state === undefined) throw wrong(row, act)
  let next: Aftersale = { ...row, state, changedAt: now, deadlineAt: deadlineAfter(state, now), endedAt: ended.has(state) ? now : null }
  if (act === 'refuse' || act === 'refuse-return') next = { ...next, refuseReason: detail.reason ?? '' }
  if (act === 'send-back') next = { ...next, back: detail.parcel ?? null }
  if (act === 'send-exchange') next = { ...next, again: detail.parcel ?? null }
  if (state === 'refunding' && act !== 'paid-back') {
    const order = (await lockMallOrders(tx, tenantId, [row.orderId])).get(row.orderId)
    if (!order) throw aftersaleFault('aftersale/refund-refused', { reason: `没有订单 ${row.orderId}` })
    // An exchange that becomes a refund gives back what was paid for the pieces.
    const line = row.amountFen > 0 ? undefined : (await listOrderLines(tx, tenantId, 'mall', row.orderId)).find((one) => one.lineNo === row.lineNo)
    const amountFen = line ? Math.min(line.paidFen - line.refundedFen, Math.round((line.paidFen * row.quantity) / line.quantity)) : row.amountFen
    const outcome = await refund(tx, work, order, { amountFen, skuId: row.skuId, quantity: row.quantity, reason: row.reason })
    if (outcome.kind !== 'requested') throw aftersaleFault('aftersale/refund-refused', { reason: outcome.kind })
    next = { ...next, amountFen, refundId: (outcome as { refundId: string }).refundId }
  }
  const restock = act === 'receive' ? Math.min(Math.max(0, detail.restock ?? 0), row.quantity) : 0
  if (restock > 0) {
    const done = await changeStock(tx, tenantId, row.skuId, { kind: 'restore', quantity: restock }, `aftersale/${row.aftersaleId}`, now, ids)
    if (done.kind === 'done') next = { ...next, restocked: restock }
  }
  await upsertAftersales(tx, tenantId, [next])
  keep(tx, work, next, act, detail.by, { ...(detail.reason === undefined ? {} : { reason: detail.reason }), ...(detail.parcel === undefined ? {} : { parcel: detail.parcel }), ...(restock > 0 ? { restock } : {}) })
  await wake(tx, tenantId, next.deadlineAt)
  return next
}

/** What the shop may do about an after-sale at the WeChat Shop: say yes (also: the goods arrived) or no. The platform's answer comes by reading it again. */
export async function answerShopAftersale(tx: Tx, work: AftersaleWork, row: Aftersale, act: 'accept' | 'refuse' | 'receive' | 'refuse-return', detail: ActDetail & { addressId?: string }): Promise<Aftersale> {
  const { tenantId, now, ids } = work
  if (row.asking !== null) throw aftersaleFault('aftersale/asking', { asking: actWords[row.asking]?.zh ?? row.asking })
  const allowed = row.state === 'asked' ? act === 'accept' || act === 'refuse' : row.state === 'returning' && (act === 'receive' || act === 'refuse-return')
  if (!allowed || row.connectionId === null) throw wrong(row, act)
  const yes = act === 'accept' || act === 'receive'
  await enqueueCalls(tx, tenantId, [{
    outboxId: ids.next(), connectionId: row.connectionId, endpoint: yes ? 'shop.aftersale.accept' : 'shop.aftersale.reject', lane: `aftersale/${row.aftersaleId}`, dueAt: now, createdAt: now, reply: { kind: aftersaleReplyKind, aftersaleId: row.aftersaleId, state: row.platformState },
    request: yes ? { after_sale_order_id: row.aftersaleId, ...(detail.addressId === undefined ? {} : { address_id: detail.addressId }) } : { after_sale_order_id: row.aftersaleId, reject_reason: detail.reason ?? '' },
  }])
  const next: Aftersale = { ...row, asking: act, askingError: null, ...(yes ? {} : { refuseReason: detail.reason ?? '' }) }
  await upsertAftersales(tx, tenantId, [next])
  keep(tx, work, next, act, detail.by, detail.reason === undefined ? {} : { reason: detail.reason })
  return next
}

const recorder = (work: Work): Recorder => ({ tenantId: work.tenantId, now: work.now, ids: work.ids, emit: work.emit })

/** The platform answered, or did not: whatever it was, the after-sale is read again. */
export const aftersaleReply: ReplyHandler = {
  kind: aftersaleReplyKind,
  async handle(work, tx, call, outcome) {
    if (!outcome.final) return
    const { aftersaleId, state } = call.reply as { aftersaleId: string; state: string | null }
    const row = await lockAftersale(tx, work.tenantId, 'shop', aftersaleId)
    if (!row) return
    if (outcome.kind === 'ok' || outcome.kind === 'refused') {
      await upsertAftersales(tx, work.tenantId, [{ ...row, asking: null, askingError: outcome.kind === 'refused' ? `${outcome.code} ${outcome.text}` : null }])
      if (outcome.kind === 'refused') await withdrawCalls(tx, work.tenantId, [call.outboxId], work.now)
      await ringDoorbells(tx, work.tenantId, [{ connectionId: call.connectionId, kind: 'shop.aftersale', objectId: aftersaleId, at: work.now }])
    } else await putJobs(tx, work.tenantId, [{ kind: aftersaleProbeKind, key: aftersaleId, dueAt: work.now + 5_000, state: { aftersaleId, outboxId: call.outboxId, connectionId: call.connectionId, state } }])
  },
}

/** After silence the platform is asked where the after-sale stands: moved on, the step was taken; else it is tried again. */
export function aftersaleProbe(platform: { call(tenantId: number, connectionId: string, endpoint: string, request: unknown): Promise<{ kind: string; result?: unknown; text?: string }> }): JobHandler {
  type State = { aftersaleId: string; outboxId: string; connectionId: string; state: string | null }
  return {
    kind: aftersaleProbeKind,
    async prepare(work, job): Promise<string> {
      const { aftersaleId, connectionId } = job.state as State
      const answer = await platform.call(work.tenantId, connectionId, 'shop.aftersale.get', { after_sale_order_id: aftersaleId })
      if (answer.kind !== 'ok') throw new Error(`after-sale ${aftersaleId}: ${answer.text ?? answer.kind}`)
      return String((answer.result as { after_sale_order?: { status?: unknown } }).after_sale_order?.status ?? '')
    },
    async run(work, tx, job, prepared) {
      const { aftersaleId, outboxId, connectionId, state } = job.state as State
      if (prepared !== state) {
        await finishCall(tx, work.tenantId, outboxId, 'sent', work.now, { proof: 'aftersale.get' }, undefined)
        const row = await lockAftersale(tx, work.tenantId, 'shop', aftersaleId)
        if (row) await upsertAftersales(tx, work.tenantId, [{ ...row, asking: null, askingError: null }])
        await ringDoorbells(tx, work.tenantId, [{ connectionId, kind: 'shop.aftersale', objectId: aftersaleId, at: work.now }])
      } else await retryCalls(tx, work.tenantId, [outboxId], work.now)
      return null
    },
  }
}

const batch = 100

/** Silence decides: what is past its time takes the clock's step. */
export function aftersaleTick(refund: RefundPort): JobHandler {
  return {
    kind: aftersaleJobKind,
    async run(work, tx) {
      const due = await dueAftersales(tx, work.tenantId, work.now, batch)
      for (const row of due) {
        // A refund that cannot start (nothing left to give back) must not stop the others: it waits for a person.
        if (row.state === 'refunding') await lookAtRefund(tx, recorder(work), row, refund)
        else if (step(row.kind, row.state, 'expire') === undefined) await upsertAftersales(tx, work.tenantId, [{ ...row, deadlineAt: null }])
        else if (step(row.kind, row.state, 'expire') === 'refunding' && !(await refundable(tx, work.tenantId, row))) await upsertAftersales(tx, work.tenantId, [{ ...row, state: 'closed', deadlineAt: null, endedAt: work.now, changedAt: work.now }])
        else await stepAftersale(tx, recorder(work), row, 'expire', { by: 'clock' }, refund)
      }
      const next = due.length === batch ? work.now : await nextDeadline(tx, work.tenantId)
      return next === null ? null : { dueAt: Math.max(next, work.now + 1) }
    },
  }
}

const lookAgainMs = 6 * 3_600_000

/** No event tells that a refund came to nothing. */
async function lookAtRefund(tx: Tx, work: AftersaleWork, row: Aftersale, refund: RefundPort): Promise<void> {
  const status = (await listRefunds(tx, work.tenantId, 'mall', row.orderId)).find((one) => one.refundId === row.refundId)?.status
  if (status === 'pending') await upsertAftersales(tx, work.tenantId, [{ ...row, deadlineAt: work.now + lookAgainMs }])
  else await stepAftersale(tx, work, row, status === 'done' ? 'paid-back' : 'pay-failed', { by: 'pay' }, refund)
}

async function refundable(tx: Tx, tenantId: number, row: Aftersale): Promise<boolean> {
  const line = (await listOrderLines(tx, tenantId, 'mall', row.orderId)).find((one) => one.lineNo === row.lineNo)
  return line !== undefined && line.paidFen - line.refundedFen >= Math.max(1, row.amountFen)
}

/** Hears that money went back, or that it could not: the after-sale it belongs to is done, or waits for a person. */
export const aftersaleSubscriber: Subscriber = {
  name: 'sell/aftersale',
  hears: ['order.refunded'],
  async handle(work, tx, events) {
    const refunds = events.map((event) => payloadOf('order.refunded', event)).filter((one) => one.shelf === 'mall')
    if (refunds.length === 0) return
    for (const row of await aftersaleOfRefund(tx, work.tenantId, refunds.map((one) => one.refundId))) {
      const state = step(row.kind, row.state, 'paid-back')
      if (state === undefined) continue
      const next: Aftersale = { ...row, state, deadlineAt: null, changedAt: work.now, endedAt: work.now }
      await upsertAftersales(tx, work.tenantId, [next])
      keep(tx, recorder(work), next, 'paid-back', 'pay')
    }
  },
}

export const findMallAftersale = (tx: Tx, tenantId: number, aftersaleId: string): Promise<Aftersale | undefined> => findAftersale(tx, tenantId, 'mall', aftersaleId)
