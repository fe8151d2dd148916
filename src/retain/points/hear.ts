import type { Subscriber } from '../../kernel/engine/index.ts'
import { payloadOf } from '../../events.ts'
import { grantOrders, mergeBalances } from './grant-points.ts'

/** What feathers hear: purchases and refunds, and who turned out to be one person. */
export function pointsSubscriber(blockOn: (tenantId: number, block: 'points') => boolean): Subscriber {
  return {
    name: 'retain/points',
    hears: ['order.paid', 'order.refunded', 'person.merged'],
    on: (tenantId) => blockOn(tenantId, 'points'),
    async handle(work, tx, events) {
      if (!blockOn(work.tenantId, 'points')) return
      await mergeBalances(tx, work, events.filter((event) => event.name === 'person.merged').map((event) => payloadOf('person.merged', event)))
      await grantOrders(tx, work, events.filter((event) => event.name === 'order.paid' || event.name === 'order.refunded').map((event) => ({ shelf: String(event.payload.shelf), orderId: String(event.payload.orderId) })))
    },
  }
}
