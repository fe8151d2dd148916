/**
 * Referral (转介绍): a buyer's own code travels with what they share from the mall; who comes by it is remembered with whom they came by.
 *
 * Owns: referral_link, referral.
 *
 * Invariants
 * - A person has one code for ever; nobody comes by their own, under whatever account.
 * - Whoever came first by somebody's code stays theirs; a later visit by another's is a touchpoint and no more.
 */
export { referrersOf, codeOfPerson, recordReferral, topReferrers, referralTotal, isReferralCode, type Referrer, type ReferralTotal } from './referral.ts'
export { referralRoutes } from './routes.ts'
