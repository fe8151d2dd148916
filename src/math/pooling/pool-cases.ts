import { pauleMandel, poolNormal } from '../evidence/index.ts'
import { studentQuantile } from '../special/index.ts'

export class PoolingInputError extends Error {
  override name = 'PoolingInputError'
}

export type Cases = {
  /** One effect per case, all in the same unit (for example fen per person and epoch). */
  effect: ArrayLike<number>
  /** Standard errors of the effects, person-level, each above 0. */
  se: ArrayLike<number>
  /** All cases that consented to be pooled, whether they succeeded or not: the denominator shown beside the result. */
  consented: number
}

export type PoolCasesOptions = {
  /** Coverage of all intervals; default 0.95. */
  level?: number
  /** Scale of the half-Cauchy prior of τ, in units of 2 typical standard errors at the default 2. */
  scale?: number
}

type Interval = { low: number; high: number }

export type CasePool =
  | { state: 'too-few'; cases: number; needed: 3; consented: number }
  | {
      state: 'pooled'
      cases: number
      consented: number
      /** Mean effect over shops and its Hartung–Knapp interval. */
      mean: number
      se: number
      interval: Interval
      /** Between-shop standard deviation and variance (Paule–Mandel). */
      tau: number
      tauSquared: number
      /** Cochran's Q against k − 1, and I² = the share of variation that is between shops ("how different shops are"). */
      q: number
      iSquared: number
      /** Mean effect with τ integrated instead of plugged in, and its interval. */
      mixture: { mean: number; interval: Interval }
      /** What a next shop may see; null under 5 cases. */
      prediction: Interval | null
      /** μ ± t(k−2)·√(τ² + se²): too short at moderate heterogeneity (covers 0.86–0.92), for analysts only; null under 5 cases. */
      classicalPrediction: Interval | null
    }

function check(cases: Cases, level: number): void {
  const { effect, se, consented } = cases
  if (effect.length !== se.length) throw new PoolingInputError(`cannot pool cases: ${effect.length} effects and ${se.length} standard errors; the two must be equal`)
  for (let i = 0; i < effect.length; i++) {
    if (!Number.isFinite(effect[i])) throw new PoolingInputError(`cannot pool cases: effect[${i}] is ${effect[i]}, expected a finite number`)
    if (!(se[i] > 0 && se[i] < Infinity)) throw new PoolingInputError(`cannot pool cases: se[${i}] is ${se[i]}, expected a finite number above 0; leave out cases without one`)
  }
  if (!Number.isInteger(consented) || consented < effect.length) {
    throw new PoolingInputError(`cannot pool cases: consented is ${consented}, expected a whole number of at least the ${effect.length} cases given`)
  }
  if (!(level > 0 && level < 1)) throw new PoolingInputError(`cannot pool cases: level is ${level}, expected a number between 0 and 1`)
}

/**
 * Random-effects pooling of k cases y ± s: y_j ~ N(θ_j, s_j²), θ_j ~ N(μ, τ²).
 *
 * τ² by Paule & Mandel (1982); interval for μ by Hartung & Knapp (2001) with the factor max(1, q), because without it a set of cases that agree
 * by chance would get an absurdly short interval; prediction from the τ-mixture (half-Cauchy τ at 64 nodes; Gelman 2006).
 * Errors: PoolingInputError naming the case. Fewer than 3 cases: `too-few`.
 */
export function poolCases(cases: Cases, { level = 0.95, scale = 2 }: PoolCasesOptions = {}): CasePool {
  check(cases, level)
  const { effect, se, consented } = cases
  const k = effect.length
  if (k < 3) return { state: 'too-few', cases: k, needed: 3, consented }
  const at = (tauSquared: number): { mean: number; weight: number; q: number } => {
    let weight = 0
    let sum = 0
    for (let i = 0; i < k; i++) {
      const w = 1 / (se[i] * se[i] + tauSquared)
      weight += w
      sum += w * effect[i]
    }
    const mean = sum / weight
    let q = 0
    for (let i = 0; i < k; i++) q += (effect[i] - mean) ** 2 / (se[i] * se[i] + tauSquared)
    return { mean, weight, q }
  }
  const fixed = at(0)
  const tauSquared = pauleMandel(effect, se)
  const { mean, weight, q } = at(tauSquared)
  const error = Math.sqrt(Math.max(1, q / (k - 1)) / weight)
  const upper = 1 - (1 - level) / 2
  const reach = studentQuantile(upper, k - 1) * error
  const mixture = poolNormal(effect, se, { level, scale })
  const wide = k >= 5 ? studentQuantile(upper, k - 2) * Math.sqrt(tauSquared + error * error) : 0
  return {
    state: 'pooled', cases: k, consented, mean, se: error, interval: { low: mean - reach, high: mean + reach },
    tau: Math.sqrt(tauSquared), tauSquared, q: fixed.q, iSquared: fixed.q > 0 ? Math.max(0, 1 - (k - 1) / fixed.q) : 0,
    mixture: { mean: mixture.mean, interval: { low: mixture.meanLow, high: mixture.meanHigh } },
    prediction: k >= 5 ? { low: mixture.nextLow, high: mixture.nextHigh } : null,
    classicalPrediction: k >= 5 ? { low: mean - wide, high: mean + wide } : null,
  }
}
