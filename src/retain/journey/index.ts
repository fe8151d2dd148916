/**
 * Journeys (旅程): when something happens to a person, wait, then send. Set-based: one tick moves everybody who is due.
 *
 * Owns: journey, journey_enrolment.  Hears: contact.added, order.paid, contact.lost.  Emits: journey.finished.
 *
 * Invariants
 * - One event starts a journey once; what happened before the journey was switched on starts nothing.
 * - Whether a person still belongs and can be reached is decided when the message is due.
 */
export { journeySubscriber, journeyTick, journeyKind } from './run-journeys.ts'
export { journeyRoutes } from './routes.ts'
export { insertJourney, listJourneys, switchJourney, enrolmentCounts, triggers, type Journey, type Trigger } from './store.ts'
