import { dayMs, saleDate } from '../../kernel/calendar.ts'
import { randomStream } from '../../math/random/index.ts'
import type { Judgement } from '../../restrain/experiment/index.ts'
import { summarise, type WhatIf, type WhatIfPolicy } from './what-if.ts'

/** What the experiment has estimated of a merchant, for a what-if without a world to fork. */
export type Estimates = {
  judgement: Judgement
  /** Contacts per segment, messages per epoch of each arm. */
  roster: number[]
  doses: number[]
  epochDays: number
  margin: number
  touchCostFen: number
  /** First day, days since 1970. */
  day: number
}

/**
 * The present shares against everybody at the highest dose that was tried (or at none), from the estimated curves alone: gains and caused losses
 * are drawn from their posteriors, arm by arm as if independent, which makes the interval rather too wide. Nothing is said about doses that
 * nobody had, and days are alike.
 */
export function estimateWhatIf(estimates: Estimates, policy: WhatIfPolicy, days: number, seed: number, draws = 400): WhatIf {
  const { judgement: { decision, usualFen, lossCostFen }, roster, doses, epochDays, margin } = estimates
  const arms = doses.length
  const stream = randomStream(seed)
  const top = arms - 1
  type Side = { netFen: Float64Array; losses: Float64Array; messages: Float64Array; lostValueFen: number }
  const grow = (perDay: number): Float64Array => Float64Array.from({ length: days }, (_, n) => perDay * (n + 1))
  const pairs: Array<{ present: Side; other: Side }> = []
  for (let draw = 0; draw < draws; draw++) {
    const sides = { present: [0, 0, 0, 0], other: [0, 0, 0, 0] }
    for (let s = 0; s < roster.length; s++) {
      const row = s * arms
      const gain = Array.from({ length: arms }, (_, a) => (a === 0 ? 0 : decision.gainMean[row + a] + decision.gainSd[row + a] * stream.normal()))
      // A loss more than none: log-normal with the posterior's mean and spread.
      const caused = Array.from({ length: arms }, (_, a) => {
        const mean = decision.causedLossMean[row + a]
        if (a === 0 || mean <= 0) return 0
        const sd = Math.sqrt(Math.log(1 + (decision.causedLossSd[row + a] / mean) ** 2))
        return mean * Math.exp(sd * stream.normal() - 0.5 * sd * sd)
      })
      const add = (side: number[], a: number, persons: number): void => {
        const lost = persons * (decision.lossMean[row] + caused[a])
        side[0] += persons * (usualFen[s] + gain[a] / margin)
        side[1] += lost
        side[2] += persons * doses[a]
        side[3] += lost * lossCostFen[s]
      }
      for (let a = 0; a < arms; a++) add(sides.present, a, roster[s] * decision.share[row + a])
      add(sides.other, policy === 'blast' ? top : 0, roster[s])
    }
    const side = ([net, losses, messages, lostValue]: number[]): Side => ({ netFen: grow(net / epochDays), losses: grow(losses / epochDays), messages: grow(messages / epochDays), lostValueFen: (lostValue * days) / epochDays })
    pairs.push({ present: side(sides.present), other: side(sides.other) })
  }
  return summarise({
    basis: 'estimates', policy, contacts: roster.reduce((sum, n) => sum + n, 0), blastDose: policy === 'blast' ? Math.round((doses[top] * 28) / epochDays) : 0,
    days: Array.from({ length: days }, (_, n) => saleDate((estimates.day + n) * dayMs)), margin, touchCostFen: estimates.touchCostFen,
  }, pairs)
}
