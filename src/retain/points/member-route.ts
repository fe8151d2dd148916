import { publicRoute, type AnyPublicRoute } from '../../kernel/http/index.ts'
import type { Seal } from '../../kernel/seal.ts'
import { buyerIndex, ordersOfBuyer, readSession } from '../../sell/checkout/index.ts'
import { balanceOf, findGrants } from './store.ts'

/** What a buyer sees of the own feathers in the storefront. */
export function memberRoutes({ seal }: { seal: Seal }): AnyPublicRoute[] {
  return [
    publicRoute({
      method: 'GET', path: '/member', block: 'points', perMinute: 120, what: "the buyer's feathers, and what the last orders earned",
      handle: (call) => call.tx(async (tx) => {
        const { tenantId } = call
        const orders = await ordersOfBuyer(tx, tenantId, buyerIndex(seal, tenantId, readSession(seal, tenantId, call.bearer, call.clock.now())), null, 20)
        const grants = await findGrants(tx, tenantId, orders.map(({ orderId }) => ({ shelf: 'mall', orderId })))
        return {
          feathers: orders.length === 0 ? 0 : await balanceOf(tx, tenantId, orders[0].personId),
          earned: orders.flatMap(({ orderId, placedAt, lines }) => {
            const grant = grants.get(`mall/${orderId}`)
            return grant ? [{ orderId, title: lines[0]?.title ?? '', placedAt, feathers: grant.feathers }] : []
          }),
        }
      }),
    }),
  ]
}
