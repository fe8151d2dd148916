/**
 * Points (羽毛): earned by what stays paid and by what readers do, by rules that are data; spent at most once per key; in the one ledger of the house.
 *
 * Owns: points_account, points_grant, points_rules, points_lot, points_spend, points_reversal, points_penalty, points_read, points_author, points_count, points_adjustment, points_audit, points_line.
 * Publishes: v_points.  Asks: OfferCosts.  Hears: order.paid, order.refunded, person.merged, article.published, article.read, quiz.passed, comment.decided, penalty.started, penalty.ended.  Emits: points.granted.
 *
 * Invariants
 * - Nothing is ever below zero: spending never exceeds the balance, and what is taken back after it was spent is owed and paid by what is earned next.
 * - Balance less owed is the sum of a person's entries; live lots add up to balance and frozen, the lines of a statement to all that is held.
 * - An act earns once per person, rule and key, by the rules in force when it was done; an order has earned what it is worth after refunds.
 * - A reversal names its reason and can be undone to the feather.
 * - Rules go live as a whole, after what they cost was shown; a correction by hand takes two people, or one who looks again a day later.
 */
export { pointsSubscriber } from './hear.ts'
export { checkPoints, rateSetting } from './grant-points.ts'
export { earn, type Earned, type EarnFact, type PointsWork } from './earn.ts'
export { giveBack, redeem, spend, statementOf, walletOf, waysToEarn, type Spent, type SpendWish, type StatementLine, type WalletView, type WayToEarn } from './spend.ts'
export { defaultRules, earnSurfaces, ruleSetSchema, startOfDayNumber, type EarnSurface, type Rule, type RuleSet } from './rules.ts'
export { draftRules, effectOfDraft, liveRules, publishRules, seenName, type OfferCosts } from './rule-book.ts'
export { effectOf, type Activity, type Effect, type OfferCost } from './budget.ts'
export { auditLots, type AuditedLot, type AuditInput, type Finding, type KeptRead } from './abuse.ts'
export { auditFeathers, featherNight, nextFeatherNight, nightJobKind, pardon, settleDue, type AuditReport } from './audit.ts'
export { askAdjustment, coolingOffMs, mayApprove, settleAdjustment } from './adjust.ts'
export { endPenalty, startPenalty } from './penalty.ts'
export { reasons, type ReasonCode } from './words.ts'
export { feathersOf, pointsUnit, personAccount } from './points.ts'
export { balanceOf, listBalances, listReversals, pointsTotals } from './store.ts'
export { pointsRoutes } from './routes.ts'
export { memberRoutes } from './member-route.ts'
