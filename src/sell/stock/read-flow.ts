import type { Db, Tx } from '../../kernel/db/index.ts'
import type { FactHandler, JobHandler, PlatformAnswer, Subscriber, Work } from '../../kernel/engine/index.ts'
import { dayMs } from '../../kernel/calendar.ts'
import { putJobs } from '../../kernel/job/index.ts'
import { parseJson } from '../../kernel/json.ts'
import { finishCall, withdrawCalls } from '../../kernel/outbox/index.ts'
import { linesOfOrders, paidOrders } from '../order/index.ts'
import { applyFlow, openShelf, proofMs, sellHold, type Draft, type FlowEntry, type Shelf } from './escrow.ts'
import { flowJob, flowJobKind, sendNext } from './move-units.ts'
import { rebalanceJob } from './rebalance.ts'
import { anyShelf, findShelf, hasOpenAlarm, lockSkus, markReconciled, openMoves, putHolds, putMoves, readHolds, saveDrafts, shelvesOfConnection, shelvesOfPlatformSkus } from './store.ts'

export type StockPlatform = { db: Db; call(tenantId: number, connectionId: string, endpoint: string, request: unknown): Promise<PlatformAnswer> }

type FlowRead =
  | { kind: 'gone' }
  | { kind: 'first'; num: number; second: number; seen: number }
  | { kind: 'next'; fromSecond: number; fromSeen: number; entries: FlowEntry[] }

type WireEntry = { beginning_amount: number; ending_amount: number; op_type: number; update_time: number; ext_info?: { order_id?: unknown } }

/** The platform keeps 180 days of flow. */
const flowDays = 179 * dayMs
const pageSize = 100

/**
 * Reads a SKU's stock flow from where the book stands and applies what is new. It is the journal of the Shop's share: orders, our own moves and
 * edits by hand all come from it, so a callback that is late or lost changes nothing about the numbers.
 */
export function stockFlow(platform: StockPlatform): JobHandler {
  async function pages(work: Work, connectionId: string, shelf: { productId: string; platformSkuId: string }, beginSecond: number, enough: (entries: FlowEntry[]) => boolean): Promise<FlowEntry[]> {
    const entries: FlowEntry[] = [] // newest first
    for (let key = ''; ; ) {
      const answer = await platform.call(work.tenantId, connectionId, 'shop.stock.flow', {
        product_id: shelf.productId, sku_id: shelf.platformSkuId, stock_type: 0, begin_time: beginSecond, end_time: Math.floor(work.clock.now() / 1000) + 300, page_size: pageSize, ...(key === '' ? {} : { next_key: key }),
      })
      if (answer.kind !== 'ok') throw new Error(`stock flow: ${answer.text}`)
      const data = (answer.result as { data?: { stock_flow_info_list?: WireEntry[]; next_key?: string } }).data ?? {}
      for (const entry of data.stock_flow_info_list ?? []) {
        entries.push({ second: entry.update_time, op: entry.op_type, before: entry.beginning_amount, after: entry.ending_amount, orderId: String(entry.ext_info?.order_id ?? '') })
      }
      if (!data.next_key || data.next_key === key || enough(entries)) return entries
      key = data.next_key
    }
  }
  return {
    kind: flowJobKind,
    async prepare(work, job): Promise<FlowRead> {
      const { connectionId, skuId } = job.state as { connectionId: string; skuId: string }
      const shelf = await platform.db.tx({ role: 'app', tenantId: work.tenantId }, (tx) => findShelf(tx, work.tenantId, skuId, connectionId))
      if (!shelf) return { kind: 'gone' }
      if (shelf.openedAt === null) {
        const newest = await pages(work, connectionId, shelf, Math.floor((work.now - flowDays) / 1000), (entries) => entries[entries.length - 1]?.second !== entries[0]?.second)
        if (newest.length > 0) return { kind: 'first', num: newest[0].after, second: newest[0].second, seen: newest.filter((entry) => entry.second === newest[0].second).length }
        const answer = await platform.call(work.tenantId, connectionId, 'shop.stock.get', { product_id: shelf.productId, sku_id: shelf.platformSkuId })
        if (answer.kind !== 'ok') throw new Error(`stock: ${answer.text}`)
        return { kind: 'first', num: (answer.result as { data?: { normal_stock_num?: number } }).data?.normal_stock_num ?? 0, second: Math.floor(work.now / 1000), seen: 0 }
      }
      // Older than what the platform keeps: what lies between shows as a break in the chain of amounts.
      const oldest = Math.floor((work.now - flowDays) / 1000)
      const known = shelf.flowSecond < oldest ? 0 : shelf.flowSeen
      const entries = (await pages(work, connectionId, shelf, Math.max(shelf.flowSecond, oldest), () => false)).reverse()
      const again = entries.filter((entry) => entry.second === shelf.flowSecond).length
      // Fewer than known in that second: the platform's list came back short. Read again rather than guess.
      if (again < known) throw new Error(`the stock flow lists ${again} entries of second ${shelf.flowSecond}, ${known} are known`)
      return { kind: 'next', fromSecond: shelf.flowSecond, fromSeen: shelf.flowSeen, entries: entries.slice(known) }
    },
    async run(work, tx, job, prepared) {
      const read = prepared as FlowRead
      const { connectionId, skuId } = job.state as FlowJobState
      const { tenantId, now, ids } = work
      if (read.kind === 'gone') return null
      const draft = (await lockSkus(tx, tenantId, [skuId], { shelves: true })).get(skuId)!
      const shelf = draft.sku.shelves.find((one) => one.connectionId === connectionId)!
      if (read.kind === 'first') {
        if (shelf.openedAt === null) openShelf(draft, shelf, read, now)
        await saveDrafts(tx, tenantId, [draft], now, ids)
        return null
      }
      if (shelf.flowSecond !== read.fromSecond || shelf.flowSeen !== read.fromSeen) return { dueAt: now }
      const knownNum = shelf.platformNum
      const moves = (await openMoves(tx, tenantId, [skuId])).filter((move) => move.connectionId === connectionId)
      const orderIds = [...new Set(read.entries.filter((entry) => entry.op === 4 || entry.op === 5).map((entry) => entry.orderId))]
      const holds = await readHolds(tx, tenantId, connectionId, skuId, orderIds)
      const paid = await paidOrders(tx, tenantId, 'shop', [...new Set([...orderIds, ...holds.keys()])])
      applyFlow(draft, shelf, moves, holds, read.entries, (orderId) => paid.has(orderId), now)
      const doubt = await doubtful(tx, tenantId, draft, shelf, knownNum, read.entries, job.state as FlowJobState, now)
      await putHolds(tx, tenantId, connectionId, skuId, [...holds.values()])
      const closed = moves.filter((move) => move.closedAt !== null)
      for (const move of closed) {
        if (move.state === 'confirmed' && move.reason !== '') await finishCall(tx, tenantId, move.outboxId!, 'sent', now, { proof: 'stock flow' }, undefined)
        else await withdrawCalls(tx, tenantId, [move.outboxId!], now)
      }
      const sent = await sendNext(tx, tenantId, shelf, moves.filter((move) => move.closedAt === null), now, ids)
      await putMoves(tx, tenantId, [...closed, ...sent])
      await saveDrafts(tx, tenantId, [draft], now, ids)
      // An order that the book has never heard of: its callback is late or lost.
      const heard = new Set((await linesOfOrders(tx, tenantId, 'shop', orderIds)).map((line) => line.orderId))
      await work.ring(tx, orderIds.filter((orderId) => !heard.has(orderId)).map((objectId) => ({ connectionId, kind: 'shop.order', objectId, at: now, cause: 'backfill' as const })))
      // Its last unit is gone: the rebalancer looks at it now, not at its next round.
      if (read.entries.length > 0 && shelf.shop - shelf.elsewhere <= 0) await putJobs(tx, tenantId, [rebalanceJob(now, skuId)])
      const out = moves.find((move) => (move.state === 'sent' || move.state === 'unknown') && move.answeredAt !== null)
      if (doubt !== null) return doubt
      return out === undefined ? null : { dueAt: Math.max(now + 1_000, Math.min(now + 30_000, out.answeredAt! + proofMs)), state: job.state }
    },
  }
}

type FlowJobState = { connectionId: string; skuId: string; found?: number; tries?: number }

/** A number that the platform gave and its flow does not reach is asked about again, for the flow may be late; then it is an alarm with both numbers. */
const doubtTries = 3
const doubtMs = 60_000

async function doubtful(tx: Tx, tenantId: number, draft: Draft, shelf: Shelf, knownNum: number, entries: readonly FlowEntry[], state: FlowJobState, now: number): Promise<{ dueAt: number; state: FlowJobState } | null> {
  const { found, tries = 0 } = state
  if (found === undefined || found === knownNum || found === shelf.platformNum || entries.some((entry) => entry.before === found || entry.after === found)) return null
  if (tries < doubtTries) return { dueAt: now + doubtMs, state: { ...state, tries: tries + 1 } }
  if (!(await hasOpenAlarm(tx, tenantId, draft.sku.skuId, 'unexplained'))) draft.alarms.push({ kind: 'unexplained', quantity: found - shelf.platformNum, detail: { connectionId: shelf.connectionId, platform: found, flow: shelf.platformNum, flowSecond: shelf.flowSecond } })
  return null
}

/**
 * Reconciliation (对账): compares the platform's numbers of all tracked SKUs of a Shop with where our reading of its flow stands, and reads the flow
 * of those that differ, are not opened, or have a move that is out.
 */
export const reconcileJobKind = 'stock.reconcile'
/** Paid orders, our own moves and low-stock events have the flow read at once; this finds the rest: what was raised by hand may be sold twice until it is seen, so it never rests. */
export const reconcileMs = 60 * 60_000
const productsPerCall = 20

export function stockReconcile(platform: StockPlatform): JobHandler {
  return {
    kind: reconcileJobKind,
    async prepare(work, job): Promise<Map<string, number>> {
      const { connectionId } = job.state as { connectionId: string }
      const shelves = await platform.db.tx({ role: 'app', tenantId: work.tenantId }, (tx) => shelvesOfConnection(tx, work.tenantId, connectionId))
      const products = [...new Set(shelves.map((shelf) => shelf.productId))]
      const found = new Map<string, number>()
      for (let at = 0; at < products.length; at += productsPerCall) {
        const answer = await platform.call(work.tenantId, connectionId, 'shop.stock.batch-get', { product_id: products.slice(at, at + productsPerCall) })
        if (answer.kind !== 'ok') throw new Error(`stock of products: ${answer.text}`)
        type Answer = { data?: { spu_stock_list?: Array<{ sku_stock?: Array<{ sku_id: string; normal_stock_num?: number }> }> } }
        for (const spu of (answer.result as Answer).data?.spu_stock_list ?? []) for (const sku of spu.sku_stock ?? []) if (sku.normal_stock_num !== undefined) found.set(String(sku.sku_id), sku.normal_stock_num)
      }
      return found
    },
    async run(work, tx, job, prepared) {
      const found = prepared as Map<string, number>
      const { connectionId } = job.state as { connectionId: string }
      const shelves = await shelvesOfConnection(tx, work.tenantId, connectionId)
      if (shelves.length === 0) return null
      const differs = shelves.filter((shelf) => shelf.openedAt === null || shelf.hasOpenMove || found.get(shelf.platformSkuId) !== shelf.platformNum)
      const same = shelves.filter((shelf) => !differs.includes(shelf))
      await putJobs(tx, work.tenantId, differs.map((shelf) => flowJob(connectionId, shelf.skuId, work.now, found.get(shelf.platformSkuId))))
      await markReconciled(tx, work.tenantId, connectionId, same.map((shelf) => shelf.platformSkuId), work.now)
      return { dueAt: work.now + reconcileMs, state: job.state }
    },
  }
}

/** A paid order of the Shop: what it held is sold; what the flow has not shown yet is read soon, as after a cancellation. Refunds change nothing here (shop sheet 3). */
export const stockHearsOrders: Subscriber = {
  name: 'stock',
  hears: ['order.paid', 'order.cancelled'],
  async handle(work, tx, events) {
    const { tenantId, now, ids } = work
    const inShop = events.filter((event) => event.payload.shelf === 'shop')
    const orderIds = inShop.map((event) => String(event.payload.orderId))
    // A Shop whose stock is not tracked pays nothing for this.
    if (orderIds.length === 0 || !(await anyShelf(tx, tenantId))) return
    const paid = new Set(inShop.filter((event) => event.name === 'order.paid').map((event) => String(event.payload.orderId)))
    const lines = await linesOfOrders(tx, tenantId, 'shop', orderIds)
    const shelves = await shelvesOfPlatformSkus(tx, tenantId, [...new Set(lines.map((line) => line.skuId))])
    if (shelves.length === 0) return
    const drafts = await lockSkus(tx, tenantId, shelves.map((shelf) => shelf.skuId), { shelves: true })
    for (const { skuId, connectionId, platformSkuId } of shelves) {
      const draft = drafts.get(skuId)
      const shelf = draft?.sku.shelves.find((one) => one.connectionId === connectionId)
      if (!draft || !shelf || shelf.openedAt === null) continue
      const mine = [...new Set(lines.filter((line) => line.skuId === platformSkuId).map((line) => line.orderId))]
      const holds = await readHolds(tx, tenantId, connectionId, skuId, mine)
      const sold = mine.filter((orderId) => paid.has(orderId)).flatMap((orderId) => holds.get(orderId) ?? []).filter((hold) => hold.state === 'held')
      for (const hold of sold) sellHold(draft, shelf, hold, now)
      await putHolds(tx, tenantId, connectionId, skuId, sold)
      if (mine.some((orderId) => !holds.has(orderId) || !paid.has(orderId))) await putJobs(tx, tenantId, [flowJob(connectionId, skuId, now)])
    }
    await saveDrafts(tx, tenantId, drafts.values(), now, ids)
  },
}

/** The Shop says that a SKU runs low: its flow is read now, so that the stock page and what follows from it are right when it matters. */
export const stockFacts: FactHandler = {
  line: 'shop',
  accepts: (event) => event === 'channels_ec_stock_no_enough',
  async handle(work, tx, facts) {
    const skuIds = facts.map((fact) => String((parseJson(fact.message) as { sku_id?: unknown }).sku_id ?? ''))
    const shelves = await shelvesOfPlatformSkus(tx, work.tenantId, [...new Set(skuIds)])
    await putJobs(tx, work.tenantId, shelves.map((shelf) => flowJob(shelf.connectionId, shelf.skuId, work.now)))
  },
}
