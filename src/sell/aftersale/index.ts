/**
 * After-sale (售后): money back, goods back, exchange, on either shelf. At the Shop the platform steps and we follow and answer; in the mall the steps,
 * the deadlines and the refund are ours.
 *
 * Owns: aftersale, aftersale_fact.  Hears: order.refunded.  Asks: RefundPort (payment).
 *
 * Invariants
 * - Every step is a row of `steps`; what is not there changes nothing. Histories only grow.
 * - No line gives back more pieces or more money than were bought and paid, whatever is asked for at once.
 * - Silence of the shop is a yes, silence of the buyer a no; the clock does it by itself.
 */
export { acts, actorOf, checkAsked, deadlineAfter, ended, needsShop, patienceMs, platformStateNames, stateOfPlatform, states, step, steps, type Act, type Actor, type Kind, type State } from './aftersale.ts'
export { answerShopAftersale, askAftersale, stepAftersale, aftersaleReply, aftersaleProbe, aftersaleTick, aftersaleSubscriber, type RefundPort } from './run-aftersales.ts'
export { aftersaleReader, readPlatformAftersale } from './follow-shop.ts'
export { aftersaleRoutes, buyerAftersaleRoutes, actsHere, type AftersaleParts } from './routes.ts'
export { aftersaleCounts, aftersalesOfOrder, findAftersale, lockAftersale, type Aftersale } from './store.ts'
export { actWords, stateWords } from './errors.ts'
