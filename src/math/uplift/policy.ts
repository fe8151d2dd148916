import { randomStream } from '../random/index.ts'
import { normalQuantile, requireEqualLength, requireFinite } from '../special/index.ts'

export type PolicyInput = {
  /** [n] outcome of each person, money or 0/1. */
  y: ArrayLike<number>
  /** [n] arm each person was drawn into, 0 … K − 1. */
  arm: ArrayLike<number>
  /** [K] probability of each arm by design, adding up to 1; or [K][n] when it differed between persons. */
  propensity: ReadonlyArray<number | ArrayLike<number>>
  /** [K][n] predicted outcome of each person in each arm, from a fit that has not seen that person (`crossFit`); zeros give the inverse-propensity estimate. */
  predicted: ReadonlyArray<ArrayLike<number>>
  /** [K][n] probability with which the policy gives each arm to each person; or [n] the arm it gives. */
  policy: { arm: ArrayLike<number> } | { probability: ReadonlyArray<ArrayLike<number>> }
}
/** `perPerson` is the score whose mean is `value`; two policies on the same persons are compared by `comparePolicies`. */
export type PolicyValue = { value: number; standardError: number; low: number; high: number; perPerson: Float64Array }

/**
 * Mean outcome if everybody were treated by the policy, doubly robust (Dudík, Erhan, Langford, Li 2014):
 * g_i = Σ_a π(a|i)·μ̂_a(i) + π(A_i|i)/e(A_i|i)·(Y_i − μ̂_{A_i}(i)), value = mean, standard error = sd(g)/√n. In the unit of y.
 * Unbiased whatever the predictions when the propensities are those of the draw. Errors: RangeError naming the element.
 */
export function policyValue(input: PolicyInput, level = 0.95): PolicyValue {
  const { y, arm, propensity, predicted, policy } = input
  const n = y.length
  const arms = propensity.length
  if (n < 2) throw new RangeError(`cannot value a policy: ${n} persons, expected at least 2`)
  requireFinite('y', y)
  requireEqualLength('arm', arm, n, 'one per person')
  if (predicted.length !== arms) throw new RangeError(`cannot value a policy: predicted has ${predicted.length} elements, expected ${arms}, one per arm`)
  for (let i = 0; i < n; i++) if (!(Number.isInteger(arm[i]) && arm[i] >= 0 && arm[i] < arms)) throw new RangeError(`cannot value a policy: arm[${i}] is ${arm[i]}, expected a whole number below ${arms}`)
  for (let a = 0; a < arms; a++) {
    requireEqualLength(`predicted[${a}]`, predicted[a], n, 'one per person')
    requireFinite(`predicted[${a}]`, predicted[a])
  }
  const drawn = (a: number, i: number): number => {
    const of = propensity[a]
    return typeof of === 'number' ? of : of[i]
  }
  const given = 'arm' in policy ? (a: number, i: number) => policy.arm[i] === a ? 1 : 0 : (a: number, i: number) => policy.probability[a][i]
  const perPerson = new Float64Array(n)
  for (let i = 0; i < n; i++) {
    let sum = 0
    let shares = 0
    for (let a = 0; a < arms; a++) {
      const share = given(a, i)
      shares += share
      if (share !== 0) sum += share * predicted[a][i]
    }
    if (!(Math.abs(shares - 1) < 1e-9)) throw new RangeError(`cannot value a policy: it gives person ${i} the arms with total probability ${shares}, expected 1`)
    const e = drawn(arm[i], i)
    if (!(e > 0 && e <= 1)) throw new RangeError(`cannot value a policy: propensity of arm ${arm[i]} for person ${i} is ${e}, expected in (0, 1]`)
    perPerson[i] = sum + given(arm[i], i) / e * (y[i] - predicted[arm[i]][i])
  }
  return { ...meanWithInterval(perPerson, level), perPerson }
}

/** Value of the first minus value of the second on the same persons, with the standard error of the paired difference. */
export function comparePolicies(first: PolicyValue, second: PolicyValue, level = 0.95): { difference: number; standardError: number; low: number; high: number } {
  requireEqualLength('second.perPerson', second.perPerson, first.perPerson.length, 'the persons of the first policy')
  const { value, standardError, low, high } = meanWithInterval(first.perPerson.map((g, i) => g - second.perPerson[i]), level)
  return { difference: value, standardError, low, high }
}
function meanWithInterval(values: Float64Array, level: number): { value: number; standardError: number; low: number; high: number } {
  if (!(level > 0 && level < 1)) throw new RangeError(`cannot give an interval: level is ${level}, expected between 0 and 1`)
  const value = values.reduce((sum, one) => sum + one, 0) / values.length
  const squares = values.reduce((sum, one) => sum + (one - value) ** 2, 0)
  const standardError = Math.sqrt(squares / (values.length - 1) / values.length)
  const half = normalQuantile(0.5 + level / 2) * standardError
  return { value, standardError, low: value - half, high: value + half }
}

/** [n] fold of each person, 0 … folds − 1, sizes differing by at most one, a fresh permutation for each seed. */
export function foldsOf(n: number, folds: number, seed: number): Int32Array {
  if (!(Number.isInteger(folds) && folds >= 2 && folds <= n)) throw new RangeError(`cannot fold: ${folds} folds of ${n} persons, expected at least 2 and at most one per person`)
  const fold = Int32Array.from({ length: n }, (_, i) => i % folds)
  const random = randomStream(seed, 77)
  for (let i = n - 1; i > 0; i--) {
    const j = random.below(i + 1)
    const other = fold[i]
    fold[i] = fold[j]
    fold[j] = other
  }
  return fold
}

/** Predictions for every person from a fit on the other folds. `fit(rows)` returns a predictor `(rows) → [rows]`. */
export function crossFit(n: number, folds: number, seed: number, fit: (rows: Int32Array) => (rows: Int32Array) => ArrayLike<number>): Float64Array {
  const fold = foldsOf(n, folds, seed)
  const result = new Float64Array(n)
  for (let k = 0; k < folds; k++) {
    const out = Int32Array.from(fold.keys()).filter(i => fold[i] === k)
    const found = fit(Int32Array.from(fold.keys()).filter(i => fold[i] !== k))(out)
    requireEqualLength('prediction', found, out.length, 'one per held-out person')
    for (let i = 0; i < out.length; i++) result[out[i]] = found[i]
  }
  return result
}
