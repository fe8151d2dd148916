import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'
import type { MallOrder } from './mall-order.ts'

const columns = `order_id as "orderId", person_id as "personId", buyer, buyer_known as "buyerKnown", client_key as "clientKey", mini_connection_id as "miniConnectionId", pay_connection_id as "payConnectionId", state, lines,
  goods_fen as "goodsFen", discount_fen as "discountFen", freight_fen as "freightFen", total_fen as "totalFen", tenders, terms, placed_at as "placedAt", expires_at as "expiresAt", paid_at as "paidAt", transaction_id as "transactionId",
  shipped_at as "shippedAt", shipping, shipping_report as "shippingReport", received_at as "receivedAt", settled_at as "settledAt", cancelled_at as "cancelledAt", version`

/** Fresh orders, none paid yet. Columns travel as arrays: less than half the work of a list of objects for the server. */
export async function insertMallOrders(tx: Tx, tenantId: number, orders: readonly MallOrder[]): Promise<void> {
  if (orders.length === 0) return
  tx.write(
    `insert into mall_order (tenant_id, order_id, person_id, buyer, buyer_known, client_key, mini_connection_id, pay_connection_id, state, lines, goods_fen, discount_fen, freight_fen, total_fen, tenders, terms, placed_at, expires_at, shipping_report, version)
     select $1, r.order_id, r.person_id, r.buyer, r.buyer_known, r.client_key, r.mini, r.pay, 'unpaid', r.lines::jsonb, r.goods, r.discount, r.freight, r.total, r.tenders::jsonb, r.terms::jsonb, r.placed_at, r.expires_at, 'none', r.version
     from unnest($2::text[], $3::uuid[], $4::text[], $5::boolean[], $6::text[], $7::uuid[], $8::uuid[], $9::text[], $10::bigint[], $11::bigint[], $12::bigint[], $13::bigint[], $14::bigint[], $15::bigint[], $16::bigint[], $17::text[], $18::text[])
       as r(order_id, person_id, buyer, buyer_known, client_key, mini, pay, lines, goods, discount, freight, total, placed_at, expires_at, version, tenders, terms)`,
    [
      tenantId, orders.map((o) => o.orderId), orders.map((o) => o.personId), orders.map((o) => o.buyer), orders.map((o) => o.buyerKnown), orders.map((o) => o.clientKey), orders.map((o) => o.miniConnectionId), orders.map((o) => o.payConnectionId),
      orders.map((o) => JSON.stringify(o.lines)), orders.map((o) => o.goodsFen), orders.map((o) => o.discountFen), orders.map((o) => o.freightFen), orders.map((o) => o.totalFen), orders.map((o) => o.placedAt), orders.map((o) => o.expiresAt), orders.map((o) => o.version),
      orders.map((o) => JSON.stringify(o.tenders)), orders.map((o) => JSON.stringify(o.terms)),
    ],
  )
}

/** Locked for this transaction, in one order everywhere. */
export async function lockMallOrders(tx: Tx, tenantId: number, orderIds: readonly string[]): Promise<Map<string, MallOrder>> {
  const rows = await tx.query<MallOrder>(`select ${columns} from mall_order where tenant_id = $1 and order_id = any($2) order by order_id for update`, [tenantId, [...new Set(orderIds)]])
  return new Map(rows.map((row) => [row.orderId, row]))
}

export async function updateMallOrders(tx: Tx, tenantId: number, orders: readonly MallOrder[]): Promise<void> {
  if (orders.length === 0) return
  tx.write(
    `update mall_order m set state = r.state, paid_at = r."paidAt", transaction_id = r."transactionId", shipped_at = r."shippedAt", shipping = r.shipping, shipping_report = r."shippingReport", received_at = r."receivedAt", settled_at = r."settledAt",
       cancelled_at = r."cancelledAt", version = r.version
     from jsonb_to_recordset($2::jsonb) as r("orderId" text, state text, "paidAt" bigint, "transactionId" text, "shippedAt" bigint, shipping jsonb, "shippingReport" text, "receivedAt" bigint, "settledAt" bigint, "cancelledAt" bigint, version bigint)
     where m.tenant_id = $1 and m.order_id = r."orderId"`,
    [tenantId, JSON.stringify(orders)],
  )
}

export function ordersByClientKey(tx: Tx, tenantId: number, keys: ReadonlyArray<{ buyer: string; clientKey: string }>): Promise<MallOrder[]> {
  return tx.query(
    `select ${columns} from mall_order where tenant_id = $1 and (buyer, client_key) in (select * from unnest($2::text[], $3::text[])) order by order_id`,
    [tenantId, keys.map((k) => k.buyer), keys.map((k) => k.clientKey)],
  )
}

/** Orders as they are now, unlocked. */
export function readMallOrders(tx: Tx, tenantId: number, orderIds: readonly string[]): Promise<MallOrder[]> {
  return tx.query(`select ${columns} from mall_order where tenant_id = $1 and order_id = any($2) order by order_id`, [tenantId, orderIds])
}

export async function findMallOrder(tx: Tx, tenantId: number, orderId: string): Promise<MallOrder | undefined> {
  const [row] = await tx.query<MallOrder>(`select ${columns} from mall_order where tenant_id = $1 and order_id = $2`, [tenantId, orderId])
  return row
}

export function ordersOfBuyer(tx: Tx, tenantId: number, buyer: string, before: Instant | null, limit: number): Promise<MallOrder[]> {
  return tx.query(`select ${columns} from mall_order where tenant_id = $1 and buyer = $2 and ($3::bigint is null or placed_at < $3) order by placed_at desc, order_id desc limit $4`, [tenantId, buyer, before, limit])
}

export type UnsettledOrder = { orderId: string; state: string; shippingReport: string; paidAt: Instant; shippedAt: Instant | null; totalFen: number }

/** Orders whose money WeChat keeps frozen because it does not know of a parcel: the report was refused, or nothing left within `patienceMs` of paying. */
export function blockedSettlements(tx: Tx, tenantId: number, now: Instant, patienceMs: number): Promise<UnsettledOrder[]> {
  return tx.query(
    `select order_id as "orderId", state, shipping_report as "shippingReport", paid_at as "paidAt", shipped_at as "shippedAt", total_fen as "totalFen" from mall_order
     where tenant_id = $1 and settled_at is null and (shipping_report = 'refused' or (state in ('paid', 'part_shipped') and paid_at <= $2::bigint - $3::bigint)) order by paid_at, order_id limit 500`,
    [tenantId, now, patienceMs],
  )
}

/** Buyers of limited goods one after the other, also across servers: who waits sees what was counted before. In order, so that two batches never wait for each other. */
export async function queueBuyers(tx: Tx, tenantId: number, buyers: readonly string[]): Promise<void> {
  await tx.query(`select pg_advisory_xact_lock(hashtextextended($1::text || ' ' || b, 0)) from (select b from unnest($2::text[]) as b order by b) sorted`, [`limit ${tenantId}`, [...new Set(buyers)]])
}

/** Pieces of these products in orders of these buyers that were not cancelled or wholly refunded. */
export function piecesBought(tx: Tx, tenantId: number, buyers: readonly string[], productIds: readonly string[]): Promise<Array<{ buyer: string; productId: string; pieces: number }>> {
  return tx.query(
    `select o.buyer, line->>'productId' as "productId", sum((line->>'quantity')::int)::int as pieces from mall_order o cross join lateral jsonb_array_elements(o.lines) as line
     where o.tenant_id = $1 and o.buyer = any($2::text[]) and o.state not in ('cancelled', 'refunded') and line->>'productId' = any($3::text[]) group by 1, 2 order by 1, 2`,
    [tenantId, [...new Set(buyers)], [...new Set(productIds)]],
  )
}
