/**
 * Credit by rule: first, last, linear, position and time decay. A convention, not a measurement: see `calibrateToHoldouts`.
 */
import { checkPaths, emptyCredit, type Credit, type Paths } from './paths.ts'

export const ruleNames = ['first', 'last', 'linear', 'position', 'time-decay'] as const
export type Rule = (typeof ruleNames)[number]
export type RuleOptions = {
  /** Time decay: days after which a touch counts half. Default 7. */
  halfLifeDays?: number
}

function checkHalfLife(halfLifeDays: number): number {
  if (!(halfLifeDays > 0 && halfLifeDays < Infinity)) throw new RangeError(`attribution: halfLifeDays is ${halfLifeDays}, expected a finite number > 0`)
  return halfLifeDays
}

/**
 * Weights of the touches 1 … m of one order; they sum to 1 (for m = 0 the result is empty: the order belongs to `unknown`).
 * Position is 40/20/40: m = 1 → 1; m = 2 → ½, ½; m ≥ 3 → the middle shares .2 equally. Time decay is 2^(−age / H), normalised.
 * @param ages days before the order, one per touch; needed by time decay only
 */
export function touchWeights(rule: Rule, touches: number, ages?: ArrayLike<number>, options: RuleOptions = {}): Float64Array {
  if (!Number.isInteger(touches) || touches < 0) throw new RangeError(`attribution: touches is ${touches}, expected an integer ≥ 0`)
  const weights = new Float64Array(touches)
  fillWeights(rule, weights, touches, ages, 0, checkHalfLife(options.halfLifeDays ?? 7), null)
  return weights
}

/** 2^(−i / 1024) for i below 1024, then 2^−n for n from 0: a power per touch would be most of the work of time decay over many paths. */
type Powers = { parts: Float64Array; halves: Float64Array }
function makePowers(): Powers {
  return { parts: Float64Array.from({ length: 1024 }, (_, i) => 2 ** (-i / 1024)), halves: Float64Array.from({ length: 1075 }, (_, n) => 2 ** -n) }
}

/** 2^−x for x ≥ 0: whole part and 1024ths by table, what is left (below 1/1024) by four terms of the series; equal to the power within a few units of the last place. */
function halved(x: number, { parts, halves }: Powers): number {
  if (!(x < 1074)) return 0
  const scaled = x * 1024
  const steps = Math.floor(scaled)
  const rest = ((scaled - steps) * Math.LN2) / 1024
  return halves[steps >>> 10] * parts[steps & 1023] * (1 - rest * (1 - rest * (0.5 - rest * (1 / 6 - rest / 24))))
}

function fillWeights(rule: Rule, weights: Float64Array, m: number, ages: ArrayLike<number> | undefined, from: number, halfLife: number, powers: Powers | null): void {
  if (m === 0) return
  switch (rule) {
    case 'first': weights.fill(0, 0, m); weights[0] = 1; return
    case 'last': weights.fill(0, 0, m); weights[m - 1] = 1; return
    case 'linear': weights.fill(1 / m, 0, m); return
    case 'position':
      if (m <= 2) { weights.fill(1 / m, 0, m); return }
      weights.fill(0.2 / (m - 2), 0, m)
      weights[0] = 0.4
      weights[m - 1] = 0.4
      return
    case 'time-decay': {
      if (!ages) throw new RangeError('attribution: time decay needs ages (days before the order, one per touch)')
      if (ages.length < from + m) throw new RangeError(`attribution: ages has ${ages.length} elements, expected ${from + m}`)
      let youngest = Infinity
      for (let i = from; i < from + m; i++) {
        const age = ages[i]
        if (!(age >= 0 && age < Infinity)) throw new RangeError(`attribution: ages[${i}] is ${age}, expected a finite number of days ≥ 0`)
        if (age < youngest) youngest = age
      }
      // Ages are taken relative to the youngest: the shares are the same and very old paths do not underflow to 0/0.
      let total = 0
      for (let i = 0; i < m; i++) {
        const halvings = (ages[from + i] - youngest) / halfLife
        weights[i] = powers === null ? 2 ** -halvings : halved(halvings, powers)
        total += weights[i]
      }
      for (let i = 0; i < m; i++) weights[i] /= total
      return
    }
    default: throw new RangeError(`attribution: unknown rule '${String(rule)}', expected one of ${ruleNames.join(', ')}`)
  }
}

/**
 * Credit of every channel under one rule; all touches count (a channel met twice is credited twice).
 * Units: conversions and values as in the input. credit + unknown = total (up to rounding of the sum).
 */
export function creditByRule(paths: Paths, rule: Rule, options: RuleOptions = {}): Credit {
  checkPaths(paths)
  const { offsets, channels, conversions, values, ages } = paths
  const halfLife = checkHalfLife(options.halfLifeDays ?? 7)
  const credit = emptyCredit(rule, paths.channelCount)
  const powers = rule === 'time-decay' ? makePowers() : null
  let weights = new Float64Array(64)
  for (let p = 0; p < conversions.length; p++) {
    const from = offsets[p]
    const m = offsets[p + 1] - from
    const count = conversions[p]
    const value = values ? values[p] : 0
    if (count === 0 && value === 0) continue
    if (m === 0) {
      credit.unknown.conversions += count
      credit.unknown.value += value
      continue
    }
    if (m > weights.length) weights = new Float64Array(m * 2)
    fillWeights(rule, weights, m, ages, from, halfLife, powers)
    for (let i = 0; i < m; i++) {
      const weight = weights[i]
      if (weight === 0) continue
      credit.conversions[channels[from + i]] += weight * count
      credit.values[channels[from + i]] += weight * value
    }
  }
  return credit
}

/**
 * Splits a whole number of fen by weights so that the parts sum exactly to it (largest remainder; ties: lower index).
 * @param weights ≥ 0, sum 1 within 1e-9
 * @param netFen integer; negative is split like its absolute value
 */
export function splitFen(weights: ArrayLike<number>, netFen: number): Float64Array {
  if (!Number.isSafeInteger(netFen)) throw new RangeError(`attribution: netFen is ${netFen}, expected a whole number of fen`)
  let total = 0
  for (let i = 0; i < weights.length; i++) {
    if (!(weights[i] >= 0 && weights[i] <= 1 + 1e-9)) throw new RangeError(`attribution: weights[${i}] is ${weights[i]}, expected a number from 0 to 1`)
    total += weights[i]
  }
  if (!(Math.abs(total - 1) <= 1e-9)) throw new RangeError(`attribution: the ${weights.length} weights sum to ${total}, expected 1`)
  const sign = netFen < 0 ? -1 : 1
  const amount = Math.abs(netFen)
  const parts = new Float64Array(weights.length)
  const rest = new Float64Array(weights.length)
  let left = amount
  for (let i = 0; i < weights.length; i++) {
    const exact = weights[i] * amount
    parts[i] = Math.floor(exact)
    rest[i] = exact - parts[i]
    left -= parts[i]
  }
  const order = Array.from(parts.keys()).sort((a, b) => rest[b] - rest[a] || a - b)
  for (let n = 0; left > 0; n = (n + 1) % order.length, left--) parts[order[n]]++
  // Only weights that sum to a hair above 1 can overshoot: take back from the smallest remainders that have something.
  for (let n = order.length - 1; left < 0; n = (n + order.length - 1) % order.length) {
    if (parts[order[n]] > 0) { parts[order[n]]--; left++ }
  }
  if (sign < 0) for (let i = 0; i < parts.length; i++) parts[i] = parts[i] === 0 ? 0 : -parts[i]
  return parts
}

/**
 * What a refund books per channel: the split of the new net minus the split of the old one (fen, usually ≤ 0).
 * Adding it to what was booked leaves exactly `splitFen(weights, paid − refundedAfter)`, however many refunds came before.
 */
export function refundFen(weights: ArrayLike<number>, paidFen: number, refundedBeforeFen: number, refundedAfterFen: number): Float64Array {
  const before = splitFen(weights, paidFen - refundedBeforeFen)
  const after = splitFen(weights, paidFen - refundedAfterFen)
  return after.map((fen, i) => fen - before[i])
}
