import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'
import type { Ids } from '../../kernel/ids.ts'
import { admit, shift, type Draft } from './escrow.ts'
import { closeReservations, insertReservations, lockSkus, saveDrafts } from './store.ts'

export type Basket = { orderId: string; expiresAt: Instant; lines: ReadonlyArray<{ skuId: string; quantity: number }> }
export type Reserved = { reserved: true } | { reserved: false; skuId: string; available: number }

/**
 * Reserves units of the mall for many baskets at once: the rows of all SKUs are locked once, in order; baskets are admitted in the order given, each whole
 * or not at all; every SKU is written once. The one place where the mall's share goes down for a buyer.
 */
export async function reserveBaskets(tx: Tx, tenantId: number, baskets: readonly Basket[], now: Instant, ids: Ids): Promise<Reserved[]> {
  const drafts = await lockSkus(tx, tenantId, baskets.flatMap((basket) => basket.lines.map((line) => line.skuId)), { shelves: false })
  const short = admit(new Map([...drafts].map(([skuId, draft]) => [skuId, draft.sku.mall])), baskets.map((basket) => basket.lines))
  const taken = new Map<string, { quantity: number; orders: Set<string> }>()
  const rows = new Map<string, { orderId: string; skuId: string; quantity: number; expiresAt: Instant }>()
  baskets.forEach((basket, index) => {
    if (short[index] !== null) return
    for (const { skuId, quantity } of basket.lines) {
      const sum = taken.get(skuId) ?? { quantity: 0, orders: new Set() }
      sum.quantity += quantity
      sum.orders.add(basket.orderId)
      taken.set(skuId, sum)
      const key = `${basket.orderId}/${skuId}`
      const row = rows.get(key)
      if (row) row.quantity += quantity
      else rows.set(key, { orderId: basket.orderId, skuId, quantity, expiresAt: basket.expiresAt })
    }
  })
  const batchId = ids.next()
  const changed: Draft[] = []
  for (const [skuId, { quantity, orders }] of taken) {
    const draft = drafts.get(skuId)!
    const [only] = orders
    shift(draft, null, { key: `reserve/${orders.size === 1 ? only : batchId}/${skuId}`, reason: 'reserved', at: now, deltas: { mall: -quantity, reserved: quantity } })
    changed.push(draft)
  }
  if (rows.size > 0) {
    await saveDrafts(tx, tenantId, changed, now, ids)
    await insertReservations(tx, tenantId, [...rows.values()], now)
  }
  return short.map((one) => (one === null ? { reserved: true } : { reserved: false, ...one }))
}

/** Ends what the orders still hold: sold when paid, released when cancelled or expired. Told twice, it happens once. */
export async function settleReservations(tx: Tx, tenantId: number, orderIds: readonly string[], as: 'sold' | 'released', now: Instant, ids: Ids): Promise<void> {
  if (orderIds.length === 0) return
  const ended = await closeReservations(tx, tenantId, orderIds, as, now)
  if (ended.length === 0) return
  const drafts = await lockSkus(tx, tenantId, ended.map((row) => row.skuId), { shelves: false })
  for (const { orderId, skuId, quantity } of ended) {
    shift(drafts.get(skuId)!, null, { key: `${as}/${orderId}/${skuId}`, reason: as === 'sold' ? 'sold in the mall' : 'released', at: now, deltas: { reserved: -quantity, [as === 'sold' ? 'sold' : 'mall']: quantity } })
  }
  await saveDrafts(tx, tenantId, drafts.values(), now, ids)
}
