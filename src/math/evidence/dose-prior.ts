import { inverseFromCholesky, requireEqualLength, requirePositive } from '../special/index.ts'
import { doseKernel, gainEvidence, invertCovariance, lossEvidence, requireCells, requireDoses, solveJoint, type DoseCells, type DosePrior } from './dose-model.ts'
import { fitLossPrior } from './loss-model.ts'

/** What one merchant contributes: its cells (all with the same doses) and each segment's usual net revenue per person and epoch. */
export type DoseHistory = { segments: number; epochs: readonly DoseCells[]; scale: Float64Array }

/**
 * The prior for a new merchant from merchants with the same arms: mean gain curve as a share of `scale`, covariance between merchants and
 * between a merchant's segments, by EM on the two-level normal model (Dempster, Laird, Rubin 1977), regularised by four pseudo-merchants
 * with a smooth curve; levels and shape of caused losses by EM on a grid.
 *
 * Errors: RangeError naming the merchant; at least three merchants. Consent to share summaries is the caller's affair.
 */
export function fitDosePrior(doses: Float64Array, merchants: readonly DoseHistory[], rounds = 40): DosePrior {
  requireDoses(doses)
  if (merchants.length < 3) throw new RangeError(`cannot pool merchants: ${merchants.length} given, expected at least 3`)
  const arms = doses.length
  const p = arms - 1
  const kernel = doseKernel(doses)
  const evidence = merchants.map((merchant, index) => {
    merchant.epochs.forEach((cells, e) => requireCells(cells, merchant.segments, arms, `merchants[${index}].epochs[${e}]`))
    requireEqualLength(`merchants[${index}].scale`, merchant.scale, merchant.segments, 'segments')
    requirePositive(`merchants[${index}].scale`, merchant.scale)
    return gainEvidence(merchant.epochs, merchant.segments, arms, merchant.scale, 1)
  })
  // Start: the precision-weighted mean square of the segments' own relative gains.
  let weight = 0
  let square = 0
  merchants.forEach((merchant, m) => {
    for (let c = 0; c < merchant.segments * arms; c++) {
      const sd = evidence[m].ownSd[c] / merchant.scale[Math.floor(c / arms)]
      if (!(sd > 0 && sd < Infinity)) continue
      weight += 1 / (sd * sd)
      square += (evidence[m].ownGain[c] / merchant.scale[Math.floor(c / arms)]) ** 2 / (sd * sd)
    }
  })
  const amplitude = weight > 0 && square > 0 ? Math.sqrt(square / weight) : 1
  const startG = kernel.map((x) => x * amplitude * amplitude * 0.5)
  const startH = kernel.map((x) => x * amplitude * amplitude * 0.1)
  let between: Float64Array = Float64Array.from(startG)
  let within: Float64Array = Float64Array.from(startH)
  const mean = new Float64Array(p)
  const pseudo = 4
  for (let round = 0; round < rounds; round++) {
    const g = invertCovariance(between, p, 'the covariance between merchants')
    const h = invertCovariance(within, p, 'the covariance within merchants')
    const sumG = new Float64Array(p)
    const sumGG = new Float64Array(p * p)
    const sumHH = new Float64Array(p * p)
    let segments = 0
    merchants.forEach((merchant, m) => {
      const solve = solveJoint(evidence[m], merchant.segments, p, mean, g.inverse, h.inverse, g.logDet, h.logDet)
      const d = (merchant.segments + 1) * p
      const covariance = inverseFromCholesky(solve.factor, d)
      for (let i = 0; i < p; i++) {
        sumG[i] += solve.x[i]
        for (let j = 0; j < p; j++) {
          sumGG[i * p + j] += covariance[i * d + j] + solve.x[i] * solve.x[j]
          for (let s = 1; s <= merchant.segments; s++) sumHH[i * p + j] += covariance[(s * p + i) * d + s * p + j] + solve.x[s * p + i] * solve.x[s * p + j]
        }
      }
      segments += merchant.segments
    })
    const count = merchants.length
    for (let i = 0; i < p; i++) mean[i] = sumG[i] / count
    between = Float64Array.from(sumGG, (x, c) => (x - count * mean[Math.floor(c / p)] * mean[c % p] + pseudo * startG[c]) / (count + pseudo))
    within = Float64Array.from(sumHH, (x, c) => (x + pseudo * startH[c]) / (segments + pseudo))
  }

  const loss = fitLossPrior(merchants.map((merchant) => ({ ...lossEvidence(merchant.epochs, merchant.segments, arms, 1), segments: merchant.segments })), doses)
  return { gainMean: mean, gainBetween: between, gainWithin: within, loss, merchants: merchants.length }
}
