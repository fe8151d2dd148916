import { dayMs, minuteOfDay, monthOf, saleDate, startOfDay } from '../../kernel/calendar.ts'
import type { Instant } from '../../kernel/clock.ts'
import { secondsUntilAllowed } from '../../math/touch-log/index.ts'
import { isMarketing, weightOf, type Line, type PressurePolicy } from './policy.ts'

/** What the gate must know of one person; all of it can be made without a database. */
export type GateFacts = {
  /** Decayed weight of the touches that reached the person, at `now`. */
  pressure: number
  /** Weight of messages that were allowed and are still under way. */
  reserved: number
  /** Instants of mass messages sent or under way, any order; those of the calendar month and of the last seven days are looked at. */
  massAt: Instant[]
  /** Instants of marketing messages, sent or under way. */
  marketingAt: Instant[]
  optedOut: boolean
  /** The person's place in the running epoch; null: not on its roster. `used` counts marketing touches since its start. */
  dose: { dose: number; used: number; endsAt: Instant } | null
}

export const gateReasons = ['opted-out', 'holdout', 'dose-used', 'platform-cap', 'week-cap', 'over-pressure', 'quiet-hours'] as const
export type GateReason = (typeof gateReasons)[number]
export type GateDecision =
  | { allowed: true; weight: number }
  | { allowed: false; reason: GateReason; clearAt?: Instant; weight: number; detail: Record<string, number> }

type Asked = { line: Line; purpose: string; messageKind: 'help' | 'news' | 'sell' }

/**
 * May this message go to this person now? A pure decision.
 *
 * The order is from the most lasting to the most passing reason, so that the answer names what really stands in the way. A holdout is never
 * touched by marketing, whatever else would allow it.
 */
export function decideGate(policy: PressurePolicy, request: Asked, facts: GateFacts, now: Instant): GateDecision {
  const weight = weightOf(request)
  const no = (reason: GateReason, clearAt: Instant | undefined, detail: Record<string, number> = {}): GateDecision => ({ allowed: false, reason, weight, detail, ...(clearAt === undefined ? {} : { clearAt }) })
  const marketing = isMarketing(request)
  if (marketing) {
    if (facts.optedOut) return no('opted-out', undefined)
    if (facts.dose !== null && facts.dose.dose === 0) return no('holdout', facts.dose.endsAt)
    if (facts.dose !== null && facts.dose.used >= facts.dose.dose) return no('dose-used', facts.dose.endsAt, { dose: facts.dose.dose, used: facts.dose.used })
  }
  if (request.purpose !== 'welcome' && request.line === 'wecom') {
    const platform = platformCap(policy.platformRule, facts.massAt, now)
    if (platform !== undefined) return no('platform-cap', platform.clearAt, { count: platform.count })
  }
  if (!marketing) return { allowed: true, weight }
  const week = facts.marketingAt.filter((at) => at > now - 7 * dayMs).sort((a, b) => a - b)
  if (week.length >= policy.perWeekMax) return no('week-cap', week[week.length - policy.perWeekMax] + 7 * dayMs, { count: policy.perWeekMax })
  const carried = facts.pressure + facts.reserved
  if (carried + weight > policy.pressureMax) {
    if (weight >= policy.pressureMax) return no('over-pressure', undefined, { pressure: carried, pressureMax: policy.pressureMax })
    const seconds = secondsUntilAllowed(carried, weight, policy.pressureMax, policy.halfLifeDays)
    return no('over-pressure', now + Math.ceil(seconds) * 1000, { pressure: carried, pressureMax: policy.pressureMax })
  }
  const quietUntil = quietEnd(policy, now)
  if (quietUntil !== undefined) return no('quiet-hours', quietUntil)
  return { allowed: true, weight }
}

/**
 * The company-wide rule for mass messages to one customer: as many a calendar month as it has days, or 7 a week, or 1 a day; member-made
 * sends count too and are not visible to us, so the platform may still answer "over the limit" (status 3).
 */
function platformCap(rule: PressurePolicy['platformRule'], massAt: readonly Instant[], now: Instant): { clearAt: Instant; count: number } | undefined {
  const today = startOfDay(saleDate(now))
  const within = (from: Instant): number => massAt.reduce((count, at) => count + (at >= from && at <= now ? 1 : 0), 0)
  if (rule === 'one-a-day') return within(today) >= 1 ? { clearAt: today + dayMs, count: 1 } : undefined
  if (rule === 'seven-a-week') {
    // Whether the platform's week is a calendar week is not told; seven days up to now is the tighter reading of both.
    const sorted = massAt.filter((at) => at > now - 7 * dayMs && at <= now).sort((a, b) => a - b)
    return sorted.length >= 7 ? { clearAt: sorted[sorted.length - 7] + 7 * dayMs, count: 7 } : undefined
  }
  const month = monthOf(now)
  const first = startOfDay(`${month}-01`)
  let next = first + 28 * dayMs
  while (monthOf(next) === month) next += dayMs
  const days = Math.round((next - first) / dayMs)
  return within(first) >= days ? { clearAt: next, count: days } : undefined
}

/** End of the quiet hours that `now` lies in; undefined outside of them. */
export function quietEnd(policy: Pick<PressurePolicy, 'quietFromMinute' | 'quietToMinute'>, now: Instant): Instant | undefined {
  const { quietFromMinute: from, quietToMinute: to } = policy
  if (from === to) return undefined
  const minute = minuteOfDay(now)
  const inside = from < to ? minute >= from && minute < to : minute >= from || minute < to
  if (!inside) return undefined
  const today = startOfDay(saleDate(now)) + to * 60_000
  return today > now ? today : today + dayMs
}

/** A message that was allowed: `at` when it was sent, or when it was asked for while it still waits for a member's tap. */
export type CountedMessage = { line: string; purpose: string; messageKind: string; weight: number; at: Instant; waiting: boolean }

/** Counts one message into the facts. What waits may go out at any moment, so it counts as if it went now. */
export function countMessage(facts: GateFacts, message: CountedMessage, epochStart: Instant | undefined, now: Instant): void {
  const at = message.waiting ? now : message.at
  if (message.waiting) facts.reserved += message.weight
  if (message.purpose !== 'welcome' && message.line === 'wecom') facts.massAt.push(at)
  if (!isMarketing(message)) return
  facts.marketingAt.push(at)
  if (facts.dose !== null && epochStart !== undefined && at >= epochStart) facts.dose.used++
}

/** Facts of one person from what is known of them. */
export function gatherFacts(
  known: { touches: ReadonlyArray<{ occurredAt: Instant; weight: number }>; messages: readonly CountedMessage[]; optedOut: boolean; place: { dose: number; startsAt: Instant; endsAt: Instant } | null },
  halfLifeDays: number, now: Instant,
): GateFacts {
  const { place } = known
  const facts: GateFacts = {
    pressure: pressureOf(known.touches, halfLifeDays, now), reserved: 0, massAt: [], marketingAt: [], optedOut: known.optedOut, dose: place === null ? null : { dose: place.dose, used: 0, endsAt: place.endsAt },
  }
  for (const message of known.messages) countMessage(facts, message, place?.startsAt, now)
  return facts
}

/** Decayed sum of weights at `now`: the pressure of one person. Touches after `now` do not count. */
export function pressureOf(touches: ReadonlyArray<{ occurredAt: Instant; weight: number }>, halfLifeDays: number, now: Instant): number {
  let sum = 0
  for (const { occurredAt, weight } of touches) if (occurredAt <= now) sum += weight * 2 ** (-(now - occurredAt) / (halfLifeDays * dayMs))
  return sum
}
