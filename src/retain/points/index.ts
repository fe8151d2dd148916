/**
 * Points (羽毛): earned by what stays paid, spent at most once per key, in the one ledger of the house.
 *
 * Owns: points_account, points_grant.  Publishes: v_points.  Hears: order.paid, order.refunded.  Emits: points.granted.
 *
 * Invariants
 * - A balance is the sum of its entries; an order has earned what it is worth after refunds, however often it is heard of.
 * - Spending never exceeds the balance; a refund after spending may leave a debt.
 */
export { pointsSubscriber, redeem, checkPoints, rateSetting } from './grant-points.ts'
export { feathersOf, pointsUnit, personAccount } from './points.ts'
export { balanceOf, listBalances, pointsTotals } from './store.ts'
export { pointsRoutes } from './routes.ts'
export { memberRoutes } from './member-route.ts'
