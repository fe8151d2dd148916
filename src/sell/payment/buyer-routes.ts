import { z } from 'zod'
import type { Tx } from '../../kernel/db/index.ts'
import type { DomainEvent } from '../../kernel/event/index.ts'
import { publicRoute, type AnyPublicRoute } from '../../kernel/http/index.ts'
import type { Seal } from '../../kernel/seal.ts'
import { buyerIndex, checkoutFault, lockMallOrders, readSession, stateNames, type Recorder } from '../checkout/index.ts'
import type { PaymentPlatform } from './ports.ts'
import { requestRefund } from './refund.ts'

/** What buyers may do about money they have paid. */
export function buyerPaymentRoutes(platform: PaymentPlatform & { seal: Seal; emit(tx: Tx, tenantId: number, events: readonly DomainEvent[]): Promise<void> }): AnyPublicRoute[] {
  return [
    publicRoute({
      method: 'POST', path: '/orders/:id/aftersale', block: 'mall', perMinute: 30, what: 'the buyer wants the money back: at once while nothing has left, else the merchant decides and is asked in WeChat',
      params: z.object({ id: z.string().max(64) }), body: z.object({ reason: z.string().trim().min(1).max(80) }),
      handle: (call) => call.tx(async (tx) => {
        const { tenantId, params: { id: orderId }, body } = call
        const buyer = readSession(platform.seal, tenantId, call.bearer, call.clock.now())
        const order = (await lockMallOrders(tx, tenantId, [orderId])).get(orderId)
        if (!order || order.buyer !== buyerIndex(platform.seal, tenantId, buyer)) throw checkoutFault('mall/no-order', { orderId })
        // Goods on their way are no longer the buyer's word alone.
        if (order.state === 'shipped' || order.state === 'received') return { kind: 'ask-merchant' as const }
        if (order.state !== 'paid') throw checkoutFault('mall/wrong-state', { orderId, state: stateNames[order.state], act: '退款' })
        const recorder: Recorder = { tenantId, now: call.clock.now(), ids: call.ids, emit: (within, events) => platform.emit(within, tenantId, events) }
        const outcome = await requestRefund(tx, recorder, platform, order, { amountFen: order.totalFen, skuId: null, quantity: 0, reason: body.reason })
        if (outcome.kind !== 'requested') throw checkoutFault('mall/wrong-state', { orderId, state: stateNames[order.state], act: '退款' })
        return { kind: 'refunding' as const, refundId: outcome.refundId }
      }),
    }),
  ]
}
