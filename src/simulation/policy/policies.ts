import { decideDose, type DoseCells, type DosePrior, type DoseTuning } from '../../math/evidence/index.ts'
import { createChance, uniformAt } from '../../emulator/population/chance.ts'
import { expectedOrders, halfDays, segmentCount, spansAYear } from './merchant.ts'
import { touchCostFen, type Policy } from './play.ts'

/** Touches per 28 days of each arm. */
export const monthlyDoses = Float64Array.from([0, 1, 2, 4, 8])
export const habitArm = 3

export const constantDose = (name: string, dose: number): Policy => ({ name, choose: (view, doses) => void doses.fill(dose, 0, view.present.length) })

/** Often to those who clicked or bought lately, seldom to the others; nothing is randomised, so nothing is learnt. */
export const engagement: Policy = {
  name: 'engagement',
  choose({ present, active, day }, doses) {
    for (let i = 0; i < present.length; i++) doses[i] = active[i] >= day - 28 ? 8 : active[i] >= day - 84 ? 4 : 1
  },
}

/**
 * One dose per segment. The oracle is this with the best constant doses in hindsight. (Choosing anew per quarter from constant runs would be wrong: a
 * high dose looks harmless late in the year because those whom it drives away have left before.)
 */
export function segmentDoses(name: string, doseOf: readonly number[]): Policy {
  return {
    name,
    choose({ present, start }, doses) {
      for (let i = 0; i < present.length; i++) doses[i] = doseOf[start.segment[i]]
    },
  }
}

export type Learner = Policy & { cells: DoseCells[] }

export type LearnerOptions = {
  seed: number
  prior?: DosePrior
  tuning?: Partial<DoseTuning>
  /** For making a prior: equal shares instead of the decision's. */
  equal?: boolean
  /** Share of trade that goes through the relation, as taught by other merchants. */
  relationShare: number
  lossCostLogSd: number
  /** Expected revenue of a leaver as a share of the segment's mean, before any has left; taught by other merchants. */
  leaverWorth: number
}
/**
 * Chosen on fleets of other seeds. `relationShare` is below the population's usual φ (0.6), because staying remembered also keeps customers, which
 * arms of 14 days cannot show.
 */
export const learnerDefaults = { relationShare: 0.45, lossCostLogSd: 0.6, leaverWorth: 0.8 }

/**
 * Our policy: randomised arms per segment and 14 days, decided by `decideDose` from orders × shrunken person value. Everything is told as a
 * share of the segment's expected revenue of those days (fitted before, season by the merchant's own total), so seasons, presets and a
 * shrinking base are one scale.
 */
export function learner(name: string, options: LearnerOptions): Learner {
  const arms = monthlyDoses.length
  const chance = createChance()
  const cells: DoseCells[] = []
  const halfDoses = monthlyDoses.map((dose) => (dose * halfDays) / 28)
  let expected = new Float64Array(0)
  let arm = new Uint8Array(0)
  let roll = new Uint8Array(0)
  let level = new Float64Array(segmentCount)
  let spans: Float64Array = new Float64Array(segmentCount)
  // Those who leave are not the average customer: what the leavers so far were expected to bring, relative to their segment, shrunk by `doubt` leavers.
  const doubt = 20
  let leavers = doubt
  let leaversWorth = doubt * options.leaverWorth
  let gain: Float64Array = new Float64Array(segmentCount)
  return {
    name,
    cells,
    choose(view, doses) {
      const { start, history, present, half, day } = view
      const size = present.length
      if (expected.length === 0) {
        expected = new Float64Array(size)
        arm = new Uint8Array(size)
      }
      roll = present.slice()
      expectedOrders(start, history, day, halfDays, expected)
      if (half % 8 === 0) spans = spansAYear(start, history, present, day, halfDays, expected)
      const roster = new Float64Array(segmentCount)
      const members: number[][] = Array.from({ length: segmentCount }, () => [])
      level = new Float64Array(segmentCount)
      for (let i = 0; i < size; i++) {
        if (present[i] === 0) continue
        const s = start.segment[i]
        roster[s]++
        members[s].push(i)
        level[s] += expected[i] * start.orderFen[i] * start.margin
      }
      for (let s = 0; s < segmentCount; s++) level[s] = Math.max(1e-6, level[s] / Math.max(1, roster[s]))
      let share: Float64Array
      if (options.equal) share = new Float64Array(segmentCount * arms).fill(1 / arms)
      else {
        const smallest = Math.min(...level)
        const decision = decideDose({
          segments: segmentCount, doses: halfDoses, epochs: cells, roster, habitArm, prior: options.prior, seed: options.seed + half,
          lossCost: spans.map((value, s) => (leaversWorth / leavers) * value * (options.relationShare + Math.max(0, gain[s]))), lossCostLogSd: options.lossCostLogSd, touchCost: touchCostFen / Math.max(smallest, 100),
          tuning: { intervals: false, ...options.tuning },
        })
        share = decision.share
        gain = Float64Array.from({ length: segmentCount }, (_, s) => Math.max(...decision.gainMean.subarray(s * arms, (s + 1) * arms)))
      }
      for (let s = 0; s < segmentCount; s++) {
        // Exact quotas: persons in the order of their own draw, cut at the cumulative shares from a random offset.
        const u = new Map(members[s].map((i) => [i, uniformAt(chance, options.seed, start.people.merchantId, i, half, 93)]))
        members[s].sort((x, y) => u.get(x)! - u.get(y)! || x - y)
        const n = members[s].length
        const offset = uniformAt(chance, options.seed, start.people.merchantId, s, half, 94)
        let cumulative = 0
        let at = 0
        for (let k = 0; k < arms; k++) {
          cumulative += share[s * arms + k]
          const end = k === arms - 1 ? n : Math.floor(n * cumulative + offset)
          for (; at < Math.min(end, n); at++) arm[members[s][at]] = k
        }
      }
      for (let i = 0; i < size; i++) doses[i] = present[i] === 0 ? 0 : monthlyDoses[arm[i]]
    },
    after({ start }, doses, { orders, left }) {
      const size = doses.length
      const count = segmentCount * arms
      const cell: DoseCells = { persons: new Float64Array(count), sum: new Float64Array(count), sumSquares: new Float64Array(count), losses: new Float64Array(count) }
      let all = 0
      let foreseen = 0
      const sumX = new Float64Array(count)
      const sumY = new Float64Array(count)
      for (let i = 0; i < size; i++) {
        if (roll[i] === 0) continue
        const s = start.segment[i]
        const c = s * arms + arm[i]
        const x = expected[i] * start.orderFen[i] * start.margin
        const y = orders[i] * start.orderFen[i] * start.margin
        all += y
        foreseen += x
        cell.persons[c]++
        sumX[c] += x
        sumY[c] += y
        cell.losses[c] += left[i]
        if (left[i] === 1) {
          leavers++
          leaversWorth += Math.min(5, x / level[s])
        }
      }
      const season = foreseen > 0 && all > 0 ? all / foreseen : 1
      let sxx = 0
      let sxy = 0
      for (let i = 0; i < size; i++) {
        if (roll[i] === 0) continue
        const s = start.segment[i]
        const c = s * arms + arm[i]
        const x = (expected[i] * start.orderFen[i] * start.margin - sumX[c] / cell.persons[c]) / level[s]
        const y = (orders[i] * start.orderFen[i] * start.margin - sumY[c] / cell.persons[c]) / level[s] / season
        sxx += x * x
        sxy += x * y
      }
      const theta = sxx > 0 ? sxy / sxx : 0
      for (let i = 0; i < size; i++) {
        if (roll[i] === 0) continue
        const s = start.segment[i]
        const c = s * arms + arm[i]
        const x = (expected[i] * start.orderFen[i] * start.margin) / level[s] - 1
        const y = (orders[i] * start.orderFen[i] * start.margin) / level[s] / season - theta * x
        cell.sum[c] += y
        cell.sumSquares[c] += y * y
      }
      cells.push(cell)
    },
  }
}
