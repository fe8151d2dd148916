/**
 * Promotion (促销): one engine for coupons and plays (满减, 秒杀 with its own pieces, 拼团, 预售 with a deposit, 储值, member prices, 价保), which are data. Pricing is a pure
 * function; what it promises is locked before stock is and used up with the order.
 *
 * Owns: promotion, promotion_quota, coupon, promotion_use, group_buy, group_member, presale_deposit, stored_value, stored_hold.
 * Hears: order.paid, order.cancelled, order.refunded, person.merged.  Implements: PriceRule (declared by sell/checkout), Tender (by sell/payment).
 *
 * Invariants
 * - Discounts of the lines add up to the discount of the order, to the fen; no line is below zero; one fen is left to pay.
 * - A coupon is used by one order, a piece of a quota given once, however many ask at once.
 * - What an order does not use after all (cancelled, group failed) is there again.
 * - Stored value is owed: its rows equal the sums of the ledger accounts `stored:…` and `stored-gift:…`, and are never below zero.
 * - A play in use keeps its rule.
 */
export { promotionPriceRule } from './price-rule.ts'
export { priceBasket, offOf, type BasketFacts, type PricedBasket } from './price-basket.ts'
export { chooseCoupons, type Choice } from './choose-coupons.ts'
export { ruleSchemas, playKinds, type Play, type PlayKind } from './play.ts'
export { claimCoupon } from './claim-coupon.ts'
export { groupHolds, endGroups } from './group-jobs.ts'
export { promotionSubscriber } from './follow-orders.ts'
export { topUpBills, depositBills, tenderOf, endDeposits, notePayCoupons, withdraw } from './wallet.ts'
export { promotionRoutes, savePlay } from './routes.ts'
export { promotionMallRoutes, type PromotionMallParts } from './mall-routes.ts'
export { type PromotionPorts } from './ports.ts'
export { putUses, storedTotals, useTotals, type UseRow } from './store.ts'
export { promotionFault } from './errors.ts'
