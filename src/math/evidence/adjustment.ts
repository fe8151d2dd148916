import { cholesky, choleskySolve, requireEqualLength, requireFinite } from '../special/index.ts'

/**
 * One arm's running moments of (x, y): [n, mean x, mean y, Sxx, Sxy, Syy], one pass (Welford 1962), mergeable (Chan et al. 1979).
 * x is the person's capped net revenue before the roster froze, y the outcome; never anything about x after assignment.
 */
export type Moments = Float64Array

export const emptyMoments = (): Moments => new Float64Array(6)

export function addPerson(moments: Moments, x: number, y: number): void {
  const n = moments[0] + 1
  const dx = x - moments[1]
  const dy = y - moments[2]
  moments[0] = n
  moments[1] += dx / n
  moments[2] += dy / n
  moments[3] += dx * (x - moments[1])
  moments[4] += dx * (y - moments[2])
  moments[5] += dy * (y - moments[2])
}

export function mergeMoments(into: Moments, other: Moments): void {
  if (other[0] === 0) return
  const n = into[0] + other[0]
  const dx = other[1] - into[1]
  const dy = other[2] - into[2]
  const weight = (into[0] * other[0]) / n
  into[3] += other[3] + dx * dx * weight
  into[4] += other[4] + dx * dy * weight
  into[5] += other[5] + dy * dy * weight
  into[1] += (dx * other[0]) / n
  into[2] += (dy * other[0]) / n
  into[0] = n
}

export type Adjusted = {
  /** Pooled within arms; the total-sample form would be biased towards the effect when arms differ. */
  theta: number
  /** Adjusted mean per arm, at the overall mean of x. */
  mean: Float64Array
  /** Adjusted within-arm variance per arm, divisor n − 1. */
  variance: Float64Array
  persons: Float64Array
}

/**
 * CUPED (Deng, Xu, Kohavi, Walker 2013; safe in randomised trials: Lin 2013): y* = y − θ(x − x̄) with θ = ΣSxy/ΣSxx over arms.
 * θ = 0 when x hardly varies (Σ Sxx < 1e-12·Σx²). An arm with fewer than two persons has variance NaN-free 0 and says so by `persons`.
 */
export function adjust(arms: readonly Moments[]): Adjusted {
  let sxx = 0
  let sxy = 0
  let squares = 0
  let n = 0
  let sumX = 0
  arms.forEach((arm, index) => {
    requireFinite(`arms[${index}]`, arm)
    sxx += arm[3]
    sxy += arm[4]
    squares += arm[3] + arm[0] * arm[1] ** 2
    n += arm[0]
    sumX += arm[0] * arm[1]
  })
  const theta = sxx < 1e-12 * squares || sxx === 0 ? 0 : sxy / sxx
  const meanX = n > 0 ? sumX / n : 0
  const mean = new Float64Array(arms.length)
  const variance = new Float64Array(arms.length)
  const persons = new Float64Array(arms.length)
  arms.forEach((arm, index) => {
    persons[index] = arm[0]
    mean[index] = arm[2] - theta * (arm[1] - meanX)
    variance[index] = arm[0] > 1 ? Math.max(0, arm[5] - 2 * theta * arm[4] + theta * theta * arm[3]) / (arm[0] - 1) : 0
  })
  return { theta, mean, variance, persons }
}

/** Difference of an arm and a base arm with its person-level standard error. Refuses arms of fewer than two persons. */
export function difference(adjusted: Adjusted, arm: number, base: number): { estimate: number; se: number } {
  for (const index of [arm, base]) {
    if (!(adjusted.persons[index] >= 2)) throw new RangeError(`cannot compare arms: arm ${index} has ${adjusted.persons[index]} persons, expected at least 2`)
  }
  return {
    estimate: adjusted.mean[arm] - adjusted.mean[base],
    se: Math.sqrt(adjusted.variance[arm] / adjusted.persons[arm] + adjusted.variance[base] / adjusted.persons[base]),
  }
}

/**
 * Adjusted outcome per person for up to three covariates declared before the epoch (a second one is usually "has history", 0 or 1,
 * with x = 0 for new contacts): y* = y − Σ θ(x − x̄), θ from the within-arm normal equations. Covariates that do not vary get θ = 0.
 * `y`, `arm` and each covariate: one element per person.
 */
export function adjustPersons(y: ArrayLike<number>, arm: ArrayLike<number>, covariates: ReadonlyArray<ArrayLike<number>>): { adjusted: Float64Array; theta: Float64Array } {
  requireFinite('y', y)
  requireEqualLength('arm', arm, y.length, 'y')
  if (covariates.length > 3) throw new RangeError(`cannot adjust: ${covariates.length} covariates, expected at most 3`)
  covariates.forEach((x, index) => {
    requireEqualLength(`covariates[${index}]`, x, y.length, 'y')
    requireFinite(`covariates[${index}]`, x)
  })
  const n = y.length
  const p = covariates.length
  let arms = 0
  for (let i = 0; i < n; i++) {
    if (!(Number.isInteger(arm[i]) && arm[i] >= 0)) throw new RangeError(`cannot adjust: arm[${i}] is ${arm[i]}, expected a whole number from 0`)
    arms = Math.max(arms, arm[i] + 1)
  }
  const counts = new Float64Array(arms)
  const sums = new Float64Array(arms * (p + 1))
  for (let i = 0; i < n; i++) {
    counts[arm[i]]++
    sums[arm[i] * (p + 1)] += y[i]
    for (let j = 0; j < p; j++) sums[arm[i] * (p + 1) + 1 + j] += covariates[j][i]
  }
  const normal = new Float64Array(p * p)
  const right = new Float64Array(p)
  const squares = new Float64Array(p)
  for (let i = 0; i < n; i++) {
    const base = arm[i] * (p + 1)
    const dy = y[i] - sums[base] / counts[arm[i]]
    for (let j = 0; j < p; j++) {
      const dj = covariates[j][i] - sums[base + 1 + j] / counts[arm[i]]
      squares[j] += covariates[j][i] ** 2
      right[j] += dj * dy
      for (let k = 0; k <= j; k++) normal[j * p + k] += dj * (covariates[k][i] - sums[base + 1 + k] / counts[arm[i]])
    }
  }
  for (let j = 0; j < p; j++) {
    if (normal[j * p + j] >= 1e-12 * squares[j] && normal[j * p + j] > 0) continue
    for (let k = 0; k < p; k++) normal[Math.max(j, k) * p + Math.min(j, k)] = 0
    normal[j * p + j] = 1
    right[j] = 0
  }
  const factor = new Float64Array(p * p)
  if (!cholesky(normal, p, factor)) throw new RangeError('cannot adjust: the covariates are linear functions of one another, expected independent ones')
  const theta = right
  choleskySolve(factor, p, theta)
  const adjusted = Float64Array.from(y)
  for (let j = 0; j < p; j++) {
    let mean = 0
    for (let i = 0; i < n; i++) mean += covariates[j][i] / n
    for (let i = 0; i < n; i++) adjusted[i] -= theta[j] * (covariates[j][i] - mean)
  }
  return { adjusted, theta }
}
