import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'
import type { Subscriber } from '../../kernel/engine/index.ts'
import { readCapacity } from '../capacity/index.ts'
import { readDosageSettings, readPeople } from '../experiment/index.ts'
import { advise, type Advice, type Follow } from './advise.ts'
import { heldFollows, signs, tickAdvice } from './store.ts'

export async function readRemovals(tx: Tx, tenantId: number, now: Instant): Promise<Advice[]> {
  const settings = await readDosageSettings(tx, tenantId)
  const people = await readPeople(tx, tenantId, settings, now)
  const capacity = await readCapacity(tx, tenantId, now)
  const held = await heldFollows(tx, tenantId)
  const sign = new Map<string, { lastSignAt: Instant | null; touches: number }>()
  for (const row of await signs(tx, tenantId)) {
    const id = people.merged.get(row.personId) ?? row.personId
    const known = sign.get(id)
    sign.set(id, known === undefined ? row : { lastSignAt: Math.max(known.lastSignAt ?? 0, row.lastSignAt ?? 0) || null, touches: known.touches + row.touches })
  }
  const living = new Map<string, number>()
  for (const follow of held) if (follow.oneSidedSince === null) living.set(follow.personId, (living.get(follow.personId) ?? 0) + 1)
  const follows = held.map((follow): Follow => {
    const history = people.histories.get(follow.personId)
    const others = (living.get(follow.personId) ?? 0) - (follow.oneSidedSince === null ? 1 : 0)
    return {
      ...follow, lastSignAt: sign.get(follow.personId)?.lastSignAt ?? null, touchesSince: sign.get(follow.personId)?.touches ?? 0, orders: history?.orders ?? 0, lastOrderAt: history?.lastPaidAt ?? null,
      valueFen: people.values.valueFen.get(follow.personId) ?? 0, elsewhere: others > 0,
    }
  })
  return advise(follows, settings.relationShare, capacity.filter((row) => row.share < 0.9).map((row) => ({ corpId: row.corpId, staff: row.staff, free: row.capacity - row.held })), now)
}

/** A member removed a contact: if it was on the work list, it is ticked. */
export const removalTicker: Subscriber = {
  name: 'restrain/capacity', hears: ['contact.lost', 'contact.removed'],
  async handle(work, tx, events) {
    const mine = events.filter((event) => event.name === 'contact.removed' || event.payload.by === 'staff')
    await tickAdvice(tx, work.tenantId, mine.map(({ payload }) => ({ corpId: String(payload.corpId), staff: String(payload.staff), personId: String(payload.personId) })), work.now)
  },
}
