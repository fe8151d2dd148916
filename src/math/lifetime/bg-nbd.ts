import { digamma, gammaln, inverseFromCholesky, cholesky, minimise, requireEqualLength } from '../special/index.ts'

/**
 * One row per person (or per group of equal persons): x repeat purchases (first one not counted; several on one day are one), t time of the
 * last of them since the first purchase, T time since the first purchase; the same unit, 0 ≤ t ≤ T, x = 0 exactly when t = 0.
 * `weight` counts persons (default 1).
 */
export type PurchaseHistory = { x: ArrayLike<number>; t: ArrayLike<number>; T: ArrayLike<number>; weight?: ArrayLike<number> }
export type BgNbd = { r: number; alpha: number; a: number; b: number }

export function requireHistory({ x, t, T, weight }: PurchaseHistory): void {
  requireEqualLength('t', t, x.length, 'x')
  requireEqualLength('T', T, x.length, 'x')
  if (weight) requireEqualLength('weight', weight, x.length, 'x')
  for (let i = 0; i < x.length; i++) {
    const fail = (what: string, found: number, expected: string): never => {
      throw new RangeError(`cannot read a purchase history: ${what}[${i}] is ${found}, expected ${expected}`)
    }
    if (!(Number.isSafeInteger(x[i]) && x[i] >= 0)) fail('x', x[i], 'a whole number from 0')
    if (!(T[i] >= 0 && T[i] < Infinity)) fail('T', T[i], 'a finite time from 0')
    if (!(t[i] >= 0 && t[i] <= T[i])) fail('t', t[i], `a time from 0 to T = ${T[i]}`)
    if ((x[i] === 0) !== (t[i] === 0)) fail('t', t[i], x[i] === 0 ? '0 because x is 0' : 'a time above 0 because x is above 0')
    if (weight && !(weight[i] >= 0 && weight[i] < Infinity)) fail('weight', weight[i], 'a finite number from 0')
  }
}

export type Groups = { x: Float64Array; t: Float64Array; T: Float64Array; weight: Float64Array; of: Int32Array | null; length: number; persons: number }

/** Equal rows become one with their weights added: exact, and a million persons in whole days are some ten thousand rows. */
export function groupHistory(history: PurchaseHistory, keepIndex = false): Groups {
  const n = history.x.length
  let size = 1024
  while (size < 2 * n) size *= 2
  const slot = new Int32Array(size).fill(-1)
  const x = new Float64Array(n)
  const t = new Float64Array(n)
  const T = new Float64Array(n)
  const weight = new Float64Array(n)
  const of = keepIndex ? new Int32Array(n) : null
  const real = new Float64Array(2)
  const bits = new Int32Array(real.buffer)
  let length = 0
  let persons = 0
  for (let i = 0; i < n; i++) {
    real[0] = history.t[i]
    real[1] = history.T[i]
    let hash = Math.imul(history.x[i] | 0, 0x9e3779b1)
    for (let k = 0; k < 4; k++) {
      hash = Math.imul(hash ^ bits[k], 0x85ebca6b)
      hash ^= hash >>> 15
    }
    let at = hash & (size - 1)
    let group = slot[at]
    while (group >= 0 && !(x[group] === history.x[i] && t[group] === history.t[i] && T[group] === history.T[i])) {
      at = (at + 1) & (size - 1)
      group = slot[at]
    }
    if (group < 0) {
      group = length++
      slot[at] = group
      x[group] = history.x[i]
      t[group] = history.t[i]
      T[group] = history.T[i]
    }
    const w = history.weight ? history.weight[i] : 1
    weight[group] += w
    persons += w
    if (of) of[i] = group
  }
  return { x: x.slice(0, length), t: t.slice(0, length), T: T.slice(0, length), weight: weight.slice(0, length), of, length, persons }
}

/**
 * Log-likelihood of BG/NBD (Fader, Hardie, Lee 2005, Marketing Science 24) in a form that does not overflow, and its gradient in
 * (r, α, a, b) when `gradient` is given. Terms in x alone are tabulated per distinct x, so a row costs two logarithms and an exponential.
 */
export function bgNbdLogLikelihood(groups: Pick<Groups, 'x' | 't' | 'T' | 'weight' | 'length'>, { r, alpha, a, b }: BgNbd, gradient?: Float64Array): number {
  let most = 0
  for (let i = 0; i < groups.length; i++) if (groups.x[i] > most) most = groups.x[i]
  const table = most < 100_000
  const constant = new Float64Array(table ? most + 1 : 1).fill(Number.NaN)
  const psiR = new Float64Array(constant.length)
  const psiAB = new Float64Array(constant.length)
  const psiB = new Float64Array(constant.length)
  const lnAlpha = Math.log(alpha)
  const lnA = Math.log(a)
  const gR = gammaln(r)
  const gAB = gammaln(a + b)
  const gB = gammaln(b)
  const dR = digamma(r)
  const dAB = digamma(a + b)
  const dB = digamma(b)
  let sum = 0
  let sumR = 0
  let sumAlpha = 0
  let sumA = 0
  let sumB = 0
  for (let i = 0; i < groups.length; i++) {
    const x = groups.x[i]
    const at = table ? x : 0
    if (!table || Number.isNaN(constant[at])) {
      constant[at] = gammaln(r + x) - gR + r * lnAlpha + gAB + gammaln(b + x) - gB - gammaln(a + b + x)
      if (gradient) {
        psiR[at] = digamma(r + x) - dR
        psiAB[at] = dAB - digamma(a + b + x)
        psiB[at] = digamma(b + x) - dB
      }
    }
    const w = groups.weight[i]
    const lnT = Math.log(alpha + groups.T[i])
    const l3 = -(r + x) * lnT
    if (x === 0) {
      sum += w * (constant[at] + l3)
      if (gradient) {
        sumR += w * (psiR[at] + lnAlpha - lnT)
        sumAlpha += w * (r / alpha - r / (alpha + groups.T[i]))
        sumA += w * psiAB[at]
        sumB += w * (psiAB[at] + psiB[at])
      }
      continue
    }
    const lnt = Math.log(alpha + groups.t[i])
    const l4 = lnA - Math.log(b + x - 1) - (r + x) * lnt
    const ratio = Math.exp(l3 < l4 ? l3 - l4 : l4 - l3)
    sum += w * (constant[at] + (l3 < l4 ? l4 : l3) + Math.log1p(ratio))
    if (gradient) {
      const w4 = l3 < l4 ? 1 / (1 + ratio) : ratio / (1 + ratio)
      const w3 = 1 - w4
      sumR += w * (psiR[at] + lnAlpha - w3 * lnT - w4 * lnt)
      sumAlpha += w * (r / alpha - (r + x) * (w3 / (alpha + groups.T[i]) + w4 / (alpha + groups.t[i])))
      sumA += w * (psiAB[at] + w4 / a)
      sumB += w * (psiAB[at] + psiB[at] - w4 / (b + x - 1))
    }
  }
  if (gradient) {
    gradient[0] = sumR
    gradient[1] = sumAlpha
    gradient[2] = sumA
    gradient[3] = sumB
  }
  return sum
}

export type Fit<P> = {
  parameters: P
  logLikelihood: number
  /** Standard errors by the delta method, same keys. */
  se: P
  /** Covariance of the logarithms of the parameters, row-major in the order of the keys. */
  logCovariance: Float64Array
  persons: number
  iterations: number
  converged: boolean
}

/** Inverse of a numerically differenced Hessian of −LL in log-space; NaN-filled when not positive definite. */
export function logCovarianceOf(objective: (x: Float64Array, gradient: Float64Array) => number, x: Float64Array): Float64Array {
  const n = x.length
  const h = 1e-5
  const hessian = new Float64Array(n * n)
  const up = new Float64Array(n)
  const down = new Float64Array(n)
  const probe = Float64Array.from(x)
  for (let i = 0; i < n; i++) {
    probe[i] = x[i] + h
    objective(probe, up)
    probe[i] = x[i] - h
    objective(probe, down)
    probe[i] = x[i]
    for (let j = 0; j < n; j++) hessian[i * n + j] = (up[j] - down[j]) / (2 * h)
  }
  for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) hessian[i * n + j] = hessian[j * n + i] = (hessian[i * n + j] + hessian[j * n + i]) / 2
  const factor = new Float64Array(n * n)
  return cholesky(hessian, n, factor) ? inverseFromCholesky(factor, n) : new Float64Array(n * n).fill(Number.NaN)
}

/**
 * Maximum likelihood by BFGS in the logarithms of (r, α, a, b), time scaled by its mean. Above 50,000 distinct rows a thinned sample gives
 * the start. `start`: last month's parameters, for a warm refit. The caller judges degenerate data: see `fitLifetime`.
 */
export function fitBgNbd(history: PurchaseHistory, start?: BgNbd): Fit<BgNbd> {
  requireHistory(history)
  const groups = groupHistory(history)
  if (!(groups.persons > 0)) throw new RangeError('cannot fit purchases: 0 persons, expected at least 1')
  let meanT = 0
  for (let i = 0; i < groups.length; i++) meanT += (groups.weight[i] * groups.T[i]) / groups.persons
  if (!(meanT > 0)) throw new RangeError('cannot fit purchases: every T is 0, expected some time since the first purchase')
  const scaled = { ...groups, t: groups.t.map((x) => x / meanT), T: groups.T.map((x) => x / meanT) }
  const raw = new Float64Array(4)
  const objectiveOn = (rows: Pick<Groups, 'x' | 't' | 'T' | 'weight' | 'length'>) => (x: Float64Array, gradient: Float64Array): number => {
    const p = { r: Math.exp(x[0]), alpha: Math.exp(x[1]), a: Math.exp(x[2]), b: Math.exp(x[3]) }
    if (!(p.r < 1e12 && p.alpha < 1e12 && p.a < 1e12 && p.b < 1e12 && Math.min(p.r, p.alpha, p.a, p.b) > 1e-12)) return Infinity
    const value = bgNbdLogLikelihood(rows, p, raw)
    gradient[0] = -raw[0] * p.r
    gradient[1] = -raw[1] * p.alpha
    gradient[2] = -raw[2] * p.a
    gradient[3] = -raw[3] * p.b
    return -value
  }
  let from: ArrayLike<number> = start ? [start.r, start.alpha / meanT, start.a, start.b].map(Math.log) : [0, 0, 0, 0]
  if (!start && groups.length > 50_000) {
    const step = Math.floor(groups.length / 20_000)
    const pick = (values: Float64Array): Float64Array => values.filter((_, i) => i % step === 0)
    const thin = { x: pick(scaled.x), t: pick(scaled.t), T: pick(scaled.T), weight: pick(scaled.weight), length: Math.ceil(groups.length / step) }
    from = minimise(objectiveOn(thin), from, { tolerance: 1e-6 }).x
  }
  const objective = objectiveOn(scaled)
  const found = minimise(objective, from, { tolerance: 1e-11, maxIterations: 300 })
  const logCovariance = logCovarianceOf(objective, found.x)
  const [r, alphaScaled, a, b] = Array.from(found.x, Math.exp)
  const parameters = { r, alpha: alphaScaled * meanT, a, b }
  const sd = (i: number): number => Math.sqrt(logCovariance[i * 5])
  // The density of unscaled times differs from that of scaled ones by Σ x·ln(mean T).
  let jacobian = 0
  for (let i = 0; i < groups.length; i++) jacobian += groups.weight[i] * groups.x[i] * Math.log(meanT)
  return {
    parameters, logLikelihood: -found.value - jacobian,
    se: { r: r * sd(0), alpha: parameters.alpha * sd(1), a: a * sd(2), b: b * sd(3) },
    logCovariance, persons: groups.persons, iterations: found.iterations, converged: found.converged,
  }
}

/** P(still a customer | x, t, T); 1 for x = 0, because drop-out happens only after a repeat purchase in this model. */
export function aliveProbability({ r, alpha, a, b }: BgNbd, x: number, t: number, T: number): number {
  if (x === 0) return 1
  const log = Math.log(a / (b + x - 1)) + (r + x) * Math.log((alpha + T) / (alpha + t))
  return log > 700 ? 0 : 1 / (1 + Math.exp(log))
}

/**
 * Expected purchases in (T, T + t] of somebody who is alive: (a+b+x−1)/(a−1)·[1 − (1−z)^(a−1)·₂F₁(a+b−1−r, a−1; a+b+x−1; z)], z = t/(α+T+t).
 * Euler's transform of the published form, which overflows for x of about a thousand. At a = 1 the limit is taken as the mean of both sides.
 */
export function expectedIfAlive(parameters: BgNbd, x: number, T: number, t: number): number {
  if (Math.abs(parameters.a - 1) < 1e-4) {
    return 0.5 * (expectedIfAlive({ ...parameters, a: 1 - 1.0001e-4 }, x, T, t) + expectedIfAlive({ ...parameters, a: 1 + 1.0001e-4 }, x, T, t))
  }
  if (t === 0) return 0
  const { r, alpha, a } = parameters
  // At a + b + x = 1 the series has a pole that cancels with its factor: step beside it.
  const b = Math.abs(parameters.a + parameters.b + x - 1) < 1e-7 ? parameters.b + 2e-7 : parameters.b
  const z = t / (alpha + T + t)
  const upper = a + b - 1 - r
  const second = a - 1
  const lower = a + b + x - 1
  let term = 1
  let f = 1
  for (let n = 0; ; n++) {
    term *= (((upper + n) * (second + n)) / ((lower + n) * (n + 1))) * z
    f += term
    if (Math.abs(term) < 1e-16 * Math.abs(f)) break
    if (n === 5000) throw new RangeError(`cannot compute expected purchases: the series has not converged after 5000 terms for x ${x}, T ${T}, t ${t}`)
  }
  // For a + b < 1 and no repeat purchase the series is negative and has no logarithm.
  if (f <= 0) return (lower / second) * (1 - Math.exp(second * Math.log1p(-z)) * f)
  return (lower / second) * -Math.expm1(second * Math.log1p(-z) + Math.log(f))
}

/** Expected purchases in (T, T + t] given the history. For a new customer give x = 0, t = 0, T = 0. */
export const expectedPurchases = (parameters: BgNbd, x: number, tx: number, T: number, t: number): number => expectedIfAlive(parameters, x, T, t) * aliveProbability(parameters, x, tx, T)
