/**
 * Tags (标签): the corp's tag library, and tags put on contacts. A tag belongs to the pair of member and contact; the pairs' tags are read with the
 * contact and kept there.
 *
 * Owns: tag.  Hears callbacks: change_external_tag.
 */
export { tagSync, tagSyncKind, tagFacts, markTags, tagMarked } from './sync-tags.ts'
export { listTags, type TagRow } from './store.ts'
export { tagRoutes } from './routes.ts'
