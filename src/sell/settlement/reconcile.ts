import type { Instant } from '../../kernel/clock.ts'
import type { Fen } from '../../kernel/money.ts'
import type { StatementRow } from './read-statement.ts'

/**
 * Three-way comparison of one day (三方对账), pure: what orders say, what our ledger booked, what the bill says. Every number of any of the three is either equal in all or
 * a difference with a name; a name says whether somebody must look (`open`) or it explains itself.
 */
export type BookItem = {
  what: 'payment' | 'refund'
  number: string
  /** In the book: paid or refunded so much at that time; null: known, but not paid (or the refund not finished). */
  fen: Fen | null
  at: Instant | null
  /** Of the number: an order's, a bill's (top-up, deposit), or a payment that was given back. */
  of: 'order' | 'bill' | 'suspense'
  target: string
}
export type DifferenceKind = 'amount-differs' | 'not-ours' | 'notice-lost' | 'refund-unheard' | 'missing-in-bill' | 'not-in-ledger' | 'ledger-differs' | 'twice-in-bill' | 'given-back' | 'day-edge' | 'balance-differs' | 'unreadable-line'
export type Difference = { what: 'payment' | 'refund' | 'balance'; number: string; kind: DifferenceKind; state: 'open' | 'explained'; orderFen: Fen | null; ledgerFen: Fen | null; billFen: Fen | null; detail: Record<string, unknown> }
export type DayResult = { matched: number; differences: Difference[]; paidFen: Fen; refundedFen: Fen; feeFen: Fen }

/** So close to midnight a payment may stand in the bill of the next day. */
const edgeMs = 5 * 60_000

/**
 * @param book every item the book dates in the day, and every other number that the bill names as the book knows it
 * @param ledger what the posting of a number did to the till, unsigned; missing: not booked
 */
export function reconcileDay(day: { from: Instant; to: Instant }, book: readonly BookItem[], ledger: ReadonlyMap<string, Fen>, bill: readonly StatementRow[]): DayResult {
  const rows = bill.filter((row) => row.what === 'payment' || row.what === 'refund')
  const known = new Map(book.map((item) => [`${item.what} ${item.number}`, item]))
  const seen = new Map<string, StatementRow>()
  const differences: Difference[] = []
  let matched = 0
  const differ = (what: 'payment' | 'refund', number: string, kind: DifferenceKind, state: Difference['state'], item: BookItem | undefined, row: StatementRow | undefined, detail: Record<string, unknown> = {}): void => {
    differences.push({ what, number, kind, state, orderFen: item?.fen ?? null, ledgerFen: ledger.get(`${what} ${number}`) ?? null, billFen: row?.amountFen ?? null, detail: { ...(item ? { target: item.target, of: item.of } : {}), ...(row ? { platformNo: row.platformNo, billAt: row.at } : {}), ...detail } })
  }
  for (const row of rows) {
    const what = row.what as 'payment' | 'refund'
    const key = `${what} ${row.number}`
    if (seen.has(key)) {
      differ(what, row.number, 'twice-in-bill', 'open', known.get(key), row)
      continue
    }
    seen.set(key, row)
    const item = known.get(key)
    const booked = ledger.get(key)
    if (!item) differ(what, row.number, 'not-ours', 'open', undefined, row, { label: row.label })
    else if (item.fen === null) differ(what, row.number, what === 'payment' ? 'notice-lost' : 'refund-unheard', 'open', item, row)
    else if (item.fen !== row.amountFen) differ(what, row.number, 'amount-differs', 'open', item, row)
    else if (booked === undefined) differ(what, row.number, 'not-in-ledger', 'open', item, row)
    else if (booked !== item.fen) differ(what, row.number, 'ledger-differs', 'open', item, row)
    // A payment twice, or too late: it was booked apart and went back, and the bill shows both.
    else if (item.of === 'suspense') differ(what, row.number, 'given-back', 'explained', item, row)
    else matched++
  }
  for (const item of book) {
    if (seen.has(`${item.what} ${item.number}`) || item.fen === null || item.at === null || item.at < day.from || item.at >= day.to) continue
    const edge = item.at >= day.to - edgeMs || item.at < day.from + edgeMs
    differ(item.what, item.number, edge ? 'day-edge' : 'missing-in-bill', 'open', item, undefined, { at: item.at })
  }
  const sum = (what: string, of: (row: StatementRow) => Fen): Fen => rows.filter((row) => row.what === what).reduce((total, row) => total + of(row), 0)
  return { matched, differences, paidFen: sum('payment', (row) => row.amountFen), refundedFen: sum('refund', (row) => row.amountFen), feeFen: rows.reduce((total, row) => total + row.feeFen, 0) }
}

/** A difference of an earlier day that a later one explains: the number stands in this bill with the same amount. */
export const explainedBy = (difference: Pick<Difference, 'what' | 'number' | 'kind' | 'orderFen'>, bill: readonly StatementRow[]): boolean =>
  (difference.kind === 'missing-in-bill' || difference.kind === 'day-edge') && bill.some((row) => row.what === difference.what && row.number === difference.number && row.amountFen === difference.orderFen)

export type ShopOrderItem = { orderId: string; paidFen: Fen; refundedFen: Fen; settledAt: Instant | null }
export type ShopFlow = { flowId: string; fundsType: number; direction: number; amountFen: Fen; orderId: string; at: Instant }

/**
 * The Shop's wallet against the order book: an order that is settled brought what was paid less what was refunded, over all its flows (income in, refunds out).
 * @param settled orders the book calls settled in the time, and every order a flow names
 */
export function reconcileShop(settled: readonly ShopOrderItem[], flows: readonly ShopFlow[], unknown: ReadonlySet<string>): { matched: number; differences: Difference[] } {
  const income = new Map<string, Fen>()
  for (const flow of flows) {
    if (flow.orderId === '' || (flow.fundsType !== 1 && flow.fundsType !== 3)) continue
    income.set(flow.orderId, (income.get(flow.orderId) ?? 0) + (flow.direction === 1 ? flow.amountFen : -flow.amountFen))
  }
  const differences: Difference[] = []
  let matched = 0
  for (const orderId of unknown) differences.push({ what: 'payment', number: orderId, kind: 'not-ours', state: 'open', orderFen: null, ledgerFen: null, billFen: income.get(orderId) ?? null, detail: {} })
  for (const order of settled) {
    const netFen = order.paidFen - order.refundedFen
    const found = income.get(order.orderId)
    if (found === netFen || (found === undefined && netFen === 0)) matched++
    else if (found === undefined) differences.push({ what: 'payment', number: order.orderId, kind: 'missing-in-bill', state: 'open', orderFen: netFen, ledgerFen: null, billFen: null, detail: { settledAt: order.settledAt } })
    else differences.push({ what: 'payment', number: order.orderId, kind: 'amount-differs', state: 'open', orderFen: netFen, ledgerFen: null, billFen: found, detail: { settledAt: order.settledAt } })
  }
  return { matched, differences }
}

/** What a flow of the Shop's wallet is in the ledger (shop sheet 12): the account on the other side. */
export function shopAccount(fundsType: number): string {
  switch (fundsType) {
    case 1: case 3: return 'till:shop'
    case 2: return 'fee:shop'
    case 4: case 5: return 'bank:shop'
    case 6: case 7: case 9: case 10: case 11: case 12: case 99: return 'commission:shop'
    case 8: case 16: return 'cost:freight-insurance'
    case 14: case 15: return 'advance:shop'
    default: return 'other:shop'
  }
}
