import { digamma, gammaln, minimise, requireEqualLength } from '../special/index.ts'
import { logCovarianceOf, type Fit } from './bg-nbd.ts'

/** x repeat purchases and mean spend per repeat purchase of persons who have any (rows with x = 0 are skipped). `weight` counts persons. */
export type SpendHistory = { x: ArrayLike<number>; spend: ArrayLike<number>; weight?: ArrayLike<number> }
export type GammaGamma = { p: number; q: number; gamma: number }

/** Weighted correlation of frequency and mean spend among repeaters: Gamma–Gamma assumes none; above 0.3 it must not be used. */
export function spendCorrelation({ x, spend, weight }: SpendHistory): number {
  let n = 0
  let mx = 0
  let my = 0
  let sxx = 0
  let sxy = 0
  let syy = 0
  for (let i = 0; i < x.length; i++) {
    if (x[i] === 0) continue
    const w = weight ? weight[i] : 1
    if (w === 0) continue
    n += w
    const dx = x[i] - mx
    const dy = spend[i] - my
    mx += (w * dx) / n
    my += (w * dy) / n
    sxx += w * dx * (x[i] - mx)
    sxy += w * dx * (spend[i] - my)
    syy += w * dy * (spend[i] - my)
  }
  return sxx > 0 && syy > 0 ? sxy / Math.sqrt(sxx * syy) : 0
}

/**
 * Gamma–Gamma model of mean spend (Fader, Hardie, Lee 2005b; Fader & Hardie 2013) by maximum likelihood in logarithms, spend scaled by its
 * mean. Errors: RangeError for a spend that is not above 0 where x > 0, naming the element.
 */
export function fitGammaGamma(history: SpendHistory, start?: GammaGamma): Fit<GammaGamma> {
  const { x, spend, weight } = history
  requireEqualLength('spend', spend, x.length, 'x')
  if (weight) requireEqualLength('weight', weight, x.length, 'x')
  let rows = 0
  for (let i = 0; i < x.length; i++) if (x[i] > 0) rows++
  const xs = new Float64Array(rows)
  const zs = new Float64Array(rows)
  const ws = new Float64Array(rows)
  let persons = 0
  let mean = 0
  let at = 0
  for (let i = 0; i < x.length; i++) {
    if (x[i] === 0) continue
    if (!(Number.isSafeInteger(x[i]) && x[i] > 0)) throw new RangeError(`cannot fit spend: x[${i}] is ${x[i]}, expected a whole number from 0`)
    if (!(spend[i] > 0 && spend[i] < Infinity)) throw new RangeError(`cannot fit spend: spend[${i}] is ${spend[i]}, expected a finite amount above 0 because x is above 0`)
    xs[at] = x[i]
    zs[at] = spend[i]
    ws[at] = weight ? weight[i] : 1
    persons += ws[at]
    mean += ws[at] * spend[i]
    at++
  }
  if (!(persons > 0)) throw new RangeError('cannot fit spend: nobody bought twice')
  mean /= persons
  let most = 0
  let sumXLnZ = 0
  let sumLnZ = 0
  const countOf = new Map<number, number>()
  for (let i = 0; i < rows; i++) {
    zs[i] /= mean
    const lnZ = Math.log(zs[i])
    sumXLnZ += ws[i] * xs[i] * (lnZ + Math.log(xs[i]))
    sumLnZ += ws[i] * lnZ
    countOf.set(xs[i], (countOf.get(xs[i]) ?? 0) + ws[i])
    if (xs[i] > most) most = xs[i]
  }
  const objective = (v: Float64Array, gradient: Float64Array): number => {
    const p = Math.exp(v[0])
    const q = Math.exp(v[1])
    const g = Math.exp(v[2])
    if (!(Math.max(p, q, g) < 1e9 && Math.min(p, q, g) > 1e-9)) return Infinity
    const lnG = v[2]
    // Terms in ln z alone are sums known beforehand; a row costs one logarithm.
    let value = p * sumXLnZ - sumLnZ
    let dp = sumXLnZ
    let dq = 0
    let dg = 0
    for (const [k, w] of countOf) {
      value += w * (gammaln(p * k + q) - gammaln(p * k) - gammaln(q) + q * lnG)
      const psi = digamma(p * k + q)
      dp += w * k * (psi - digamma(p * k))
      dq += w * (psi - digamma(q) + lnG)
      dg += (w * q) / g
    }
    for (let i = 0; i < rows; i++) {
      const base = g + xs[i] * zs[i]
      const log = Math.log(base)
      const power = p * xs[i] + q
      const w = ws[i]
      value -= w * power * log
      dp -= w * xs[i] * log
      dq -= w * log
      dg -= (w * power) / base
    }
    gradient[0] = -dp * p
    gradient[1] = -dq * q
    gradient[2] = -dg * g
    return -value
  }
  const found = minimise(objective, start ? [start.p, start.q, start.gamma / mean].map(Math.log) : [Math.log(2), Math.log(2), 0], { tolerance: 1e-11, maxIterations: 300 })
  const logCovariance = logCovarianceOf(objective, found.x)
  const [p, q, scaledGamma] = Array.from(found.x, Math.exp)
  const parameters = { p, q, gamma: scaledGamma * mean }
  const sd = (i: number): number => Math.sqrt(logCovariance[i * 4])
  return {
    parameters, logLikelihood: -found.value - persons * Math.log(mean), se: { p: p * sd(0), q: q * sd(1), gamma: parameters.gamma * sd(2) },
    logCovariance, persons, iterations: found.iterations, converged: found.converged,
  }
}

/** Expected spend per future purchase given x repeat purchases of mean `spend`; x = 0: the population's mean, which needs q > 1. */
export function expectedSpend({ p, q, gamma }: GammaGamma, x: number, spend: number): number {
  if (x === 0) {
    if (!(q > 1)) throw new RangeError(`cannot compute the mean spend of newcomers: q is ${q}, expected more than 1`)
    return (p * gamma) / (q - 1)
  }
  return (p * (gamma + x * spend)) / (p * x + q - 1)
}
