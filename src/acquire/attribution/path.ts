import type { Instant } from '../../kernel/clock.ts'
import { ruleNames, splitFen, touchWeights, type Rule } from '../../math/attribution/index.ts'

/** What led to an order: a touchpoint (they came) or a message (we came), by channel and time. */
export type PathStep = { channel: string; at: Instant }

/** A credit of 1 is a thousand million parts, so that shares add up exactly. */
export const whole = 1_000_000_000
export const unknownChannel = 'unknown'
export const rules: readonly Rule[] = ruleNames

const dayMs = 86_400_000

/** Steps before an order within the look-back, oldest first; at the same instant by name, so that the path never depends on reading order. */
export function pathBefore(steps: readonly PathStep[], paidAt: Instant, lookbackDays: number): PathStep[] {
  return steps.filter((step) => step.at <= paidAt && step.at >= paidAt - lookbackDays * dayMs).sort((a, b) => a.at - b.at || (a.channel < b.channel ? -1 : a.channel > b.channel ? 1 : 0))
}

export type ChannelCredit = { channel: string; billionths: number; creditFen: number }

/** Credit of one order under one rule. Parts add up to `whole` and to what was paid; an order nothing led to belongs to `unknown`. */
export function creditOf(path: readonly PathStep[], paidAt: Instant, paidFen: number, rule: Rule): ChannelCredit[] {
  if (path.length === 0) return [{ channel: unknownChannel, billionths: whole, creditFen: paidFen }]
  const weights = touchWeights(rule, path.length, path.map((step) => (paidAt - step.at) / dayMs))
  const parts = splitFen(weights, whole)
  const money = splitFen(weights, paidFen)
  const byChannel = new Map<string, ChannelCredit>()
  path.forEach(({ channel }, n) => {
    const credit = byChannel.get(channel) ?? { channel, billionths: 0, creditFen: 0 }
    credit.billionths += parts[n]
    credit.creditFen += money[n]
    byChannel.set(channel, credit)
  })
  return [...byChannel.values()].filter((credit) => credit.billionths !== 0 || credit.creditFen !== 0).sort((a, b) => (a.channel < b.channel ? -1 : 1))
}
