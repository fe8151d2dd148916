/**
 * Points (羽毛): earned by what stays paid and by what readers do, by rules that are data; spent at most once per key; in the one ledger of the house.
 *
 * Owns: points_account, points_grant, points_rules, points_lot, points_spend, points_reversal, points_penalty, points_read, points_author, points_count, points_adjustment, points_audit, points_line.
 * Publishes: v_points.  Hears: order.paid, order.refunded, person.merged.  Emits: points.granted.
 *
 * Invariants
 * - Nothing is ever below zero: spending never exceeds the balance, and what is taken back after it was spent is owed and paid by what is earned next.
 * - Balance less owed is the sum of a person's entries; live lots add up to balance and frozen, the lines of a statement to all that is held.
 * - An act earns once per person, rule and key, by the rules in force when it was done; an order has earned what it is worth after refunds.
 * - A reversal names its reason and can be undone to the feather.
 */
export { pointsSubscriber } from './hear.ts'
export { checkPoints, rateSetting } from './grant-points.ts'
export { earn, type Earned, type EarnFact, type PointsWork } from './earn.ts'
export { giveBack, redeem, spend, statementOf, walletOf, waysToEarn, type Spent, type SpendWish, type StatementLine, type WalletView, type WayToEarn } from './spend.ts'
export { defaultRules, earnSurfaces, type EarnSurface, type Rule, type RuleSet } from './rules.ts'
export { feathersOf, pointsUnit, personAccount } from './points.ts'
export { balanceOf, listBalances, pointsTotals } from './store.ts'
export { pointsRoutes } from './routes.ts'
export { memberRoutes } from './member-route.ts'
