import type { ObjectReader, ReadResult, Work } from '../../kernel/engine/index.ts'
import type { Ring } from '../../kernel/doorbell/index.ts'
import { resolvePersons, writeFields } from '../../book/person/index.ts'
import { recordTouches } from '../../book/touch/index.ts'
import { makeEvent } from '../../events.ts'
import { planFollows, readContact, type SeenContact } from './contact.ts'
import type { ContactPlatform } from './platform.ts'
import { recordLosses } from './record-losses.ts'
import { findFollows, upsertContacts, upsertFollows } from './store.ts'

export const contactKind = 'wecom.contact'
const parallel = 8

/** Nobody of the corp follows the contact (any more, or yet: a half add): an answer, not a failure. */
const nobodyFollows = new Set(['84061', '40096'])

/** Contacts: `externalcontact/get` after a ring, then the book. Followers beyond 500 come on further pages. */
export function contactReader(platform: ContactPlatform): ObjectReader {
  async function readOne(work: Work, ring: Ring): Promise<ReadResult> {
    const pages: Array<{ external_contact?: unknown; follow_user?: unknown[]; next_cursor?: string }> = []
    for (let cursor = ''; ;) {
      const answer = await platform.call(work.tenantId, ring.connectionId, 'wecom.contact.get', { external_userid: ring.objectId, ...(cursor === '' ? {} : { cursor }) })
      if (answer.kind === 'refused' && nobodyFollows.has(answer.code) && pages.length === 0) {
        const body = { external_contact: { external_userid: ring.objectId }, follow_user: [], refused: answer.code }
        return { ring, body, text: JSON.stringify(body) }
      }
      if (answer.kind !== 'ok') return { ring, error: answer.kind === 'refused' ? `${answer.code} ${answer.text}` : answer.text }
      const page = answer.result as (typeof pages)[number]
      pages.push(page)
      if (!page.next_cursor || page.next_cursor === cursor) break
      cursor = page.next_cursor
    }
    const body = { external_contact: pages[0].external_contact, follow_user: pages.flatMap((page) => page.follow_user ?? []) }
    return { ring, body, text: JSON.stringify(body) }
  }
  return {
    kind: contactKind,
    async read(work, rings) {
      const results: ReadResult[] = Array.from({ length: rings.length })
      let next = 0
      await Promise.all(Array.from({ length: Math.min(parallel, rings.length) }, async () => {
        while (next < rings.length) {
          const index = next++
          results[index] = await readOne(work, rings[index])
        }
      }))
      return results
    },
    async save(work, tx, reads) {
      const { tenantId, now, ids } = work
      const seen: Array<SeenContact & { connectionId: string }> = reads.map((read) => ({ ...readContact(platform.accountOf(tenantId, read.ring.connectionId), read.body), connectionId: read.ring.connectionId }))
      const known = await findFollows(tx, tenantId, seen)
      const plan = planFollows(seen, known, now)
      // A contact that nobody follows has nothing to show; who it was is known from before, or not at all.
      const shown = seen.filter((contact) => contact.follows.length > 0)
      const { personIds, merges } = await resolvePersons(tx, tenantId, shown.map((contact) => ({
        unionid: contact.unionid, local: { kind: 'external_userid' as const, scope: contact.corpId, value: contact.externalUserId },
        seenAt: Math.min(...contact.follows.map((follow) => follow.followedAt)), evidence: 'WeCom contact',
      })), ids)
      await upsertContacts(tx, tenantId, shown, now)
      await upsertFollows(tx, tenantId, plan.write)
      for (const [n, contact] of shown.entries()) {
        if (contact.name !== '') await writeFields(tx, tenantId, personIds[n], { name: contact.name }, now, platform.seal, platform.random)
      }
      const personOf = new Map(shown.map((contact, n) => [`${contact.corpId}/${contact.externalUserId}`, personIds[n]]))
      const added = plan.added.map((follow) => {
        const personId = personOf.get(`${follow.corpId}/${follow.externalUserId}`)!
        return makeEvent(ids, now, 'contact.added', `person/${personId}`, follow.followedAt, {
          corpId: follow.corpId, staff: follow.staff, personId, addedAt: follow.followedAt, state: follow.state, addWay: follow.addWay, again: follow.again,
        })
      })
      await work.emit(tx, [...merges.map((merge) => makeEvent(ids, now, 'person.merged', `person/${merge.kept}`, merge.at, { kept: merge.kept, gone: merge.gone })), ...added])
      await recordTouches(tx, tenantId, added.map((event) => ({
        personId: String(event.payload.personId), occurredAt: event.occurredAt, kind: 'contact.added', line: 'wecom', direction: 'inbound', weight: 0, reason: String(event.payload.state), ref: `event/${event.eventId}`,
      })))
      await recordLosses(tx, work, plan.lost)
    },
  }
}
