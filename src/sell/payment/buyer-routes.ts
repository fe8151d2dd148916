import { z } from 'zod'
import type { Tx } from '../../kernel/db/index.ts'
import type { DomainEvent } from '../../kernel/event/index.ts'
import { publicRoute, type AnyPublicRoute } from '../../kernel/http/index.ts'
import type { Random } from '../../kernel/random.ts'
import type { Seal } from '../../kernel/seal.ts'
import { writeFields } from '../../book/person/index.ts'
import { buyerIndex, checkoutFault, findMallOrder, lockMallOrders, payFenOf, readSession, stateNames, type MallOrder, type Recorder } from '../checkout/index.ts'
import { invoiceField, invoiceTitle } from './invoice.ts'
import { paymentFault } from './errors.ts'
import type { PaymentPlatform } from './ports.ts'
import { payableOf, payableOfBill, jsapiParams, sharingOf, webPayment } from './prepay.ts'
import { requestRefund } from './refund.ts'
import { billsByIds, invoiceOf, putInvoice } from './store.ts'

type BuyerPlatform = PaymentPlatform & { seal: Seal; random: Random; emit(tx: Tx, tenantId: number, events: readonly DomainEvent[]): Promise<void> }

/** What buyers may do about money: pay in other ways, ask it back, ask for an invoice. */
export function buyerPaymentRoutes(platform: BuyerPlatform): AnyPublicRoute[] {
  const block = 'mall'
  const params = z.object({ id: z.string().max(64) })
  type Call = { tenantId: number; bearer: string | undefined; clock: { now(): number } }
  const buyerOf = (call: Call): string => buyerIndex(platform.seal, call.tenantId, readSession(platform.seal, call.tenantId, call.bearer, call.clock.now()))
  const own = (call: Call, order: MallOrder | undefined, orderId: string): MallOrder => {
    // Who asks comes first: without being anybody nothing is said of any order.
    const buyer = buyerOf(call)
    if (!order || order.buyer !== buyer) throw checkoutFault('mall/no-order', { orderId })
    return order
  }
  const way = z.object({ way: z.enum(['h5', 'native']), /** Where the payer's browser is, as the storefront's server saw it; WeChat Pay wants it of h5. */ ip: z.string().max(64).optional() })
  const webOf = (body: z.output<typeof way>) => (body.way === 'h5' ? { way: body.way, ip: body.ip ?? '127.0.0.1' } : { way: body.way })
  return [
    publicRoute({
      method: 'POST', path: '/orders/:id/pay-web', block, perMinute: 60, what: 'pay an order outside the mini program: h5 gives the address of a page, native the text of a code to scan', params, body: way,
      async handle(call) {
        const { tenantId, params: { id }, clock } = call
        const order = own(call, await call.tx((tx) => findMallOrder(tx, tenantId, id)), id)
        if (order.state !== 'unpaid' || order.expiresAt <= clock.now() || payFenOf(order) === 0) throw checkoutFault('mall/wrong-state', { orderId: id, state: stateNames[order.state], act: '付款' })
        return webPayment(platform, tenantId, payableOf(order, await sharingOf(platform, tenantId, order, clock.now())), webOf(call.body), clock.now(), call.ids)
      },
    }),
    publicRoute({
      method: 'GET', path: '/bills/:id', block, perMinute: 300, what: 'how a top-up or deposit stands', params,
      handle: (call) => call.tx(async (tx) => {
        const bill = (await billsByIds(tx, call.tenantId, [call.params.id])).get(call.params.id)
        if (!bill || bill.buyer !== buyerOf(call)) throw checkoutFault('mall/no-order', { orderId: call.params.id })
        return { bill: { billId: bill.billId, kind: bill.kind, title: bill.title, amountFen: bill.amountFen, refundedFen: bill.refundedFen, state: bill.state, payBefore: bill.state === 'unpaid' ? bill.expiresAt : null, paidAt: bill.paidAt } }
      }),
    }),
    publicRoute({
      method: 'POST', path: '/bills/:id/pay', block, perMinute: 120, what: 'what wx.requestPayment needs for a top-up or deposit, or with `way` how to pay it outside the mini program', params, body: way.partial().default({}),
      async handle(call) {
        const { tenantId, params: { id }, clock, body } = call
        const session = readSession(platform.seal, tenantId, call.bearer, clock.now())
        const bill = (await call.tx((tx) => billsByIds(tx, tenantId, [id]))).get(id)
        if (!bill || bill.buyer !== buyerOf(call)) throw checkoutFault('mall/no-order', { orderId: id })
        if (bill.state !== 'unpaid' || bill.expiresAt <= clock.now()) throw checkoutFault('mall/wrong-state', { orderId: id, state: bill.state === 'paid' ? '已付款' : '已关闭', act: '付款' })
        if (body.way !== undefined) return webPayment(platform, tenantId, payableOfBill(bill), webOf({ ...body, way: body.way }), clock.now(), call.ids)
        return { pay: await jsapiParams(platform, tenantId, payableOfBill(bill), session.openid, clock.now()) }
      },
    }),
    publicRoute({
      method: 'POST', path: '/orders/:id/aftersale', block, perMinute: 30, what: 'the buyer wants the money back: at once while nothing has left, else the merchant decides and is asked in WeChat', params,
      body: z.object({ reason: z.string().trim().min(1).max(80) }),
      handle: (call) => call.tx(async (tx) => {
        const { tenantId, params: { id: orderId }, body } = call
        const order = own(call, (await lockMallOrders(tx, tenantId, [orderId])).get(orderId), orderId)
        // Goods on their way are no longer the buyer's word alone.
        if (order.state === 'shipped' || order.state === 'received') return { kind: 'ask-merchant' as const }
        if (order.state !== 'paid') throw checkoutFault('mall/wrong-state', { orderId, state: stateNames[order.state], act: '退款' })
        const recorder: Recorder = { tenantId, now: call.clock.now(), ids: call.ids, emit: (within, events) => platform.emit(within, tenantId, events) }
        const outcome = await requestRefund(tx, recorder, platform, order, { amountFen: order.totalFen, skuId: null, quantity: 0, reason: body.reason })
        if (outcome.kind !== 'requested') throw checkoutFault('mall/wrong-state', { orderId, state: stateNames[order.state], act: '退款' })
        return { kind: 'refunding' as const, refundId: outcome.refundId }
      }),
    }),
    publicRoute({
      method: 'POST', path: '/orders/:id/invoice', block, perMinute: 30, what: 'ask for an invoice of a paid order', params, body: invoiceTitle,
      handle: (call) => call.tx(async (tx) => {
        const { tenantId, params: { id: orderId }, body, clock } = call
        const order = own(call, await findMallOrder(tx, tenantId, orderId), orderId)
        if (order.paidAt === null || order.state === 'refunded') throw checkoutFault('mall/wrong-state', { orderId, state: stateNames[order.state], act: '开票' })
        if (!(await putInvoice(tx, tenantId, { orderId, personId: order.personId, titleKind: body.titleKind, amountFen: order.totalFen, askedAt: clock.now() }))) throw paymentFault('payment/invoice-issued', { orderId })
        await writeFields(tx, tenantId, order.personId, { [invoiceField(orderId)]: JSON.stringify(body) }, clock.now(), platform.seal, platform.random)
        return { asked: true }
      }),
    }),
    publicRoute({
      method: 'GET', path: '/orders/:id/invoice', block, perMinute: 120, what: 'whether an invoice was asked for and issued', params,
      handle: (call) => call.tx(async (tx) => {
        own(call, await findMallOrder(tx, call.tenantId, call.params.id), call.params.id)
        const row = await invoiceOf(tx, call.tenantId, call.params.id)
        return { invoice: row ? { askedAt: row.askedAt, issuedAt: row.issuedAt, invoiceNo: row.invoiceNo } : null }
      }),
    }),
  ]
}
