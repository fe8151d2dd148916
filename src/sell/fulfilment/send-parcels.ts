import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'
import type { JobHandler, ReplyHandler } from '../../kernel/engine/index.ts'
import { ringDoorbells } from '../../kernel/doorbell/index.ts'
import { putJobs } from '../../kernel/job/index.ts'
import { enqueueCalls, finishCall, retryCalls, withdrawCalls } from '../../kernel/outbox/index.ts'
import { findMallOrder, stateNames, type Recorder } from '../checkout/index.ts'
import { findOrder, listOrderLines } from '../order/index.ts'
import { shipOrder, type PaymentPlatform } from '../payment/index.ts'
import { fulfilmentFault } from './errors.ts'
import { courierOf, leftToSend, logisticsType, pack, trackingPattern, type Method, type Packed } from './parcel.ts'
import { insertParcel, markReport, parcelsOf, type ParcelRow } from './store.ts'

export const deliveryReplyKind = 'shop.delivery'
export const deliveryProbeKind = 'shop.delivery'

/** How this module reaches the platform and other merchants' settings. */
export type FulfilmentPlatform = Pick<PaymentPlatform, 'accountOf' | 'holds' | 'call'> & {
  /** Connection of the Shop that an order came from. */
  connectionOf(tx: Tx, tenantId: number, orderId: string): Promise<string | undefined>
  /** Six digits for a pick-up. */
  pickupCode(): string
}

export type Wish = { shelf: 'shop' | 'mall'; orderId: string; method: Method; courier?: string; trackingNo?: string; lines?: Packed; batchId?: string }

/**
 * A parcel leaves: it is kept with what is in it, the order moves on, and the platform is told in the same transaction (by the outbox).
 * @throws Fault fulfilment/* when the order, what is left of it, the courier or the number do not allow it
 */
export async function sendParcel(tx: Tx, work: Recorder, platform: FulfilmentPlatform, wish: Wish, actor: string): Promise<ParcelRow> {
  const { tenantId, now, ids } = work
  const { shelf, orderId, method } = wish
  const order = await findOrder(tx, tenantId, shelf, orderId)
  if (!order) throw fulfilmentFault('fulfilment/no-order', { shelf, orderId })
  if (!['to_ship', 'part_shipped'].includes(order.status)) throw fulfilmentFault('fulfilment/wrong-state', { orderId, state: statusNames[order.status] ?? order.status })
  const courier = method === 'express' || (method === 'local' && wish.courier) ? courierOf(wish.courier ?? '') ?? (method === 'local' ? { code: wish.courier!, zh: wish.courier! } : undefined) : { code: '', zh: '' }
  if (courier === undefined) throw fulfilmentFault('fulfilment/no-courier', { found: (wish.courier ?? '').slice(0, 40) })
  const trackingNo = (wish.trackingNo ?? '').trim()
  if (method === 'express' && !trackingPattern.test(trackingNo)) throw fulfilmentFault('fulfilment/bad-tracking', { found: trackingNo.slice(0, 60) })
  if (shelf === 'shop' && method !== 'express' && method !== 'virtual') throw fulfilmentFault('fulfilment/shop-method')
  const lines = await listOrderLines(tx, tenantId, shelf, orderId)
  const before = await parcelsOf(tx, tenantId, shelf, [orderId])
  const packed = pack(leftToSend(lines.map((line) => ({ lineNo: line.lineNo, quantity: line.quantity, refunded: line.refundedQuantity })), before.filter((parcel) => parcel.report !== 'refused' || parcel.shelf === 'mall')), wish.lines)
  if ('kind' in packed) throw packed.kind === 'nothing-left' ? fulfilmentFault('fulfilment/nothing-left', { orderId }) : packed.kind === 'no-line' ? fulfilmentFault('fulfilment/no-line', { orderId, lineNo: packed.lineNo }) : fulfilmentFault('fulfilment/too-many', { orderId, lineNo: packed.lineNo, left: packed.left, found: packed.found })
  const row: ParcelRow = {
    parcelId: ids.next(), shelf, orderId, method, company: courier.code, trackingNo, lines: packed.packed, sentAt: now, sentBy: actor, report: 'sent', reportReason: null, batchId: wish.batchId ?? null, pickupCode: method === 'pickup' ? platform.pickupCode() : null, pickedAt: null,
  }
  // The same parcel again is the same parcel.
  if (!(await insertParcel(tx, tenantId, row))) throw fulfilmentFault('fulfilment/nothing-left', { orderId })
  if (shelf === 'mall') {
    const outcome = await shipOrder(tx, work, platform, orderId, { company: courier.code || method, trackingNo }, { all: packed.whole, logisticsType: logisticsType[method], split: !packed.whole || before.length > 0, packed: new Map(packed.packed) })
    if (outcome.kind === 'no-order') throw fulfilmentFault('fulfilment/no-order', { shelf, orderId })
    if (outcome.kind === 'on-hold') throw fulfilmentFault('fulfilment/on-hold', { orderId, why: outcome.why })
    if (outcome.kind === 'no-buyer') throw fulfilmentFault('fulfilment/no-buyer', { orderId })
    if (outcome.kind === 'wrong-state') throw fulfilmentFault('fulfilment/wrong-state', { orderId, state: stateNames[outcome.state] })
    return row
  }
  const connectionId = await platform.connectionOf(tx, tenantId, orderId)
  if (connectionId === undefined) throw fulfilmentFault('fulfilment/no-order', { shelf, orderId })
  const byLine = new Map(lines.map((line) => [line.lineNo, line]))
  await enqueueCalls(tx, tenantId, [{
    outboxId: ids.next(), connectionId, endpoint: 'shop.order.delivery.send', lane: `ship/${orderId}`, dueAt: now, createdAt: now, reply: { kind: deliveryReplyKind, orderId, parcelId: row.parcelId },
    request: {
      order_id: orderId,
      delivery_list: [{ ...(method === 'express' ? { delivery_id: courier.code, waybill_id: trackingNo, deliver_type: 1 } : { deliver_type: 3 }), product_infos: packed.packed.map(([lineNo, pieces]) => ({ product_id: byLine.get(lineNo)!.productId, sku_id: byLine.get(lineNo)!.skuId, product_cnt: pieces })) }],
    },
  }])
  return row
}

export const statusNames: Readonly<Record<string, string>> = { unpaid: '未付款', to_ship: '待发货', part_shipped: '部分发货', to_receive: '待收货', completed: '已完成', cancelled: '已取消', refunded: '已退款' }

/** The Shop took the parcel, or said why not; silence is asked about. */
export const deliveryReply: ReplyHandler = {
  kind: deliveryReplyKind,
  async handle(work, tx, call, outcome) {
    if (!outcome.final) return
    const { orderId, parcelId } = call.reply as { orderId: string; parcelId: string }
    if (outcome.kind === 'ok') await markReport(tx, work.tenantId, parcelId, 'reported', null)
    else if (outcome.kind === 'refused') {
      await markReport(tx, work.tenantId, parcelId, 'refused', `${outcome.code} ${outcome.text}`)
      await withdrawCalls(tx, work.tenantId, [call.outboxId], work.now)
    } else {
      await putJobs(tx, work.tenantId, [{ kind: deliveryProbeKind, key: parcelId, dueAt: work.now + 5_000, state: { orderId, parcelId, outboxId: call.outboxId, connectionId: call.connectionId } }])
      return
    }
    await ringDoorbells(tx, work.tenantId, [{ connectionId: call.connectionId, kind: 'shop.order', objectId: orderId, at: work.now }])
  },
}

type Probe = { orderId: string; parcelId: string; outboxId: string; connectionId: string }

/** Whether the platform knows a parcel of this number: then it was told; else it is told again. */
export function deliveryProbe(platform: Pick<FulfilmentPlatform, 'call'>, trackingOf: (tx: Tx, tenantId: number, parcelId: string) => Promise<string>): JobHandler {
  return {
    kind: deliveryProbeKind,
    async prepare(work, job): Promise<string[]> {
      const { orderId, connectionId } = job.state as Probe
      const answer = await platform.call(work.tenantId, connectionId, 'shop.order.get', { order_id: orderId })
      if (answer.kind !== 'ok') throw new Error(`parcels of ${orderId}: ${answer.text}`)
      const detail = (answer.result as { order?: { order_detail?: { delivery_info?: { delivery_product_info?: Array<{ waybill_id?: unknown }> } } } }).order?.order_detail
      return (detail?.delivery_info?.delivery_product_info ?? []).map((one) => String(one.waybill_id ?? ''))
    },
    async run(work, tx, job, prepared) {
      const { orderId, parcelId, outboxId, connectionId } = job.state as Probe
      if ((prepared as string[]).includes(await trackingOf(tx, work.tenantId, parcelId))) {
        await finishCall(tx, work.tenantId, outboxId, 'sent', work.now, { proof: 'order.get' }, undefined)
        await markReport(tx, work.tenantId, parcelId, 'reported', null)
        await ringDoorbells(tx, work.tenantId, [{ connectionId, kind: 'shop.order', objectId: orderId, at: work.now }])
      } else await retryCalls(tx, work.tenantId, [outboxId], work.now)
      return null
    },
  }
}

export type Settling = { orderId: string; shelf: 'shop' | 'mall'; why: string; since: Instant }

/** What the platform knows of a mall order's parcels stands on the order; a parcel of it is shown with that. */
export async function reportOf(tx: Tx, tenantId: number, parcel: ParcelRow): Promise<ParcelRow['report']> {
  if (parcel.shelf === 'shop') return parcel.report
  return (await findMallOrder(tx, tenantId, parcel.orderId))?.shippingReport ?? parcel.report
}
