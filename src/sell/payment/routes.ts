import { z } from 'zod'
import type { Tx } from '../../kernel/db/index.ts'
import type { DomainEvent } from '../../kernel/event/index.ts'
import { FileAnswer, route, type AnyRoute } from '../../kernel/http/index.ts'
import type { Seal } from '../../kernel/seal.ts'
import { saleDate } from '../../kernel/calendar.ts'
import { checkoutFault, findMallOrder, lockMallOrders, stateNames, type Recorder } from '../checkout/index.ts'
import { paymentFault } from './errors.ts'
import type { PaymentPlatform } from './ports.ts'
import { requestRefund } from './refund.ts'
import { shipOrder } from './report-shipping.ts'
import { invoiceFile } from './invoice.ts'
import { clearAlarm, issueInvoice, listInvoices, listPayAlarms, markInvoices, refundsOfTarget } from './store.ts'

/** Acts of the console on orders of the mall; the Shop's orders are worked in the Shop. */
export function paymentRoutes(platform: PaymentPlatform & { seal: Seal; emit(tx: Tx, tenantId: number, events: readonly DomainEvent[]): Promise<void> }): AnyRoute[] {
  const params = z.object({ orderId: z.string().max(64) })
  const recorder = (call: { tenantId: number; clock: { now(): number }; ids: Recorder['ids'] }): Recorder => ({ tenantId: call.tenantId, now: call.clock.now(), ids: call.ids, emit: (tx, events) => platform.emit(tx, call.tenantId, events) })
  return [
    route({
      method: 'GET', path: '/mall-orders/:orderId', right: 'orders.read', what: 'what the mall itself knows of its order: state, parcel, shipping report', params,
      async handle({ tx, tenantId, params: { orderId } }) {
        const order = await findMallOrder(tx, tenantId, orderId)
        if (!order) throw paymentFault('payment/no-order', { orderId })
        const { buyer: _buyer, clientKey: _clientKey, ...shown } = order
        return { order: { ...shown, stateName: stateNames[order.state] }, hold: (await platform.holds?.(tx, tenantId, orderId)) ?? null, refunds: await refundsOfTarget(tx, tenantId, orderId) }
      },
    }),
    route({
      method: 'POST', path: '/mall-orders/:orderId/refund', right: 'orders.refund', audit: 'order.refund', what: 'pay back money of a mall order, in whole or in part; units come back only by /stock/:sku/restore', params,
      body: z.object({ amountFen: z.number().int().min(1), skuId: z.uuid().optional(), quantity: z.number().int().min(0).max(100_000).default(0), reason: z.string().trim().min(1).max(80) }),
      async handle(call) {
        const { tx, tenantId, params: { orderId }, body } = call
        const order = (await lockMallOrders(tx, tenantId, [orderId])).get(orderId)
        if (!order) throw paymentFault('payment/no-order', { orderId })
        const outcome = await requestRefund(tx, recorder(call), platform, order, { ...body, skuId: body.skuId ?? null })
        if (outcome.kind === 'not-paid') throw paymentFault('payment/not-paid', { orderId })
        if (outcome.kind === 'too-much') throw paymentFault('payment/too-much', { orderId, left: outcome.leftFen, asked: body.amountFen })
        return { refundId: outcome.refundId }
      },
    }),
    route({
      method: 'POST', path: '/mall-orders/:orderId/ship', right: 'orders.ship', audit: 'order.ship', what: 'a parcel left: the order is shipped and the parcel reported to WeChat', params,
      body: z.object({ company: z.string().trim().min(1).max(40), trackingNo: z.string().trim().min(4).max(60) }),
      async handle(call) {
        const { orderId } = call.params
        const outcome = await shipOrder(call.tx, recorder(call), platform, orderId, call.body)
        if (outcome.kind === 'no-order') throw paymentFault('payment/no-order', { orderId })
        if (outcome.kind === 'on-hold') throw paymentFault('payment/on-hold', { orderId, why: outcome.why })
        if (outcome.kind === 'no-buyer') throw checkoutFault('mall/no-buyer', { orderId })
        if (outcome.kind === 'wrong-state') throw checkoutFault('mall/wrong-state', { orderId, state: stateNames[outcome.state], act: '发货' })
        return { shipped: true }
      },
    }),
    route({
      method: 'GET', path: '/pay-alarms', right: 'orders.read', what: 'what WeChat Pay reported and was not booked', query: z.object({ all: z.coerce.boolean().default(false) }),
      handle: async ({ tx, tenantId, query }) => ({ alarms: await listPayAlarms(tx, tenantId, !query.all, 200) }),
    }),
    route({
      method: 'POST', path: '/pay-alarms/:alarmId/clear', right: 'orders.refund', audit: 'pay.alarm-clear', what: 'somebody looked into an alarm and says what it was', params: z.object({ alarmId: z.uuid() }), body: z.object({ note: z.string().trim().min(1).max(200) }),
      async handle({ tx, tenantId, params: { alarmId }, body, clock, actor }) {
        if ((await clearAlarm(tx, tenantId, alarmId, body.note, actor, clock.now())) === 0) throw paymentFault('payment/no-alarm', { alarmId })
        return { cleared: true }
      },
    }),
    route({
      method: 'GET', path: '/invoices', right: 'orders.read', what: 'who asked for an invoice', query: z.object({ all: z.coerce.boolean().default(false) }),
      handle: async ({ tx, tenantId, query }) => ({ invoices: await listInvoices(tx, tenantId, !query.all, 500) }),
    }),
    route({
      method: 'POST', path: '/invoices/export', right: 'people.personal', audit: 'invoice.export', what: 'open invoice requests as CSV, with titles and tax numbers',
      async handle({ tx, tenantId, clock }) {
        const { csv, orderIds } = await invoiceFile(tx, tenantId, platform.seal)
        await markInvoices(tx, tenantId, orderIds, clock.now())
        return new FileAnswer(`invoices-${saleDate(clock.now())}.csv`, 'text/csv; charset=utf-8', csv)
      },
    }),
    route({
      method: 'POST', path: '/invoices/:orderId/issued', right: 'orders.refund', audit: 'invoice.issued', what: 'an invoice was issued', params, body: z.object({ invoiceNo: z.string().trim().min(1).max(40) }),
      async handle({ tx, tenantId, params: { orderId }, body, clock }) {
        if ((await issueInvoice(tx, tenantId, orderId, body.invoiceNo, clock.now())) === 0) throw paymentFault('payment/no-invoice', { orderId })
        return { issued: true }
      },
    }),
  ]
}
