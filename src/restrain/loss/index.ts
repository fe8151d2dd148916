/**
 * Loss (流失): who left, how many of them the messages drove away, and whom a member might let go.
 *
 * Owns: removal_advice.  Reads: losses and follows of retain/contact, dosage, v_touch.  Hears: contact.lost, contact.removed.
 *
 * Invariants
 * - "Lost to messages" is arms less holdout with its interval, or it is not said.
 * - Advice is never carried out by us and never probes anybody; what a member was asked is ticked by the event.
 */
export { advise, adviceWords, silentDays, type Advice, type AdviceReason, type Follow } from './advise.ts'
export { readRemovals, removalTicker } from './read-removals.ts'
export { lossRoutes, lossSentence } from './routes.ts'
