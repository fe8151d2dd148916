import type { Merchant } from '../../emulator/population/parameters.ts'
import { segmentCount, type Start } from './merchant.ts'
import { play, type Play } from './play.ts'
import { constantDose, engagement, learner, monthlyDoses, type LearnerOptions } from './policies.ts'

export type PolicyName = 'ours' | 'blast' | 'silence' | 'fixed4' | 'engagement' | 'oracle'
type Result = { merchant: Merchant; silence: Float64Array; policies: Record<PolicyName, Play>; oracleValue: Float64Array; quiet: number }

/** Per 28-day epoch, segments added up. */
function perEpoch(value: Float64Array, epochs: number): Float64Array {
  const out = new Float64Array(epochs)
  for (let c = 0; c < value.length; c++) out[Math.floor(c / segmentCount / 2)] += value[c]
  return out
}

/** One dose per segment, put together from whole plays: segments do not touch each other, so nothing need be played again. */
function bySegment(curves: readonly Play[], best: ArrayLike<number>): Play {
  const made: Play = { ...curves[0], value: curves[0].value.slice(), segmentLosses: curves[0].segmentLosses.slice() }
  for (let c = 0; c < made.value.length; c++) made.value[c] = curves[best[c % segmentCount]].value[c]
  for (let s = 0; s < segmentCount; s++) made.segmentLosses[s] = curves[best[s]].segmentLosses[s]
  return { ...made, losses: made.segmentLosses.reduce((sum, x) => sum + x, 0) }
}

/** Plays one merchant under all policies. */
export function playMerchant(start: Start, epochs: number, seed: number, ours: LearnerOptions, all = true): Result {
  const halves = epochs * 2
  const curves = Array.from(monthlyDoses, (dose) => play(start, constantDose(`fixed${dose}`, dose), halves, seed))
  const best = new Uint8Array(segmentCount)
  for (let s = 0; s < segmentCount; s++) {
    let top = -Infinity
    curves.forEach((curve, k) => {
      let sum = 0
      for (let half = 0; half < halves; half++) sum += curve.value[half * segmentCount + s]
      if (sum > top) {
        top = sum
        best[s] = k
      }
    })
  }
  const oracle = bySegment(curves, best)
  const mine = play(start, learner('ours', ours), halves, seed)
  let quiet = 0
  let persons = 0
  for (let half = 10; half < halves; half++) {
    quiet += mine.quiet[half]
    persons += mine.persons[half]
  }
  return {
    merchant: start.merchant, silence: perEpoch(curves[0].value, epochs), oracleValue: perEpoch(oracle.value, epochs), quiet: persons > 0 ? quiet / persons : 0,
    policies: { ours: mine, silence: curves[0], fixed4: curves[3], blast: all ? play(start, constantDose('blast', 28), halves, seed) : curves[4], engagement: all ? play(start, engagement, halves, seed) : curves[3], oracle },
  }
}

/** One merchant in units of its silence's value per epoch. */
export type Measures = { third: number; thirdBest: number; late: number; lateBest: number; fixed: number; engagement: number; regret: number; engagementRegret: number; against: number }

export function measures(result: Result, epochs: number): Measures {
  const unit = result.silence.reduce((sum, x) => sum + x, 0) / epochs
  const gain = (value: Float64Array, from: number, to: number): number => {
    let sum = 0
    for (let e = from; e < Math.min(to, epochs); e++) sum += (value[e] - result.silence[e]) / unit
    return sum
  }
  const of = (name: PolicyName): Float64Array => perEpoch(result.policies[name].value, epochs)
  const ours = of('ours')
  const fixed = of('fixed4')
  const engaged = of('engagement')
  const best = result.oracleValue
  const sum = (value: Float64Array): number => value.reduce((total, x) => total + x, 0)
  return {
    third: gain(ours, 2, 3), thirdBest: gain(best, 2, 3), late: gain(ours, 3, epochs), lateBest: gain(best, 3, epochs), fixed: gain(fixed, 3, epochs), engagement: gain(engaged, 3, epochs),
    regret: (100 * (sum(best) - sum(ours))) / (unit * epochs), engagementRegret: (100 * (sum(best) - sum(engaged))) / (unit * epochs), against: (100 * (sum(ours) - sum(fixed))) / Math.abs(sum(fixed)),
  }
}
