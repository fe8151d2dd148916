import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'
import type { Ids } from '../../kernel/ids.ts'
import { book } from '../../book/account/index.ts'
import { account, draftOf, emptySku, ledgerAmount, type Draft, type Hold, type Move, type Place, type Shelf, type Sku, type WarehouseUnits } from './escrow.ts'

type NumbersRow = Omit<Sku, 'shelves' | 'warehouses'>
const numbers = `sku_id as "skuId", mall, reserved, reserve, moving, sold, restored, unbacked, received`
const shelfColumns = `connection_id as "connectionId", platform_product_id as "productId", platform_sku_id as "platformSkuId", shop, held, elsewhere, platform_num as "platformNum",
  flow_second as "flowSecond", flow_seen as "flowSeen", opened_at as "openedAt", reconciled_at as "reconciledAt"`

/** Starts the books of SKUs that have none, all at zero. */
export async function ensureStock(tx: Tx, tenantId: number, skuIds: readonly string[], now: Instant): Promise<void> {
  tx.write(
    `insert into stock (tenant_id, sku_id, mall, reserved, reserve, moving, sold, restored, unbacked, received, updated_at)
     select $1, id, 0, 0, 0, 0, 0, 0, 0, 0, $3 from unnest($2::uuid[]) as id on conflict (tenant_id, sku_id) do nothing`,
    [tenantId, [...new Set(skuIds)].sort(), now],
  )
}

/** Shelves that are not there yet; their share is opened by the first read of the flow. @returns those that are new. */
export function ensureShelves(tx: Tx, tenantId: number, shelves: ReadonlyArray<{ skuId: string; connectionId: string; productId: string; platformSkuId: string }>): Promise<Array<{ skuId: string; connectionId: string }>> {
  if (shelves.length === 0) return Promise.resolve([])
  return tx.query(
    `insert into stock_shelf (tenant_id, sku_id, connection_id, platform_product_id, platform_sku_id, shop, held, elsewhere, platform_num, flow_second, flow_seen)
     select $1, r.sku, r.connection, r.product, r.platform_sku, 0, 0, 0, 0, 0, 0 from unnest($2::uuid[], $3::uuid[], $4::text[], $5::text[]) as r(sku, connection, product, platform_sku)
     on conflict (tenant_id, sku_id, connection_id) do nothing returning sku_id as "skuId", connection_id as "connectionId"`,
    [tenantId, shelves.map((s) => s.skuId), shelves.map((s) => s.connectionId), shelves.map((s) => s.productId), shelves.map((s) => s.platformSkuId)],
  )
}

/** Locked for this transaction, in one order everywhere. SKUs without a book are absent. */
export async function lockSkus(tx: Tx, tenantId: number, skuIds: readonly string[], options: { shelves: boolean }): Promise<Map<string, Draft>> {
  const named = [...new Set(skuIds)]
  // Guarded by the lock of the stock row; a statement later, so that it sees what the last holder of the lock wrote.
  const [rows, apart] = await Promise.all([
    tx.query<NumbersRow>(`select ${numbers} from stock where tenant_id = $1 and sku_id = any($2::uuid[]) order by sku_id for update`, [tenantId, named]),
    readWarehouses(tx, tenantId, named),
  ])
  const drafts = new Map(rows.map((row) => [row.skuId, draftOf({ ...row, shelves: [], warehouses: [] })]))
  for (const { skuId, ...units } of apart) drafts.get(skuId)?.sku.warehouses.push(units)
  if (options.shelves) for (const { skuId, ...shelf } of await readShelves(tx, tenantId, [...drafts.keys()])) drafts.get(skuId)?.sku.shelves.push(shelf)
  return drafts
}

/** In the order of the warehouses. */
function readWarehouses(tx: Tx, tenantId: number, skuIds: readonly string[]): Promise<Array<WarehouseUnits & { skuId: string }>> {
  return tx.query(
    `select s.sku_id as "skuId", s.warehouse_id as "warehouseId", s.mall, s.reserved from warehouse_stock s left join warehouse w on w.tenant_id = s.tenant_id and w.warehouse_id = s.warehouse_id
     where s.tenant_id = $1 and s.sku_id = any($2::uuid[]) order by w.position, s.warehouse_id, s.sku_id`,
    [tenantId, skuIds],
  )
}

function readShelves(tx: Tx, tenantId: number, skuIds: readonly string[]): Promise<Array<Shelf & { skuId: string }>> {
  return tx.query(`select sku_id as "skuId", ${shelfColumns} from stock_shelf where tenant_id = $1 and sku_id = any($2::uuid[]) order by sku_id, connection_id`, [tenantId, skuIds])
}

export async function readSkus(tx: Tx, tenantId: number, skuIds: readonly string[]): Promise<Map<string, Sku>> {
  const rows = await tx.query<NumbersRow>(`select ${numbers} from stock where tenant_id = $1 and sku_id = any($2::uuid[]) order by sku_id`, [tenantId, [...new Set(skuIds)]])
  const skus = new Map(rows.map((row) => [row.skuId, { ...emptySku(row.skuId), ...row }]))
  for (const { skuId, ...shelf } of await readShelves(tx, tenantId, [...skus.keys()])) skus.get(skuId)?.shelves.push(shelf)
  for (const { skuId, ...units } of await readWarehouses(tx, tenantId, [...skus.keys()])) skus.get(skuId)?.warehouses.push(units)
  return skus
}

/** What can be bought in the mall now. SKUs without a book are absent. */
export async function mallAvailable(tx: Tx, tenantId: number, skuIds: readonly string[]): Promise<Map<string, number>> {
  const rows = await tx.query<{ skuId: string; mall: number }>(`select sku_id as "skuId", mall from stock where tenant_id = $1 and sku_id = any($2::uuid[]) order by sku_id`, [tenantId, skuIds])
  return new Map(rows.map((row) => [row.skuId, row.mall]))
}

/** A ledger within the ledger: where the mall's units lie. What leaves or enters a warehouse comes from or goes to the main one, or is sold. */
function warehouseEntries(skuId: string, units: readonly WarehouseUnits[]): Array<{ account: string; unit: string; amount: number }> {
  const unit = `sku:${skuId}`
  const entries = units.flatMap((one) => [{ account: `stock:wh/${one.warehouseId}/mall`, unit, amount: one.mall }, { account: `stock:wh/${one.warehouseId}/reserved`, unit, amount: one.reserved }])
  const sum = entries.reduce((total, entry) => total + entry.amount, 0)
  return [...entries, { account: 'stock:wh/main', unit, amount: 0 - sum }].filter((entry) => entry.amount !== 0)
}

/** Saves numbers, shelves, alarms, and books every movement; drafts without movements only write their shelves. */
export async function saveDrafts(tx: Tx, tenantId: number, drafts: Iterable<Draft>, now: Instant, ids: Ids): Promise<void> {
  const all = [...drafts]
  const moved = all.filter((draft) => draft.movements.length > 0)
  if (moved.length > 0) {
    tx.write(
      `update stock s set mall = r.mall, reserved = r.reserved, reserve = r.reserve, moving = r.moving, sold = r.sold, restored = r.restored, unbacked = r.unbacked, received = r.received, updated_at = $11
       from unnest($2::uuid[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[]) as r(sku_id, mall, reserved, reserve, moving, sold, restored, unbacked, received)
       where s.tenant_id = $1 and s.sku_id = r.sku_id`,
      [tenantId, ...(['skuId', 'mall', 'reserved', 'reserve', 'moving', 'sold', 'restored', 'unbacked', 'received'] as const).map((key) => moved.map((draft) => draft.sku[key])), now],
    )
    await book(tx, tenantId, moved.flatMap((draft) => draft.movements.map((movement) => ({
      postingId: ids.next(), key: movement.key, occurredAt: movement.at, recordedAt: now, reason: movement.reason,
      entries: [
        ...(Object.entries(movement.deltas) as Array<[Place, number]>).filter(([, delta]) => delta !== 0).map(([place, delta]) => ({ account: account(place, movement.connectionId), unit: `sku:${draft.sku.skuId}`, amount: ledgerAmount(place, delta) })),
        ...warehouseEntries(draft.sku.skuId, movement.warehouses ?? []),
      ],
    }))))
  }
  const apart = moved.flatMap(({ sku, movements }) => {
    const touched = new Set(movements.flatMap((movement) => (movement.warehouses ?? []).map((one) => one.warehouseId)))
    return sku.warehouses.filter((one) => touched.has(one.warehouseId)).map((one) => ({ skuId: sku.skuId, ...one }))
  })
  if (apart.length > 0) {
    tx.write(
      `insert into warehouse_stock (tenant_id, sku_id, warehouse_id, mall, reserved) select $1, r.sku_id, r.warehouse_id, r.mall, r.reserved from unnest($2::uuid[], $3::uuid[], $4::bigint[], $5::bigint[]) as r(sku_id, warehouse_id, mall, reserved)
       on conflict (tenant_id, sku_id, warehouse_id) do update set mall = excluded.mall, reserved = excluded.reserved`,
      [tenantId, apart.map((r) => r.skuId), apart.map((r) => r.warehouseId), apart.map((r) => r.mall), apart.map((r) => r.reserved)],
    )
  }
  const shelves = all.flatMap((draft) => draft.sku.shelves.map((shelf) => ({ skuId: draft.sku.skuId, shelf })))
  if (shelves.length > 0) {
    tx.write(
      `update stock_shelf s set shop = r.shop, held = r.held, elsewhere = r.elsewhere, platform_num = r.num, flow_second = r.second, flow_seen = r.seen, opened_at = r.opened_at, reconciled_at = r.reconciled_at
       from unnest($2::uuid[], $3::uuid[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[], $9::int[], $10::bigint[], $11::bigint[]) as r(sku_id, connection_id, shop, held, elsewhere, num, second, seen, opened_at, reconciled_at)
       where s.tenant_id = $1 and s.sku_id = r.sku_id and s.connection_id = r.connection_id`,
      [tenantId, shelves.map((r) => r.skuId), shelves.map((r) => r.shelf.connectionId), shelves.map((r) => r.shelf.shop), shelves.map((r) => r.shelf.held), shelves.map((r) => r.shelf.elsewhere), shelves.map((r) => r.shelf.platformNum),
        shelves.map((r) => r.shelf.flowSecond), shelves.map((r) => r.shelf.flowSeen), shelves.map((r) => r.shelf.openedAt), shelves.map((r) => r.shelf.reconciledAt)],
    )
  }
  const alarms = all.flatMap((draft) => draft.alarms.map((alarm) => ({ alarmId: ids.next(), skuId: draft.sku.skuId, ...alarm })))
  if (alarms.length > 0) {
    tx.write(
      `insert into stock_alarm (tenant_id, alarm_id, sku_id, kind, quantity, detail, raised_at)
       select $1, r.id, r.sku_id, r.kind, r.quantity, r.detail::jsonb, $7 from unnest($2::uuid[], $3::uuid[], $4::text[], $5::bigint[], $6::text[]) as r(id, sku_id, kind, quantity, detail)`,
      [tenantId, alarms.map((a) => a.alarmId), alarms.map((a) => a.skuId), alarms.map((a) => a.kind), alarms.map((a) => a.quantity), alarms.map((a) => JSON.stringify(a.detail)), now],
    )
  }
  const repaid = moved.filter((draft) => draft.sku.unbacked === 0 && draft.movements.some((movement) => (movement.deltas.unbacked ?? 0) < 0)).map((draft) => draft.sku.skuId)
  if (repaid.length > 0) tx.write(`update stock_alarm set cleared_at = $3 where tenant_id = $1 and sku_id = any($2::uuid[]) and kind = 'unbacked' and cleared_at is null`, [tenantId, repaid, now])
}

// ---- moves ----

const moveColumns = `move_id as "moveId", sku_id as "skuId", connection_id as "connectionId", direction, place, quantity, state, reason, outbox_id as "outboxId", actor, planned_at as "plannedAt", sent_at as "sentAt", answered_at as "answeredAt", closed_at as "closedAt"`

export function openMoves(tx: Tx, tenantId: number, skuIds: readonly string[]): Promise<Move[]> {
  return tx.query(`select ${moveColumns} from stock_move where tenant_id = $1 and sku_id = any($2::uuid[]) and state in ('planned', 'sent', 'unknown') order by planned_at, move_id`, [tenantId, skuIds])
}

export async function findMove(tx: Tx, tenantId: number, moveId: string): Promise<Move | undefined> {
  const [row] = await tx.query<Move>(`select ${moveColumns} from stock_move where tenant_id = $1 and move_id = $2`, [tenantId, moveId])
  return row
}

export function listMoves(tx: Tx, tenantId: number, skuId: string, limit: number): Promise<Move[]> {
  return tx.query(`select ${moveColumns} from stock_move where tenant_id = $1 and sku_id = $2 order by planned_at desc, move_id desc limit $3`, [tenantId, skuId, limit])
}

/** SKUs of which units were pulled for a buyer since then. */
export async function pulledSince(tx: Tx, tenantId: number, from: Instant): Promise<Set<string>> {
  const rows = await tx.query<{ skuId: string }>(`select distinct sku_id as "skuId" from stock_move where tenant_id = $1 and actor = 'checkout' and planned_at >= $2 order by 1`, [tenantId, from])
  return new Set(rows.map((row) => row.skuId))
}

export async function putMoves(tx: Tx, tenantId: number, moves: readonly Move[]): Promise<void> {
  if (moves.length === 0) return
  tx.write(
    `insert into stock_move (tenant_id, move_id, sku_id, connection_id, direction, place, quantity, state, reason, outbox_id, actor, planned_at, sent_at, answered_at, closed_at)
     select $1, r."moveId", r."skuId", r."connectionId", r.direction, r.place, r.quantity, r.state, r.reason, r."outboxId", r.actor, r."plannedAt", r."sentAt", r."answeredAt", r."closedAt"
     from jsonb_to_recordset($2::jsonb) as r("moveId" uuid, "skuId" uuid, "connectionId" uuid, direction text, place text, quantity bigint, state text, reason text, "outboxId" uuid, actor text, "plannedAt" bigint, "sentAt" bigint, "answeredAt" bigint, "closedAt" bigint)
     on conflict (tenant_id, move_id) do update set state = excluded.state, reason = excluded.reason, outbox_id = excluded.outbox_id, sent_at = excluded.sent_at, answered_at = excluded.answered_at, closed_at = excluded.closed_at`,
    [tenantId, JSON.stringify(moves)],
  )
}

// ---- holds ----

/** Holds of a SKU in one Shop that are open, and those of the named orders. */
export async function readHolds(tx: Tx, tenantId: number, connectionId: string, skuId: string, orderIds: readonly string[]): Promise<Map<string, Hold>> {
  const rows = await tx.query<Hold>(
    `select order_id as "orderId", quantity, state, at from stock_hold where tenant_id = $1 and connection_id = $2 and sku_id = $3 and (state = 'held' or order_id = any($4)) order by order_id`,
    [tenantId, connectionId, skuId, orderIds],
  )
  return new Map(rows.map((row) => [row.orderId, row]))
}

export async function putHolds(tx: Tx, tenantId: number, connectionId: string, skuId: string, holds: readonly Hold[]): Promise<void> {
  if (holds.length === 0) return
  tx.write(
    `insert into stock_hold (tenant_id, connection_id, order_id, sku_id, quantity, state, at)
     select $1, $2, r.order_id, $3, r.quantity, r.state, r.at from unnest($4::text[], $5::bigint[], $6::text[], $7::bigint[]) as r(order_id, quantity, state, at)
     on conflict (tenant_id, connection_id, order_id, sku_id) do update set quantity = excluded.quantity, state = excluded.state`,
    [tenantId, connectionId, skuId, holds.map((h) => h.orderId), holds.map((h) => h.quantity), holds.map((h) => h.state), holds.map((h) => h.at)],
  )
}

/** Whether the stock of any Shop product is tracked at all. */
export async function anyShelf(tx: Tx, tenantId: number): Promise<boolean> {
  return (await tx.query(`select 1 as one from stock_shelf where tenant_id = $1 limit 1`, [tenantId])).length > 0
}

/** Tracked shelves that may have to hear of these Shop products. */
export function shelvesOfPlatformSkus(tx: Tx, tenantId: number, platformSkuIds: readonly string[]): Promise<Array<{ skuId: string; connectionId: string; platformSkuId: string }>> {
  return tx.query(
    `select sku_id as "skuId", connection_id as "connectionId", platform_sku_id as "platformSkuId" from stock_shelf where tenant_id = $1 and platform_sku_id = any($2) order by sku_id, connection_id`,
    [tenantId, platformSkuIds],
  )
}

export function shelvesOfConnection(tx: Tx, tenantId: number, connectionId: string): Promise<Array<{ skuId: string; productId: string; platformSkuId: string; platformNum: number; openedAt: Instant | null; hasOpenMove: boolean }>> {
  return tx.query(
    `select s.sku_id as "skuId", s.platform_product_id as "productId", s.platform_sku_id as "platformSkuId", s.platform_num as "platformNum", s.opened_at as "openedAt",
       exists (select 1 from stock_move m where m.tenant_id = $1 and m.sku_id = s.sku_id and m.connection_id = s.connection_id and m.state in ('planned', 'sent', 'unknown')) as "hasOpenMove"
     from stock_shelf s where s.tenant_id = $1 and s.connection_id = $2 order by s.platform_product_id, s.platform_sku_id`,
    [tenantId, connectionId],
  )
}

export async function markReconciled(tx: Tx, tenantId: number, connectionId: string, platformSkuIds: readonly string[], now: Instant): Promise<void> {
  tx.write(`update stock_shelf set reconciled_at = $4 where tenant_id = $1 and connection_id = $2 and platform_sku_id = any($3)`, [tenantId, connectionId, platformSkuIds, now])
}

export async function findShelf(tx: Tx, tenantId: number, skuId: string, connectionId: string): Promise<Shelf | undefined> {
  const [row] = await tx.query<Shelf>(`select ${shelfColumns} from stock_shelf where tenant_id = $1 and sku_id = $2 and connection_id = $3`, [tenantId, skuId, connectionId])
  return row
}

// ---- reservations of the mall ----

export type ReservationRow = { orderId: string; skuId: string; quantity: number; state: 'held' | 'sold' | 'released'; expiresAt: Instant; /** null: all from the main warehouse. */ picks: Picks | null }

/** Which warehouses units were taken from: [warehouse, or '' for the main one; quantity]. */
export type Picks = Array<[string, number]>

export async function insertReservations(tx: Tx, tenantId: number, rows: ReadonlyArray<{ orderId: string; skuId: string; quantity: number; expiresAt: Instant; picks: Picks | null }>, now: Instant): Promise<void> {
  tx.write(
    `insert into reservation (tenant_id, order_id, sku_id, quantity, state, reserved_at, expires_at, picks)
     select $1, r.order_id, r.sku_id, r.quantity, 'held', $6, r.expires_at, r.picks::jsonb from unnest($2::text[], $3::uuid[], $4::bigint[], $5::bigint[], $7::text[]) as r(order_id, sku_id, quantity, expires_at, picks)`,
    [tenantId, rows.map((r) => r.orderId), rows.map((r) => r.skuId), rows.map((r) => r.quantity), rows.map((r) => r.expiresAt), now, rows.map((r) => (r.picks === null ? null : JSON.stringify(r.picks)))],
  )
}

export function reservationsOf(tx: Tx, tenantId: number, orderIds: readonly string[]): Promise<ReservationRow[]> {
  return tx.query(`select order_id as "orderId", sku_id as "skuId", quantity, state, expires_at as "expiresAt", picks from reservation where tenant_id = $1 and order_id = any($2) order by order_id, sku_id`, [tenantId, orderIds])
}

/** Only what is still held ends. @returns what this call ended. */
export function closeReservations(tx: Tx, tenantId: number, orderIds: readonly string[], state: 'sold' | 'released', now: Instant): Promise<Array<{ orderId: string; skuId: string; quantity: number; picks: Picks | null }>> {
  return tx.query(
    `update reservation set state = $3, closed_at = $4 where tenant_id = $1 and order_id = any($2) and state = 'held' returning order_id as "orderId", sku_id as "skuId", quantity, picks`,
    [tenantId, orderIds, state, now],
  )
}

// ---- warehouses ----

export type Warehouse = { warehouseId: string; name: string; position: number; regions: string[]; closedAt: Instant | null; createdAt: Instant }

/** Beside the main one, in the merchant's order. */
export function listWarehouses(tx: Tx, tenantId: number): Promise<Warehouse[]> {
  return tx.query(`select warehouse_id as "warehouseId", name, position, regions, closed_at as "closedAt", created_at as "createdAt" from warehouse where tenant_id = $1 order by position, warehouse_id`, [tenantId])
}

export async function putWarehouse(tx: Tx, tenantId: number, one: Warehouse): Promise<void> {
  tx.write(
    `insert into warehouse (tenant_id, warehouse_id, name, position, regions, closed_at, created_at) values ($1, $2, $3, $4, $5, $6, $7)
     on conflict (tenant_id, warehouse_id) do update set name = excluded.name, position = excluded.position, regions = excluded.regions, closed_at = excluded.closed_at`,
    [tenantId, one.warehouseId, one.name, one.position, JSON.stringify(one.regions), one.closedAt, one.createdAt],
  )
}

/** Units and reserved units in each warehouse beside the main one. */
export function warehouseSums(tx: Tx, tenantId: number): Promise<Array<{ warehouseId: string; mall: number; reserved: number; skus: number }>> {
  return tx.query(`select warehouse_id as "warehouseId", sum(mall)::bigint as mall, sum(reserved)::bigint as reserved, count(*) filter (where mall > 0 or reserved > 0) as skus from warehouse_stock where tenant_id = $1 group by warehouse_id order by 1`, [tenantId])
}

// ---- for the console ----

export type StockRow = Omit<Sku, 'shelves' | 'skuId'> & { skuId: string; shop: number; held: number; openMoves: number; alarms: number; reconciledAt: Instant | null; updatedAt: Instant }

/** Books of the given SKUs with the sums over all Shops. */
export function listStockRows(tx: Tx, tenantId: number, skuIds: readonly string[] | null, page: { offset: number; limit: number }): Promise<StockRow[]> {
  return tx.query(
    `select s.sku_id as "skuId", s.mall, s.reserved, s.reserve, s.moving, s.sold, s.restored, s.unbacked, s.received, s.updated_at as "updatedAt",
       coalesce(h.shop, 0)::bigint as shop, coalesce(h.held, 0)::bigint as held, h.reconciled_at as "reconciledAt",
       (select count(*) from stock_move m where m.tenant_id = $1 and m.sku_id = s.sku_id and m.state in ('planned', 'sent', 'unknown')) as "openMoves",
       (select count(*) from stock_alarm a where a.tenant_id = $1 and a.sku_id = s.sku_id and a.cleared_at is null) as alarms
     from (select * from stock where tenant_id = $1 and ($2::uuid[] is null or sku_id = any($2)) order by sku_id limit $3 offset $4) s
     left join lateral (select sum(k.shop) as shop, sum(k.held) as held, min(k.reconciled_at) as reconciled_at from stock_shelf k where k.tenant_id = $1 and k.sku_id = s.sku_id) h on true
     order by s.sku_id`,
    [tenantId, skuIds, page.limit, page.offset],
  )
}

export function listAlarms(tx: Tx, tenantId: number, skuId: string | null, limit: number): Promise<Array<{ alarmId: string; skuId: string; kind: string; quantity: number; detail: Record<string, unknown>; raisedAt: Instant; clearedAt: Instant | null }>> {
  return tx.query(
    `select alarm_id as "alarmId", sku_id as "skuId", kind, quantity, detail, raised_at as "raisedAt", cleared_at as "clearedAt"
     from stock_alarm where tenant_id = $1 and ($2::uuid is null or sku_id = $2) and ($2::uuid is not null or cleared_at is null) order by raised_at desc, alarm_id limit $3`,
    [tenantId, skuId, limit],
  )
}

export async function hasOpenAlarm(tx: Tx, tenantId: number, skuId: string, kind: string): Promise<boolean> {
  return (await tx.query(`select 1 as one from stock_alarm where tenant_id = $1 and sku_id = $2 and kind = $3 and cleared_at is null limit 1`, [tenantId, skuId, kind])).length > 0
}

/** Somebody has looked at it. An alarm of units with nothing behind is cleared only by units. @returns whether there was one to clear. */
export async function clearAlarm(tx: Tx, tenantId: number, alarmId: string, now: Instant): Promise<boolean> {
  return (await tx.run(`update stock_alarm set cleared_at = $3 where tenant_id = $1 and alarm_id = $2 and cleared_at is null and kind <> 'unbacked'`, [tenantId, alarmId, now])) > 0
}

/** SKUs whose numbers differ from the sum of their postings: always empty unless somebody wrote past this module. */
export function unbooked(tx: Tx, tenantId: number): Promise<Array<{ skuId: string; place: string; number: number; booked: number }>> {
  return tx.query(
    `with places as (
       select s.sku_id, p.place, p.number from stock s, lateral (values ('mall', s.mall), ('reserved', s.reserved), ('reserve', s.reserve), ('moving', s.moving), ('sold', s.sold), ('restored', -s.restored), ('unbacked', -s.unbacked), ('received', -s.received)) as p(place, number)
       where s.tenant_id = $1
       union all select h.sku_id, 'shop/' || h.connection_id, h.shop from stock_shelf h where h.tenant_id = $1
       union all select h.sku_id, 'held/' || h.connection_id, h.held from stock_shelf h where h.tenant_id = $1
       union all select w.sku_id, 'wh/' || w.warehouse_id || p.place, p.number from warehouse_stock w, lateral (values ('/mall', w.mall), ('/reserved', w.reserved)) as p(place, number) where w.tenant_id = $1),
     booked as (select substr(unit, 5) as sku_id, substr(account, 7) as place, sum(amount)::bigint as amount from entry where tenant_id = $1 and account like 'stock:%' group by unit, account)
     select p.sku_id as "skuId", p.place, p.number, coalesce(b.amount, 0) as booked
     from places p left join booked b on b.sku_id = p.sku_id::text and b.place = p.place where p.number <> coalesce(b.amount, 0) order by 1, 2 limit 100`,
    [tenantId],
  )
}
