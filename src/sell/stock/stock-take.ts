import { createHash } from 'node:crypto'
import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'
import type { Ids } from '../../kernel/ids.ts'
import { bookedKeys } from '../../book/account/index.ts'
import { correct, expectedUnits } from './escrow.ts'
import { lockSkus, readSkus, saveDrafts } from './store.ts'

/**
 * Stock-take (盘点), in two steps: what was counted is kept with what should have been there at that moment and shown with what it would change; only the second
 * step, which names exactly what was shown, books it. The difference is added or subtracted, never set: what is sold between the steps stays sold.
 */
export const takeReasons = { found: '找到了', miscounted: '上次数错', lost: '丢失', damaged: '破损', expired: '过期', sample: '样品或赠送', other: '其他' } as const
export type TakeReason = keyof typeof takeReasons
export type TakeState = 'counting' | 'counted' | 'booked' | 'dropped'
export type Take = { takeId: string; warehouseId: string | null; state: TakeState; note: string; openedBy: string; openedAt: Instant; countedBy: string | null; countedAt: Instant | null; closedBy: string | null; closedAt: Instant | null }
export type TakeLine = { skuId: string; expected: number; counted: number; reason: TakeReason | ''; booked: { reserve: number; mall: number; unbacked: number } | null }
export type TakeOutcome<T> = { kind: 'done'; value: T } | { kind: 'no-take' } | { kind: 'wrong-state'; state: TakeState } | { kind: 'not-tracked'; skuId: string } | { kind: 'no-reason'; skuId: string; difference: number } | { kind: 'changed' }

const columns = `take_id as "takeId", warehouse_id as "warehouseId", state, note, opened_by as "openedBy", opened_at as "openedAt", counted_by as "countedBy", counted_at as "countedAt", closed_by as "closedBy", closed_at as "closedAt"`

export async function openTake(tx: Tx, tenantId: number, take: { warehouseId: string | null; note: string; actor: string }, now: Instant, ids: Ids): Promise<string> {
  const takeId = ids.next()
  tx.write(`insert into stock_take (tenant_id, take_id, warehouse_id, state, note, opened_by, opened_at) values ($1, $2, $3, 'counting', $4, $5, $6)`, [tenantId, takeId, take.warehouseId, take.note, take.actor, now])
  return takeId
}

export function listTakes(tx: Tx, tenantId: number, limit: number): Promise<Array<Take & { lines: number; differences: number }>> {
  return tx.query(
    `select ${columns}, (select count(*) from stock_take_line l where l.tenant_id = $1 and l.take_id = t.take_id) as lines,
       (select count(*) from stock_take_line l where l.tenant_id = $1 and l.take_id = t.take_id and l.counted <> l.expected) as differences
     from stock_take t where tenant_id = $1 order by opened_at desc, take_id limit $2`,
    [tenantId, limit],
  )
}

export async function readTake(tx: Tx, tenantId: number, takeId: string, options: { lock?: boolean } = {}): Promise<{ take: Take; lines: TakeLine[] } | undefined> {
  const [take] = await tx.query<Take>(`select ${columns} from stock_take where tenant_id = $1 and take_id = $2 ${options.lock ? 'for update' : ''}`, [tenantId, takeId])
  if (!take) return undefined
  return { take, lines: await tx.query<TakeLine>(`select sku_id as "skuId", expected, counted, reason, booked from stock_take_line where tenant_id = $1 and take_id = $2 order by sku_id`, [tenantId, takeId]) }
}

/** Names exactly these lines: the second step repeats it, so that nothing is booked that was not shown. */
export const confirmCode = (lines: readonly TakeLine[]): string =>
  createHash('sha256').update(lines.map((line) => `${line.skuId} ${line.expected} ${line.counted} ${line.reason}`).join('\n')).digest('hex').slice(0, 16)

/** First step. Lines may be given again until it is booked; a difference needs a reason. */
export async function countTake(tx: Tx, tenantId: number, takeId: string, counts: ReadonlyArray<{ skuId: string; counted: number; reason: TakeReason | '' }>, actor: string, now: Instant): Promise<TakeOutcome<{ lines: TakeLine[]; confirm: string }>> {
  const found = await readTake(tx, tenantId, takeId, { lock: true })
  if (!found) return { kind: 'no-take' }
  if (found.take.state !== 'counting' && found.take.state !== 'counted') return { kind: 'wrong-state', state: found.take.state }
  const skus = await readSkus(tx, tenantId, counts.map((one) => one.skuId))
  const rows: Array<{ skuId: string; counted: number; reason: string; expected: number }> = []
  for (const { skuId, counted, reason } of new Map(counts.map((one) => [one.skuId, one])).values()) {
    const sku = skus.get(skuId)
    if (!sku) return { kind: 'not-tracked', skuId }
    const expected = expectedUnits(sku, found.take.warehouseId)
    if (counted !== expected && reason === '') return { kind: 'no-reason', skuId, difference: counted - expected }
    rows.push({ skuId, counted, reason, expected })
  }
  tx.write(
    `insert into stock_take_line (tenant_id, take_id, sku_id, expected, counted, reason) select $1, $2, r.sku_id, r.expected, r.counted, r.reason from unnest($3::uuid[], $4::bigint[], $5::bigint[], $6::text[]) as r(sku_id, expected, counted, reason)
     on conflict (tenant_id, take_id, sku_id) do update set expected = excluded.expected, counted = excluded.counted, reason = excluded.reason`,
    [tenantId, takeId, rows.map((r) => r.skuId), rows.map((r) => r.expected), rows.map((r) => r.counted), rows.map((r) => r.reason)],
  )
  tx.write(`update stock_take set state = 'counted', counted_by = $3, counted_at = $4 where tenant_id = $1 and take_id = $2`, [tenantId, takeId, actor, now])
  const { lines } = (await readTake(tx, tenantId, takeId))!
  return { kind: 'done', value: { lines, confirm: confirmCode(lines) } }
}

/** Second step. Told twice, it is booked once. */
export async function bookTake(tx: Tx, tenantId: number, takeId: string, confirm: string, actor: string, now: Instant, ids: Ids): Promise<TakeOutcome<{ lines: TakeLine[] }>> {
  const found = await readTake(tx, tenantId, takeId, { lock: true })
  if (!found) return { kind: 'no-take' }
  if (found.take.state === 'booked') return { kind: 'done', value: { lines: found.lines } }
  if (found.take.state !== 'counted') return { kind: 'wrong-state', state: found.take.state }
  if (confirmCode(found.lines) !== confirm) return { kind: 'changed' }
  const differing = found.lines.filter((line) => line.counted !== line.expected)
  const drafts = await lockSkus(tx, tenantId, differing.map((line) => line.skuId), { shelves: false })
  const keyOf = (line: TakeLine): string => `stock-take/${takeId}/${line.skuId}`
  const booked = await bookedKeys(tx, tenantId, differing.map(keyOf))
  for (const line of differing) {
    if (!booked.has(keyOf(line))) line.booked = correct(drafts.get(line.skuId)!, line.counted - line.expected, found.take.warehouseId, keyOf(line), `stock-take: ${line.reason}`, now)
  }
  await saveDrafts(tx, tenantId, drafts.values(), now, ids)
  tx.write(
    `update stock_take_line l set booked = r.booked::jsonb from unnest($3::uuid[], $4::text[]) as r(sku_id, booked) where l.tenant_id = $1 and l.take_id = $2 and l.sku_id = r.sku_id`,
    [tenantId, takeId, differing.map((line) => line.skuId), differing.map((line) => JSON.stringify(line.booked))],
  )
  tx.write(`update stock_take set state = 'booked', closed_by = $3, closed_at = $4 where tenant_id = $1 and take_id = $2`, [tenantId, takeId, actor, now])
  return { kind: 'done', value: { lines: found.lines } }
}

export async function dropTake(tx: Tx, tenantId: number, takeId: string, actor: string, now: Instant): Promise<TakeOutcome<null>> {
  const found = await readTake(tx, tenantId, takeId, { lock: true })
  if (!found) return { kind: 'no-take' }
  if (found.take.state === 'booked') return { kind: 'wrong-state', state: 'booked' }
  tx.write(`update stock_take set state = 'dropped', closed_by = $3, closed_at = $4 where tenant_id = $1 and take_id = $2`, [tenantId, takeId, actor, now])
  return { kind: 'done', value: null }
}
