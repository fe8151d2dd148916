import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'

/** What the given orders of a shelf took of which SKU. */
export function linesOfOrders(tx: Tx, tenantId: number, shelf: 'shop' | 'mall', orderIds: readonly string[]): Promise<Array<{ orderId: string; skuId: string; quantity: number }>> {
  return tx.query(
    `select order_id as "orderId", sku_id as "skuId", quantity from order_line where tenant_id = $1 and shelf = $2 and order_id = any($3) order by order_id, line_no`,
    [tenantId, shelf, orderIds],
  )
}

/** Which of these orders are paid. */
export async function paidOrders(tx: Tx, tenantId: number, shelf: 'shop' | 'mall', orderIds: readonly string[]): Promise<Set<string>> {
  if (orderIds.length === 0) return new Set()
  const rows = await tx.query<{ orderId: string }>(`select order_id as "orderId" from shop_order where tenant_id = $1 and shelf = $2 and order_id = any($3) and paid_at is not null order by order_id`, [tenantId, shelf, orderIds])
  return new Set(rows.map((row) => row.orderId))
}

/** Pieces of the given SKUs in paid orders since `from`, by shelf and day number (days of Asia/Shanghai since 1970). */
export function soldByDay(tx: Tx, tenantId: number, skuIds: readonly string[], from: Instant): Promise<Array<{ shelf: string; day: number; quantity: number }>> {
  return tx.query(
    `select o.shelf, ((o.paid_at + 28800000) / 86400000)::int as day, sum(l.quantity)::int as quantity
     from shop_order o join order_line l on l.tenant_id = o.tenant_id and l.shelf = o.shelf and l.order_id = o.order_id
     where o.tenant_id = $1 and o.placed_at >= $3::bigint - 172800000 and o.paid_at >= $3 and l.sku_id = any($2)
     group by 1, 2 order by 1, 2`,
    [tenantId, skuIds, from],
  )
}

/** Pieces in paid orders since `from`, by shelf, SKU as that shelf names it, and day number. */
export function soldByDaySku(tx: Tx, tenantId: number, skuIds: readonly string[], from: Instant): Promise<Array<{ shelf: string; skuId: string; day: number; quantity: number }>> {
  return tx.query(
    `select o.shelf, l.sku_id as "skuId", ((o.paid_at + 28800000) / 86400000)::int as day, sum(l.quantity)::int as quantity
     from shop_order o join order_line l on l.tenant_id = o.tenant_id and l.shelf = o.shelf and l.order_id = o.order_id
     where o.tenant_id = $1 and o.placed_at >= $3::bigint - 172800000 and o.paid_at >= $3 and l.sku_id = any($2)
     group by 1, 2, 3 order by 1, 2, 3`,
    [tenantId, skuIds, from],
  )
}

/** Pieces in paid orders since `from`, by shelf and SKU as that shelf names it. */
export function soldBySku(tx: Tx, tenantId: number, skuIds: readonly string[], from: Instant): Promise<Array<{ shelf: string; skuId: string; quantity: number }>> {
  return tx.query(
    // Lines first: a page of SKUs has few of them, the window has all orders of a month.
    `with l as materialized (select tenant_id, shelf, order_id, sku_id, quantity from order_line where tenant_id = $1 and sku_id = any($2))
     select o.shelf, l.sku_id as "skuId", sum(l.quantity)::int as quantity
     from l join shop_order o on o.tenant_id = $1 and o.shelf = l.shelf and o.order_id = l.order_id
     where o.placed_at >= $3::bigint - 172800000 and o.paid_at >= $3
     group by 1, 2 order by 1, 2`,
    [tenantId, skuIds, from],
  )
}
