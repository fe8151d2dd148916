/**
 * Attribution (归因): where people come from, and which of it gets the credit for an order.
 *
 * Owns: touchpoint, order_path, order_credit.  Hears: contact.added, order.paid.
 *
 * Invariants
 * - A fact is one touchpoint; an order is credited once, under every rule, to the same path.
 * - The credit of an order adds up to one whole and to what was paid; what nothing is known of is `unknown`.
 */
export { attributionSubscriber, lookbackSetting } from './credit-orders.ts'
export { compareModels, type ModelTable } from './compare-models.ts'
export { creditOf, pathBefore, unknownChannel, whole, type PathStep, type ChannelCredit } from './path.ts'
export { checkCredits, creditsOfOrder, insertTouchpoints, touchpointCounts, touchpointsOf, type Touchpoint } from './store.ts'
export { attributionRoutes } from './routes.ts'
