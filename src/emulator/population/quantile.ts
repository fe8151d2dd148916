import gammainc from '@stdlib/math-base-special-gammainc'
import { betaCdf, gammaln, normalCdf, normalQuantile } from '../../math/special/index.ts'

/**
 * Quantiles as tables: one draw means one address, so continuous draws use the inverse of the distribution at `u`, never rejection. The
 * tables hold ln x (gamma) or logit x (beta) over z = Φ⁻¹(u) from −8 to 8, which are smooth there; cubic interpolation errs below 1e-6.
 */
export type Quantile = (u: number) => number

const from = -8
const perUnit = 16
const count = 16 * perUnit + 1

function table(build: (z: number, u: number, tail: number, start: number) => number, start: number): Float64Array {
  const values = new Float64Array(count)
  const middle = (count - 1) / 2
  let last = start
  for (let i = middle; i < count; i++) {
    const z = from + i / perUnit
    last = values[i] = build(z, normalCdf(z), normalCdf(-z), last)
  }
  last = values[middle]
  for (let i = middle - 1; i >= 0; i--) {
    const z = from + i / perUnit
    last = values[i] = build(z, normalCdf(z), normalCdf(-z), last)
  }
  return values
}

function interpolate(values: Float64Array, u: number): number {
  const at = Math.min(count - 1.0001, Math.max(0, (normalQuantile(u) - from) * perUnit))
  const i = Math.floor(at)
  const t = at - i
  const p1 = values[i]
  const p2 = values[i + 1]
  const p0 = i > 0 ? values[i - 1] : 2 * p1 - p2
  const p3 = i < count - 2 ? values[i + 2] : 2 * p2 - p1
  return p1 + 0.5 * t * (p2 - p0 + t * (2 * p0 - 5 * p1 + 4 * p2 - p3 + t * (3 * (p1 - p2) + p3 - p0)))
}

/** Root of f(y) = target by a safeguarded secant from `start`; f rises in y. */
function solve(f: (y: number) => number, start: number): number {
  let low = start - 0.25
  let high = start + 0.25
  for (let step = 0.5; f(low) > 0 && step < 4096; step *= 2) low -= step
  for (let step = 0.5; f(high) < 0 && step < 4096; step *= 2) high += step
  for (let i = 0; i < 42 && high - low > 1e-11 * (1 + Math.abs(low)); i++) {
    const middle = (low + high) / 2
    if (f(middle) < 0) low = middle
    else high = middle
  }
  return (low + high) / 2
}

/** Gamma with this shape and rate 1. */
export function gammaQuantile(shape: number): Quantile {
  // In the far lower tail F(x) ≈ x^a / Γ(a + 1), which has no trouble with underflow in ln x.
  const lnGammaA1 = gammaln(shape + 1)
  const values = table((z, u, tail, start) => {
    if (u < 1e-7) return (Math.log(u) + lnGammaA1) / shape
    return solve((y) => (z <= 0 ? gammainc(Math.exp(y), shape, true, false) - u : tail - gammainc(Math.exp(y), shape, true, true)), start)
  }, Math.log(shape))
  return (u) => Math.exp(interpolate(values, u))
}

/** Beta(a, b). */
export function betaTable(a: number, b: number): Quantile {
  const values = table((z, u, tail, start) => solve((y) => {
    const x = 1 / (1 + Math.exp(-y))
    return z <= 0 ? betaCdf(x, a, b) - u : tail - betaCdf(1 / (1 + Math.exp(y)), b, a)
  }, start), Math.log(a / b))
  return (u) => 1 / (1 + Math.exp(-interpolate(values, u)))
}

export const normalAt: Quantile = normalQuantile

/** Poisson by summing the probabilities; for small means. */
export function poissonAt(u: number, mean: number): number {
  let k = 0
  let p = Math.exp(-mean)
  let sum = p
  while (u > sum && k < 10_000) {
    k++
    p *= mean / k
    sum += p
  }
  return k
}

export function binomialAt(u: number, n: number, p: number): number {
  if (n <= 0 || p <= 0) return 0
  if (p >= 1) return n
  let k = 0
  let q = Math.pow(1 - p, n)
  let sum = q
  while (u > sum && k < n) {
    q *= ((n - k) / (k + 1)) * (p / (1 - p))
    k++
    sum += q
  }
  return k
}
