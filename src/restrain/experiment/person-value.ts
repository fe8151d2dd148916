import { dayMs } from '../../kernel/calendar.ts'
import type { Instant } from '../../kernel/clock.ts'
import { fitLifetime, scoreLifetimes, valueLogSd, type CustomerHistory } from '../../math/lifetime/index.ts'

/** Paid orders of one person so far. */
export type OrderHistory = { personId: string; orders: number; firstPaidAt: Instant; lastPaidAt: Instant; totalFen: number; firstFen: number }

export type PersonValues = {
  /** Expected contribution of a year to come in fen; persons without an order are absent. */
  valueFen: Map<string, number>
  /** How it was made: a fitted model, a stated fallback, or a plain rate for a shop younger than twelve weeks. */
  model: 'bg-nbd' | 'cells' | 'plain-rate'
  logSd: number
}

const weekMs = 7 * dayMs

/** What each buyer is still expected to bring within 52 weeks, as contribution (`margin` of net revenue). */
export function valuePersons(histories: readonly OrderHistory[], margin: number, now: Instant): PersonValues {
  const n = histories.length
  const history: CustomerHistory = {
    x: histories.map((h) => h.orders - 1),
    // Two orders within one second still are two: the model needs a time above 0 for a repeat.
    t: histories.map((h) => (h.orders > 1 ? Math.max(1000, h.lastPaidAt - h.firstPaidAt) / weekMs : 0)),
    T: histories.map((h) => Math.max(1000, now - h.firstPaidAt, h.lastPaidAt - h.firstPaidAt) / weekMs),
    spend: histories.map((h) => (h.orders > 1 ? Math.max(0, h.totalFen - h.firstFen) / (h.orders - 1) : 0)),
  }
  const model = n === 0 ? undefined : fitLifetime(history)
  if (model === undefined || model.kind === 'refused') {
    // Too young for a model: everybody at the shop's own rate so far, spread over at least four weeks.
    const weeks = histories.reduce((sum, h) => sum + Math.max(4, (now - h.firstPaidAt) / weekMs), 0)
    const repeats = histories.reduce((sum, h) => sum + h.orders - 1, 0)
    const total = histories.reduce((sum, h) => sum + h.totalFen, 0)
    const orders = histories.reduce((sum, h) => sum + h.orders, 0)
    const value = weeks > 0 && orders > 0 ? (margin * (repeats + 0.5) * 52 * (total / orders)) / weeks : 0
    return { valueFen: new Map(histories.map((h) => [h.personId, value])), model: 'plain-rate', logSd: 0.7 }
  }
  const scores = scoreLifetimes(model, history, { margin })
  return { valueFen: new Map(histories.map((h, i) => [h.personId, scores.value[i]])), model: model.kind, logSd: Math.min(1, valueLogSd(model, history, { margin })) }
}
