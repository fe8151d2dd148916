import { dayMs } from '../../kernel/calendar.ts'
import type { Instant } from '../../kernel/clock.ts'

/** The ladder of penalties (处罚阶梯), lightest first. */
export const penaltyKinds = ['silence-1', 'silence-7', 'silence-15', 'silence-forever', 'closure'] as const
export type PenaltyKind = (typeof penaltyKinds)[number]
export type Severity = 'light' | 'medium' | 'serious' | 'severe'
export type FeatherEffect = 'none' | 'freeze' | 'reverse'
export const aggravations = ['minors', 'registered-by-cheating', 'cheating', 'several-accounts'] as const
export type Aggravation = (typeof aggravations)[number]

/** Steps are indexes into `penaltyKinds`. Part of a version of the convention. */
export type Ladder = {
  base: Record<Severity, number>
  cap: Record<Severity, number>
  /** The weight of an earlier penalty halves in so many days. */
  halfLifeDays: number
  feathers: Record<PenaltyKind, FeatherEffect>
  /** An appeal may be made within so many days of the start, is answered within `answerDays`, and may be seen by the same reviewer after `coolingHours`. */
  appealDays: number
  answerDays: number
  coolingHours: number
}

export const defaultLadder: Ladder = {
  base: { light: 0, medium: 0, serious: 1, severe: 3 }, cap: { light: 2, medium: 3, serious: 4, severe: 4 }, halfLifeDays: 180,
  feathers: { 'silence-1': 'none', 'silence-7': 'freeze', 'silence-15': 'freeze', 'silence-forever': 'freeze', closure: 'reverse' },
  appealDays: 14, answerDays: 3, coolingHours: 24,
}

/** Lengths in days; null: without an end. A day is 24 hours from the second it began, so midnight, month ends and 29 February change nothing; Shanghai has no summer time, and other zones only show the instant differently. */
export const silenceDays: Record<PenaltyKind, number | null> = { 'silence-1': 1, 'silence-7': 7, 'silence-15': 15, 'silence-forever': null, closure: null }
export function endOf(kind: PenaltyKind, startsAt: Instant): Instant | null {
  const days = silenceDays[kind]
  return days === null ? null : startsAt + days * dayMs
}

export type Earlier = { startsAt: Instant; endedWhy: string | null }
export type Reckoning = { kind: PenaltyKind; feathers: FeatherEffect; base: number; weight: number; recidivism: number; raised: Aggravation[]; step: number }

/**
 * Which penalty an act deserves. From the step of its severity: one up for each earlier penalty as far as it still weighs (weights halve with time and are
 * added and rounded), one up for each aggravation; never above the cap of its severity, which an aggravation lifts by one.
 * Overturned and replaced penalties never weighed anything.
 */
export function reckon(ladder: Ladder, act: { severity: Severity; earlier: readonly Earlier[]; aggravations: readonly Aggravation[]; at: Instant }): Reckoning {
  const base = ladder.base[act.severity]
  const weight = act.earlier.filter((one) => one.endedWhy !== 'overturned' && one.endedWhy !== 'replaced' && one.endedWhy !== 'reduced' && one.startsAt <= act.at)
    .reduce((sum, one) => sum + 0.5 ** ((act.at - one.startsAt) / (ladder.halfLifeDays * dayMs)), 0)
  const recidivism = Math.round(weight)
  const raised = aggravations.filter((one) => act.aggravations.includes(one))
  const cap = Math.min(penaltyKinds.length - 1, ladder.cap[act.severity] + (raised.length > 0 ? 1 : 0))
  const step = Math.min(cap, base + recidivism + raised.length)
  const kind = penaltyKinds[step]
  // What was gained by cheating goes back, however short the silence is.
  const feathers = raised.includes('cheating') || raised.includes('registered-by-cheating') ? 'reverse' : ladder.feathers[kind]
  return { kind, feathers, base, weight: Math.round(weight * 1000) / 1000, recidivism, raised, step }
}
