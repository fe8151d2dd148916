import { betaln, bisect, digamma, minimise, normalCdf, requireEqualLength, requireFinite, requireWhole } from '../special/index.ts'

export type PlugInPool = {
  tauSquared: number
  mean: number
  meanSd: number
  /** Share of each segment's estimate that comes from the others. */
  borrowed: Float64Array
  estimate: Float64Array
  /** Σ w(y − μ)² at τ² = 0. */
  q: number
}

function requireEstimates(y: ArrayLike<number>, s: ArrayLike<number>): void {
  requireFinite('y', y)
  requireEqualLength('s', s, y.length, 'y')
  for (let i = 0; i < s.length; i++) if (!(s[i] >= 0)) throw new RangeError(`cannot pool: s[${i}] is ${s[i]}, expected a standard error from 0 (0 or infinite: no own figure)`)
}

const usable = (s: number): boolean => s > 0 && s < Infinity

/** Between-variance τ² of y ± s (Paule & Mandel 1982): the root of Σ(y − μ(τ²))²/(s² + τ²) = k − 1, or 0. */
export function pauleMandel(y: ArrayLike<number>, s: ArrayLike<number>): number {
  requireEstimates(y, s)
  const excess = (t: number): number => {
    let w = 0
    let wy = 0
    let k = 0
    for (let i = 0; i < y.length; i++) {
      if (!usable(s[i])) continue
      const weight = 1 / (s[i] * s[i] + t)
      w += weight
      wy += weight * y[i]
      k++
    }
    let q = 0
    for (let i = 0; i < y.length; i++) if (usable(s[i])) q += (y[i] - wy / w) ** 2 / (s[i] * s[i] + t)
    return k - 1 - q
  }
  if (!(excess(0) < 0)) return 0
  let high = 1e-12
  for (let i = 0; i < y.length; i++) if (usable(s[i])) high = Math.max(high, s[i] * s[i])
  while (excess(high) < 0) high *= 2
  return bisect(excess, 0, high)
}

/**
 * Normal–normal empirical Bayes with τ² plugged in: the familiar shrinkage, for showing the borrowed share. Its intervals would be too
 * short (0.83–0.91 at moderate τ), so none are given: use `poolNormal`.
 */
export function poolPlugIn(y: ArrayLike<number>, s: ArrayLike<number>): PlugInPool {
  const tauSquared = pauleMandel(y, s)
  let w = 0
  let wy = 0
  let w0 = 0
  let wy0 = 0
  for (let i = 0; i < y.length; i++) {
    if (!usable(s[i])) continue
    const weight = 1 / (s[i] * s[i] + tauSquared)
    w += weight
    wy += weight * y[i]
    w0 += 1 / (s[i] * s[i])
    wy0 += y[i] / (s[i] * s[i])
  }
  if (w === 0) throw new RangeError('cannot pool: no element of s is a finite standard error above 0')
  const mean = wy / w
  let q = 0
  for (let i = 0; i < y.length; i++) if (usable(s[i])) q += (y[i] - wy0 / w0) ** 2 / (s[i] * s[i])
  const borrowed = Float64Array.from(s, (se) => (usable(se) ? (se * se) / (se * se + tauSquared) : 1))
  return { tauSquared, mean, meanSd: Math.sqrt(1 / w), borrowed, estimate: borrowed.map((share, i) => share * mean + (1 - share) * y[i]), q }
}

export type NormalPool = {
  /** Posterior mean of the common mean, its interval, and the posterior mean of τ. */
  mean: number
  meanLow: number
  meanHigh: number
  tau: number
  /** Interval for a segment (or shop) not yet seen. */
  nextLow: number
  nextHigh: number
  estimate: Float64Array
  low: Float64Array
  high: Float64Array
  borrowed: Float64Array
  /** 'unpooled' with one segment; 'prior-matters' with two or three. */
  state: 'unpooled' | 'prior-matters' | 'pooled'
}

/**
 * Normal–normal pooling with τ integrated over a half-Cauchy(A) prior (Gelman 2006) at 64 equal-weight nodes: deterministic, and its
 * intervals cover. y_j ~ N(θ_j, s_j²), θ_j ~ N(μ, τ²), flat μ; A = scale·√(k/Σ s⁻²). Quantiles of the mixture, not mean ± 1.96 sd.
 *
 * `y`, `s`: one estimate and standard error per segment, same unit; s = 0 or infinite means "no own figure" and gets the new-segment
 * predictive. Errors: RangeError naming the element (NaN), or when no segment has a figure.
 */
export function poolNormal(y: ArrayLike<number>, s: ArrayLike<number>, { level = 0.95, scale = 2 } = {}): NormalPool {
  requireEstimates(y, s)
  if (!(level > 0 && level < 1)) throw new RangeError(`cannot pool: level is ${level}, expected a number between 0 and 1`)
  const k = y.length
  let known = 0
  let precision = 0
  for (let i = 0; i < k; i++) {
    if (!usable(s[i])) continue
    known++
    precision += 1 / (s[i] * s[i])
  }
  if (known === 0) throw new RangeError('cannot pool: no element of s is a finite standard error above 0')
  const nodes = 64
  const a = scale * Math.sqrt(known / precision)
  const tau = new Float64Array(nodes)
  const weight = new Float64Array(nodes)
  const m = new Float64Array(nodes)
  const v = new Float64Array(nodes)
  let top = -Infinity
  for (let i = 0; i < nodes; i++) {
    tau[i] = a * Math.tan((Math.PI * ((i + 0.5) / nodes)) / 2)
    const t = tau[i] * tau[i]
    let w = 0
    let wy = 0
    let logW = 0
    for (let j = 0; j < k; j++) {
      if (!usable(s[j])) continue
      const wj = 1 / (s[j] * s[j] + t)
      w += wj
      wy += wj * y[j]
      logW += Math.log(wj)
    }
    v[i] = 1 / w
    m[i] = wy / w
    let q = 0
    for (let j = 0; j < k; j++) if (usable(s[j])) q += (y[j] - m[i]) ** 2 / (s[j] * s[j] + t)
    weight[i] = 0.5 * Math.log(v[i]) + 0.5 * logW - 0.5 * q
    if (weight[i] > top) top = weight[i]
  }
  let total = 0
  for (let i = 0; i < nodes; i++) total += weight[i] = Math.exp(weight[i] - top)
  for (let i = 0; i < nodes; i++) weight[i] /= total

  const centre = new Float64Array(nodes)
  const sd = new Float64Array(nodes)
  const average = (values: Float64Array): number => {
    let sum = 0
    for (let i = 0; i < nodes; i++) sum += weight[i] * values[i]
    return sum
  }
  const quantile = (p: number): number => {
    let low = Infinity
    let high = -Infinity
    for (let i = 0; i < nodes; i++) {
      low = Math.min(low, centre[i] - 9 * sd[i])
      high = Math.max(high, centre[i] + 9 * sd[i])
    }
    for (let round = 0; round < 60; round++) {
      const mid = (low + high) / 2
      let cdf = 0
      for (let i = 0; i < nodes; i++) cdf += weight[i] * normalCdf((mid - centre[i]) / sd[i])
      if (cdf < p) low = mid
      else high = mid
    }
    return (low + high) / 2
  }
  const tail = (1 - level) / 2
  for (let i = 0; i < nodes; i++) {
    centre[i] = m[i]
    sd[i] = Math.sqrt(v[i])
  }
  const mean = average(m)
  const meanLow = quantile(tail)
  const meanHigh = quantile(1 - tail)
  for (let i = 0; i < nodes; i++) sd[i] = Math.sqrt(v[i] + tau[i] * tau[i])
  const nextLow = quantile(tail)
  const nextHigh = quantile(1 - tail)
  const estimate = new Float64Array(k)
  const low = new Float64Array(k)
  const high = new Float64Array(k)
  const borrowed = new Float64Array(k)
  for (let j = 0; j < k; j++) {
    if (!usable(s[j])) {
      estimate[j] = mean
      low[j] = nextLow
      high[j] = nextHigh
      borrowed[j] = 1
      continue
    }
    const s2 = s[j] * s[j]
    if (known === 1) {
      const reach = s[j] * bisect((z) => normalCdf(z) - (1 - tail), 0, 40)
      estimate[j] = y[j]
      low[j] = y[j] - reach
      high[j] = y[j] + reach
      continue
    }
    for (let i = 0; i < nodes; i++) {
      const b = s2 / (s2 + tau[i] * tau[i])
      centre[i] = b * m[i] + (1 - b) * y[j]
      sd[i] = Math.sqrt(s2 * (1 - b) + b * b * v[i])
      borrowed[j] += weight[i] * b
    }
    estimate[j] = average(centre)
    low[j] = quantile(tail)
    high[j] = quantile(1 - tail)
  }
  return { mean, meanLow, meanHigh, tau: average(tau), nextLow, nextHigh, estimate, low, high, borrowed, state: known === 1 ? 'unpooled' : known < 4 ? 'prior-matters' : 'pooled' }
}

export type RatePool = {
  /** Prior Beta(a, b) of a segment's rate; infinite when pooled completely. */
  a: number
  b: number
  mean: number
  estimate: Float64Array
  /** Σ[lnB(a + k, b + n − k) − lnB(a, b)] at the optimum (the limit when pooled completely). */
  kernel: number
  /** True when the data vary less than chance: every segment gets the common rate. */
  pooledCompletely: boolean
}

/** The beta–binomial kernel Σ[lnB(a + k, b + n − k) − lnB(a, b)] at mean m and strength M = a + b. */
export function rateKernel(k: ArrayLike<number>, n: ArrayLike<number>, m: number, strength: number): number {
  const a = m * strength
  const b = (1 - m) * strength
  let sum = 0
  for (let j = 0; j < k.length; j++) sum += betaln(a + k[j], b + n[j] - k[j]) - betaln(a, b)
  return sum
}

/**
 * Beta–binomial empirical Bayes for loss rates: k_j of n_j persons, p_j ~ Beta(a, b), marginal maximum likelihood over
 * (logit mean, ln strength), strength capped at 1e6. For *levels* per segment or arm; effects (differences) go through `poolNormal`.
 */
export function poolRates(k: ArrayLike<number>, n: ArrayLike<number>): RatePool {
  requireWhole('k', k)
  requireWhole('n', n)
  requireEqualLength('n', n, k.length, 'k')
  let sumK = 0
  let sumN = 0
  for (let j = 0; j < k.length; j++) {
    if (k[j] > n[j]) throw new RangeError(`cannot pool rates: k[${j}] is ${k[j]}, expected at most n[${j}] = ${n[j]}`)
    sumK += k[j]
    sumN += n[j]
  }
  if (sumN === 0) throw new RangeError('cannot pool rates: n sums to 0, expected at least one person')
  const common = (): RatePool => {
    const mean = sumK / sumN
    const kernel = sumK === 0 || sumK === sumN ? 0 : sumK * Math.log(mean) + (sumN - sumK) * Math.log1p(-mean)
    return { a: Infinity, b: Infinity, mean, estimate: new Float64Array(k.length).fill(mean), kernel, pooledCompletely: true }
  }
  if (sumK === 0 || sumK === sumN || k.length < 2) return common()
  const logCap = Math.log(1e6)
  const found = minimise((x, gradient) => {
    const m = 1 / (1 + Math.exp(-x[0]))
    const t = Math.min(x[1], logCap)
    const strength = Math.exp(t)
    const a = m * strength
    const b = (1 - m) * strength
    let da = 0
    let db = 0
    for (let j = 0; j < k.length; j++) {
      const shared = digamma(a + b) - digamma(a + b + n[j])
      da += digamma(a + k[j]) - digamma(a) + shared
      db += digamma(b + n[j] - k[j]) - digamma(b) + shared
    }
    gradient[0] = -(da - db) * strength * m * (1 - m)
    gradient[1] = x[1] >= logCap ? 0 : -(da * a + db * b)
    return -rateKernel(k, n, m, strength)
  }, [Math.log(sumK / (sumN - sumK)), Math.log(sumN / k.length)], { tolerance: 1e-11 })
  const limit = common()
  if (found.x[1] >= logCap - 1e-3 || -found.value <= limit.kernel) return limit
  const mean = 1 / (1 + Math.exp(-found.x[0]))
  const strength = Math.exp(found.x[1])
  const a = mean * strength
  return { a, b: strength - a, mean, estimate: Float64Array.from(k, (count, j) => (a + count) / (strength + n[j])), kernel: -found.value, pooledCompletely: false }
}
