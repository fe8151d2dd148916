import type { Tx } from '../../kernel/db/index.ts'
import type { Work } from '../../kernel/engine/index.ts'
import { resolvePersons } from '../../book/person/index.ts'
import { recordTouches, touchesOf, type StoredTouch } from '../../book/touch/index.ts'
import { makeEvent } from '../../events.ts'
import type { Loss } from './contact.ts'
import { insertLosses } from './store.ts'

const lastTouchesKept = 5

/**
 * Books ends of follows, once each, with the touches that came before, and tells of them. A transfer is the end of a follow but no loss: nobody
 * left. Whoever calls this writes nothing to the touch ledger afterwards.
 */
export async function recordLosses(tx: Tx, work: Work, losses: readonly Loss[]): Promise<number> {
  if (losses.length === 0) return 0
  const { tenantId, now, ids } = work
  const { personIds } = await resolvePersons(tx, tenantId, losses.map((loss) => ({
    local: { kind: 'external_userid' as const, scope: loss.corpId, value: loss.externalUserId }, seenAt: loss.lostAt, evidence: 'end of a follow',
  })), ids)
  const touches = new Map<string, StoredTouch[]>()
  for (const touch of await touchesOf(tx, tenantId, [...new Set(personIds)], { direction: 'outbound', perPerson: 40 })) {
    const list = touches.get(touch.personId)
    if (list) list.push(touch)
    else touches.set(touch.personId, [touch])
  }
  // Whole seconds: a touch in the second of the loss came before it.
  const before = losses.map((loss, n) => (touches.get(personIds[n]) ?? []).filter((touch) => touch.occurredAt < loss.lostAt + 1000).slice(0, lastTouchesKept)
    .map(({ occurredAt, kind, reason, ref }) => ({ occurredAt, kind, reason, ref })))
  const fresh = await insertLosses(tx, tenantId, losses.map((loss, n) => ({ ...loss, personId: personIds[n], lastTouches: before[n] })), now)
  const newRows = new Map(fresh.map((row) => [`${row.corpId}/${row.externalUserId}/${row.staff}/${row.lostAt}`, row]))
  const told = losses.flatMap((loss, n) => {
    const row = newRows.get(`${loss.corpId}/${loss.externalUserId}/${loss.staff}/${loss.lostAt}`)
    if (row === undefined || loss.by === 'transfer') return []
    newRows.delete(`${loss.corpId}/${loss.externalUserId}/${loss.staff}/${loss.lostAt}`)
    return [makeEvent(ids, now, 'contact.lost', `person/${personIds[n]}`, loss.lostAt, {
      corpId: loss.corpId, staff: loss.staff, personId: personIds[n], by: loss.by, lostAt: loss.lostAt, evidence: loss.evidence, followedAt: row.followedAt, lastTouches: before[n],
    })]
  })
  await work.emit(tx, told)
  await recordTouches(tx, tenantId, told.map((event) => ({
    personId: String(event.payload.personId), occurredAt: event.occurredAt, kind: 'contact.lost', line: 'wecom', direction: 'inbound', weight: 0, reason: `lost by ${String(event.payload.by)}`, ref: `event/${event.eventId}`,
  })))
  return fresh.length
}
