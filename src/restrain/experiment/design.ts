import { dayMs, saleDate, startOfDay } from '../../kernel/calendar.ts'
import type { Instant } from '../../kernel/clock.ts'
import { assignArms, buildStrata, spendTerciles, type Digest } from '../../math/evidence/index.ts'

/** Below this an epoch is not started: its arms could never differ by more than chance. */
export const rosterMin = 60
export const segments = [
  { key: 'repeat', zh: '复购', en: 'repeat buyers' },
  { key: 'first', zh: '首单', en: 'first order' },
  { key: 'never', zh: '还没买', en: 'not bought yet' },
  { key: 'dormant', zh: '沉睡', en: 'asleep' },
] as const
export type SegmentKey = (typeof segments)[number]['key']

/** Index in `segments`. Asleep: bought before, but not in the last 90 days. */
export function segmentOf(orders: number, lastPaidAt: Instant | null, now: Instant): number {
  if (orders === 0 || lastPaidAt === null) return 2
  if (lastPaidAt <= now - 90 * dayMs) return 3
  return orders >= 2 ? 0 : 1
}

/** Shares of the arms as whole thousandths, each at least 1. */
export function armWeights(shares: ArrayLike<number>): number[] {
  return Array.from(shares, (share) => Math.max(1, Math.round(share * 1000)))
}

export type RosterPerson = { personId: string; segment: number; /** Arm of the epoch before, −1: none. */ previousArm: number; preFen: number }
export type Assigned = RosterPerson & { arm: number; stratum: string }

/**
 * Assigns a frozen roster: per segment with that segment's weights, stratified by the previous arm and by what the person spent before. The draw is a
 * keyed hash of (epoch, person), so nobody can choose who falls into the holdout, and anybody with the key can check it.
 */
export function assignRoster(input: { digest: Digest; key: string; epoch: string; persons: readonly RosterPerson[]; weights: ReadonlyArray<readonly number[]> }): Assigned[] {
  const result: Assigned[] = []
  for (let s = 0; s < input.weights.length; s++) {
    const persons = input.persons.filter((p) => p.segment === s).sort((a, b) => (a.personId < b.personId ? -1 : 1))
    if (persons.length === 0) continue
    const tercile = spendTerciles(persons.map((p) => p.preFen), persons.map(() => s))
    const { stratum, names } = buildStrata(persons.map(() => s), persons.map((p) => p.previousArm), tercile)
    // The segment leads every name: "rest" of one segment is not "rest" of another.
    const full = names.map((name) => `${segments[s].key}:${name}`)
    const { arm } = assignArms({ digest: input.digest, key: input.key, epoch: input.epoch, persons: persons.map((p) => p.personId), stratum, stratumNames: full, weights: input.weights[s] })
    persons.forEach((person, i) => result.push({ ...person, arm: arm[i], stratum: full[stratum[i]] }))
  }
  return result
}

/** 03:00 in Shanghai, the next one after `now`: before anybody confirms anything. */
export function nextNight(now: Instant): Instant {
  const today = startOfDay(saleDate(now)) + 3 * 3_600_000
  return today > now ? today : today + dayMs
}

/** An epoch ends at night, so that the next one follows without a gap; one begun by day is some hours shorter. */
export const epochEnd = (startsAt: Instant, days: number): Instant => nextNight(startsAt) + (days - 1) * dayMs
