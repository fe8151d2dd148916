import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'
import type { OrderSave } from './save-orders.ts'
import { linesDigest, type OrderStatus, type RefundState } from './shop-order.ts'

export type SavedHead = { version: number; platformStatus: number; paidAt: Instant | null; shippedAt: Instant | null; completedAt: Instant | null; settledAt: Instant | null; cancelledAt: Instant | null; linesDigest: string }
export type FactRow = { shelf: string; orderId: string; factId: string; occurredAt: Instant; recordedAt: Instant; kind: string; cause: string; detail: unknown }

/** Heads of the given orders, locked for this transaction, keyed "shelf/id". */
export async function findSaved(tx: Tx, tenantId: number, orders: ReadonlyArray<{ shelf: string; orderId: string }>): Promise<Map<string, SavedHead>> {
  const rows = await tx.query<SavedHead & { key: string }>(
    `select shelf || '/' || order_id as key, version, platform_status as "platformStatus", paid_at as "paidAt", shipped_at as "shippedAt", completed_at as "completedAt", settled_at as "settledAt", cancelled_at as "cancelledAt", lines_digest as "linesDigest"
     from shop_order where tenant_id = $1 and (shelf, order_id) in (select * from unnest($2::text[], $3::text[])) order by shelf, order_id for update`,
    [tenantId, orders.map((o) => o.shelf), orders.map((o) => o.orderId)],
  )
  return new Map(rows.map((row) => [row.key, row]))
}

export async function upsertOrders(tx: Tx, tenantId: number, saves: readonly OrderSave[], now: Instant): Promise<void> {
  if (saves.length === 0) return
  const rows = saves.map(({ order, personId, connectionId }) => ({
    shelf: order.shelf, order_id: order.orderId, connection_id: connectionId, person_id: personId, buyer_unknown: order.unionid === undefined, status: order.status, platform_status: order.platformStatus,
    placed_at: order.placedAt, paid_at: order.paidAt, shipped_at: order.shippedAt, completed_at: order.completedAt, settled_at: order.settledAt, cancelled_at: order.cancelledAt,
    goods_fen: order.goodsFen, freight_fen: order.freightFen, discount_fen: order.discountFen, paid_fen: order.paidFen, source: order.source, lines_digest: linesDigest(order.lines), version: order.updateTime,
  }))
  tx.write(
    `insert into shop_order (tenant_id, shelf, order_id, connection_id, person_id, buyer_unknown, status, platform_status, placed_at, paid_at, shipped_at, completed_at, settled_at, cancelled_at,
       goods_fen, freight_fen, discount_fen, paid_fen, refunded_fen, source, lines_digest, version, updated_at)
     select $1, r.shelf, r.order_id, r.connection_id, r.person_id, r.buyer_unknown, r.status, r.platform_status, r.placed_at, r.paid_at, r.shipped_at, r.completed_at, r.settled_at, r.cancelled_at,
       r.goods_fen, r.freight_fen, r.discount_fen, r.paid_fen, 0, r.source, r.lines_digest, r.version, $3
     from jsonb_to_recordset($2::jsonb) as r(shelf text, order_id text, connection_id uuid, person_id uuid, buyer_unknown boolean, status text, platform_status int, placed_at bigint, paid_at bigint,
       shipped_at bigint, completed_at bigint, settled_at bigint, cancelled_at bigint, goods_fen bigint, freight_fen bigint, discount_fen bigint, paid_fen bigint, source jsonb, lines_digest text, version bigint)
     on conflict (tenant_id, shelf, order_id) do update set person_id = excluded.person_id,
       merged_from = case when shop_order.person_id <> excluded.person_id then coalesce(shop_order.merged_from, shop_order.person_id) else shop_order.merged_from end, buyer_unknown = excluded.buyer_unknown, status = excluded.status, platform_status = excluded.platform_status,
       paid_at = coalesce(excluded.paid_at, shop_order.paid_at), shipped_at = coalesce(excluded.shipped_at, shop_order.shipped_at), completed_at = coalesce(excluded.completed_at, shop_order.completed_at),
       settled_at = coalesce(excluded.settled_at, shop_order.settled_at), cancelled_at = coalesce(excluded.cancelled_at, shop_order.cancelled_at), goods_fen = excluded.goods_fen,
       freight_fen = excluded.freight_fen, discount_fen = excluded.discount_fen, paid_fen = excluded.paid_fen, source = excluded.source, lines_digest = excluded.lines_digest, version = excluded.version, updated_at = excluded.updated_at`,
    [tenantId, JSON.stringify(rows), now],
  )
}

/** Orders of somebody who turned out to be another are that other's from now on. */
export async function moveOrders(tx: Tx, tenantId: number, merge: { kept: string; gone: string }): Promise<void> {
  tx.write(`update shop_order set person_id = $2, merged_from = coalesce(merged_from, person_id) where tenant_id = $1 and person_id = $3`, [tenantId, merge.kept, merge.gone])
}

/** A merge was undone: what had been booked for `gone`, or for those who had turned out to be `gone`, is theirs again. */
export async function returnOrders(tx: Tx, tenantId: number, gone: string, under: readonly string[]): Promise<void> {
  tx.write(`update shop_order set person_id = $2, merged_from = nullif(merged_from, $2::uuid) where tenant_id = $1 and merged_from = any($3::uuid[])`, [tenantId, gone, [gone, ...under]])
}

export async function upsertLines(tx: Tx, tenantId: number, saves: readonly OrderSave[]): Promise<void> {
  const rows = saves.flatMap(({ order }) => order.lines.map((line) => ({ order, line })))
  if (rows.length === 0) return
  tx.write(
    `insert into order_line (tenant_id, shelf, order_id, line_no, product_id, sku_id, sku_code, title, quantity, unit_fen, paid_fen, refunded_quantity, refunded_fen, note)
     select $1, r.shelf, r.order_id, r.line_no, r.product_id, r.sku_id, r.sku_code, r.title, r.quantity, r.unit_fen, r.paid_fen, 0, 0, r.note::jsonb
     from unnest($2::text[], $3::text[], $4::int[], $5::text[], $6::text[], $7::text[], $8::text[], $9::int[], $10::bigint[], $11::bigint[], $12::text[])
       as r(shelf, order_id, line_no, product_id, sku_id, sku_code, title, quantity, unit_fen, paid_fen, note)
     on conflict (tenant_id, shelf, order_id, line_no) do update set quantity = excluded.quantity, unit_fen = excluded.unit_fen, paid_fen = excluded.paid_fen, title = excluded.title, note = excluded.note
     where (order_line.quantity, order_line.unit_fen, order_line.paid_fen, order_line.title) is distinct from (excluded.quantity, excluded.unit_fen, excluded.paid_fen, excluded.title)`,
    [tenantId, rows.map((r) => r.order.shelf), rows.map((r) => r.order.orderId), rows.map((r) => r.line.lineNo), rows.map((r) => r.line.productId), rows.map((r) => r.line.skuId), rows.map((r) => r.line.skuCode),
      rows.map((r) => r.line.title), rows.map((r) => r.line.quantity), rows.map((r) => r.line.unitFen), rows.map((r) => r.line.paidFen), rows.map((r) => JSON.stringify(r.line.note))],
  )
}

export async function appendFacts(tx: Tx, tenantId: number, facts: readonly FactRow[]): Promise<void> {
  if (facts.length === 0) return
  tx.write(
    `insert into order_fact (tenant_id, shelf, order_id, fact_id, occurred_at, recorded_at, kind, cause, detail)
     select $1, r.shelf, r.order_id, r.fact_id, r.occurred_at, r.recorded_at, r.kind, r.cause, r.detail::jsonb
     from unnest($2::text[], $3::text[], $4::uuid[], $5::bigint[], $6::bigint[], $7::text[], $8::text[], $9::text[]) as r(shelf, order_id, fact_id, occurred_at, recorded_at, kind, cause, detail)`,
    [tenantId, facts.map((f) => f.shelf), facts.map((f) => f.orderId), facts.map((f) => f.factId), facts.map((f) => f.occurredAt), facts.map((f) => f.recordedAt), facts.map((f) => f.kind), facts.map((f) => f.cause), facts.map((f) => JSON.stringify(f.detail))],
  )
}

export async function findRefunds(tx: Tx, tenantId: number, refunds: ReadonlyArray<{ shelf: string; refundId: string }>): Promise<Map<string, { status: RefundState['status'] }>> {
  const rows = await tx.query<{ key: string; status: RefundState['status'] }>(
    `select shelf || '/' || refund_id as key, status from refund where tenant_id = $1 and (shelf, refund_id) in (select * from unnest($2::text[], $3::text[])) order by 1`,
    [tenantId, refunds.map((r) => r.shelf), refunds.map((r) => r.refundId)],
  )
  return new Map(rows.map((row) => [row.key, row]))
}

export async function upsertRefunds(tx: Tx, tenantId: number, refunds: readonly RefundState[]): Promise<void> {
  if (refunds.length === 0) return
  tx.write(
    `insert into refund (tenant_id, shelf, refund_id, order_id, line_no, sku_id, quantity, amount_fen, status, requested_at, finished_at, reason)
     select $1, r.shelf, r.refund_id, r.order_id, l.line_no, r.sku_id, r.quantity, r.amount_fen, r.status, r.requested_at, r.finished_at, r.reason
     from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::int[], $7::bigint[], $8::text[], $9::bigint[], $10::bigint[], $11::text[])
       as r(shelf, refund_id, order_id, sku_id, quantity, amount_fen, status, requested_at, finished_at, reason)
     left join lateral (
       select l.line_no from order_line l where l.tenant_id = $1 and l.shelf = r.shelf and l.order_id = r.order_id and l.sku_id = r.sku_id
       order by (l.paid_fen - l.refunded_fen >= r.amount_fen) desc, l.line_no limit 1
     ) l on true
     on conflict (tenant_id, shelf, refund_id) do update set status = excluded.status, amount_fen = excluded.amount_fen, finished_at = excluded.finished_at, line_no = coalesce(excluded.line_no, refund.line_no)`,
    [tenantId, refunds.map((r) => r.shelf), refunds.map((r) => r.refundId), refunds.map((r) => r.orderId), refunds.map((r) => r.skuId), refunds.map((r) => r.quantity), refunds.map((r) => r.amountFen), refunds.map((r) => r.status), refunds.map((r) => r.requestedAt), refunds.map((r) => r.finishedAt), refunds.map((r) => r.reason)],
  )
}

/** The keys "shelf/id" of `$2` as rows that an index can meet. */
const orderKeyRows = `(select split_part(k, '/', 1), substr(k, strpos(k, '/') + 1) from unnest($2::text[]) k)`

/** "shelf/id" of those orders that have refunds. */
export async function ordersWithRefunds(tx: Tx, tenantId: number, orders: ReadonlyArray<{ shelf: string; orderId: string }>): Promise<string[]> {
  if (orders.length === 0) return []
  const rows = await tx.query<{ key: string }>(
    `select distinct shelf || '/' || order_id as key from refund where tenant_id = $1 and (shelf, order_id) in (select * from unnest($2::text[], $3::text[])) order by 1`,
    [tenantId, orders.map((o) => o.shelf), orders.map((o) => o.orderId)],
  )
  return rows.map((row) => row.key)
}

/** Refunds that came before their order find its line: of their SKU, the first with enough money left. */
export async function linkRefunds(tx: Tx, tenantId: number, orderKeys: readonly string[]): Promise<void> {
  tx.write(
    `update refund r set line_no = (
       select l.line_no from order_line l where l.tenant_id = $1 and l.shelf = r.shelf and l.order_id = r.order_id and l.sku_id = r.sku_id
       order by (l.paid_fen - l.refunded_fen >= r.amount_fen) desc, l.line_no limit 1)
     where r.tenant_id = $1 and r.line_no is null and r.sku_id is not null and (r.shelf, r.order_id) in ${orderKeyRows}`,
    [tenantId, orderKeys],
  )
}

/** The order's refunded amount is the sum of its finished refunds, never more than was paid. */
export async function refundTotals(tx: Tx, tenantId: number, orderKeys: readonly string[]): Promise<void> {
  tx.write(
    `update shop_order o set refunded_fen = least(o.paid_fen, s.total)
     from (select shelf, order_id, sum(amount_fen)::bigint as total from refund where tenant_id = $1 and status = 'done' and (shelf, order_id) in ${orderKeyRows} group by shelf, order_id) s
     where o.tenant_id = $1 and o.shelf = s.shelf and o.order_id = s.order_id`,
    [tenantId, orderKeys],
  )
}

export async function applyLineRefunds(tx: Tx, tenantId: number, orderKeys: readonly string[]): Promise<void> {
  tx.write(
    `update order_line l set refunded_fen = least(l.paid_fen, s.total), refunded_quantity = least(l.quantity, s.quantity)
     from (select shelf, order_id, line_no, sum(amount_fen)::bigint as total, sum(quantity)::int as quantity
           from refund where tenant_id = $1 and status = 'done' and line_no is not null and (shelf, order_id) in ${orderKeyRows} group by shelf, order_id, line_no) s
     where l.tenant_id = $1 and l.shelf = s.shelf and l.order_id = s.order_id and l.line_no = s.line_no`,
    [tenantId, orderKeys],
  )
}

export type OrderRow = {
  shelf: 'shop' | 'mall'; orderId: string; personId: string; buyerUnknown: boolean; status: OrderStatus; placedAt: Instant; paidAt: Instant | null; shippedAt: Instant | null
  completedAt: Instant | null; settledAt: Instant | null; cancelledAt: Instant | null; goodsFen: number; freightFen: number; discountFen: number; paidFen: number; refundedFen: number
  source: Record<string, unknown>; lineCount: number; firstTitle: string | null
}
const orderColumns = `o.shelf, o.order_id as "orderId", o.person_id as "personId", o.buyer_unknown as "buyerUnknown", o.status, o.placed_at as "placedAt", o.paid_at as "paidAt", o.shipped_at as "shippedAt",
  o.completed_at as "completedAt", o.settled_at as "settledAt", o.cancelled_at as "cancelledAt", o.goods_fen as "goodsFen", o.freight_fen as "freightFen", o.discount_fen as "discountFen",
  o.paid_fen as "paidFen", o.refunded_fen as "refundedFen", o.source,
  (select count(*) from order_line l where l.tenant_id = o.tenant_id and l.shelf = o.shelf and l.order_id = o.order_id) as "lineCount",
  (select title from order_line l where l.tenant_id = o.tenant_id and l.shelf = o.shelf and l.order_id = o.order_id order by line_no limit 1) as "firstTitle"`

export type OrderFilter = { search?: string; shelf?: string; status?: string; from?: Instant; to?: Instant; personId?: string; unknownOnly?: boolean; /** What `search` found; looked up once for the page and its sums. */ found?: ReadonlyArray<{ shelf: string; orderId: string }> }

/** Words of goods are looked for in so many of the newest orders; numbers and codes in all of them. */
const searchedNewest = 3_000
/** Sums and count are exact up to so many orders; beyond that they are of the newest so many, and `atLeast` says so. */
const summedNewest = 20_000

/**
 * Comparisons of text by range and by equality are the ones that row-level security lets an index answer (they are leakproof; LIKE is not): a number is found by
 * its beginning in order_id, by its end in order_tail, the same digits backwards.
 */
async function findByWords(tx: Tx, tenantId: number, search: string): Promise<Array<{ shelf: string; orderId: string }>> {
  return tx.query(
    `select x.shelf, x.order_id as "orderId" from (
       select f.shelf, f.order_id from shop_order f where f.tenant_id = $1 and f.order_id collate "C" >= $2 and f.order_id collate "C" < $2 || chr(1114111)
       union select f.shelf, f.order_id from shop_order f where f.tenant_id = $1 and f.order_tail collate "C" >= $3 and f.order_tail collate "C" < $3 || chr(1114111)
       union select l.shelf, l.order_id from order_line l where l.tenant_id = $1 and l.sku_code = $2
       union select l.shelf, l.order_id from (select r.shelf, r.order_id from shop_order r where r.tenant_id = $1 and $4::boolean order by r.placed_at desc, r.order_id desc limit ${searchedNewest}) r
         join order_line l on l.tenant_id = $1 and l.shelf = r.shelf and l.order_id = r.order_id where l.title ilike '%' || $2 || '%') x
     order by x.order_id desc, x.shelf limit ${summedNewest + 1}`,
    [tenantId, search, [...search].reverse().join(''), !/^\d{6,}$/.test(search)],
  )
}

function filterSql(filter: OrderFilter): { where: string; params: unknown[] } {
  const params: unknown[] = []
  const parts: string[] = []
  const add = (sql: (n: number) => string, value: unknown): void => {
    params.push(value)
    parts.push(sql(params.length + 1))
  }
  if (filter.found) {
    add((n) => `(o.shelf, o.order_id) in (select * from unnest($${n}::text[], $${n + 1}::text[]))`, filter.found.map((one) => one.shelf))
    params.push(filter.found.map((one) => one.orderId))
  }
  if (filter.shelf) add((n) => `o.shelf = $${n}`, filter.shelf)
  if (filter.status) add((n) => `o.status = $${n}`, filter.status)
  if (filter.from !== undefined) add((n) => `o.placed_at >= $${n}`, filter.from)
  if (filter.to !== undefined) add((n) => `o.placed_at < $${n}`, filter.to)
  if (filter.personId) add((n) => `o.person_id = $${n}`, filter.personId)
  if (filter.unknownOnly) parts.push('o.buyer_unknown')
  return { where: parts.map((part) => ` and ${part}`).join(''), params }
}

/** A page of orders, newest first, with the total of the filter. */
export async function listOrders(tx: Tx, tenantId: number, filter: OrderFilter, page: { offset: number; limit: number }): Promise<{ rows: OrderRow[]; total: number; paidFen: number; refundedFen: number; atLeast: boolean }> {
  const { where, params } = filterSql(filter.search ? { ...filter, found: await findByWords(tx, tenantId, filter.search) } : filter)
  const [sum] = await tx.query<{ total: number; paidFen: number; refundedFen: number }>(
    `select count(*) as total, coalesce(sum(paid_fen), 0)::bigint as "paidFen", coalesce(sum(refunded_fen), 0)::bigint as "refundedFen"
     from (select o.paid_fen, o.refunded_fen from shop_order o where o.tenant_id = $1${where} order by o.placed_at desc, o.order_id desc limit ${summedNewest + 1}) o`,
    [tenantId, ...params],
  )
  const rows = await tx.query<OrderRow>(
    `select ${orderColumns} from shop_order o where o.tenant_id = $1${where} order by o.placed_at desc, o.order_id desc limit $${params.length + 2} offset $${params.length + 3}`,
    [tenantId, ...params, page.limit, page.offset],
  )
  return { rows, ...sum, atLeast: sum.total > summedNewest }
}

export async function streamOrders(tx: Tx, tenantId: number, filter: OrderFilter, onRows: (rows: OrderRow[]) => Promise<void> | void): Promise<void> {
  for (let offset = 0; ; offset += 1000) {
    const { rows } = await listOrders(tx, tenantId, filter, { offset, limit: 1000 })
    if (rows.length > 0) await onRows(rows)
    if (rows.length < 1000) return
  }
}

export async function findOrder(tx: Tx, tenantId: number, shelf: string, orderId: string): Promise<OrderRow | undefined> {
  const [row] = await tx.query<OrderRow>(`select ${orderColumns} from shop_order o where o.tenant_id = $1 and o.shelf = $2 and o.order_id = $3`, [tenantId, shelf, orderId])
  return row
}

/** The account an order came through; undefined for orders of the mall and unknown ones. */
export async function connectionOfOrder(tx: Tx, tenantId: number, shelf: string, orderId: string): Promise<string | undefined> {
  const [row] = await tx.query<{ connectionId: string | null }>(`select connection_id as "connectionId" from shop_order where tenant_id = $1 and shelf = $2 and order_id = $3`, [tenantId, shelf, orderId])
  return row?.connectionId ?? undefined
}

/** Paid orders with something left to ship, the longest waiting first. */
export function ordersToShip(tx: Tx, tenantId: number, filter: { shelf?: 'shop' | 'mall'; orderIds?: readonly string[] }, page: { offset: number; limit: number }): Promise<OrderRow[]> {
  return tx.query(
    `select ${orderColumns} from shop_order o where o.tenant_id = $1 and o.status in ('to_ship', 'part_shipped') and ($2::text is null or o.shelf = $2) and ($3::text[] is null or o.order_id = any($3)) order by o.paid_at, o.order_id offset $4 limit $5`,
    [tenantId, filter.shelf ?? null, filter.orderIds ? [...filter.orderIds] : null, page.offset, page.limit],
  )
}

export async function toShipCounts(tx: Tx, tenantId: number, overdueBefore: Instant): Promise<{ all: number; overdue: number }> {
  const [row] = await tx.query<{ all: number; overdue: number }>(`select count(*)::int as "all", (count(*) filter (where paid_at <= $2))::int as overdue from shop_order where tenant_id = $1 and status in ('to_ship', 'part_shipped')`, [tenantId, overdueBefore])
  return row
}

export function listOrderLines(tx: Tx, tenantId: number, shelf: string, orderId: string): Promise<Array<{ lineNo: number; productId: string; skuId: string; skuCode: string; title: string; quantity: number; unitFen: number; paidFen: number; refundedQuantity: number; refundedFen: number; note: unknown }>> {
  return tx.query(
    `select line_no as "lineNo", product_id as "productId", sku_id as "skuId", sku_code as "skuCode", title, quantity, unit_fen as "unitFen", paid_fen as "paidFen", refunded_quantity as "refundedQuantity", refunded_fen as "refundedFen", note
     from order_line where tenant_id = $1 and shelf = $2 and order_id = $3 order by line_no`,
    [tenantId, shelf, orderId],
  )
}

export function listFacts(tx: Tx, tenantId: number, shelf: string, orderId: string): Promise<FactRow[]> {
  return tx.query(
    `select shelf, order_id as "orderId", fact_id as "factId", occurred_at as "occurredAt", recorded_at as "recordedAt", kind, cause, detail
     from order_fact where tenant_id = $1 and shelf = $2 and order_id = $3 order by occurred_at, recorded_at, fact_id`,
    [tenantId, shelf, orderId],
  )
}

export function listRefunds(tx: Tx, tenantId: number, shelf: string, orderId: string): Promise<Array<{ refundId: string; lineNo: number | null; quantity: number; amountFen: number; status: string; requestedAt: Instant; finishedAt: Instant | null; reason: string }>> {
  return tx.query(
    `select refund_id as "refundId", line_no as "lineNo", quantity, amount_fen as "amountFen", status, requested_at as "requestedAt", finished_at as "finishedAt", reason
     from refund where tenant_id = $1 and shelf = $2 and order_id = $3 order by requested_at, refund_id`,
    [tenantId, shelf, orderId],
  )
}

export function ordersOfPerson(tx: Tx, tenantId: number, personId: string, limit: number): Promise<OrderRow[]> {
  return tx.query(`select ${orderColumns} from shop_order o where o.tenant_id = $1 and o.person_id = $2 order by o.placed_at desc, o.order_id limit $3`, [tenantId, personId, limit])
}

/** Paid orders and net money (paid minus refunded, fen) of each of these people. */
export function sumsByPerson(tx: Tx, tenantId: number, personIds: readonly string[]): Promise<Array<{ personId: string; orders: number; netFen: number; lastAt: Instant | null }>> {
  return tx.query(
    `select person_id as "personId", count(*) as orders, coalesce(sum(paid_fen - refunded_fen), 0)::bigint as "netFen", max(placed_at) as "lastAt"
     from shop_order where tenant_id = $1 and person_id = any($2) and paid_at is not null group by person_id order by person_id`,
    [tenantId, personIds],
  )
}

/** What the book says in total: the figures that a replay compares with its file. */
export async function orderTotals(tx: Tx, tenantId: number): Promise<{ orders: number; lines: number; paidFen: number; refundedFen: number; buyers: number; unknownBuyers: number; refunds: number }> {
  const [row] = await tx.query<{ orders: number; lines: number; paidFen: number; refundedFen: number; buyers: number; unknownBuyers: number; refunds: number }>(
    `select (select count(*) from shop_order where tenant_id = $1) as orders,
       (select count(*) from order_line where tenant_id = $1) as lines,
       (select coalesce(sum(paid_fen), 0)::bigint from shop_order where tenant_id = $1) as "paidFen",
       (select coalesce(sum(amount_fen), 0)::bigint from refund where tenant_id = $1 and status = 'done') as "refundedFen",
       (select count(distinct person_id) from shop_order where tenant_id = $1 and not buyer_unknown) as buyers,
       (select count(distinct person_id) from shop_order where tenant_id = $1 and buyer_unknown) as "unknownBuyers",
       (select count(*) from refund where tenant_id = $1 and status = 'done') as refunds`,
    [tenantId],
  )
  return row
}

export type ChainFigures = {
  paidOrders: number; paidFen: number; refundedFen: number; buyers: number; firstBuyers: number; repeatBuyers: number; unknownOrders: number; unknownFen: number
  sources: Array<{ source: string; orders: number; buyers: number; paidFen: number }>
}

/** The chain between two instants: who bought, for the first time or again, where from; unknown buyers counted apart. */
export async function chainFigures(tx: Tx, tenantId: number, from: Instant, to: Instant): Promise<ChainFigures> {
  const [head] = await tx.query<Omit<ChainFigures, 'sources'>>(
    `with paid as (
       select person_id, buyer_unknown, paid_fen, refunded_fen, paid_at,
         row_number() over (partition by person_id order by paid_at, order_id) as nth
       from shop_order where tenant_id = $1 and paid_at is not null and paid_at < $3)
     select count(*) as "paidOrders", coalesce(sum(paid_fen), 0)::bigint as "paidFen", coalesce(sum(refunded_fen), 0)::bigint as "refundedFen",
       count(distinct person_id) filter (where not buyer_unknown) as buyers,
       count(distinct person_id) filter (where not buyer_unknown and nth = 1) as "firstBuyers",
       count(distinct person_id) filter (where not buyer_unknown and nth > 1) as "repeatBuyers",
       count(*) filter (where buyer_unknown) as "unknownOrders", coalesce(sum(paid_fen) filter (where buyer_unknown), 0)::bigint as "unknownFen"
     from paid where paid_at >= $2`,
    [tenantId, from, to],
  )
  const sources = await tx.query<ChainFigures['sources'][number]>(
    `select coalesce(source->>'scene', 'unknown') as source, count(*) as orders, count(distinct person_id) as buyers, coalesce(sum(paid_fen), 0)::bigint as "paidFen"
     from shop_order where tenant_id = $1 and paid_at >= $2 and paid_at < $3 group by 1 order by 4 desc, 1`,
    [tenantId, from, to],
  )
  return { ...head, sources }
}

export type FlowRow = { source: string; people: number; again: number; orders: number; firstFen: number; againFen: number }

/**
 * People who bought between two instants, each counted once: by the scene of their very first order when that falls into the window, as `earlier`
 * when it came before, as `nobody-known` when no order of theirs carries a unionid. `again`: with a second or later order in the window; net money
 * (paid minus refunded, fen) of first orders and of later ones. The rows' money adds up to the window's net revenue.
 */
export function flowRows(tx: Tx, tenantId: number, from: Instant, to: Instant): Promise<FlowRow[]> {
  return tx.query<FlowRow>(
    `with paid as (
       select person_id, paid_at, paid_fen - refunded_fen as net, row_number() over mine as nth, first_value(paid_at) over mine as first_at,
         first_value(coalesce(source->>'scene', 'unknown')) over mine as first_source, bool_and(buyer_unknown) over (partition by person_id) as nobody
       from shop_order where tenant_id = $1 and paid_at is not null and paid_at < $3 window mine as (partition by person_id order by paid_at, order_id))
     select case when nobody then 'nobody-known' when first_at < $2 then 'earlier' else first_source end as source, count(distinct person_id) as people,
       count(distinct person_id) filter (where nth > 1) as again, count(*) as orders,
       coalesce(sum(net) filter (where nth = 1), 0)::bigint as "firstFen", coalesce(sum(net) filter (where nth > 1), 0)::bigint as "againFen"
     from paid where paid_at >= $2 group by 1 order by 2 desc, 1`,
    [tenantId, from, to],
  )
}

/** Cohorts by month of first order (Asia/Shanghai): known buyers only; `offset` months later how many bought, and their net money. */
export function cohortRows(tx: Tx, tenantId: number): Promise<Array<{ cohort: string; size: number; offset: number; active: number; netFen: number }>> {
  return tx.query(
    `with paid as (
       select person_id, paid_fen - refunded_fen as net,
         (extract(year from to_timestamp((paid_at + 28800000) / 1000.0) at time zone 'UTC') * 12 + extract(month from to_timestamp((paid_at + 28800000) / 1000.0) at time zone 'UTC') - 1)::int as month
       from shop_order where tenant_id = $1 and paid_at is not null and not buyer_unknown),
     first as (select person_id, min(month) as cohort from paid group by person_id),
     size as (select cohort, count(*) as size from first group by cohort)
     select (f.cohort / 12)::text || '-' || lpad((f.cohort % 12 + 1)::text, 2, '0') as cohort, s.size, p.month - f.cohort as "offset", count(distinct p.person_id) as active, sum(p.net)::bigint as "netFen"
     from paid p join first f on f.person_id = p.person_id join size s on s.cohort = f.cohort
     group by f.cohort, s.size, p.month order by 1, 3`,
    [tenantId],
  )
}

/** Orders of a connection as booked: for comparing with what the platform lists. */
export async function bookedVersions(tx: Tx, tenantId: number, orderIds: readonly string[]): Promise<Map<string, { version: number; final: boolean }>> {
  if (orderIds.length === 0) return new Map()
  const rows = await tx.query<{ orderId: string; version: number; final: boolean }>(
    `select order_id as "orderId", version, (settled_at is not null or status in ('cancelled', 'refunded')) as final from shop_order where tenant_id = $1 and shelf = 'shop' and order_id = any($2) order by order_id`,
    [tenantId, orderIds],
  )
  return new Map(rows.map((row) => [row.orderId, row]))
}

export async function bookedRefunds(tx: Tx, tenantId: number, refundIds: readonly string[]): Promise<Set<string>> {
  if (refundIds.length === 0) return new Set()
  const rows = await tx.query<{ refundId: string }>(`select refund_id as "refundId" from refund where tenant_id = $1 and shelf = 'shop' and refund_id = any($2) and status <> 'pending' order by refund_id`, [tenantId, refundIds])
  return new Set(rows.map((row) => row.refundId))
}

/** After-sales of a Shop that are not finished in our book, oldest first; of orders that are known to it. */
export async function openRefunds(tx: Tx, tenantId: number, connectionId: string, limit: number): Promise<string[]> {
  const rows = await tx.query<{ refundId: string }>(
    `select r.refund_id as "refundId" from refund r join shop_order o on o.tenant_id = r.tenant_id and o.shelf = r.shelf and o.order_id = r.order_id
     where r.tenant_id = $1 and r.shelf = 'shop' and r.status = 'pending' and o.connection_id = $2 order by r.requested_at, r.refund_id limit $3`,
    [tenantId, connectionId, limit],
  )
  return rows.map((row) => row.refundId)
}

/** Source lines and invoices that an import left on order lines and refunds. */
export async function importedLines(tx: Tx, tenantId: number): Promise<{ orderLines: number; refunds: number }> {
  const [row] = await tx.query<{ orderLines: number; refunds: number }>(
    `select coalesce((select sum(jsonb_array_length(note->'l')) from order_line where tenant_id = $1 and note ? 'l'), 0)::bigint as "orderLines",
       (select count(*) from refund where tenant_id = $1 and status = 'done') as refunds`,
    [tenantId],
  )
  return row
}

export function refundReasons(tx: Tx, tenantId: number): Promise<Array<{ reason: string }>> {
  return tx.query(`select distinct reason from refund where tenant_id = $1 order by reason`, [tenantId])
}

export function importedInvoices(tx: Tx, tenantId: number): Promise<Array<{ invoice: string }>> {
  return tx.query(`select distinct note->>'i' as invoice from order_line where tenant_id = $1 and note ? 'l' order by 1`, [tenantId])
}

export function knownBuyers(tx: Tx, tenantId: number): Promise<Array<{ personId: string }>> {
  return tx.query(`select distinct person_id as "personId" from shop_order where tenant_id = $1 and not buyer_unknown order by 1`, [tenantId])
}
