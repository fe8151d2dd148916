import type { Subscriber } from '../../kernel/engine/index.ts'
import { payloadOf } from '../../events.ts'
import { moveRedemptions } from './store.ts'

/** Two persons are one: what one redeemed the other may look at. */
export const offersFollowMerges: Subscriber = {
  name: 'retain/offer', hears: ['person.merged'],
  async handle(work, tx, events) {
    for (const event of events) {
      const { kept, gone } = payloadOf('person.merged', event)
      moveRedemptions(tx, work.tenantId, gone, kept)
    }
  },
}
