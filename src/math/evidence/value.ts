import { normalCdf, normalDensity, requireEqualLength, requireFinite, requireFrom } from '../special/index.ts'

/**
 * Net value per person and epoch of each dose: V = R − L·C − c·d. R capped net revenue against holdout, L caused loss probability,
 * C the value that a lost contact would have brought **from the end of the epoch on**, c staff cost per touch, d touches.
 */
export function netValue(revenue: ArrayLike<number>, losses: ArrayLike<number>, lossCost: number, touchCost: number, doses: ArrayLike<number>): Float64Array {
  requireFinite('revenue', revenue)
  requireFinite('losses', losses)
  requireEqualLength('losses', losses, revenue.length, 'revenue')
  requireEqualLength('doses', doses, revenue.length, 'revenue')
  requireFinite('lossCost, touchCost', [lossCost, touchCost])
  return Float64Array.from(revenue, (r, i) => r - losses[i] * lossCost - touchCost * doses[i])
}

/** Expected regret of choosing the larger of two, whose difference is N(m, s²): s·φ(m/s) − |m|·Φ(−|m|/s). */
export function regretOfTwo(m: number, s: number): number {
  if (!(s >= 0 && Number.isFinite(m))) throw new RangeError(`cannot compute regret: mean ${m} and sd ${s}, expected finite numbers, sd from 0`)
  return s === 0 ? 0 : s * normalDensity(m / s) - Math.abs(m) * normalCdf(-Math.abs(m) / s)
}

export type BestArm = { expectedMaximum: number; /** E max − max E: what perfect knowledge would add. */ regret: number; best: Float64Array }

/**
 * Which of K independent N(mᵢ, sᵢ²) is largest: one-dimensional quadrature (Simpson, 2,048 intervals), no sampling noise.
 * An sd of 0 is a known value. Errors: RangeError naming the element.
 */
export function bestArm(mean: ArrayLike<number>, sd: ArrayLike<number>): BestArm {
  requireFinite('mean', mean)
  requireFrom('sd', sd, 0)
  requireEqualLength('sd', sd, mean.length, 'mean')
  const k = mean.length
  if (k === 0) throw new RangeError('cannot choose an arm: 0 arms, expected at least 1')
  const best = new Float64Array(k)
  let low = -Infinity
  let high = -Infinity
  let largestMean = -Infinity
  let known = -1
  for (let i = 0; i < k; i++) {
    low = Math.max(low, mean[i] - 9 * sd[i])
    high = Math.max(high, mean[i] + 9 * sd[i])
    largestMean = Math.max(largestMean, mean[i])
    // Of several known values only the largest can be best; the first of equals.
    if (sd[i] === 0 && (known < 0 || mean[i] > mean[known])) known = i
  }
  if (known >= 0) {
    let product = 1
    for (let j = 0; j < k; j++) if (sd[j] > 0) product *= normalCdf((mean[known] - mean[j]) / sd[j])
    best[known] = product
    low = Math.max(low, mean[known])
  }
  if (!(high > low)) return { expectedMaximum: largestMean, regret: 0, best }
  const intervals = 2048
  const h = (high - low) / intervals
  const cdf = new Float64Array(k)
  let integral = 0
  for (let step = 0; step <= intervals; step++) {
    const x = low + step * h
    const weight = ((step === 0 || step === intervals ? 1 : step % 2 === 1 ? 4 : 2) * h) / 3
    let product = 1
    for (let i = 0; i < k; i++) product *= cdf[i] = sd[i] > 0 ? normalCdf((x - mean[i]) / sd[i]) : 1
    integral += weight * product
    for (let i = 0; i < k; i++) {
      if (sd[i] === 0) continue
      let others = 1
      for (let j = 0; j < k; j++) if (j !== i) others *= cdf[j]
      best[i] += (weight * others * normalDensity((x - mean[i]) / sd[i])) / sd[i]
    }
  }
  const expectedMaximum = high - integral
  return { expectedMaximum, regret: Math.max(0, expectedMaximum - largestMean), best }
}

/** Regret account of epochs played: per person and in total, against the best known dose of each segment. */
export type RegretAccount = { persons: number; total: number; perPerson: number }

/**
 * What playing `persons` (segments × arms, row-major) cost against putting everybody of a segment on its best arm, with `value` net
 * value per person (truth in a simulation, posterior means in the product).
 */
export function regretOf(persons: ArrayLike<number>, value: ArrayLike<number>, arms: number): RegretAccount {
  requireFrom('persons', persons, 0)
  requireFinite('value', value)
  requireEqualLength('value', value, persons.length, 'persons')
  if (!(Number.isInteger(arms) && arms > 0) || persons.length % arms !== 0) throw new RangeError(`cannot account regret: ${persons.length} cells and ${arms} arms, expected a whole number of segments`)
  let count = 0
  let total = 0
  for (let row = 0; row < persons.length; row += arms) {
    let best = -Infinity
    for (let i = row; i < row + arms; i++) best = Math.max(best, value[i])
    for (let i = row; i < row + arms; i++) {
      count += persons[i]
      total += persons[i] * (best - value[i])
    }
  }
  return { persons: count, total, perPerson: count > 0 ? total / count : 0 }
}
