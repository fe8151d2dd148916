import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'
import { markovCredit, pathsFromLists, shapleyCredit, type Credit } from '../../math/attribution/index.ts'
import { unknownChannel, whole } from './path.ts'
import { creditByModel, openPaths, orderPaths } from './store.ts'

export type ModelTable = { model: string; rows: Array<{ channel: string; orders: number; valueFen: number }>; orders: number; valueFen: number }

/**
 * The same orders under every model, side by side. Rules are conventions; Markov and Shapley read all paths of the window. None of them says what a
 * channel caused: that needs a holdout.
 */
export async function compareModels(tx: Tx, tenantId: number, from: Instant, to: Instant): Promise<{ channels: string[]; models: ModelTable[] }> {
  const byModel = new Map<string, ModelTable>()
  for (const row of await creditByModel(tx, tenantId, from, to)) {
    const table = byModel.get(row.model) ?? { model: row.model, rows: [], orders: 0, valueFen: 0 }
    table.rows.push({ channel: row.channel, orders: row.billionths / whole, valueFen: row.creditFen })
    table.orders += row.billionths / whole
    table.valueFen += row.creditFen
    byModel.set(row.model, table)
  }
  const models = [...byModel.values()]
  const paid = await orderPaths(tx, tenantId, from, to)
  const open = await openPaths(tx, tenantId, from, to)
  const channels = [...new Set([...paid.flatMap((order) => order.path.map((step) => step.channel)), ...open.flatMap((one) => one.channels)])].sort()
  if (channels.length > 0 && paid.length > 0) {
    const number = new Map(channels.map((channel, n) => [channel, n]))
    const paths = pathsFromLists(channels.length, [
      ...paid.map((order) => ({ path: order.path.map((step) => number.get(step.channel)!), conversions: 1, value: order.paidFen })),
      ...open.map((one) => ({ path: one.channels.map((channel) => number.get(channel)!), conversions: 0, nulls: 1, value: 0 })),
    ])
    for (const [model, credit] of [['markov', markovCredit(paths)], ['shapley', shapleyCredit(paths)]] as const) models.push(tableOf(model, credit, channels))
  }
  return { channels: [...channels, unknownChannel], models }
}

function tableOf(model: string, credit: Credit, channels: readonly string[]): ModelTable {
  const rows = channels.map((channel, n) => ({ channel, orders: credit.conversions[n], valueFen: Math.round(credit.values[n]) })).filter((row) => row.orders !== 0 || row.valueFen !== 0)
  if (credit.unknown.conversions !== 0) rows.push({ channel: unknownChannel, orders: credit.unknown.conversions, valueFen: Math.round(credit.unknown.value) })
  return { model, rows, orders: rows.reduce((sum, row) => sum + row.orders, 0), valueFen: rows.reduce((sum, row) => sum + row.valueFen, 0) }
}
