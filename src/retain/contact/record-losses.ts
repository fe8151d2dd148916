import type { Tx } from '../../kernel/db/index.ts'
import type { Work } from '../../kernel/engine/index.ts'
import type { DomainEvent } from '../../kernel/event/index.ts'
import { resolvePersons } from '../../book/person/index.ts'
import { recordTouches, touchesOf, type StoredTouch } from '../../book/touch/index.ts'
import { makeEvent } from '../../events.ts'
import { isActive, pairKey, type Loss } from './contact.ts'
import { findFollows, insertLosses } from './store.ts'

const lastTouchesKept = 5

/**
 * Books ends of follows, once each, with the touches that came before, and tells of them. A transfer is the end of a follow but no loss: nobody
 * left. A member who clears away a contact that was gone already is told as `contact.removed`. Whoever calls this writes nothing to the touch ledger
 * afterwards.
 */
export async function recordLosses(tx: Tx, work: Work, losses: readonly Loss[]): Promise<void> {
  if (losses.length === 0) return
  const { tenantId } = work
  // What was found out by looking only counts where the book still says "friends"; one end of a pair at a time, oldest first.
  const found = losses.filter((loss) => loss.evidence !== 'event')
  const holds = new Set((await findFollows(tx, tenantId, found)).filter(isActive).map(pairKey))
  const rounds: Loss[][] = []
  const count = new Map<string, number>()
  for (const loss of [...losses].sort((a, b) => a.lostAt - b.lostAt)) {
    const key = pairKey(loss)
    if (loss.evidence !== 'event' && !holds.has(key)) continue
    const n = count.get(key) ?? 0
    count.set(key, n + 1)
    ;(rounds[n] ??= []).push(loss)
  }
  const told: DomainEvent[] = []
  for (const round of rounds) told.push(...(await recordRound(tx, work, round)))
  await work.emit(tx, told)
  await recordTouches(tx, tenantId, told.filter((event) => event.name === 'contact.lost').map((event) => ({
    personId: String(event.payload.personId), occurredAt: event.occurredAt, kind: 'contact.lost', line: 'wecom', direction: 'inbound', weight: 0, reason: `lost by ${String(event.payload.by)}`, ref: `event/${event.eventId}`,
  })))
}

async function recordRound(tx: Tx, work: Work, losses: readonly Loss[]): Promise<DomainEvent[]> {
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
  const fresh = new Map((await insertLosses(tx, tenantId, losses.map((loss, n) => ({ ...loss, personId: personIds[n], lastTouches: before[n] })), now)).map((row) => [pairKey(row), row]))
  return losses.flatMap((loss, n) => {
    const row = fresh.get(pairKey(loss))
    if (row === undefined || loss.by === 'transfer') return []
    const common = { corpId: loss.corpId, staff: loss.staff, personId: personIds[n] }
    if (row.already) return loss.by === 'staff' ? [makeEvent(ids, now, 'contact.removed', `person/${personIds[n]}`, loss.lostAt, { ...common, removedAt: loss.lostAt })] : []
    return [makeEvent(ids, now, 'contact.lost', `person/${personIds[n]}`, loss.lostAt, {
      ...common, by: loss.by, lostAt: loss.lostAt, evidence: loss.evidence, followedAt: row.followedAt, lastTouches: before[n],
    })]
  })
}
