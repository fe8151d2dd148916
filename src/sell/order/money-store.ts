import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'

/** What the order book says of money, for the comparison with ledger and bills. */
export function shelfTotals(tx: Tx, tenantId: number, from: Instant, to: Instant): Promise<Array<{ shelf: 'shop' | 'mall'; orders: number; paidFen: number; refundedFen: number }>> {
  return tx.query(
    `select shelf, count(*) filter (where paid_at >= $2 and paid_at < $3) as orders, coalesce(sum(paid_fen) filter (where paid_at >= $2 and paid_at < $3), 0)::bigint as "paidFen",
       (select coalesce(sum(r.amount_fen), 0)::bigint from refund r where r.tenant_id = $1 and r.shelf = o.shelf and r.status = 'done' and r.finished_at >= $2 and r.finished_at < $3) as "refundedFen"
     from shop_order o where o.tenant_id = $1 group by shelf order by shelf`,
    [tenantId, from, to],
  )
}

/** Finished refunds of a shelf in a time. */
export function refundsDone(tx: Tx, tenantId: number, shelf: 'shop' | 'mall', from: Instant, to: Instant): Promise<Array<{ refundId: string; orderId: string; amountFen: number; finishedAt: Instant }>> {
  return tx.query(`select refund_id as "refundId", order_id as "orderId", amount_fen as "amountFen", finished_at as "finishedAt" from refund where tenant_id = $1 and shelf = $2 and status = 'done' and finished_at >= $3 and finished_at < $4 order by refund_id`, [tenantId, shelf, from, to])
}

/** Money of the given orders as the book has it. */
export async function orderMoney(tx: Tx, tenantId: number, shelf: 'shop' | 'mall', orderIds: readonly string[]): Promise<Map<string, { orderId: string; paidFen: number; refundedFen: number; paidAt: Instant | null; settledAt: Instant | null; status: string }>> {
  if (orderIds.length === 0) return new Map()
  const rows = await tx.query<{ orderId: string; paidFen: number; refundedFen: number; paidAt: Instant | null; settledAt: Instant | null; status: string }>(
    `select order_id as "orderId", paid_fen as "paidFen", refunded_fen as "refundedFen", paid_at as "paidAt", settled_at as "settledAt", status from shop_order where tenant_id = $1 and shelf = $2 and order_id = any($3) order by order_id`,
    [tenantId, shelf, [...new Set(orderIds)]],
  )
  return new Map(rows.map((row) => [row.orderId, row]))
}

/** Orders that the platform says it has settled in a time. */
export function ordersSettled(tx: Tx, tenantId: number, shelf: 'shop' | 'mall', from: Instant, to: Instant): Promise<Array<{ orderId: string; paidFen: number; refundedFen: number; settledAt: Instant }>> {
  return tx.query(`select order_id as "orderId", paid_fen as "paidFen", refunded_fen as "refundedFen", settled_at as "settledAt" from shop_order where tenant_id = $1 and shelf = $2 and settled_at >= $3 and settled_at < $4 order by order_id`, [tenantId, shelf, from, to])
}

/** Mall orders paid in a time. A mall order is paid within minutes of its placing, so the day before is looked through too. */
export function mallOrdersPaid(tx: Tx, tenantId: number, from: Instant, to: Instant): Promise<Array<{ orderId: string; paidAt: Instant }>> {
  return tx.query(`select order_id as "orderId", paid_at as "paidAt" from shop_order where tenant_id = $1 and shelf = 'mall' and placed_at >= $2::bigint - 86400000 and placed_at < $3 and paid_at >= $2 and paid_at < $3 order by order_id`, [tenantId, from, to])
}
