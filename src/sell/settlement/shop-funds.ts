import { dayMs, saleDate } from '../../kernel/calendar.ts'
import type { Instant } from '../../kernel/clock.ts'
import type { Db, Tx } from '../../kernel/db/index.ts'
import type { JobHandler, PlatformAnswer, Work } from '../../kernel/engine/index.ts'
import { book } from '../../book/account/index.ts'
import { orderMoney, ordersSettled } from '../order/index.ts'
import { reconcileShop, shopAccount } from './reconcile.ts'
import { fundsOfOrders, insertFunds, knownFunds, openDifferences, putDay, putDifferences, setDifference, type ShopFundRow } from './store.ts'

/**
 * The Shop's wallet (小店资金): its flows enter a ledger of their own (`wallet:shop`), each once, and settled orders are compared with what they brought. Money of the
 * Shop is not on the merchant's account at WeChat Pay (shop sheet 12).
 */
export const shopFundsJobKind = 'shop.funds'
export const shopFundsJob = (connectionId: string, from: Instant, dueAt: Instant) => ({ kind: shopFundsJobKind, key: connectionId, dueAt, state: { connectionId, doneUpTo: from } satisfies State })

const everyMs = dayMs
/** The youngest minutes may still be written. */
const settleMs = 10 * 60_000
const windowMs = 7 * dayMs
/** `until`: reading again ends there. */
type State = { connectionId: string; doneUpTo: Instant; until?: Instant }
type Loose = Record<string, unknown>

export function readFunds(connectionId: string, body: unknown): ShopFundRow | undefined {
  const flow = (body as { funds_flow?: Loose }).funds_flow
  if (!flow) return undefined
  const related = (Array.isArray(flow.related_info_list) ? (flow.related_info_list as Loose[]) : []).filter((one) => one.order_id !== undefined)
  const id = (value: unknown): string => (value === undefined || value === null || String(value) === '0' ? '' : String(value))
  return {
    connectionId, flowId: String(flow.flow_id), fundsType: Number(flow.funds_type), direction: Number(flow.flow_type), amountFen: Math.abs(Number(flow.amount)), balanceFen: Number(flow.balance ?? 0), orderId: id(related[0]?.order_id), aftersaleId: id(related[0]?.aftersale_id), remark: String(flow.remark ?? ''),
    at: Number(flow.bookkeeping_time) * 1000,
  }
}

export function readShopFunds(platform: { db: Db; call(tenantId: number, connectionId: string, endpoint: string, request: unknown): Promise<PlatformAnswer> }): JobHandler {
  return {
    kind: shopFundsJobKind,
    async prepare(work, job): Promise<{ rows: ShopFundRow[]; upTo: Instant }> {
      const { connectionId, doneUpTo } = job.state as State
      const upTo = Math.min(work.now - settleMs, doneUpTo + windowMs)
      if (upTo <= doneUpTo) return { rows: [], upTo: doneUpTo }
      const ids: string[] = []
      for (let key = ''; ; ) {
        const answer = await platform.call(work.tenantId, connectionId, 'shop.funds.flow-list', { page_size: 100, start_time: Math.floor(doneUpTo / 1000) - 1, end_time: Math.floor(upTo / 1000), ...(key === '' ? {} : { next_key: key }) })
        if (answer.kind !== 'ok') throw new Error(`funds flow list: ${answer.text}`)
        const page = answer.result as { flow_ids?: unknown[]; has_more?: boolean; next_key?: string }
        ids.push(...(page.flow_ids ?? []).map(String))
        if (!page.has_more || !page.next_key || page.next_key === key) break
        key = page.next_key
      }
      const known = await platform.db.tx({ role: 'app', tenantId: work.tenantId }, (tx) => knownFunds(tx, work.tenantId, connectionId, ids))
      const rows: ShopFundRow[] = []
      for (const flowId of ids) {
        if (known.has(flowId)) continue
        const answer = await platform.call(work.tenantId, connectionId, 'shop.funds.flow-detail', { flow_id: flowId })
        if (answer.kind !== 'ok') throw new Error(`funds flow ${flowId}: ${answer.text}`)
        const row = readFunds(connectionId, answer.result)
        if (row) rows.push(row)
      }
      return { rows, upTo }
    },
    async run(work, tx, job, prepared) {
      const { connectionId, doneUpTo, until } = job.state as State
      const { rows, upTo } = prepared as { rows: ShopFundRow[]; upTo: Instant }
      await takeFunds(tx, work, connectionId, rows, { from: doneUpTo, to: upTo })
      if (until !== undefined && (upTo >= until - settleMs || upTo <= doneUpTo)) return null
      const behind = work.now - settleMs - upTo > everyMs
      return { dueAt: behind ? work.now : work.now + everyMs, state: { connectionId, doneUpTo: upTo, ...(until === undefined ? {} : { until }) } satisfies State }
    },
  }
}

export async function takeFunds(tx: Tx, work: Work, connectionId: string, rows: readonly ShopFundRow[], span: { from: Instant; to: Instant }): Promise<void> {
  const { tenantId, now, ids } = work
  const fresh = await insertFunds(tx, tenantId, rows, now)
  await book(tx, tenantId, rows.filter((row) => fresh.has(row.flowId) && row.amountFen > 0).map((row) => {
    const amount = row.direction === 1 ? row.amountFen : -row.amountFen
    return { postingId: ids.next(), key: `shop-fund/${connectionId}/${row.flowId}`, occurredAt: row.at, recordedAt: now, reason: row.remark || 'wallet of the Shop', entries: [{ account: 'wallet:shop', unit: 'fen', amount }, { account: shopAccount(row.fundsType), unit: 'fen', amount: 0 - amount }] }
  }))
  // Orders settled in the time, those the flows name, and those that were open before.
  const before = await openDifferences(tx, tenantId, 'shop')
  const named = [...new Set([...rows.map((row) => row.orderId), ...before.map((one) => one.number)])].filter((id) => id !== '')
  const money = await orderMoney(tx, tenantId, 'shop', named)
  const settled = new Map([...(await ordersSettled(tx, tenantId, 'shop', span.from, span.to)), ...[...money.values()].filter((one) => one.settledAt !== null)].map((one) => [one.orderId, one]))
  const flows = await fundsOfOrders(tx, tenantId, [...settled.keys(), ...named])
  const unknown = new Set(flows.map((row) => row.orderId).filter((id) => !money.has(id) && !settled.has(id)))
  const result = reconcileShop([...settled.values()], flows, unknown)
  const differing = new Set(result.differences.map((one) => one.number))
  for (const one of before) if (!differing.has(one.number)) await setDifference(tx, tenantId, one, 'explained', 'agrees now', 'wallet', now)
  await putDifferences(tx, tenantId, 'shop', saleDate(span.to), result.differences, now)
  const sum = (types: readonly number[], direction: number): number => rows.filter((row) => types.includes(row.fundsType) && row.direction === direction).reduce((total, row) => total + row.amountFen, 0)
  if (rows.length > 0 || settled.size > 0) await putDay(tx, tenantId, { shelf: 'shop', account: connectionId, day: saleDate(span.to), orders: settled.size, matched: result.matched, differing: result.differences.length, paidFen: sum([1], 1), refundedFen: sum([3], 2), feeFen: sum([2], 2), checkedAt: now })
}
