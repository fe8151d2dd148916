import type { Tx } from '../../kernel/db/index.ts'
import type { Recorder } from '../checkout/index.ts'

/** What plays ask of payment and stock; wired in the composition root. */
export type PromotionPorts = {
  /** Pays a whole order back. Told twice, it is paid back once. */
  refundWhole(tx: Tx, work: Recorder, orderId: string, reason: string): Promise<void>
  /** Pays part of an order back; undefined when no more than `leftFen` is left. */
  refundPart(tx: Tx, work: Recorder, orderId: string, wish: { amountFen: number; skuId: string | null; reason: string }): Promise<{ refundId: string } | undefined>
  /** Units of an order that never left go back to where the mall sells them. */
  unsell(tx: Tx, work: Recorder, orderId: string, lines: ReadonlyArray<{ skuId: string; quantity: number }>): Promise<void>
  /** Pays back what was paid for a top-up or a deposit. */
  refundBill(tx: Tx, work: Recorder, billId: string, amountFen: number, reason: string, refundId?: string): Promise<{ refundId: string } | undefined>
  /** Paid top-ups of a person with what of each has not been paid back, newest first. */
  topUpsOf(tx: Tx, tenantId: number, personId: string): Promise<Array<{ billId: string; leftFen: number }>>
}
