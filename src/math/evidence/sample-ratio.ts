import { chiSquareTail, gammaln, requireEqualLength, requireWhole } from '../special/index.ts'

export type RatioTest = { chiSquare: number; p: number; degrees: number }

function sharesOf(observed: ArrayLike<number>, weights: ArrayLike<number>): Float64Array {
  requireWhole('observed', observed)
  requireEqualLength('weights', weights, observed.length, 'observed')
  if (observed.length < 2) throw new RangeError(`cannot test the sample ratio: ${observed.length} arms, expected at least 2`)
  let total = 0
  for (let i = 0; i < weights.length; i++) {
    if (!(weights[i] > 0 && weights[i] < Infinity)) throw new RangeError(`cannot test the sample ratio: weights[${i}] is ${weights[i]}, expected a finite number above 0`)
    total += weights[i]
  }
  return Float64Array.from(weights, (weight) => weight / total)
}

/**
 * Pearson's chi-square of arm sizes against planned shares, for streams that were not drawn by quota (after exact quotas it cannot fail).
 * Alarm at p < 0.001, and then no effect is shown at all.
 */
export function sampleRatio(observed: ArrayLike<number>, weights: ArrayLike<number>): RatioTest {
  const shares = sharesOf(observed, weights)
  let n = 0
  for (let i = 0; i < observed.length; i++) n += observed[i]
  let chiSquare = 0
  if (n > 0) for (let i = 0; i < observed.length; i++) chiSquare += (observed[i] - n * shares[i]) ** 2 / (n * shares[i])
  return { chiSquare, p: chiSquareTail(chiSquare, observed.length - 1), degrees: observed.length - 1 }
}

/** Chi-square of the 2 × K table analysed / lost from the analysis per arm. An arm without persons is an error naming the arm. */
export function attrition(analysed: ArrayLike<number>, lost: ArrayLike<number>): RatioTest {
  requireWhole('analysed', analysed)
  requireWhole('lost', lost)
  requireEqualLength('lost', lost, analysed.length, 'analysed')
  if (analysed.length < 2) throw new RangeError(`cannot test attrition: ${analysed.length} arms, expected at least 2`)
  let kept = 0
  let gone = 0
  for (let i = 0; i < analysed.length; i++) {
    if (analysed[i] + lost[i] === 0) throw new RangeError(`cannot test attrition: arm ${i} has 0 persons, expected at least 1`)
    kept += analysed[i]
    gone += lost[i]
  }
  let chiSquare = 0
  if (kept > 0 && gone > 0) {
    for (let i = 0; i < analysed.length; i++) {
      const n = analysed[i] + lost[i]
      const expected = (n * gone) / (kept + gone)
      chiSquare += (lost[i] - expected) ** 2 / expected + (lost[i] - expected) ** 2 / (n - expected)
    }
  }
  return { chiSquare, p: chiSquareTail(chiSquare, analysed.length - 1), degrees: analysed.length - 1 }
}

/**
 * ln e of the sequential sample-ratio test (Lindon & Malek 2022: Dirichlet–multinomial mixture with a = κ·π), valid at every look
 * (Ville's inequality): alarm when e ≥ 1000. Needs counts only; the caller stores the running maximum.
 */
export function sequentialSampleRatio(observed: ArrayLike<number>, weights: ArrayLike<number>, kappa = 100): number {
  const shares = sharesOf(observed, weights)
  if (!(kappa > 0 && kappa < Infinity)) throw new RangeError(`cannot test the sample ratio: kappa is ${kappa}, expected a finite number above 0`)
  let n = 0
  let logE = 0
  for (let i = 0; i < observed.length; i++) {
    const a = kappa * shares[i]
    n += observed[i]
    logE += gammaln(a + observed[i]) - gammaln(a) - observed[i] * Math.log(shares[i])
  }
  return n === 0 ? 0 : logE + gammaln(kappa) - gammaln(kappa + n)
}
