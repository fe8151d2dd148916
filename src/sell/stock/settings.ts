import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'
import type { Suggestion } from './suggest-move.ts'

/** How the shelves of a merchant share their stock. */
export type StockSetting = {
  /** off; suggest: shown, moved by a person; auto: moved by the schedule. */
  rebalance: 'off' | 'suggest' | 'auto'
  everyMs: number
  /** Up to so many units in all, a SKU lives on one shelf; 0: never. */
  singleUnits: number
  /** Where a mall buyer's missing units may come from while they wait: nowhere, the reserve, or also a Shop's share. */
  pull: 'off' | 'reserve' | 'shop'
  /** How long a buyer is kept waiting for units of a Shop. */
  pullWaitMs: number
  ranAt: Instant | null
  last: RebalanceRun | null
}
export type RebalanceRun = { at: Instant; applied: boolean; moves: Array<Suggestion & { skuId: string; title: string; connectionId: string; why: string; outcome: string }> }
/** What holds for one SKU only. `home`: auto goes by the setting, both never uses one shelf, mall or shop is the one shelf of tiny stocks. */
export type StockRule = { skuId: string; safety: number; home: 'auto' | 'both' | 'mall' | 'shop' }

export const usualSetting: StockSetting = { rebalance: 'suggest', everyMs: 6 * 3_600_000, singleUnits: 0, pull: 'shop', pullWaitMs: 8_000, ranAt: null, last: null }

export async function readSetting(tx: Tx, tenantId: number): Promise<StockSetting> {
  const [row] = await tx.query<StockSetting>(`select rebalance, every_ms as "everyMs", single_units as "singleUnits", pull, pull_wait_ms as "pullWaitMs", ran_at as "ranAt", last from stock_setting where tenant_id = $1`, [tenantId])
  return row ?? usualSetting
}

export async function putSetting(tx: Tx, tenantId: number, setting: StockSetting, now: Instant): Promise<void> {
  tx.write(
    `insert into stock_setting (tenant_id, rebalance, every_ms, single_units, pull, pull_wait_ms, ran_at, last, updated_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
     on conflict (tenant_id) do update set rebalance = excluded.rebalance, every_ms = excluded.every_ms, single_units = excluded.single_units, pull = excluded.pull, pull_wait_ms = excluded.pull_wait_ms, ran_at = excluded.ran_at, last = excluded.last, updated_at = excluded.updated_at`,
    [tenantId, setting.rebalance, setting.everyMs, setting.singleUnits, setting.pull, setting.pullWaitMs, setting.ranAt, setting.last === null ? null : JSON.stringify(setting.last), now],
  )
}

/** SKUs without a rule are absent. */
export async function readRules(tx: Tx, tenantId: number, skuIds: readonly string[] | null): Promise<Map<string, StockRule>> {
  const rows = await tx.query<StockRule>(`select sku_id as "skuId", safety, home from stock_rule where tenant_id = $1 and ($2::uuid[] is null or sku_id = any($2)) order by sku_id`, [tenantId, skuIds])
  return new Map(rows.map((row) => [row.skuId, row]))
}

export async function safetyOf(tx: Tx, tenantId: number, skuIds: readonly string[]): Promise<Map<string, number>> {
  return new Map([...(await readRules(tx, tenantId, skuIds))].map(([skuId, rule]) => [skuId, rule.safety]))
}

export async function putRule(tx: Tx, tenantId: number, rule: StockRule, now: Instant): Promise<void> {
  tx.write(
    `insert into stock_rule (tenant_id, sku_id, safety, home, updated_at) values ($1, $2, $3, $4, $5) on conflict (tenant_id, sku_id) do update set safety = excluded.safety, home = excluded.home, updated_at = excluded.updated_at`,
    [tenantId, rule.skuId, rule.safety, rule.home, now],
  )
}
