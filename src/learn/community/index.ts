/**
 * Community (社区): the pages for readers at `/c/<slug>`, drawn on the server, and the same for the mini program as JSON. Reading and forms work without
 * a script; whatever people wrote is escaped; nothing is asked of anybody else's server. What readers do is done by the modules below; here it is shown.
 *
 * Owns: enquiry.
 *
 * Invariants
 * - A page acts only through the use cases that the mini program and the console use too, so what is refused in one place is refused in all.
 * - An enquiry names its source, the article and the share that brought the reader; its text is kept sealed and goes with the person.
 */
export { communitySite } from './site.ts'
export { miniRoutes, type MiniParts } from './mini-routes.ts'
export { enquiryRoutes } from './enquiry.ts'
export { forgetEnquiriesOf } from './store.ts'
export type { CommunityParts } from './room.ts'
