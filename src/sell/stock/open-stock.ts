import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'
import type { Ids } from '../../kernel/ids.ts'
import { putJobs } from '../../kernel/job/index.ts'
import { bookedKeys } from '../../book/account/index.ts'
import { shopListingsOf } from '../catalog/index.ts'
import { receive, relocate, restore, transfer } from './escrow.ts'
import { flowJob } from './move-units.ts'
import { reconcileJobKind, reconcileMs } from './read-flow.ts'
import { ensureShelves, ensureStock, lockSkus, saveDrafts } from './store.ts'

/** Opens the books of SKUs: their Shop shares are read from the platform's flow right after; reconciliation starts. Safe to call again. */
export async function openStock(tx: Tx, tenantId: number, skuIds: readonly string[], now: Instant): Promise<void> {
  if (skuIds.length === 0) return
  await ensureStock(tx, tenantId, skuIds, now)
  const listings = await shopListingsOf(tx, tenantId, skuIds)
  const fresh = await ensureShelves(tx, tenantId, listings.map((listing) => ({ skuId: listing.skuId, connectionId: listing.connectionId, productId: listing.platformProductId, platformSkuId: listing.platformSkuId })))
  await putJobs(tx, tenantId, [
    ...fresh.map((shelf) => flowJob(shelf.connectionId, shelf.skuId, now)),
    ...[...new Set(fresh.map((shelf) => shelf.connectionId))].map((connectionId) => ({ kind: reconcileJobKind, key: connectionId, dueAt: now + reconcileMs, state: { connectionId } })),
  ])
}

export type OwnChange =
  | { kind: 'receive'; quantity: number; reason: string }
  | { kind: 'restore'; quantity: number }
  | { kind: 'transfer'; from: 'mall' | 'reserve'; to: 'mall' | 'reserve'; quantity: number; warehouseId?: string }
  | { kind: 'relocate'; from: string | null; to: string | null; quantity: number }
export type OwnOutcome = { kind: 'done' } | { kind: 'not-tracked' } | { kind: 'short'; available: number }

/** Changes that need no platform. `key` given by the caller: the same key again changes nothing. */
export async function changeStock(tx: Tx, tenantId: number, skuId: string, change: OwnChange, key: string, now: Instant, ids: Ids): Promise<OwnOutcome> {
  const draft = (await lockSkus(tx, tenantId, [skuId], { shelves: false })).get(skuId)
  if (!draft) return { kind: 'not-tracked' }
  if ((await bookedKeys(tx, tenantId, [key])).has(key)) return { kind: 'done' }
  const outcome = change.kind === 'receive' ? receive(draft, change.quantity, key, change.reason, now)
    : change.kind === 'restore' ? restore(draft, change.quantity, key, now)
      : change.kind === 'relocate' ? relocate(draft, change.from, change.to, change.quantity, key, now)
        : transfer(draft, change.from, change.to, change.quantity, key, now, change.warehouseId)
  if (!outcome.done) return { kind: 'short', available: outcome.available }
  await saveDrafts(tx, tenantId, [draft], now, ids)
  return { kind: 'done' }
}
