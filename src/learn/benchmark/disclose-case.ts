import { yuanSaid } from '../../kernel/money.ts'
import type { Instant } from '../../kernel/clock.ts'
import type { CaseBody, CaseEffect, StartState } from './measure-case.ts'

/**
 * What of a kept case others may see (公开的案例): the figures of the whole shop, coarsened. A count under `smallest` is told as less than that, every
 * other count and every sum of money to two leading digits, an interval outwards, an instant to its day. No name, member, text, product or order is in it.
 * This is suppression and rounding of one merchant's own totals, by that merchant's consent; it promises no differential privacy
 * (pooled lessons do: see the prior).
 */
export type PublicState = { day: Instant; contacts: number | null; net28Fen: number; buyers28: number | null; lost28: number | null }
export type PublicCase = {
  caseId: string
  measuredAt: Instant
  badge: CaseBody['badge']
  /** worked: the whole interval above nought; failed: the whole interval below; unclear: nought inside; too-early: nothing is claimed. */
  outcome: 'worked' | 'failed' | 'unclear' | 'too-early'
  start: PublicState
  now: PublicState
  /** Kinds of acts and how often; not to what. */
  moves: Array<{ action: string; times: number }>
  epochs: number
  effect: { persons: number | null; holdout: number | null; totalFen: number; lowFen: number; highFen: number; perHundredFen: number } | { missing: string; found: number; needed: number }
  losses: { caused: number | null; low: number | null; high: number | null }
  cost: { messages: number | null; messagesFen: number; minutesPerDay: number | null }
  /** Weeks from the first measured day to the measuring. */
  weeks: number
}

export const smallest = 10
const dayMs = 86_400_000
const shanghaiMs = 8 * 3_600_000

/** To two leading digits; `how` moves the end of an interval outwards. */
export function twoDigits(value: number, how: 'near' | 'down' | 'up' = 'near'): number {
  if (value === 0 || !Number.isFinite(value)) return 0
  const step = 10 ** Math.max(0, Math.floor(Math.log10(Math.abs(value))) - 1)
  const scaled = value / step
  return (how === 'near' ? Math.round(scaled) : how === 'down' ? Math.floor(scaled) : Math.ceil(scaled)) * step + 0
}

/** null: fewer than `smallest`, but not none. */
export const coarseCount = (n: number): number | null => (n === 0 ? 0 : n < smallest ? null : twoDigits(n))

const dayOf = (at: Instant): Instant => Math.floor((at + shanghaiMs) / dayMs) * dayMs - shanghaiMs

const stateOf = (state: StartState): PublicState => ({ day: dayOf(state.at), contacts: coarseCount(state.contacts), net28Fen: twoDigits(state.net28Fen), buyers28: coarseCount(state.buyers28), lost28: coarseCount(state.lost28) })

export function outcomeOfEffect(effect: CaseEffect): PublicCase['outcome'] {
  if (!effect.enough) return 'too-early'
  return effect.lowFen > 0 ? 'worked' : effect.highFen < 0 ? 'failed' : 'unclear'
}

export function discloseCase(caseId: string, body: CaseBody): PublicCase {
  const { effect, losses, cost } = body
  const times = new Map<string, number>()
  for (const move of body.moves) times.set(move.action, (times.get(move.action) ?? 0) + 1)
  return {
    caseId, measuredAt: dayOf(body.measuredAt), badge: body.badge, outcome: outcomeOfEffect(effect), start: stateOf(body.start), now: stateOf(body.now),
    moves: [...times].map(([action, count]) => ({ action, times: count })), epochs: body.epochs,
    effect: effect.enough
      ? { persons: coarseCount(effect.persons), holdout: coarseCount(effect.holdout), totalFen: twoDigits(effect.totalFen), lowFen: twoDigits(effect.lowFen, 'down'), highFen: twoDigits(effect.highFen, 'up'), perHundredFen: effect.persons === 0 ? 0 : twoDigits((100 * effect.totalFen) / effect.persons) }
      : { missing: effect.missing, found: effect.missing === 'buyers' ? effect.found : 0, needed: effect.needed },
    losses: losses.enough && losses.caused !== null ? { caused: coarseCount(Math.max(0, Math.round(losses.caused))), low: coarseCount(Math.max(0, Math.floor(losses.causedLow ?? 0))), high: coarseCount(Math.max(0, Math.ceil(losses.causedHigh ?? 0))) } : { caused: null, low: null, high: null },
    cost: { messages: coarseCount(cost.messages), messagesFen: twoDigits(cost.messagesFen), minutesPerDay: cost.minutesPerDay === null ? null : Math.round(cost.minutesPerDay) },
    weeks: Math.max(0, Math.round((body.measuredAt - body.start.at) / (7 * dayMs))),
  }
}

/** What a public case says in one sentence; a case that did not work says so as plainly as the others. */
export function publicSentence(one: PublicCase, language: 'zh' | 'en'): string {
  const { effect } = one
  if (!('totalFen' in effect)) return language === 'zh' ? `做了 ${one.weeks} 周，证据还不够，先不说带来多少。` : `After ${one.weeks} weeks there is not enough evidence; nothing is claimed.`
  const span = `${yuanSaid(effect.lowFen)}～${yuanSaid(effect.highFen)}`
  if (one.outcome === 'unclear') return language === 'zh' ? `${one.weeks} 周，还分不清赚亏（${span}）。` : `${one.weeks} weeks, and gain cannot be told from loss (${span}).`
  if (one.outcome === 'failed') return language === 'zh' ? `没成：${one.weeks} 周里少赚约 ${yuanSaid(Math.abs(effect.totalFen))}（${span}）。` : `It did not work: about ${yuanSaid(Math.abs(effect.totalFen))} less in ${one.weeks} weeks (${span}).`
  return language === 'zh' ? `${one.weeks} 周，比留白组多赚约 ${yuanSaid(effect.totalFen)}（${span}）。` : `${one.weeks} weeks, about ${yuanSaid(effect.totalFen)} more than the holdout (${span}).`
}
