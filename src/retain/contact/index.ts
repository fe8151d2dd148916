/**
 * Contacts (外部联系人): who is a friend of which member, since when, by which code, and how it ended.
 *
 * Owns: contact, follow, contact_loss, staff, follow_tag.  Publishes: v_contact, v_follow, v_follow_tag.
 * Hears callbacks: change_external_contact.  Emits: contact.added, contact.lost, person.merged, transfer.failed.
 *
 * Invariants
 * - What can be read is read again; callbacks and their order decide nothing. Only ends that the platform does not show are taken from callbacks.
 * - A follow ends once for each time it began; a loss keeps the touches before it and is never taken back.
 * - A unionid joins a contact to the buyer of an order; nothing else does.
 */
export { contactFacts, isContactChange } from './contact-facts.ts'
export { contactReader, contactKind } from './read-contacts.ts'
export { contactBackfill, contactBackfillKind } from './backfill-contacts.ts'
export { recordLosses } from './record-losses.ts'
export { contactRoutes } from './routes.ts'
export { contactFault } from './errors.ts'
export type { ContactPlatform } from './platform.ts'
export { readContactCallback, type ContactCallback, type Loss, type LossEvidence } from './contact.ts'
export { sendersOf, staffLoads, oneSidedList, listLosses, lossCounts, contactTotals, listContacts, forgetContacts, type Sender, type StaffLoad, type LossRow, type ContactRow } from './store.ts'
