import { betaln, bisect, lambertWm1, requireFinite, requireWhole } from '../special/index.ts'

/**
 * Confidence sequences: intervals that hold at every look at once, P(for all t: truth in Cₜ) ≥ 1 − α, and e-values, whose
 * reciprocal is a valid p-value at any stopping time (Ville 1939).
 */
export type Interval = { low: number; high: number }

function requireAlpha(alpha: number): void {
  if (!(alpha > 0 && alpha < 1)) throw new RangeError(`cannot build a confidence sequence: alpha is ${alpha}, expected a number between 0 and 1`)
}

/**
 * ln e against "the rate is p" after `successes` of `n` persons with a closed 0/1 outcome: beta mixture (Robbins 1970; Howard et
 * al. 2021, Annals of Statistics 49), prior Beta(a, b).
 */
export function rateLogE(successes: number, n: number, p: number, a = 0.5, b = 0.5): number {
  requireWhole('successes, n', [successes, n])
  if (successes > n) throw new RangeError(`cannot test a rate: successes is ${successes}, expected at most n = ${n}`)
  let logE = betaln(a + successes, b + n - successes) - betaln(a, b)
  if (successes > 0) logE -= successes * Math.log(p)
  if (n > successes) logE -= (n - successes) * Math.log1p(-p)
  return logE
}

/** Confidence sequence of one rate from counts alone; order and number of looks do not matter. */
export function rateSequence(successes: number, n: number, alpha = 0.05, a = 0.5, b = 0.5): Interval {
  requireAlpha(alpha)
  requireWhole('successes, n', [successes, n])
  if (successes > n) throw new RangeError(`cannot bound a rate: successes is ${successes}, expected at most n = ${n}`)
  if (n === 0) return { low: 0, high: 1 }
  const bar = betaln(a + successes, b + n - successes) - betaln(a, b) + Math.log(alpha)
  // In x = logit p: ln p = −ln(1 + e^−x), so neither end loses digits near 0 or 1.
  const excess = (x: number): number => bar + successes * Math.log1p(Math.exp(-x)) + (n - successes) * Math.log1p(Math.exp(x))
  const expit = (x: number): number => 1 / (1 + Math.exp(-x))
  const centre = successes === 0 ? -700 : successes === n ? 700 : Math.log(successes / (n - successes))
  return {
    low: successes === 0 ? 0 : expit(bisect((x) => -excess(x), -700, centre)),
    high: successes === n ? 1 : expit(bisect(excess, centre, 700)),
  }
}

export type LossComparison = {
  /** Ratio of the loss rates, treated to untouched, with its confidence sequence. */
  ratio: number
  ratioLow: number
  ratioHigh: number
  /** e-value against "equal rates", with the informed prior κ = 20 around the fair share. */
  e: number
  /** Treated losses that would not have happened: S(1 − 1/ρ), with the ratio's interval; negative when fewer left. */
  caused: number
  causedLow: number
  causedHigh: number
  /** Treated losses to expect if messages drove nobody away. */
  expected: number
}

/**
 * Two arms' losses over time: the safe count test (safe log-rank; Grünwald, Ly, Pérez-Ortiz, ter Schure 2021). `atRiskRatio` c is
 * treated persons at risk over untouched ones, constant while losses are rare (below a tenth of the persons).
 * Errors: RangeError for counts that do not fit or c ≤ 0.
 */
export function compareLosses(treatedLosses: number, allLosses: number, atRiskRatio: number, alpha = 0.05): LossComparison {
  if (!(atRiskRatio > 0 && atRiskRatio < Infinity)) throw new RangeError(`cannot compare losses: atRiskRatio is ${atRiskRatio}, expected a finite number above 0`)
  const { low, high } = rateSequence(treatedLosses, allLosses, alpha)
  const fair = atRiskRatio / (1 + atRiskRatio)
  const toRatio = (q: number): number => (q >= 1 ? Infinity : q / (1 - q) / atRiskRatio)
  const ratio = allLosses === 0 ? 1 : toRatio(treatedLosses / allLosses)
  const ratioLow = toRatio(low)
  const ratioHigh = toRatio(high)
  const causedAt = (rho: number): number => (treatedLosses === 0 ? 0 : rho === 0 ? -Infinity : treatedLosses * (1 - 1 / rho))
  return {
    ratio, ratioLow, ratioHigh,
    e: Math.exp(rateLogE(treatedLosses, allLosses, fair, 20 * fair, 20 * (1 - fair))),
    caused: causedAt(ratio), causedLow: causedAt(ratioLow), causedHigh: causedAt(ratioHigh),
    expected: allLosses * fair,
  }
}

function requireUnit(values: ArrayLike<number>): void {
  for (let i = 0; i < values.length; i++) {
    if (!(values[i] >= 0 && values[i] <= 1)) throw new RangeError(`cannot build a confidence sequence: values[${i}] is ${values[i]}, expected a number from 0 to 1`)
  }
}

/** λₜ and μ̂ₜ₋₁ of the predictable plug-in (Waudby-Smith & Ramdas 2024, section 3.2). */
function plugIns(values: ArrayLike<number>, alpha: number): { lambda: Float64Array; before: Float64Array } {
  const lambda = new Float64Array(values.length)
  const before = new Float64Array(values.length)
  let sum = 0.5
  let squares = 0.25
  for (let i = 0; i < values.length; i++) {
    const t = i + 1
    before[i] = sum / t
    lambda[i] = Math.sqrt((2 * Math.log(2 / alpha)) / ((squares / t) * t * Math.log1p(t)))
    sum += values[i]
    squares += (values[i] - sum / (t + 1)) ** 2
  }
  return { lambda, before }
}

/** Closed predictable plug-in empirical-Bernstein sequence for values in [0, 1] (Waudby-Smith & Ramdas 2024, Theorem 2). Order persons by enrolment, never by outcome. */
export function bernsteinSequence(values: ArrayLike<number>, alpha = 0.05): Interval {
  requireAlpha(alpha)
  requireUnit(values)
  if (values.length === 0) return { low: 0, high: 1 }
  const { lambda, before } = plugIns(values, alpha)
  let weights = 0
  let weighted = 0
  let spread = Math.log(2 / alpha)
  for (let i = 0; i < values.length; i++) {
    const l = Math.min(lambda[i], 0.5)
    weights += l
    weighted += l * values[i]
    spread += (values[i] - before[i]) ** 2 * (-Math.log1p(-l) - l)
  }
  return { low: Math.max(0, (weighted - spread) / weights), high: Math.min(1, (weighted + spread) / weights) }
}

/** ln max(½K⁺, ½K⁻) of the hedged betting process at the mean m (Waudby-Smith & Ramdas 2024, Theorem 3). */
export function bettingLogE(values: ArrayLike<number>, m: number, alpha = 0.05): number {
  requireUnit(values)
  const { lambda } = plugIns(values, alpha)
  return Math.max(wealth(values, lambda, m, 1), wealth(values, lambda, m, -1)) - Math.LN2
}

function wealth(values: ArrayLike<number>, lambda: Float64Array, m: number, side: 1 | -1): number {
  const cap = side === 1 ? 0.5 / m : 0.5 / (1 - m)
  let log = 0
  for (let i = 0; i < values.length; i++) log += Math.log1p(side * Math.min(lambda[i], cap) * (values[i] - m))
  return log
}

/** Hedged betting sequence for values in [0, 1] (Theorem 3): the tighter of the two, O(n) per probed mean. */
export function bettingSequence(values: ArrayLike<number>, alpha = 0.05): Interval {
  requireAlpha(alpha)
  requireUnit(values)
  if (values.length === 0) return { low: 0, high: 1 }
  const { lambda } = plugIns(values, alpha)
  const bar = Math.log(2 / alpha)
  // K⁺ falls in m and K⁻ rises in m, so each end is a single crossing.
  const low = bisect((m) => bar - wealth(values, lambda, m, 1), 1e-15, 1)
  const high = bisect((m) => wealth(values, lambda, m, -1) - bar, 0, 1 - 1e-15)
  return { low: low <= 1e-14 ? 0 : low, high: high >= 1 - 1e-14 ? 1 : high }
}

export type MoneySequence = Interval & { halfWidth: number; e: number; p: number }

/** η² that makes the half-width smallest when the information is `plannedInformation` = 1/se²; fix it before the epoch. 3.035 se there for α = 0.05. */
export function tuneMoney(plannedInformation: number, alpha = 0.05): number {
  requireAlpha(alpha)
  if (!(plannedInformation > 0 && plannedInformation < Infinity)) throw new RangeError(`cannot tune: plannedInformation is ${plannedInformation}, expected a finite number above 0`)
  return (-1 - lambertWm1(-alpha * alpha * Math.exp(-1))) / plannedInformation
}

/**
 * Confidence sequence of a difference of money per person: Gaussian-mixture asymptotic sequence (Waudby-Smith, Arbour, Sinha,
 * Kennedy, Ramdas 2024), in information time I = 1/se² with the **person-level** se of cumulated totals. Not valid from the start:
 * ask `moneyReady` first. `se` 0 or infinite gives an infinite interval and e = 1.
 */
export function moneySequence(estimate: number, se: number, etaSquared: number, alpha = 0.05): MoneySequence {
  requireAlpha(alpha)
  requireFinite('estimate', [estimate])
  if (!(etaSquared > 0 && etaSquared < Infinity)) throw new RangeError(`cannot build a confidence sequence: etaSquared is ${etaSquared}, expected a finite number above 0`)
  if (!(se > 0 && se < Infinity)) return { low: -Infinity, high: Infinity, halfWidth: Infinity, e: 1, p: 1 }
  const u = etaSquared / (se * se)
  const halfWidth = se * Math.sqrt((1 + 1 / u) * (Math.log1p(u) + 2 * Math.log(1 / alpha)))
  const z = estimate / se
  const e = Math.exp(-0.5 * Math.log1p(u) + (0.5 * z * z * u) / (1 + u))
  return { low: estimate - halfWidth, high: estimate + halfWidth, halfWidth, e, p: Math.min(1, 1 / e) }
}

/** Largest share of Σ w²(y − ȳ)² carried by one person, w = 1/n of the own arm. Above 0.1 the money sequence is not shown. */
export function largestShare(y: ArrayLike<number>, arm: ArrayLike<number>): number {
  requireFinite('y', y)
  const count = new Map<number, number>()
  const sum = new Map<number, number>()
  for (let i = 0; i < y.length; i++) {
    count.set(arm[i], (count.get(arm[i]) ?? 0) + 1)
    sum.set(arm[i], (sum.get(arm[i]) ?? 0) + y[i])
  }
  let total = 0
  let largest = 0
  for (let i = 0; i < y.length; i++) {
    const n = count.get(arm[i]) as number
    const part = ((y[i] - (sum.get(arm[i]) as number) / n) / n) ** 2
    total += part
    if (part > largest) largest = part
  }
  return total > 0 ? largest / total : 0
}

export type MoneyReady = { ready: true } | { ready: false; missing: 'buyers' | 'one-person-dominates'; found: number; needed: number }

/** The start rule: 200 buyers in the smaller arm and no person with more than a tenth of the squared deviations. */
export function moneyReady(buyersInSmallerArm: number, largest: number): MoneyReady {
  if (!(buyersInSmallerArm >= 200)) return { ready: false, missing: 'buyers', found: buyersInSmallerArm, needed: 200 }
  if (!(largest <= 0.1)) return { ready: false, missing: 'one-person-dominates', found: largest, needed: 0.1 }
  return { ready: true }
}

/** The clip for tested money: 99.5% quantile (nearest rank) of buyers' net revenue before the epoch, rounded up to two digits. 0 buyers: 0. */
export function moneyCap(buyersNet: ArrayLike<number>, quantile = 0.995): number {
  requireFinite('buyersNet', buyersNet)
  if (buyersNet.length === 0) return 0
  const sorted = Float64Array.from(buyersNet).sort()
  const value = sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(quantile * sorted.length) - 1))]
  if (value <= 0) return 0
  const unit = 10 ** (Math.floor(Math.log10(value)) - 1)
  return Math.ceil(value / unit - 1e-9) * unit
}

/**
 * Robust sequence with a stated variance bound v ≥ Var, known before the data (Wang & Ramdas 2023, Catoni-style): exact at every t,
 * no start rule; the analyst's cross-check.
 */
export function catoniSequence(values: ArrayLike<number>, varianceBound: number, alpha = 0.05): Interval {
  requireAlpha(alpha)
  requireFinite('values', values)
  if (!(varianceBound > 0 && varianceBound < Infinity)) throw new RangeError(`cannot build a confidence sequence: varianceBound is ${varianceBound}, expected a finite number above 0`)
  const n = values.length
  if (n === 0) return { low: -Infinity, high: Infinity }
  const lambda = new Float64Array(n)
  let squares = 0
  let least = Infinity
  let most = -Infinity
  for (let i = 0; i < n; i++) {
    lambda[i] = Math.sqrt((2 * Math.log(2 / alpha)) / (varianceBound * (i + 1) * Math.log1p(i + 1)))
    squares += lambda[i] ** 2
    least = Math.min(least, values[i])
    most = Math.max(most, values[i])
  }
  const bar = 0.5 * varianceBound * squares + Math.log(2 / alpha)
  const influence = (m: number): number => {
    let sum = 0
    for (let i = 0; i < n; i++) {
      const x = lambda[i] * (values[i] - m)
      sum += x >= 0 ? Math.log1p(x + 0.5 * x * x) : -Math.log1p(-x + 0.5 * x * x)
    }
    return sum
  }
  let reach = most - least + Math.sqrt(varianceBound)
  while (influence(most + reach) > -bar || influence(least - reach) < bar) {
    reach *= 2
    if (!(reach < 1e300)) return { low: -Infinity, high: Infinity }
  }
  return { low: bisect((m) => bar - influence(m), least - reach, most + reach), high: bisect((m) => -bar - influence(m), least - reach, most + reach) }
}

/**
 * e-BH (Wang & Ramdas 2022): which of S segments are shown to work with false discovery rate ≤ α under any dependence, and the level of
 * their intervals (e-BY: Xu, Wang, Ramdas 2024). Feed current e-values, never running maxima.
 */
export function discoveries(e: ArrayLike<number>, alpha = 0.05): { shown: boolean[]; count: number; intervalLevel: number } {
  requireAlpha(alpha)
  for (let i = 0; i < e.length; i++) if (!(e[i] >= 0)) throw new RangeError(`cannot select segments: e[${i}] is ${e[i]}, expected a number from 0`)
  const order = Array.from({ length: e.length }, (_, i) => i).sort((x, y) => e[y] - e[x] || x - y)
  let count = 0
  for (let k = 1; k <= order.length; k++) if (e[order[k - 1]] >= e.length / (alpha * k)) count = k
  const shown = Array.from(e, () => false)
  for (let k = 0; k < count; k++) shown[order[k]] = true
  return { shown, count, intervalLevel: 1 - (alpha * count) / Math.max(1, e.length) }
}
