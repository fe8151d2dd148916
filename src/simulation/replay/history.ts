import { yuanToFen, type Fen } from '../../kernel/money.ts'
import { parseLocal } from '../../kernel/calendar.ts'
import type { Instant } from '../../kernel/clock.ts'
import type { Ledger } from './ledger.ts'

/** One line of the file, read. Prices are taken as yuan and round half up to fen before the quantity. */
export type SourceLine = { lineNo: number; invoice: string; sku: string; title: string; quantity: number; at: Instant; priceFen: Fen; rounded: boolean; customer: string | null }
export type BadRow = { lineNo: number; reason: string; content: string }

export const columns = ['InvoiceNo', 'StockCode', 'Description', 'Quantity', 'InvoiceDate', 'UnitPrice', 'CustomerID'] as const

/** @param cells by column name; a missing column is undefined. */
export function readLine(lineNo: number, cells: Record<string, string | undefined>): SourceLine | BadRow {
  const bad = (reason: string): BadRow => ({ lineNo, reason, content: Object.values(cells).join(',').slice(0, 300) })
  for (const column of ['InvoiceNo', 'StockCode', 'Quantity', 'InvoiceDate', 'UnitPrice', 'CustomerID'] as const) if (cells[column] === undefined) return bad(`the column ${column} is missing`)
  for (const name in cells) if (cells[name]?.includes('\ufffd')) return bad('the text is not UTF-8')
  const quantity = cells.Quantity!.trim()
  if (!/^-?\d+$/.test(quantity) || !Number.isSafeInteger(Number(quantity))) return bad(`Quantity ${JSON.stringify(quantity)} is not an integer`)
  const price = yuanToFen(cells.UnitPrice!)
  if (!price) return bad(`UnitPrice ${JSON.stringify(cells.UnitPrice)} is not a decimal number`)
  const at = parseLocal(cells.InvoiceDate!)
  if (at === undefined) return bad(`InvoiceDate ${JSON.stringify(cells.InvoiceDate)} is not YYYY-MM-DD HH:MM:SS`)
  const invoice = cells.InvoiceNo!.trim()
  const sku = cells.StockCode!.trim()
  if (invoice === '') return bad('InvoiceNo is empty')
  if (sku === '') return bad('StockCode is empty')
  const customer = cells.CustomerID!.trim()
  return { lineNo, invoice, sku, title: (cells.Description ?? '').trim() || sku, quantity: Number(quantity), at, priceFen: price.fen, rounded: price.rounded, customer: customer === '' ? null : customer }
}

export type AdjustmentKind = 'refund-unlinked' | 'write-off' | 'sample' | 'bad-debt' | 'fee' | 'discount' | 'other'
export type PlannedOrder = {
  invoice: string
  customer: string | null
  at: Instant
  lines: Array<{ sku: string; title: string; count: number; priceFen: Fen; sourceLines: number[] }>
}
export type PlannedRefund = { key: string; invoice: string; orderInvoice: string; orderLine: number; count: number; amountFen: Fen; at: Instant; reason: string }
export type PlannedAdjustment = { key: string; at: Instant; kind: AdjustmentKind; customer: string | null; sku: string; quantity: number; amountFen: Fen; reason: string; sourceRef: string }
export type Planned = { order: PlannedOrder | null; refunds: PlannedRefund[]; adjustments: PlannedAdjustment[] }

/**
 * Turns one invoice into what a platform can hold (an order), refunds of earlier lines, and adjustments.
 * An order holds every line with a positive quantity and a positive price, postage and manual items as service SKUs, except bad-debt
 * bookings (invoices starting with A). Equal SKUs at an equal price merge. A cancellation goes back over the buyer's earlier lines of that
 * SKU, newest first, each up to what is left of its quantity and money; what finds no line is an unlinked refund.
 * @param ledger what is left per buyer and SKU; changed.
 */
export function planInvoice(lines: readonly SourceLine[], ledger: Ledger): Planned {
  const first = lines[0]
  const planned: Planned = { order: null, refunds: [], adjustments: [] }
  const orderLines = new Map<string, PlannedOrder['lines'][number]>()
  for (const line of lines) {
    const total = line.priceFen * line.quantity
    const sourceRef = `${line.invoice}#${line.lineNo}`
    if (line.quantity > 0 && line.priceFen > 0 && !line.invoice.startsWith('A')) {
      const key = `${line.sku}\u0000${line.priceFen}`
      const known = orderLines.get(key)
      if (known) {
        known.count += line.quantity
        known.sourceLines.push(line.lineNo)
      } else orderLines.set(key, { sku: line.sku, title: line.title, count: line.quantity, priceFen: line.priceFen, sourceLines: [line.lineNo] })
      continue
    }
    if (line.quantity < 0 && line.priceFen > 0 && line.invoice.startsWith('C')) {
      let quantity = -line.quantity
      let fen = -total
      if (line.customer !== null) {
        for (const [part, taken] of ledger.take(line.customer, line.sku, quantity, line.priceFen).entries()) {
          quantity -= taken.count
          fen -= taken.amountFen
          planned.refunds.push({ key: `${sourceRef}/${part}`, invoice: line.invoice, orderInvoice: taken.invoice, orderLine: taken.line, count: taken.count, amountFen: taken.amountFen, at: line.at, reason: sourceRef })
        }
      }
      if (quantity > 0 || fen > 0) {
        planned.adjustments.push({ key: sourceRef, at: line.at, kind: 'refund-unlinked', customer: line.customer, sku: line.sku, quantity: 0 - quantity, amountFen: 0 - fen, reason: `取消 ${line.title}`, sourceRef })
      }
      continue
    }
    planned.adjustments.push({ key: sourceRef, at: line.at, kind: kindOf(line), customer: line.customer, sku: line.sku, quantity: line.quantity, amountFen: total, reason: line.title, sourceRef })
  }
  if (orderLines.size > 0) {
    const list = [...orderLines.values()]
    planned.order = { invoice: first.invoice, customer: first.customer, at: first.at, lines: list }
    if (first.customer !== null) {
      for (const [index, line] of list.entries()) ledger.add(first.customer, line.sku, { invoice: first.invoice, line: index, quantity: line.count, fen: line.count * line.priceFen })
    }
  }
  return planned
}

function kindOf(line: SourceLine): AdjustmentKind {
  if (line.invoice.startsWith('A')) return 'bad-debt'
  if (line.sku === 'S') return 'sample'
  if (line.sku === 'D') return 'discount'
  if (line.sku === 'AMAZONFEE' || line.sku === 'BANK CHARGES' || line.sku === 'CRUK') return 'fee'
  if (line.priceFen === 0) return line.quantity < 0 ? 'write-off' : 'sample'
  return 'other'
}
