import type { DoseCells, DosePrior, DoseTuning } from '../../math/evidence/index.ts'
import { armsFor, defaultDosageSettings, expectedOrders, spansAYear, steer, steerCells, type DosageSettings, type Leavers } from '../../restrain/steering/index.ts'
import { createChance, uniformAt } from '../../emulator/population/chance.ts'
import { halfDays, segmentCount } from './merchant.ts'
import { touchCostFen, type Policy } from './play.ts'

/** Touches per 28 days among which the oracle may choose. */
export const monthlyDoses = Float64Array.from([0, 1, 2, 4, 8])

export const constantDose = (name: string, dose: number): Policy => ({ name, choose: (view, doses) => void doses.fill(dose, 0, view.present.length) })

/** Often to those who clicked or bought lately, seldom to the others; nothing is randomised, so nothing is learnt. */
export const engagement: Policy = {
  name: 'engagement',
  choose({ present, active, day }, doses) {
    for (let i = 0; i < present.length; i++) doses[i] = active[i] >= day - 28 ? 8 : active[i] >= day - 84 ? 4 : 1
  },
}

export type Learner = Policy & { cells: DoseCells[] }

export type LearnerOptions = {
  seed: number
  prior?: DosePrior
  tuning?: Partial<DoseTuning>
  /** For making a prior: equal shares instead of the decision's. */
  equal?: boolean
}

/** The merchant's settings in the fleet: epochs of 14 days, otherwise the product's own. */
export const fleetSettings: DosageSettings = { ...defaultDosageSettings, epochDays: halfDays }

/** The arms that the product gives a roster of this size: messages per epoch, and the habit among them. */
export const fleetArms = (contacts: number, informed: boolean): { doses: number[]; habitArm: number } => armsFor(contacts, fleetSettings, informed)

/**
 * Our policy: the product's own steering (`steer`, `steerCells`, `armsFor`) on epochs of 14 days. Only the draw is another one: exact quotas by the
 * harness's keyed uniforms instead of the merchant's HMAC.
 */
export function learner(name: string, options: LearnerOptions): Learner {
  const chance = createChance()
  const cells: DoseCells[] = []
  const leavers: Leavers[] = []
  let doses: number[] = []
  let habitArm = 0
  let expected = new Float64Array(0)
  let brought = new Float64Array(0)
  let arm = new Uint8Array(0)
  let roll = new Uint8Array(0)
  let draws = new Float64Array(0)
  let spans: Float64Array = new Float64Array(segmentCount)
  return {
    name,
    cells,
    choose(view, monthly) {
      const { start, history, present, half, day } = view
      const size = present.length
      if (expected.length === 0) {
        expected = new Float64Array(size)
        brought = new Float64Array(size)
        draws = new Float64Array(size)
        arm = new Uint8Array(size)
        ;({ doses, habitArm } = fleetArms(size, options.equal === true || options.prior !== undefined))
      }
      const arms = doses.length
      roll = present.slice()
      expectedOrders(start.purchases, history, day, halfDays, expected)
      if (half % 8 === 0) spans = spansAYear(start.purchases, history, start.orderFen, start.segment, present, segmentCount, day, expected)
      const roster = new Float64Array(segmentCount)
      const level = new Float64Array(segmentCount)
      const members: number[][] = Array.from({ length: segmentCount }, () => [])
      for (let i = 0; i < size; i++) {
        expected[i] *= start.orderFen[i] * start.margin
        if (present[i] === 0) continue
        const s = start.segment[i]
        roster[s]++
        members[s].push(i)
        level[s] += expected[i]
        draws[i] = uniformAt(chance, options.seed, start.people.merchantId, i, half, 93)
      }
      let share: Float64Array
      if (options.equal) share = new Float64Array(segmentCount * arms).fill(1 / arms)
      else {
        share = steer({
          segments: segmentCount, doses, habitArm, epochs: cells, leavers, roster, spansAYear: spans, relationShare: fleetSettings.relationShare, valueLogSd: start.valueLogSd, touchCost: level.map((sum, s) => (touchCostFen * Math.max(1, roster[s])) / Math.max(1, sum)),
          prior: options.prior, seed: options.seed + half, tuning: { intervals: false, draws: 1000, ...options.tuning },
        }).decision.share
      }
      for (let s = 0; s < segmentCount; s++) {
        // Exact quotas: persons in the order of their own draw, cut at the cumulative shares from a random offset.
        const order = members[s].sort((x, y) => draws[x] - draws[y] || x - y)
        const n = order.length
        const offset = uniformAt(chance, options.seed, start.people.merchantId, s, half, 94)
        let cumulative = 0
        let at = 0
        for (let k = 0; k < arms; k++) {
          cumulative += share[s * arms + k]
          const end = k === arms - 1 ? n : Math.floor(n * cumulative + offset)
          for (; at < Math.min(end, n); at++) arm[order[at]] = k
        }
      }
      for (let i = 0; i < size; i++) monthly[i] = present[i] === 0 ? 0 : (doses[arm[i]] * 28) / halfDays
    },
    after({ start }, _, { orders, left }) {
      for (let i = 0; i < brought.length; i++) brought[i] = orders[i] * start.orderFen[i] * start.margin
      const steered = steerCells({ segment: start.segment, arm, on: roll, expected, brought, lost: left }, segmentCount, doses.length)
      cells.push(steered.cells)
      leavers.push(steered.leavers)
    },
  }
}
