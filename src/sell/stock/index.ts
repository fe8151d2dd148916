/**
 * Stock (库存): escrowed, not synchronised. Every unit is in one place: mall, reserved, reserve, moving, a Shop's share, held there, or sold; movements
 * are postings in the unit sku:<id> and only grow. The Shop's share lives on the platform: we add and subtract, never set, and its stock flow is the
 * journal that the share follows; an answer `ok` proves nothing.
 *
 * Behind the mall's share may lie several warehouses: the main one holds what the others do not. Where a shelf runs out, the rebalancer moves units towards it,
 * the reserve fills the gap, and the last units of a Shop are pulled on demand while the buyer waits.
 *
 * Owns: stock, stock_shelf, stock_move, stock_hold, stock_alarm, reservation, warehouse, warehouse_stock, stock_setting, stock_rule, stock_take, stock_take_line.  Hears: order.paid, order.cancelled, low stock of the Shop.
 *
 * Invariants (`checkSku`, `unbooked`)
 * - mall + reserved + reserve + moving + shop + held + sold - restored - unbacked = received, for every SKU at every instant.
 * - What a Shop can sell is at most shop + held + moving, unless its stock was raised by hand; then the reserve pays, and what it lacks is an alarm.
 * - Units on the way to a Shop leave our shelf before the call; units of a Shop join our shelf only when its flow shows them gone.
 * - One stock write per (Shop, SKU) is open at most, and none is ever repeated.
 * - Refunds restore nothing by themselves.
 * - The units of the warehouses add up to the mall's, reserved ones too; what the mall has is never refused because it lies in two places.
 * - A stock-take adds or subtracts a difference that somebody was shown, once; it never sets a number.
 */
export {
  checkSku, shopUpperBound, mainUnits, expectedUnits, relocate, correct, admit, planMove, answerMove, applyFlow, confirmMove, nextToSend, receive, restore, transfer, openShelf, shift, emptySku, draftOf, proofMs,
  type Sku, type Shelf, type WarehouseUnits, type FlowNote, type Move, type Hold, type FlowEntry, type Draft, type Movement, type Place,
} from './escrow.ts'
export { reserveBaskets, settleReservations, picksOf, type Basket, type Reserved } from './reserve-units.ts'
export { pickUnits, type Place as PickPlace } from './pick-units.ts'
export { pullUnits, pullable, type Pull } from './pull-units.ts'
export { readSetting, usualSetting, readRules, putRule, type StockSetting, type StockRule, type RebalanceRun } from './settings.ts'
export { planRebalance, runRebalance, changeSetting, rebalanceByClock, rebalanceJob, rebalanceJobKind, sellThrough } from './rebalance.ts'
export { openTake, countTake, bookTake, dropTake, listTakes, readTake, takeReasons, type Take, type TakeLine, type TakeReason } from './stock-take.ts'
export { requestMove, moveReply, flowJob, flowJobKind, type MoveWish, type MoveOutcome } from './move-units.ts'
export { openStock, changeStock, type OwnChange, type OwnOutcome } from './open-stock.ts'
export { stockFlow, stockReconcile, stockHearsOrders, stockFacts, reconcileJobKind, type StockPlatform } from './read-flow.ts'
export { mallAvailable, readSkus, listStockRows, listMoves, listAlarms, reservationsOf, unbooked, ensureStock, listWarehouses, putWarehouse, type StockRow, type Warehouse, type Picks } from './store.ts'
export { suggestMove, planShelves, type Suggestion } from './suggest-move.ts'
export { stockRoutes } from './routes.ts'
export { stockFault } from './errors.ts'
