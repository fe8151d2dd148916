/**
 * Settlement (对账): what the platforms say of money beside what we booked. Bills of WeChat Pay and the Shop's wallet, read daily and compared with orders and ledger; every
 * difference has a name and a state; profit sharing with partners and referrers; transfers to people.
 *
 * Owns: pay_statement, pay_statement_row, shop_fund, money_difference, money_day, share_partner, share_order, cash_transfer.
 * Hears: MCHTRANSFER.BILL.FINISHED.  Ports: `sharing` and `beforeRefund` of sell/payment.
 *
 * Invariants
 * - A bill whose hash is wrong is not read. A bill read again replaces itself and posts nothing twice.
 * - Each number of orders, ledger and bill is equal in all three, or is a difference with a kind.
 * - Shares of an order are at most its cap; what is shared, returned and transferred is in the ledger once.
 * - A transfer keeps its number whatever was answered.
 */
export { checkHash, readTradeBill, readFundBill, WrongBill, type Statement, type StatementRow } from './read-statement.ts'
export { reconcileDay, reconcileShop, explainedBy, shopAccount, type BookItem, type Difference } from './reconcile.ts'
export { fetchStatements, statementJob, statementJobKind, takeStatements, readyAt } from './statements.ts'
export { readShopFunds, shopFundsJob, shopFundsJobKind } from './shop-funds.ts'
export { sharesOf, returnsOf, mostShareBp } from './share.ts'
export { sharingPort, runShares, shareReply, returnShares } from './run-shares.ts'
export { makeTransfer, transferReply, pollTransfers, transferNotices } from './transfer.ts'
export { settlementReport } from './report.ts'
export { settlementRoutes, settlementMallRoutes } from './routes.ts'
export { countOpen, listDifferences, listTransfers, listShares, findShare } from './store.ts'
export { settlementFault } from './errors.ts'
