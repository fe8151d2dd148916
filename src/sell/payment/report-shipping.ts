import type { Instant } from '../../kernel/clock.ts'
import { shanghaiRfc3339 } from '../../kernel/calendar.ts'
import type { Tx } from '../../kernel/db/index.ts'
import type { FactHandler, JobHandler, ReplyHandler } from '../../kernel/engine/index.ts'
import { putJobs } from '../../kernel/job/index.ts'
import { parseJson } from '../../kernel/json.ts'
import { enqueueCalls, finishCall, retryCalls, withdrawCalls } from '../../kernel/outbox/index.ts'
import { advance, findMallOrder, lockMallOrders, openidOf, recordOrders, stepMall, updateMallOrders, type MallOrder, type Recorder } from '../checkout/index.ts'
import type { PaymentPlatform } from './ports.ts'
import { recorderOf } from './settle.ts'

/**
 * Shipping reports (发货信息录入): WeChat keeps a mini program's money frozen until it knows the parcel, so shipping an order of the mall reports it in the
 * same step.
 */
export const shippingReplyKind = 'mall.shipping'
export const shippingJobKind = 'mall.shipping'

export type Parcel = { company: string; trackingNo: string }
export type ShipOutcome = { kind: 'shipped'; order: MallOrder } | { kind: 'no-order' } | { kind: 'wrong-state'; state: MallOrder['state'] } | { kind: 'no-buyer' } | { kind: 'on-hold'; why: string }

/**
 * How a parcel leaves: whether something is left after it, `logistics_type` (1 express, 2 same city, 3 virtual, 4 pick-up), whether the order goes in several
 * parcels (`delivery_mode` 2), and what is in this one.
 */
export type ShipHow = { all: boolean; logisticsType: number; split: boolean; packed?: ReadonlyMap<number, number> }
const whole: ShipHow = { all: true, logisticsType: 1, split: false }

export async function shipOrder(tx: Tx, work: Recorder, platform: Pick<PaymentPlatform, 'accountOf' | 'holds'>, orderId: string, parcel: Parcel, how: ShipHow = whole): Promise<ShipOutcome> {
  const { tenantId, now, ids } = work
  const order = (await lockMallOrders(tx, tenantId, [orderId])).get(orderId)
  if (!order) return { kind: 'no-order' }
  const act = how.all ? 'ship' : 'ship-part'
  if (!stepMall(order.state, act)) return { kind: 'wrong-state', state: order.state }
  const why = await platform.holds?.(tx, tenantId, orderId)
  if (why !== undefined) return { kind: 'on-hold', why }
  const openid = await openidOf(tx, tenantId, order.personId, platform.accountOf(tenantId, order.miniConnectionId))
  if (openid === undefined) return { kind: 'no-buyer' }
  const shipped = advance(order, act, now, { shippedAt: order.shippedAt ?? now, shipping: parcel, shippingReport: 'sent' })
  await recordOrders(tx, work, [shipped], 'own')
  await enqueueCalls(tx, tenantId, [{
    outboxId: ids.next(), connectionId: order.miniConnectionId, endpoint: 'mini-program.shipping.upload', lane: `shipping/${orderId}`, dueAt: now, createdAt: now, reply: { kind: shippingReplyKind, orderId },
    request: {
      order_key: { order_number_type: 1, mchid: platform.accountOf(tenantId, order.payConnectionId), out_trade_no: orderId }, logistics_type: how.logisticsType, delivery_mode: how.split ? 2 : 1, ...(how.split ? { is_all_delivered: how.all } : {}),
      // The platform wants the receiver's phone for some carriers only; it is personal and not sent.
      shipping_list: [{ ...(how.logisticsType === 1 ? { tracking_no: parcel.trackingNo, express_company: parcel.company } : {}), item_desc: goodsText(order, how.packed) }],
      upload_time: milliseconds(now), payer: { openid },
    },
  }])
  return { kind: 'shipped', order: shipped }
}

/** At most 120 characters (mini program sheet). */
const goodsText = (order: MallOrder, packed?: ReadonlyMap<number, number>): string => [...order.lines.flatMap((line) => { const pieces = packed ? (packed.get(line.lineNo) ?? 0) : line.quantity; return pieces > 0 ? [`${line.title}*${pieces}`] : [] }).join('; ')].slice(0, 120).join('')
const milliseconds = (at: Instant): string => shanghaiRfc3339(at).replace('+08:00', `.${String(at % 1000).padStart(3, '0')}+08:00`)

async function mark(tx: Tx, tenantId: number, orderId: string, shippingReport: MallOrder['shippingReport']): Promise<void> {
  const order = (await lockMallOrders(tx, tenantId, [orderId])).get(orderId)
  if (order) await updateMallOrders(tx, tenantId, [{ ...order, shippingReport }])
}

export const shippingReply: ReplyHandler = {
  kind: shippingReplyKind,
  async handle(work, tx, call, outcome) {
    if (!outcome.final) return
    const { orderId } = call.reply as { orderId: string }
    if (outcome.kind === 'ok') await mark(tx, work.tenantId, orderId, 'reported')
    else if (outcome.kind === 'refused' && outcome.code !== '-1') {
      await mark(tx, work.tenantId, orderId, 'refused')
      await withdrawCalls(tx, work.tenantId, [call.outboxId], work.now)
    } else await putJobs(tx, work.tenantId, [{ kind: shippingJobKind, key: orderId, dueAt: work.now + 5_000, state: { orderId, outboxId: call.outboxId, connectionId: call.connectionId } }])
  },
}

/** After silence the platform is asked whether it knows the parcel; only if not is the report made again. */
export function shippingProbe(platform: PaymentPlatform): JobHandler {
  type State = { orderId: string; outboxId: string; connectionId: string }
  return {
    kind: shippingJobKind,
    async prepare(work, job): Promise<boolean> {
      const { orderId, connectionId } = job.state as State
      const { tenantId } = work
      const order = await platform.db.tx({ role: 'app', tenantId }, (tx) => findMallOrder(tx, tenantId, orderId))
      if (!order) return true
      const answer = await platform.call(tenantId, connectionId, 'mini-program.shipping.get', { merchant_id: platform.accountOf(tenantId, order.payConnectionId), merchant_trade_no: orderId })
      if (answer.kind !== 'ok') throw new Error(`shipping of ${orderId}: ${answer.text}`)
      return (answer.result as { order: { order_state: number } }).order.order_state >= 2
    },
    async run(work, tx, job, prepared) {
      const { orderId, outboxId } = job.state as State
      if (prepared === true) {
        await finishCall(tx, work.tenantId, outboxId, 'sent', work.now, { proof: 'shipping.get' }, undefined)
        await mark(tx, work.tenantId, orderId, 'reported')
      } else await retryCalls(tx, work.tenantId, [outboxId], work.now)
      return null
    },
  }
}

/** `trade_manage_order_settlement`: WeChat tells of shipping, receipt and settlement, with what is known so far. */
export const settlementFacts: FactHandler = {
  line: 'mini-program',
  accepts: (event) => event === 'trade_manage_order_settlement',
  async handle(work, tx, facts) {
    const bodies = facts.map((fact) => parseJson(fact.message) as Record<string, unknown>)
    const orders = await lockMallOrders(tx, work.tenantId, bodies.map((body) => String(body.merchant_trade_no)))
    const changed = new Map<string, MallOrder>()
    const at = (value: unknown): Instant | null => (Number(value) > 0 ? Number(value) * 1000 : null)
    for (const body of bodies) {
      const id = String(body.merchant_trade_no)
      let order = changed.get(id) ?? orders.get(id)
      if (!order) continue
      const receivedAt = at(body.confirm_receive_time)
      if (receivedAt !== null && stepMall(order.state, 'receive')) changed.set(id, (order = advance(order, 'receive', work.now, { receivedAt })))
      const settledAt = at(body.settlement_time)
      if (settledAt !== null && order.settledAt === null) changed.set(id, { ...order, settledAt, version: Math.max(order.version, Math.floor(work.now / 1000)) })
    }
    await recordOrders(tx, recorderOf(work), [...changed.values()], 'callback')
  },
}
