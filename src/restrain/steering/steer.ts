import { decideDose, type DoseCells, type DoseDecision, type DosePrior, type DoseTuning } from '../../math/evidence/index.ts'

/**
 * Steering (掌舵): from what each arm brought to the next epoch's doses. The same pure functions steer a merchant's live epochs and the fleets of
 * `qz simulate dosage`.
 *
 * Everything is told as a share of what the segment was expected to bring in the epoch, so that seasons, shops and a shrinking base are one scale and one
 * merchant's curve can teach another's.
 */

/** Departures from the decision's own defaults, chosen on simulated fleets: the habit holds longer, a step up asks for more than a step down, and exploration costs less. */
export const steering: Readonly<Partial<DoseTuning>> = { habitGuard: 0.8, stepUpGuard: 0.7, explore: 0.06 }

/** Who was on the roster, where they were put, and what came of it. Typed arrays, a row per person. */
export type RosterFacts = {
  segment: ArrayLike<number>
  arm: ArrayLike<number>
  /** 1: on the roster; others are skipped. */
  on: ArrayLike<number>
  /** Expected orders of the epoch, made at its start, × the worth of one order of this person. */
  expected: ArrayLike<number>
  /** Orders of the epoch × the same worth: the luck of large orders is left out. */
  brought: ArrayLike<number>
  lost: ArrayLike<number>
}

/** Persons who left, and what they were expected to bring as a share of their segment's mean. */
export type Leavers = { count: number; worth: number }
export type Steered = { cells: DoseCells; leavers: Leavers }

/** Cells in shares of the segment's expected level, season taken out by the merchant's own total, adjusted by what was expected of each person (θ pooled within cells). */
export function steerCells(facts: RosterFacts, segments: number, arms: number): Steered {
  const { segment, arm, on, expected, brought, lost } = facts
  const size = on.length
  const count = segments * arms
  const cells: DoseCells = { persons: new Float64Array(count), sum: new Float64Array(count), sumSquares: new Float64Array(count), losses: new Float64Array(count) }
  const roster = new Float64Array(segments)
  const level = new Float64Array(segments)
  const sumX = new Float64Array(count)
  const sumY = new Float64Array(count)
  let all = 0
  let foreseen = 0
  for (let i = 0; i < size; i++) {
    if (on[i] === 0) continue
    const s = segment[i]
    const c = s * arms + arm[i]
    roster[s]++
    level[s] += expected[i]
    all += brought[i]
    foreseen += expected[i]
    cells.persons[c]++
    sumX[c] += expected[i]
    sumY[c] += brought[i]
    cells.losses[c] += lost[i]
  }
  for (let s = 0; s < segments; s++) level[s] = Math.max(1e-6, level[s] / Math.max(1, roster[s]))
  const season = foreseen > 0 && all > 0 ? all / foreseen : 1
  const leavers: Leavers = { count: 0, worth: 0 }
  let sxx = 0
  let sxy = 0
  for (let i = 0; i < size; i++) {
    if (on[i] === 0) continue
    const s = segment[i]
    const c = s * arms + arm[i]
    const x = (expected[i] - sumX[c] / cells.persons[c]) / level[s]
    const y = (brought[i] - sumY[c] / cells.persons[c]) / level[s] / season
    sxx += x * x
    sxy += x * y
    if (lost[i] === 1) {
      leavers.count++
      leavers.worth += Math.min(5, expected[i] / level[s])
    }
  }
  const theta = sxx > 0 ? sxy / sxx : 0
  for (let i = 0; i < size; i++) {
    if (on[i] === 0) continue
    const s = segment[i]
    const c = s * arms + arm[i]
    const y = brought[i] / level[s] / season - theta * (expected[i] / level[s] - 1)
    cells.sum[c] += y
    cells.sumSquares[c] += y * y
  }
  return { cells, leavers }
}

/** Before anybody has left, leavers are taken for a little less than the average; as many pseudo-leavers hold that belief. */
const believedWorth = 0.8
const believedLeavers = 20

export const leaverWorth = (seen: readonly Leavers[]): number =>
  (believedLeavers * believedWorth + seen.reduce((sum, one) => sum + one.worth, 0)) / (believedLeavers + seen.reduce((sum, one) => sum + one.count, 0))

export type SteerQuestion = {
  segments: number
  /** Messages per epoch of each arm, the holdout first, and the habit among them. */
  doses: ArrayLike<number>
  habitArm: number
  /** Closed epochs, oldest first, in shares. */
  epochs: readonly DoseCells[]
  leavers: readonly Leavers[]
  roster: ArrayLike<number>
  /** Per segment: a year's expected worth over an epoch's. */
  spansAYear: ArrayLike<number>
  /** Share of a contact's trade that goes when the contact goes. */
  relationShare: number
  /** sd of ln of the year's value by its model. */
  valueLogSd: number
  /** Per segment: cost of one message over the epoch's worth of a person. */
  touchCost: ArrayLike<number>
  prior?: DosePrior
  seed: number
  tuning?: Partial<DoseTuning>
}

/** What the model of a year does not know about itself: the year's drift, and the share that the relation carries. */
const costDoubt = 0.25

/**
 * The next epoch's shares, in shares of the segment's level. A leaver costs the part of a year that the relation carries, and what messages would still
 * have added to it.
 */
export function steer(question: SteerQuestion): { decision: DoseDecision; lossCost: Float64Array } {
  const { segments, habitArm, epochs, prior, seed, relationShare } = question
  const doses = Float64Array.from(question.doses)
  const tuning = { ...steering, ...question.tuning }
  const base = { segments, doses, epochs, habitArm, prior, seed, roster: Float64Array.from(question.roster), touchCost: question.touchCost, lossCostLogSd: Math.hypot(question.valueLogSd, costDoubt) }
  // What messages add does not depend on what losses cost: a short first look is enough.
  const { gainMean } = decideDose({ ...base, lossCost: new Float64Array(segments), tuning: { ...tuning, draws: 200, intervals: false } })
  const worth = leaverWorth(question.leavers)
  const lossCost = Float64Array.from(question.spansAYear, (spans, s) => worth * spans * (relationShare + Math.max(0, ...gainMean.subarray(s * doses.length, (s + 1) * doses.length))))
  return { decision: decideDose({ ...base, lossCost, tuning }), lossCost }
}
