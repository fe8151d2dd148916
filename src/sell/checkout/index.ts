/**
 * Checkout (下单): the mall's own counter. Baskets that wait together are admitted together by the same statements; an admitted basket is an order in the
 * one order book (shelf mall) with its units reserved; who does not pay in time gives them back. Buyers are sessions sealed under the master key.
 *
 * Owns: mall_order.  Emits (through the order book): order.placed, order.paid, order.cancelled.  Ports: PriceRule.
 *
 * Invariants
 * - An order is placed whole or not at all; the same key of the same buyer is one order.
 * - Units of an unpaid order are reserved until it is paid or known to be closed at WeChat Pay; never both sold and released.
 * - No openid, name or address is kept with an order.
 */
export { bookState, mallSteps, stepMall, advance, payWithinMs, payFenOf, tenderFenOf, type MallOrder, type MallState, type MallAct, type MallLine } from './mall-order.ts'
export { placeOrders, followBatch, expireJob, expireJobKind, batchJobKind, type Wish, type Placed } from './place-orders.ts'
export { type BuyTerms, type LineDiscount, type Tender, type PriceBasket, type Priced, type PriceRefusal, type PriceRule } from './price-rule.ts'
export { createCombiner, type Combiner } from './combiner.ts'
export { mallRoutes, createCheckoutQueue, buyTerms, type MallParts, type MallAccounts } from './mall-routes.ts'
export { recordOrders, openidOf, type Recorder } from './record-orders.ts'
export { openSession, readSession, buyerIndex, type Buyer } from './session.ts'
export { blockedSettlements, findMallOrder, lockMallOrders, readMallOrders, updateMallOrders, ordersOfBuyer } from './store.ts'
export { checkoutFault, stateNames } from './errors.ts'
