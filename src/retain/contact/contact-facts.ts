import type { FactHandler } from '../../kernel/engine/index.ts'
import { resolvePersons } from '../../book/person/index.ts'
import { parseJson } from '../../kernel/json.ts'
import { makeEvent } from '../../events.ts'
import { lossOf, readContactCallback } from './contact.ts'
import type { ContactPlatform } from './platform.ts'
import { contactKind } from './read-contacts.ts'
import { recordLosses } from './record-losses.ts'
import { insertHalfFollows } from './store.ts'

export const isContactChange = (event: string): boolean => event.startsWith('change_external_contact/')

/**
 * Callbacks about contacts. What can be read again rings the doorbell; what cannot is a fact of its own: who deleted whom (a contact who deleted the
 * member is still shown by the platform), a half add (not shown yet), a failed transfer.
 */
export function contactFacts(platform: ContactPlatform): FactHandler {
  return {
    line: 'wecom',
    accepts: isContactChange,
    async handle(work, tx, facts) {
      if (!platform.blockOn(work.tenantId, 'contacts')) return
      const told = facts.map((fact) => ({ fact, corpId: platform.accountOf(work.tenantId, fact.connectionId), callback: readContactCallback(parseJson(fact.message) as Record<string, unknown>) }))
        .filter(({ callback }) => callback.externalUserId !== '')
      const rings = told.filter(({ callback }) => ['add_external_contact', 'edit_external_contact', 'transfer_fail'].includes(callback.change))
      await work.ring(tx, rings.map(({ fact, callback }) => ({ connectionId: fact.connectionId, kind: contactKind, objectId: callback.externalUserId, at: work.now })))
      await insertHalfFollows(tx, work.tenantId, told.filter(({ callback }) => callback.change === 'add_half_external_contact').map(({ corpId, callback }) => ({
        corpId, externalUserId: callback.externalUserId, staff: callback.staff, at: callback.at, state: callback.state,
      })))
      const failed = told.filter(({ callback }) => callback.change === 'transfer_fail')
      if (failed.length > 0) {
        const { personIds } = await resolvePersons(tx, work.tenantId, failed.map(({ corpId, callback }) => ({
          local: { kind: 'external_userid' as const, scope: corpId, value: callback.externalUserId }, seenAt: callback.at, evidence: 'failed transfer',
        })), work.ids)
        await work.emit(tx, failed.map(({ corpId, callback }, n) => makeEvent(work.ids, work.now, 'transfer.failed', `person/${personIds[n]}`, callback.at, { corpId, staff: callback.staff, personId: personIds[n], reason: callback.failReason })))
      }
      await recordLosses(tx, work, told.flatMap(({ corpId, callback }) => lossOf(corpId, callback) ?? []))
    },
  }
}
