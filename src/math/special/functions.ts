import betainc from '@stdlib/math-base-special-betainc'
import stdDigamma from '@stdlib/math-base-special-digamma'
import erfc from '@stdlib/math-base-special-erfc'
import erfcinv from '@stdlib/math-base-special-erfcinv'
import gammainc from '@stdlib/math-base-special-gammainc'
import stdGammaln from '@stdlib/math-base-special-gammaln'
import stdTrigamma from '@stdlib/math-base-special-trigamma'
import { bisect } from './minimise.ts'

/** ln Γ(x). */
export const gammaln = (x: number): number => stdGammaln(x)
/** ψ(x), the derivative of ln Γ. */
export const digamma = (x: number): number => stdDigamma(x)
/** ψ′(x). */
export const trigamma = (x: number): number => stdTrigamma(x)

/** ln B(a, b) = ln Γ(a) + ln Γ(b) − ln Γ(a + b). */
export const betaln = (a: number, b: number): number => stdGammaln(a) + stdGammaln(b) - stdGammaln(a + b)

/** ln(eᵃ + eᵇ) without overflow; −∞ is the neutral element. */
export function logAddExp(a: number, b: number): number {
  const top = a > b ? a : b
  return top === -Infinity ? -Infinity : top + Math.log1p(Math.exp((a > b ? b : a) - top))
}

/** Φ(x), the normal distribution function. */
export const normalCdf = (x: number): number => 0.5 * erfc(-x * Math.SQRT1_2)
/** φ(x). */
export const normalDensity = (x: number): number => 0.3989422804014327 * Math.exp(-0.5 * x * x)
/** Φ⁻¹(p), p in [0, 1]. */
export const normalQuantile = (p: number): number => -Math.SQRT2 * erfcinv(2 * p)

/** P(χ² with `degrees` > x). */
export const chiSquareTail = (x: number, degrees: number): number => (x <= 0 ? 1 : gammainc(x / 2, degrees / 2, true, true))

/** P(T > t) of Student's t with `degrees`. */
export function studentTail(t: number, degrees: number): number {
  const half = 0.5 * betainc(degrees / (degrees + t * t), degrees / 2, 0.5)
  return t >= 0 ? half : 1 - half
}
/** Quantile of Student's t, p in (0, 1): bisection on the tail, 1e-12 relative. */
export function studentQuantile(p: number, degrees: number): number {
  if (!(p > 0 && p < 1)) throw new RangeError(`cannot compute a t quantile: p is ${p}, expected a number between 0 and 1`)
  if (!(degrees > 0)) throw new RangeError(`cannot compute a t quantile: degrees is ${degrees}, expected a number above 0`)
  if (p === 0.5) return 0
  if (p < 0.5) return -studentQuantile(1 - p, degrees)
  let high = 2
  while (studentTail(high, degrees) > 1 - p && high < 1e300) high *= 2
  return bisect((t) => 1 - p - studentTail(t, degrees), 0, high)
}

/** Distribution function and quantile of Beta(a, b). */
export const betaCdf = (x: number, a: number, b: number): number => (x <= 0 ? 0 : x >= 1 ? 1 : betainc(x, a, b))
export const betaQuantile = (p: number, a: number, b: number): number => (p <= 0 ? 0 : p >= 1 ? 1 : bisect((x) => betaCdf(x, a, b) - p, 0, 1))

/** Lower branch of Lambert's W: the w ≤ −1 with w·eʷ = x, x in [−1/e, 0). Halley's iteration (Corless et al. 1996). */
export function lambertWm1(x: number): number {
  if (!(x >= -1 / Math.E - 1e-16 && x < 0)) throw new RangeError(`cannot compute the lower Lambert branch: x is ${x}, expected a number from −1/e up to 0`)
  let w: number
  if (x < -0.25) w = -1 - Math.sqrt(Math.max(0, 2 * (1 + Math.E * x)))
  else {
    const l = Math.log(-x)
    w = l - Math.log(-l)
  }
  for (let i = 0; i < 50; i++) {
    const e = Math.exp(w)
    const f = w * e - x
    if (w === -1) return w
    const step = f / (e * (w + 1) - ((w + 2) * f) / (2 * w + 2))
    w -= step
    if (Math.abs(step) <= 1e-15 * Math.abs(w)) break
  }
  return w
}
