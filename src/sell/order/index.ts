/**
 * Orders (订单): one book behind two shelves, `shop` (微信小店) and `mall` (小程序商城). What the platform says is kept in versions; what was paid is on
 * the lines; refunds are rows of their own; every order has its history of facts.
 *
 * Owns: shop_order, order_line, order_fact, refund.  Emits: order.placed, order.paid, order.cancelled, order.refunded.
 *
 * Invariants
 * - An older version of an order never overwrites a newer one.
 * - refunded_fen ≤ paid_fen, for an order and for each of its lines.
 * - Money enters the ledger once per order and once per refund, whatever is heard how often.
 */
export { readShopOrder, readShopAftersale, isLate, type OrderState, type OrderStatus, type OrderLine, type RefundState } from './shop-order.ts'
export { saveOrders, saveRefunds, type OrderSave } from './save-orders.ts'
export { shopOrderReader, shopAftersaleReader, type ShopPlatform } from './read-shop.ts'
export { shopBackfill, shopBackfillKind } from './backfill-shop.ts'
export { orderRoutes } from './routes.ts'
export { bellsOfShopEvent, type ShopBell } from './shop-events.ts'
export {
  connectionOfOrder, ordersToShip, toShipCounts, returnOrders, findOrder, listOrders, listFacts, listOrderLines, listRefunds, orderTotals, chainFigures, cohortRows, ordersOfPerson, sumsByPerson, streamOrders, importedLines, importedInvoices, knownBuyers, refundReasons, type OrderRow, type OrderFilter,
} from './store.ts'
export { linesOfOrders, paidOrders, soldByDay, soldByDaySku, soldBySku } from './line-store.ts'
export { shelfTotals, refundsDone, orderMoney, ordersSettled, mallOrdersPaid } from './money-store.ts'
export { ordersFollowMerges } from './follow-persons.ts'
export { orderFault } from './errors.ts'
