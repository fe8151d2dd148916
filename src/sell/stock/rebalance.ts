import type { Instant } from '../../kernel/clock.ts'
import { dayMs, dayNumber } from '../../kernel/calendar.ts'
import type { Tx } from '../../kernel/db/index.ts'
import type { JobHandler } from '../../kernel/engine/index.ts'
import type { Ids } from '../../kernel/ids.ts'
import { putJobs } from '../../kernel/job/index.ts'
import { shopListingsOf, skuCards } from '../catalog/index.ts'
import { soldByDaySku } from '../order/index.ts'
import { requestMove } from './move-units.ts'
import { changeStock } from './open-stock.ts'
import { putSetting, readRules, readSetting, type RebalanceRun, type StockSetting } from './settings.ts'
import { planShelves } from './suggest-move.ts'
import { listStockRows, pulledSince, readSkus } from './store.ts'

/**
 * The rebalancer: moves units towards where they sell, on a schedule or when asked; asked first it only says what it would do. Every move is the usual
 * two-phase one; SKUs with an open move are left alone, so a run after a run changes nothing.
 */
export const rebalanceJobKind = 'stock.rebalance'
/** The scheduled run over everything, or one SKU at once, because its shelf has just run dry. */
export const rebalanceJob = (dueAt: Instant, skuId?: string) => ({ kind: rebalanceJobKind, key: skuId ?? 'all', dueAt, state: skuId === undefined ? {} : { skuId } })

const longDays = 28
const shortDays = 2
/** The average of four weeks counts as this many days beside the last two: a run is followed quickly, a quiet weekend forgets nothing. */
const priorDays = 3
const pageSize = 2_000
const pullRestMs = 10 * 60_000

/** Pieces a day: the last two days, held back by the average of four weeks. */
export function sellThrough(byDay: ReadonlyMap<number, number>, today: number): number {
  let all = 0
  let recent = 0
  for (const [day, pieces] of byDay) {
    if (day <= today - longDays || day > today) continue
    all += pieces
    if (day > today - shortDays) recent += pieces
  }
  return ((all / longDays) * priorDays + recent) / (priorDays + shortDays)
}

/** What a run now would move, of all SKUs or of the given ones. Nothing is changed. */
export async function planRebalance(tx: Tx, tenantId: number, setting: StockSetting, now: Instant, only: readonly string[] | null = null): Promise<RebalanceRun['moves']> {
  const moves: RebalanceRun['moves'] = []
  const rules = await readRules(tx, tenantId, only)
  const today = dayNumber(now)
  // Just pulled for a buyer who waits: not to be sent back before they have it.
  const promised = await pulledSince(tx, tenantId, now - pullRestMs)
  for (let offset = 0; ; offset += pageSize) {
    const rows = await listStockRows(tx, tenantId, only, { offset, limit: pageSize })
    const skuIds = rows.map((row) => row.skuId)
    const listings = await shopListingsOf(tx, tenantId, skuIds)
    const shops = await readSkus(tx, tenantId, [...new Set(listings.map((listing) => listing.skuId))])
    const skuOf = new Map<string, string>([...skuIds.map((skuId): [string, string] => [`mall ${skuId}`, skuId]), ...listings.map((listing): [string, string] => [`shop ${listing.platformSkuId}`, listing.skuId])])
    const sold = new Map<string, Map<number, number>>()
    for (const { shelf, skuId: name, day, quantity } of await soldByDaySku(tx, tenantId, [...skuIds, ...listings.map((listing) => listing.platformSkuId)], now - longDays * dayMs)) {
      const skuId = skuOf.get(`${shelf} ${name}`)
      if (skuId === undefined) continue
      const key = `${shelf} ${skuId}`
      const days = sold.get(key) ?? new Map<number, number>()
      days.set(day, (days.get(day) ?? 0) + quantity)
      sold.set(key, days)
    }
    const perDay = (shelf: string, skuId: string): number => sellThrough(sold.get(`${shelf} ${skuId}`) ?? new Map(), today)
    for (const row of rows) {
      const shelves = (shops.get(row.skuId)?.shelves ?? []).filter((shelf) => shelf.openedAt !== null)
      if (shelves.length === 0 || row.openMoves > 0 || row.unbacked > 0 || promised.has(row.skuId)) continue
      const rule = rules.get(row.skuId)
      // Into the Shop with the least, out of the one with the most.
      const byUnits = shelves.toSorted((a, b) => a.shop - b.shop || (a.connectionId < b.connectionId ? -1 : 1))
      const planned = planShelves(
        { mall: row.mall, shop: shelves.reduce((sum, shelf) => sum + shelf.shop - shelf.elsewhere, 0), reserve: Math.max(0, row.reserve - (rule?.safety ?? 0)) },
        { mall: perDay('mall', row.skuId), shop: perDay('shop', row.skuId) },
        { singleUnits: setting.singleUnits, home: rule?.home ?? 'auto', pull: setting.pull },
      )
      for (const { why, ...move } of planned) {
        const shelf = move.from === 'shop' ? byUnits[byUnits.length - 1] : byUnits[0]
        const quantity = move.from === 'shop' ? Math.min(move.quantity, shelf.shop - shelf.elsewhere) : move.quantity
        if (quantity >= 1) moves.push({ ...move, quantity, skuId: row.skuId, title: '', connectionId: shelf.connectionId, why, outcome: '' })
      }
    }
    if (rows.length < pageSize) break
  }
  const titles = new Map((await skuCards(tx, tenantId, moves.map((move) => move.skuId))).map((card) => [card.skuId, card.title]))
  return moves.map((move) => ({ ...move, title: titles.get(move.skuId) ?? '' }))
}

/** Moves at most this many at once: what is left comes with the next run. */
const maxMoves = 200

/** Carries out what a dry run showed. @returns the run with how each move went. */
export async function runRebalance(tx: Tx, tenantId: number, actor: string, now: Instant, ids: Ids, only: readonly string[] | null = null): Promise<RebalanceRun> {
  const setting = await readSetting(tx, tenantId)
  const moves = (await planRebalance(tx, tenantId, setting, now, only)).slice(0, maxMoves)
  for (const move of moves) {
    const key = `rebalance/${now}/${move.skuId}/${move.from}`
    if (move.from !== 'shop' && move.to !== 'shop') {
      move.outcome = (await changeStock(tx, tenantId, move.skuId, { kind: 'transfer', from: move.from, to: move.to, quantity: move.quantity }, key, now, ids)).kind
      continue
    }
    const place = move.to === 'shop' ? (move.from as 'mall' | 'reserve') : (move.to as 'mall')
    move.outcome = (await requestMove(tx, tenantId, { skuId: move.skuId, connectionId: move.connectionId, direction: move.to === 'shop' ? 'to-shop' : 'from-shop', place, quantity: move.quantity, actor, key }, now, ids)).kind
  }
  const run: RebalanceRun = { at: now, applied: true, moves }
  if (only === null) await putSetting(tx, tenantId, { ...setting, ranAt: now, last: run }, now)
  return run
}

/** Sets how the shelves share, and starts or stops the schedule. */
export async function changeSetting(tx: Tx, tenantId: number, change: Partial<Omit<StockSetting, 'ranAt' | 'last'>>, now: Instant): Promise<StockSetting> {
  const setting = { ...(await readSetting(tx, tenantId)), ...change }
  await putSetting(tx, tenantId, setting, now)
  if (setting.rebalance !== 'off') await putJobs(tx, tenantId, [rebalanceJob(now + setting.everyMs)])
  return setting
}

export const rebalanceByClock: JobHandler = {
  kind: rebalanceJobKind,
  async run(work, tx, job) {
    const { tenantId, now, ids } = work
    const setting = await readSetting(tx, tenantId)
    const { skuId } = job.state as { skuId?: string }
    if (skuId !== undefined) {
      if (setting.rebalance === 'auto') await runRebalance(tx, tenantId, 'empty shelf', now, ids, [skuId])
      return null
    }
    if (setting.rebalance === 'off') return null
    if (setting.rebalance === 'auto') await runRebalance(tx, tenantId, 'schedule', now, ids)
    else {
      const moves = await planRebalance(tx, tenantId, setting, now)
      await putSetting(tx, tenantId, { ...setting, ranAt: now, last: { at: now, applied: false, moves: moves.slice(0, maxMoves) } }, now)
    }
    return { dueAt: now + setting.everyMs }
  },
}
