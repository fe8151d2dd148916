import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'
import type { Ids } from '../../kernel/ids.ts'
import { moveOfKey, requestMove } from './move-units.ts'
import { readSetting } from './settings.ts'

/**
 * The last units, on demand: when the mall is short and a Shop's share still has some, they are subtracted there, proven by its flow, and only then sold in the
 * mall. The buyer asks again under the same key while it lasts: nothing is held in memory, so any server and any restart may answer.
 */
export type Pull = { kind: 'fetching'; until: Instant } | { kind: 'too-late' } | { kind: 'none' }

/** What could be brought from one Shop, by SKU: its share, less what is on its way out already (`coming`). Other kinds of its stock cannot be subtracted. */
export async function pullable(tx: Tx, tenantId: number, skuIds: readonly string[]): Promise<Map<string, { free: number; coming: number }>> {
  const sums = new Map<string, { free: number; coming: number }>()
  for (const { skuId, free, coming } of await shares(tx, tenantId, skuIds)) {
    const sum = sums.get(skuId) ?? { free: 0, coming: 0 }
    sums.set(skuId, { free: Math.max(sum.free, free), coming: sum.coming + coming })
  }
  return sums
}

function shares(tx: Tx, tenantId: number, skuIds: readonly string[]): Promise<Array<{ skuId: string; connectionId: string; free: number; coming: number }>> {
  return tx.query(
    `select r."skuId", r."connectionId", r.share - r.coming as free, r.coming from (
       select s.sku_id as "skuId", s.connection_id as "connectionId", s.shop - s.elsewhere as share,
         coalesce((select sum(m.quantity) from stock_move m where m.tenant_id = $1 and m.sku_id = s.sku_id and m.connection_id = s.connection_id and m.direction = 'from-shop' and m.state in ('planned', 'sent', 'unknown')), 0)::bigint as coming
       from stock_shelf s where s.tenant_id = $1 and s.sku_id = any($2::uuid[]) and s.opened_at is not null) r
     order by r."skuId", r.share - r.coming desc, r."connectionId"`,
    [tenantId, skuIds],
  )
}

/**
 * Asks for `missing` units of a SKU for the buyer named by `key`, or looks how an earlier ask stands. One Shop gives all of them or none is asked.
 * @returns fetching: ask again until then; too-late: the time is over and they did not come; none: no Shop has them.
 */
export async function pullUnits(tx: Tx, tenantId: number, skuId: string, missing: number, key: string, now: Instant, ids: Ids): Promise<Pull> {
  const setting = await readSetting(tx, tenantId)
  if (setting.pull !== 'shop') return { kind: 'none' }
  const before = await moveOfKey(tx, tenantId, key)
  if (before) {
    const until = before.plannedAt + setting.pullWaitMs
    // Confirmed, and yet short: somebody was quicker. Refused: the Shop sold them.
    if (before.closedAt !== null) return { kind: before.state === 'confirmed' ? 'too-late' : 'none' }
    return now < until ? { kind: 'fetching', until } : { kind: 'too-late' }
  }
  const share = (await shares(tx, tenantId, [skuId])).find((one) => one.free >= missing)
  if (!share) return { kind: 'none' }
  const outcome = await requestMove(tx, tenantId, { skuId, connectionId: share.connectionId, direction: 'from-shop', place: 'mall', quantity: missing, actor: 'checkout', key }, now, ids)
  return outcome.kind === 'planned' ? { kind: 'fetching', until: now + setting.pullWaitMs } : { kind: 'none' }
}
