import type { Subscriber } from '../../kernel/engine/index.ts'
import { payloadOf } from '../../events.ts'
import { moveOrders } from './store.ts'

/** Orders follow their buyer when two persons turn out to be one: otherwise who came back would be counted as two who came once. */
export const ordersFollowMerges: Subscriber = {
  name: 'sell/order',
  hears: ['person.merged'],
  async handle(work, tx, events) {
    for (const event of events) await moveOrders(tx, work.tenantId, payloadOf('person.merged', event))
  },
}
