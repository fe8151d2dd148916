import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'
import type { Ids } from '../../kernel/ids.ts'
import { admit, mainUnits, shift, transfer, type Draft, type WarehouseUnits } from './escrow.ts'
import { pickUnits, type Place } from './pick-units.ts'
import { pullable } from './pull-units.ts'
import { readSetting, safetyOf } from './settings.ts'
import { closeReservations, insertReservations, listWarehouses, lockSkus, saveDrafts, type Picks } from './store.ts'

/** `region`: the first two digits of the buyer's division code, where it is known; warehouses that serve it are picked first. */
export type Basket = { orderId: string; expiresAt: Instant; region?: string; lines: ReadonlyArray<{ skuId: string; quantity: number }> }
/** `pullable`: units that could be brought from a Shop's share; `coming`: units that are on their way from there. */
export type Reserved = { reserved: true } | { reserved: false; skuId: string; available: number; pullable: number; coming: number }

/**
 * Reserves units of the mall for many baskets at once: the rows of all SKUs are locked once, in order; baskets are admitted in the order given, each whole
 * or not at all; every SKU is written once. The one place where the mall's share goes down for a buyer. Where the mall alone is short and the merchant allows
 * it, the reserve above its safety stock fills the gap in the same act.
 */
export async function reserveBaskets(tx: Tx, tenantId: number, baskets: readonly Basket[], now: Instant, ids: Ids): Promise<Reserved[]> {
  const drafts = await lockSkus(tx, tenantId, baskets.flatMap((basket) => basket.lines.map((line) => line.skuId)), { shelves: false })
  const batchId = ids.next()
  const wanted = baskets.map((basket) => basket.lines)
  const offered = new Map([...drafts].map(([skuId, draft]) => [skuId, draft.sku.mall]))
  let short = admit(offered, wanted)
  let fromShops: Awaited<ReturnType<typeof pullable>> = new Map()
  const missing = [...new Set(short.flatMap((one) => one?.skuId ?? []))].filter((skuId) => drafts.has(skuId))
  if (missing.length > 0) {
    const setting = await readSetting(tx, tenantId)
    if (setting.pull !== 'off') {
      const lacking = missing.filter((skuId) => drafts.get(skuId)!.sku.reserve > 0)
      const safety = lacking.length > 0 ? await safetyOf(tx, tenantId, lacking) : new Map<string, number>()
      for (const skuId of lacking) offered.set(skuId, offered.get(skuId)! + Math.max(0, drafts.get(skuId)!.sku.reserve - (safety.get(skuId) ?? 0)))
      if (lacking.length > 0) short = admit(offered, wanted)
    }
    if (setting.pull === 'shop' && short.some((one) => one !== null)) fromShops = await pullable(tx, tenantId, missing)
  }
  const taken = new Map<string, { quantity: number; orders: Set<string>; apart: Map<string, number> }>()
  const rows = new Map<string, { orderId: string; skuId: string; quantity: number; expiresAt: Instant; picks: Picks | null }>()
  const admitted = baskets.filter((_basket, index) => short[index] === null)
  for (const basket of admitted) {
    for (const { skuId, quantity } of basket.lines) {
      const sum = taken.get(skuId) ?? { quantity: 0, orders: new Set(), apart: new Map() }
      sum.quantity += quantity
      sum.orders.add(basket.orderId)
      taken.set(skuId, sum)
      const key = `${basket.orderId}/${skuId}`
      const row = rows.get(key)
      if (row) row.quantity += quantity
      else rows.set(key, { orderId: basket.orderId, skuId, quantity, expiresAt: basket.expiresAt, picks: null })
    }
  }
  for (const [skuId, { quantity }] of taken) {
    const draft = drafts.get(skuId)!
    const gap = quantity - draft.sku.mall
    if (gap > 0) transfer(draft, 'reserve', 'mall', gap, `topped-up/${batchId}/${skuId}`, now)
  }
  if ([...drafts.values()].some(({ sku }) => sku.warehouses.some((one) => one.mall > 0))) {
    const places = (await listWarehouses(tx, tenantId)).filter((one) => one.closedAt === null)
    const free = new Map<string, Map<string, number>>()
    for (const [skuId, { sku }] of drafts) free.set(skuId, new Map([['', mainUnits(sku).mall], ...sku.warehouses.map((one): [string, number] => [one.warehouseId, one.mall])]))
    // A closed warehouse serves last: its units are still there to be sold.
    const all: Place[] = [...places, ...[...new Set([...drafts.values()].flatMap(({ sku }) => sku.warehouses.map((one) => one.warehouseId)))].filter((id) => !places.some((one) => one.warehouseId === id)).map((warehouseId) => ({ warehouseId, regions: [] }))]
    for (const basket of admitted) {
      for (const [skuId, picks] of pickUnits(free, all, basket.lines, basket.region)) {
        if (picks.some(([warehouseId]) => warehouseId !== '')) rows.get(`${basket.orderId}/${skuId}`)!.picks = picks
        for (const [warehouseId, quantity] of picks) if (warehouseId !== '') taken.get(skuId)!.apart.set(warehouseId, (taken.get(skuId)!.apart.get(warehouseId) ?? 0) + quantity)
      }
    }
  }
  const changed: Draft[] = []
  for (const [skuId, { quantity, orders, apart }] of taken) {
    const draft = drafts.get(skuId)!
    const [only] = orders
    shift(draft, null, {
      key: `reserve/${orders.size === 1 ? only : batchId}/${skuId}`, reason: 'reserved', at: now, deltas: { mall: -quantity, reserved: quantity },
      ...(apart.size > 0 ? { warehouses: [...apart].map(([warehouseId, n]) => ({ warehouseId, mall: -n, reserved: n })) } : {}),
    })
    changed.push(draft)
  }
  if (rows.size > 0) {
    await saveDrafts(tx, tenantId, changed, now, ids)
    await insertReservations(tx, tenantId, [...rows.values()], now)
  }
  return short.map((one) => (one === null ? { reserved: true } : { reserved: false, ...one, pullable: fromShops.get(one.skuId)?.free ?? 0, coming: fromShops.get(one.skuId)?.coming ?? 0 }))
}

/** Ends what the orders still hold: sold when paid, released when cancelled or expired. Told twice, it happens once. One movement for each SKU. */
export async function settleReservations(tx: Tx, tenantId: number, orderIds: readonly string[], as: 'sold' | 'released', now: Instant, ids: Ids): Promise<void> {
  if (orderIds.length === 0) return
  const ended = await closeReservations(tx, tenantId, orderIds, as, now)
  if (ended.length === 0) return
  const drafts = await lockSkus(tx, tenantId, ended.map((row) => row.skuId), { shelves: false })
  const sums = new Map<string, { quantity: number; orders: Set<string>; apart: Map<string, number> }>()
  for (const { orderId, skuId, quantity, picks } of ended) {
    const sum = sums.get(skuId) ?? { quantity: 0, orders: new Set(), apart: new Map() }
    sum.quantity += quantity
    sum.orders.add(orderId)
    for (const [warehouseId, n] of picks ?? []) if (warehouseId !== '') sum.apart.set(warehouseId, (sum.apart.get(warehouseId) ?? 0) + n)
    sums.set(skuId, sum)
  }
  const batchId = ids.next()
  for (const [skuId, { quantity, orders, apart }] of sums) {
    const [only] = orders
    const warehouses: WarehouseUnits[] = [...apart].map(([warehouseId, n]) => ({ warehouseId, mall: as === 'sold' ? 0 : n, reserved: -n }))
    shift(drafts.get(skuId)!, null, { key: `${as}/${orders.size === 1 ? only : batchId}/${skuId}`, reason: as === 'sold' ? 'sold in the mall' : 'released', at: now, deltas: { reserved: -quantity, [as === 'sold' ? 'sold' : 'mall']: quantity }, ...(warehouses.length > 0 ? { warehouses } : {}) })
  }
  await saveDrafts(tx, tenantId, drafts.values(), now, ids)
}

/** Which warehouses serve the lines of an order, for whoever packs it. '' is the main one. */
export async function picksOf(tx: Tx, tenantId: number, orderIds: readonly string[]): Promise<Array<{ orderId: string; skuId: string; picks: Picks }>> {
  const rows = await tx.query<{ orderId: string; skuId: string; quantity: number; picks: Picks | null }>(
    `select order_id as "orderId", sku_id as "skuId", quantity, picks from reservation where tenant_id = $1 and order_id = any($2) and state <> 'released' order by order_id, sku_id`, [tenantId, orderIds])
  return rows.map(({ orderId, skuId, quantity, picks }) => ({ orderId, skuId, picks: picks ?? [['', quantity]] }))
}
