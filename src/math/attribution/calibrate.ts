/**
 * Calibration of any model's credit to holdouts.
 *
 * A holdout measures what a channel really added: I ± s. Its ratio to the model's credit M is k = I / M with error s / M. The ratios of
 * the tested channels are shrunk towards each other (normal–normal with the between-channel sd τ integrated out over a half-Cauchy prior:
 * Gelman, Bayesian Analysis 1, 2006); channels without a test get the predictive of a new ratio. What the calibrated credits leave of the orders is the row
 * "would have bought anyway". It may be negative, and is then shown as such: the tests say that the marketing sold more than the model was given.
 */
import type { Credit } from './paths.ts'

export type HoldoutTest = { channel: number; incremental: number; standardError: number }
export type CalibrateInput = {
  /** The model's credit per channel (conversions or money: the holdouts must be in the same unit and cover the same period). */
  credit: ArrayLike<number>
  /** All orders (or all money) of the period, including those without a touch. */
  total: number
  tested: readonly HoldoutTest[]
  /** 'integrated' (default) has honest intervals; 'plug-in' fixes τ² at its Paule–Mandel estimate (intervals too short; for comparison). */
  method?: 'integrated' | 'plug-in'
  /** Scale of the half-Cauchy prior in units of √(k / Σ s⁻²). Default 2. */
  priorScale?: number
}
export type Calibrated = {
  /** Shrunk (tested) or predictive (untested) ratio per channel, with its 95% interval. */
  ratio: Float64Array
  ratioLow: Float64Array
  ratioHigh: Float64Array
  /** Calibrated credit = ratio × model credit, with its 95% interval. */
  credit: Float64Array
  low: Float64Array
  high: Float64Array
  /** 1 = has its own holdout, 0 = estimated from other channels. */
  tested: Uint8Array
  /** total − Σ credit. May be negative. */
  wouldHaveBoughtAnyway: number
  /** Mean ratio of all channels and the sd between channels (posterior means, or the plug-in values). */
  meanRatio: number
  betweenSd: number
  /** True with fewer than 4 tests: the answer leans on the prior and should be shown as provisional. */
  priorMatters: boolean
}

/** Calibrates credit to holdouts. @throws RangeError naming the test or element that cannot be used. */
export function calibrateToHoldouts(input: CalibrateInput): Calibrated {
  const { credit, tested, total } = input
  if (!Number.isFinite(total)) throw new RangeError(`attribution: total is ${total}, expected a finite number`)
  if (tested.length === 0) throw new RangeError('attribution: no holdout was given, so nothing can be calibrated; run a holdout on at least one channel')
  for (let c = 0; c < credit.length; c++) {
    if (!(credit[c] >= 0 && credit[c] < Infinity)) throw new RangeError(`attribution: credit[${c}] is ${credit[c]}, expected a finite number ≥ 0`)
  }
  const used = new Uint8Array(credit.length)
  const ratios: number[] = []
  const errors: number[] = []
  tested.forEach((test, i) => {
    const where = `attribution: tested[${i}]`
    if (!Number.isInteger(test.channel) || test.channel < 0 || test.channel >= credit.length) {
      throw new RangeError(`${where}.channel is ${test.channel}, expected an integer from 0 to ${credit.length - 1}`)
    }
    if (used[test.channel]) throw new RangeError(`${where}.channel ${test.channel} has two holdouts; pool them first`)
    if (!Number.isFinite(test.incremental)) throw new RangeError(`${where}.incremental is ${test.incremental}, expected a finite number`)
    if (!(test.standardError > 0 && test.standardError < Infinity)) throw new RangeError(`${where}.standardError is ${test.standardError}, expected a finite number > 0`)
    if (!(credit[test.channel] > 0)) throw new RangeError(`${where}: the model gives channel ${test.channel} no credit, so its holdout cannot be expressed as a ratio`)
    used[test.channel] = 1
    ratios.push(test.incremental / credit[test.channel])
    errors.push(test.standardError / credit[test.channel])
  })
  const pooled = (input.method ?? 'integrated') === 'plug-in' ? poolPlugIn(ratios, errors) : poolIntegrated(ratios, errors, input.priorScale ?? 2)
  const n = credit.length
  const out: Calibrated = {
    ratio: new Float64Array(n), ratioLow: new Float64Array(n), ratioHigh: new Float64Array(n),
    credit: new Float64Array(n), low: new Float64Array(n), high: new Float64Array(n), tested: used,
    wouldHaveBoughtAnyway: total, meanRatio: pooled.mean, betweenSd: pooled.tau, priorMatters: tested.length < 4,
  }
  const place = (c: number, estimate: Estimate): void => {
    out.ratio[c] = estimate.mean
    out.ratioLow[c] = estimate.low
    out.ratioHigh[c] = estimate.high
    out.credit[c] = estimate.mean * credit[c]
    out.low[c] = estimate.low * credit[c]
    out.high[c] = estimate.high * credit[c]
  }
  for (let c = 0; c < n; c++) if (!used[c]) place(c, pooled.fresh)
  tested.forEach((test, i) => place(test.channel, pooled.each[i]))
  for (let c = 0; c < n; c++) out.wouldHaveBoughtAnyway -= out.credit[c]
  return out
}

/** Puts calibrated conversions back into a credit table (values scaled by the same ratios), with its baseline row. */
export function applyCalibration(credit: Credit, calibrated: Calibrated): Credit {
  if (calibrated.ratio.length !== credit.conversions.length) {
    throw new RangeError(`attribution: the calibration has ${calibrated.ratio.length} channels, the credit ${credit.conversions.length}`)
  }
  const out: Credit = {
    model: `${credit.model}, calibrated`, conversions: new Float64Array(credit.conversions.length), values: new Float64Array(credit.values.length),
    unknown: { ...credit.unknown }, wouldHaveBoughtAnyway: { ...credit.wouldHaveBoughtAnyway },
  }
  for (let c = 0; c < credit.conversions.length; c++) {
    out.conversions[c] = credit.conversions[c] * calibrated.ratio[c]
    out.values[c] = credit.values[c] * calibrated.ratio[c]
    out.wouldHaveBoughtAnyway.conversions += credit.conversions[c] - out.conversions[c]
    out.wouldHaveBoughtAnyway.value += credit.values[c] - out.values[c]
  }
  return out
}

type Estimate = { mean: number; low: number; high: number }
export type Pooled = { mean: number; meanSd: number; tau: number; tau2: number; each: Estimate[]; fresh: Estimate }
const z975 = 1.959963984540054

function weightsAt(tau2: number, y: readonly number[], s: readonly number[]): { mean: number; variance: number; q: number } {
  let sum = 0
  let weighted = 0
  for (let j = 0; j < y.length; j++) {
    const w = 1 / (s[j] * s[j] + tau2)
    sum += w
    weighted += w * y[j]
  }
  const mean = weighted / sum
  let q = 0
  for (let j = 0; j < y.length; j++) q += (y[j] - mean) ** 2 / (s[j] * s[j] + tau2)
  return { mean, variance: 1 / sum, q }
}

/** Normal–normal shrinkage with τ² at the Paule–Mandel root (Paule & Mandel, J. Res. NBS 87, 1982). */
export function poolPlugIn(y: readonly number[], s: readonly number[]): Pooled {
  const k = y.length
  let tau2 = 0
  if (k > 1 && weightsAt(0, y, s).q > k - 1) {
    let low = 0
    let high = Math.max(...s) ** 2
    while (weightsAt(high, y, s).q > k - 1) high *= 2
    for (let i = 0; i < 200 && high - low > 1e-16 * high; i++) {
      const mid = (low + high) / 2
      if (weightsAt(mid, y, s).q > k - 1) low = mid
      else high = mid
    }
    tau2 = (low + high) / 2
  }
  const { mean, variance } = weightsAt(tau2, y, s)
  const interval = (centre: number, sd: number): Estimate => ({ mean: centre, low: centre - z975 * sd, high: centre + z975 * sd })
  const each = y.map((value, j) => {
    const shrink = (s[j] * s[j]) / (s[j] * s[j] + tau2)
    return interval(shrink * mean + (1 - shrink) * value, Math.sqrt(s[j] * s[j] * (1 - shrink) + shrink * shrink * variance))
  })
  return { mean, meanSd: Math.sqrt(variance), tau: Math.sqrt(tau2), tau2, each, fresh: interval(mean, Math.sqrt(variance + tau2)) }
}

/** The same with τ integrated over 64 equal-probability nodes of a half-Cauchy prior; quantiles of the mixture by bisection. */
export function poolIntegrated(y: readonly number[], s: readonly number[], priorScale: number): Pooled {
  if (!(priorScale > 0)) throw new RangeError(`attribution: priorScale is ${priorScale}, expected a number > 0`)
  const k = y.length
  const scale = priorScale * Math.sqrt(k / s.reduce((sum, value) => sum + 1 / (value * value), 0))
  const nodes = Array.from({ length: 64 }, (_, i) => scale * Math.tan((Math.PI * (i + 0.5)) / 64 / 2))
  const fits = nodes.map(tau => weightsAt(tau * tau, y, s))
  const logs = nodes.map((tau, i) => {
    let log = Math.log(fits[i].variance) / 2 - fits[i].q / 2
    for (const value of s) log -= Math.log(value * value + tau * tau) / 2
    return log
  })
  const peak = Math.max(...logs)
  const raw = logs.map(log => Math.exp(log - peak))
  const rawSum = raw.reduce((a, b) => a + b, 0)
  const weights = raw.map(value => value / rawSum)
  const mixture = (means: number[], sds: number[]): Estimate => {
    let mean = 0
    let low = Infinity
    let high = -Infinity
    for (let i = 0; i < means.length; i++) {
      mean += weights[i] * means[i]
      low = Math.min(low, means[i] - 40 * sds[i])
      high = Math.max(high, means[i] + 40 * sds[i])
    }
    const quantile = (p: number): number => {
      let a = low
      let b = high
      for (let step = 0; step < 90; step++) {
        const mid = (a + b) / 2
        let below = 0
        for (let i = 0; i < means.length; i++) if (weights[i] > 0) below += weights[i] * normalCdf((mid - means[i]) / sds[i])
        if (below < p) a = mid
        else b = mid
      }
      return (a + b) / 2
    }
    return { mean, low: quantile(0.025), high: quantile(0.975) }
  }
  const each = y.map((value, j) => {
    const shrink = nodes.map(tau => (s[j] * s[j]) / (s[j] * s[j] + tau * tau))
    return mixture(
      nodes.map((_, i) => shrink[i] * fits[i].mean + (1 - shrink[i]) * value),
      nodes.map((_, i) => Math.sqrt(s[j] * s[j] * (1 - shrink[i]) + shrink[i] * shrink[i] * fits[i].variance)),
    )
  })
  const mean = weights.reduce((sum, w, i) => sum + w * fits[i].mean, 0)
  const tau = weights.reduce((sum, w, i) => sum + w * nodes[i], 0)
  const second = weights.reduce((sum, w, i) => sum + w * (fits[i].variance + fits[i].mean ** 2), 0)
  return {
    mean, meanSd: Math.sqrt(second - mean * mean), tau, tau2: tau * tau, each,
    fresh: mixture(fits.map(fit => fit.mean), nodes.map((node, i) => Math.sqrt(fits[i].variance + node * node))),
  }
}

/** Φ(x): Kummer series of erf inside |x| < 5, Laplace's continued fraction outside. Absolute error below 1e-14. */
export function normalCdf(x: number): number {
  if (Number.isNaN(x)) throw new RangeError('attribution: normalCdf of NaN')
  const a = Math.abs(x)
  if (a > 39) return x > 0 ? 1 : 0
  const density = Math.exp((-a * a) / 2) / Math.sqrt(2 * Math.PI)
  if (a < 5) {
    let term = a
    let sum = a
    for (let n = 1; term > sum * 1e-17 && n < 300; n++) {
      term *= (a * a) / (2 * n + 1)
      sum += term
    }
    return x > 0 ? 0.5 + density * sum : 0.5 - density * sum
  }
  let fraction = 0
  for (let n = 60; n >= 1; n--) fraction = n / (a + fraction)
  const tail = density / (a + fraction)
  return x > 0 ? 1 - tail : tail
}
