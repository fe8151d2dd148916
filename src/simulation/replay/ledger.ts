import type { Fen } from '../../kernel/money.ts'

/** Part of an order line that a cancellation takes: which line, how much of it. */
export type Taken = { invoice: string; line: number; count: number; amountFen: Fen }

/**
 * What is left of every order line for later cancellations, per buyer and SKU (账). Half a million lines a year: kept as columns of numbers, each
 * buyer's lines chained from the newest to the oldest; about 30 bytes a line.
 */
export type Ledger = {
  add(buyer: string, sku: string, line: { invoice: string; line: number; quantity: number; fen: Fen }): void
  /**
   * Goes back over the buyer's lines of the SKU, newest first, each up to what is left of its quantity and money.
   * @param quantity pieces to take at `priceFen` each; what finds no line is not in the answer.
   */
  take(buyer: string, sku: string, quantity: number, priceFen: Fen): Taken[]
  /** Lines held. */
  size(): number
}

export function createLedger(): Ledger {
  const skus = new Map<string, number>()
  const invoices: string[] = []
  const newest = new Map<string, number>()
  let size = 0
  let room = 4_096
  let older = new Int32Array(room)
  let skuOf = new Int32Array(room)
  let invoiceOf = new Int32Array(room)
  let lineOf = new Uint16Array(room)
  let quantity = new Int32Array(room)
  let fen = new Float64Array(room)

  function grow(): void {
    room = Math.ceil(room * 1.5)
    const wider = <T extends Int32Array | Uint16Array | Float64Array>(made: T, old: T): T => {
      made.set(old)
      return made
    }
    older = wider(new Int32Array(room), older)
    skuOf = wider(new Int32Array(room), skuOf)
    invoiceOf = wider(new Int32Array(room), invoiceOf)
    lineOf = wider(new Uint16Array(room), lineOf)
    quantity = wider(new Int32Array(room), quantity)
    fen = wider(new Float64Array(room), fen)
  }

  return {
    size: () => size,
    add(buyer, sku, left) {
      if (size === room) grow()
      let skuNo = skus.get(sku)
      if (skuNo === undefined) skus.set(sku, (skuNo = skus.size))
      if (invoices[invoices.length - 1] !== left.invoice) invoices.push(left.invoice)
      older[size] = newest.get(buyer) ?? -1
      skuOf[size] = skuNo
      invoiceOf[size] = invoices.length - 1
      lineOf[size] = left.line
      quantity[size] = left.quantity
      fen[size] = left.fen
      newest.set(buyer, size++)
    },
    take(buyer, sku, wanted, priceFen) {
      const taken: Taken[] = []
      const skuNo = skus.get(sku)
      if (skuNo === undefined) return taken
      for (let at = newest.get(buyer) ?? -1, open = wanted; at >= 0 && open > 0; at = older[at]) {
        if (skuOf[at] !== skuNo) continue
        const count = Math.min(open, quantity[at])
        const amountFen = Math.min(count * priceFen, fen[at])
        if (count <= 0 || amountFen <= 0) continue
        quantity[at] -= count
        fen[at] -= amountFen
        open -= count
        taken.push({ invoice: invoices[invoiceOf[at]], line: lineOf[at], count, amountFen })
      }
      return taken
    },
  }
}
