import { poolNormal } from '../evidence/index.ts'
import { requireEqualLength, requireFrom } from '../special/index.ts'
import { aliveProbability, expectedIfAlive, fitBgNbd, groupHistory, requireHistory, type BgNbd, type Fit, type PurchaseHistory } from './bg-nbd.ts'
import { expectedSpend, fitGammaGamma, spendCorrelation, type GammaGamma } from './gamma-gamma.ts'

/** Histories with mean spend per repeat purchase (0 where x = 0). */
export type CustomerHistory = PurchaseHistory & { spend: ArrayLike<number> }
/** What the same shop's customers looked like at an earlier moment and how often they bought in the `span` after it. */
export type Earlier = PurchaseHistory & { purchasesAfter: ArrayLike<number>; span: number }

export type FallbackReason =
  | 'no-repeat-purchase'
  | 'fewer-than-30-repeaters'
  | 'fit-did-not-converge'
  /** a or b outside 1e-4 … 1e4: drop-out cannot be told from the data. */
  | 'drop-out-not-identified'

export type SpendModel =
  | { kind: 'gamma-gamma'; fit: Fit<GammaGamma>; correlation: number }
  /** Mean spend of the person's tercile; of all when x = 0. */
  | { kind: 'terciles'; reason: 'correlated-with-frequency' | 'all-equal' | 'too-heavy' | 'fewer-than-30-repeaters' | 'fit-did-not-converge'; correlation: number; cut: [number, number]; mean: [number, number, number]; overall: number }

export type LifetimeModel =
  | { kind: 'bg-nbd'; purchases: Fit<BgNbd>; spend: SpendModel; persons: number; repeaters: number }
  /** The stated fallback: what customers of the same recency × frequency cell did next, pooled between cells. Rates per unit of time. */
  | { kind: 'cells'; reason: FallbackReason; spend: SpendModel; rate: Float64Array; rateSd: Float64Array; from: 'earlier-cohort' | 'own-rate'; persons: number; repeaters: number }
  /** A shop younger than twelve weeks gets no lifetime at all. */
  | { kind: 'refused'; reason: 'too-young'; oldest: number; needed: number }

export type LifetimeOptions = { /** Time units in a week: 1 for weeks, 7 for days. */ unitsPerWeek?: number; start?: BgNbd; startSpend?: GammaGamma; earlier?: Earlier }

/** Cells of the fallback: 0, 1, 2–3, 4+ repeat purchases × last one within a quarter, a half, or longer ago than half of T. */
const cellOf = (x: number, t: number, T: number): number => {
  if (x === 0) return 0
  const since = T > 0 ? (T - t) / T : 0
  return 1 + (x === 1 ? 0 : x < 4 ? 1 : 2) * 3 + (since <= 0.25 ? 0 : since <= 0.5 ? 1 : 2)
}
const cells = 10

/**
 * BG/NBD and Gamma–Gamma with every degenerate case answered: a model, a flagged fallback with its reason, or a refusal.
 * Errors: RangeError naming the element of malformed input.
 */
export function fitLifetime(history: CustomerHistory, { unitsPerWeek = 1, start, startSpend, earlier }: LifetimeOptions = {}): LifetimeModel {
  requireHistory(history)
  requireEqualLength('spend', history.spend, history.x.length, 'x')
  requireFrom('spend', history.spend, 0)
  let oldest = 0
  let repeaters = 0
  let persons = 0
  for (let i = 0; i < history.x.length; i++) {
    const w = history.weight ? history.weight[i] : 1
    persons += w
    if (history.x[i] > 0) repeaters += w
    if (history.T[i] > oldest) oldest = history.T[i]
  }
  if (oldest < 12 * unitsPerWeek) return { kind: 'refused', reason: 'too-young', oldest, needed: 12 * unitsPerWeek }
  const spend = fitSpend(history, repeaters, startSpend)
  let reason: FallbackReason | null = repeaters === 0 ? 'no-repeat-purchase' : repeaters < 30 ? 'fewer-than-30-repeaters' : null
  if (reason === null) {
    const purchases = fitBgNbd(history, start)
    const { a, b } = purchases.parameters
    if (!(Math.min(a, b) >= 1e-4 && Math.max(a, b) <= 1e4)) reason = 'drop-out-not-identified'
    else if (!purchases.converged) reason = 'fit-did-not-converge'
    else return { kind: 'bg-nbd', purchases, spend, persons, repeaters }
  }
  return { kind: 'cells', reason, spend, ...fitCells(history, earlier), persons, repeaters }
}

function fitSpend(history: CustomerHistory, repeaters: number, start?: GammaGamma): SpendModel {
  const correlation = spendCorrelation({ x: history.x, spend: history.spend, weight: history.weight })
  const values: number[] = []
  for (let i = 0; i < history.x.length; i++) if (history.x[i] > 0 && history.spend[i] > 0) values.push(history.spend[i])
  const sorted = Float64Array.from(values).sort()
  const terciles = (reason: Extract<SpendModel, { kind: 'terciles' }>['reason']): SpendModel => {
    const cut: [number, number] = [sorted[Math.floor(sorted.length / 3)] ?? 0, sorted[Math.floor((2 * sorted.length) / 3)] ?? 0]
    const sum = [0, 0, 0]
    const count = [0, 0, 0]
    for (let i = 0; i < history.x.length; i++) {
      if (!(history.x[i] > 0 && history.spend[i] > 0)) continue
      const w = (history.weight ? history.weight[i] : 1) * history.x[i]
      const tercile = history.spend[i] < cut[0] ? 0 : history.spend[i] < cut[1] ? 1 : 2
      sum[tercile] += w * history.spend[i]
      count[tercile] += w
    }
    const all = count[0] + count[1] + count[2]
    const overall = all > 0 ? (sum[0] + sum[1] + sum[2]) / all : 0
    const mean = sum.map((total, i) => (count[i] > 0 ? total / count[i] : overall)) as [number, number, number]
    return { kind: 'terciles', reason, correlation, cut, mean, overall }
  }
  if (repeaters < 30) return terciles('fewer-than-30-repeaters')
  if (sorted.length === 0 || sorted[0] === sorted[sorted.length - 1]) return terciles('all-equal')
  if (Math.abs(correlation) > 0.3) return terciles('correlated-with-frequency')
  const positive = { x: Array.from(history.x, (x, i) => (history.spend[i] > 0 ? x : 0)), spend: history.spend, weight: history.weight }
  const fit = fitGammaGamma(positive, start)
  if (!fit.converged) return terciles('fit-did-not-converge')
  return fit.parameters.q > 1 ? { kind: 'gamma-gamma', fit, correlation } : terciles('too-heavy')
}

function fitCells(history: CustomerHistory, earlier?: Earlier): { rate: Float64Array; rateSd: Float64Array; from: 'earlier-cohort' | 'own-rate' } {
  const count = new Float64Array(cells)
  const sum = new Float64Array(cells)
  const time = new Float64Array(cells)
  if (earlier) {
    requireHistory(earlier)
    requireEqualLength('earlier.purchasesAfter', earlier.purchasesAfter, earlier.x.length, 'earlier.x')
    requireFrom('earlier.purchasesAfter', earlier.purchasesAfter, 0)
    if (!(earlier.span > 0)) throw new RangeError(`cannot fit cells: earlier.span is ${earlier.span}, expected a time above 0`)
  }
  const source: PurchaseHistory = earlier ?? history
  for (let i = 0; i < source.x.length; i++) {
    const w = source.weight ? source.weight[i] : 1
    const cell = cellOf(source.x[i], source.t[i], source.T[i])
    count[cell] += w
    // Without an earlier cohort a cell's own past rate must stand in; nobody is assumed to have left.
    sum[cell] += w * (earlier ? earlier.purchasesAfter[i] : source.x[i])
    time[cell] += w * (earlier ? earlier.span : source.T[i])
  }
  const y = sum.map((total, i) => (time[i] > 0 ? total / time[i] : 0))
  const sd = sum.map((total, i) => (time[i] > 0 && count[i] > 1 ? Math.sqrt(Math.max(total, 0.5)) / time[i] : Infinity))
  if (sd.every((s) => s === Infinity)) return { rate: y, rateSd: sd, from: earlier ? 'earlier-cohort' : 'own-rate' }
  const pooled = poolNormal(y, sd)
  return { rate: pooled.estimate.map((x) => Math.max(0, x)), rateSd: pooled.high.map((high, i) => (high - pooled.low[i]) / 3.92), from: earlier ? 'earlier-cohort' : 'own-rate' }
}

export type LifetimeScores = {
  /** P(still a customer); the fallback cannot know and says NaN. */
  alive: Float64Array
  /** Expected purchases within the horizon. */
  purchases: Float64Array
  /** Expected spend per purchase. */
  spend: Float64Array
  /** Discounted margin within the horizon: margin·spend·Σ δᵏ(E(tₖ) − E(tₖ₋₁)), weekly steps. */
  value: Float64Array
}
export type ScoreOptions = { /** Contribution per unit of spend. */ margin: number; horizonWeeks?: number; discountPerWeek?: number; unitsPerWeek?: number }

/**
 * Scores every person. Expectations depend on (x, T) alone up to P(alive), so they are computed once per distinct pair: a million
 * persons in whole days take a few seconds. No infinite horizon: 52 weeks unless said otherwise.
 */
export function scoreLifetimes(model: LifetimeModel, history: CustomerHistory, { margin, horizonWeeks = 52, discountPerWeek = 0.002, unitsPerWeek = 1 }: ScoreOptions): LifetimeScores {
  requireHistory(history)
  requireEqualLength('spend', history.spend, history.x.length, 'x')
  if (model.kind === 'refused') throw new RangeError(`cannot score lifetimes: the shop's oldest customer is ${model.oldest} old, expected at least ${model.needed}`)
  if (!(Number.isInteger(horizonWeeks) && horizonWeeks > 0)) throw new RangeError(`cannot score lifetimes: horizonWeeks is ${horizonWeeks}, expected a whole number above 0`)
  if (!(discountPerWeek >= 0 && Number.isFinite(margin))) throw new RangeError(`cannot score lifetimes: margin ${margin} and discount ${discountPerWeek}, expected finite numbers, discount from 0`)
  const n = history.x.length
  const alive = new Float64Array(n)
  const purchases = new Float64Array(n)
  const spend = new Float64Array(n)
  const value = new Float64Array(n)
  const delta = 1 / (1 + discountPerWeek)
  for (let i = 0; i < n; i++) spend[i] = spendOf(model.spend, history.x[i], history.spend[i])
  if (model.kind === 'cells') {
    let discounted = 0
    for (let k = 1; k <= horizonWeeks; k++) discounted += delta ** k
    for (let i = 0; i < n; i++) {
      const rate = model.rate[cellOf(history.x[i], history.t[i], history.T[i])] * unitsPerWeek
      alive[i] = Number.NaN
      purchases[i] = rate * horizonWeeks
      value[i] = margin * spend[i] * rate * discounted
    }
    return { alive, purchases, spend, value }
  }
  const parameters = model.purchases.parameters
  const pairs = groupHistory({ x: history.x, t: new Float64Array(n), T: history.T }, true)
  const expected = new Float64Array(pairs.length)
  const discounted = new Float64Array(pairs.length)
  for (let g = 0; g < pairs.length; g++) {
    let before = 0
    let factor = 1
    for (let k = 1; k <= horizonWeeks; k++) {
      const now = expectedIfAlive(parameters, pairs.x[g], pairs.T[g], k * unitsPerWeek)
      factor *= delta
      discounted[g] += factor * (now - before)
      before = now
    }
    expected[g] = before
  }
  const of = pairs.of as Int32Array
  for (let i = 0; i < n; i++) {
    alive[i] = aliveProbability(parameters, history.x[i], history.t[i], history.T[i])
    purchases[i] = alive[i] * expected[of[i]]
    value[i] = margin * spend[i] * alive[i] * discounted[of[i]]
  }
  return { alive, purchases, spend, value }
}

function spendOf(model: SpendModel, x: number, spend: number): number {
  if (model.kind === 'gamma-gamma') return expectedSpend(model.fit.parameters, spend > 0 ? x : 0, spend)
  if (x === 0 || !(spend > 0)) return model.overall
  return model.mean[spend < model.cut[0] ? 0 : spend < model.cut[1] ? 1 : 2]
}

export type HoldoutError = {
  expected: number
  actual: number
  /** (expected − actual)/actual: below 0 the model promised too little. */
  relative: number
  /** Mean absolute error per person, of the model and of "everybody buys as the average". */
  meanAbsoluteError: number
  naiveMeanAbsoluteError: number
}

/** The promise beside what happened: expected purchases in the `span` after the calibration period against those made. Print it with every fit. */
export function holdoutError(parameters: BgNbd, history: PurchaseHistory, purchasesAfter: ArrayLike<number>, span: number): HoldoutError {
  requireHistory(history)
  requireEqualLength('purchasesAfter', purchasesAfter, history.x.length, 'x')
  requireFrom('purchasesAfter', purchasesAfter, 0)
  const n = history.x.length
  let expected = 0
  let actual = 0
  let error = 0
  let persons = 0
  for (let i = 0; i < n; i++) {
    const w = history.weight ? history.weight[i] : 1
    const one = expectedIfAlive(parameters, history.x[i], history.T[i], span) * aliveProbability(parameters, history.x[i], history.t[i], history.T[i])
    persons += w
    expected += w * one
    actual += w * purchasesAfter[i]
    error += w * Math.abs(one - purchasesAfter[i])
  }
  let naive = 0
  for (let i = 0; i < n; i++) naive += (history.weight ? history.weight[i] : 1) * Math.abs(actual / persons - purchasesAfter[i])
  return { expected, actual, relative: actual > 0 ? (expected - actual) / actual : Number.NaN, meanAbsoluteError: error / persons, naiveMeanAbsoluteError: naive / persons }
}

/**
 * Standard deviation of the logarithm of the mean lifetime value that comes from not knowing the parameters exactly (delta method on at most
 * 400 thinned rows): what `decideDose` takes as the loss cost's uncertainty. It does not contain the model's own error: compare `holdoutError`.
 */
export function valueLogSd(model: LifetimeModel, history: CustomerHistory, options: ScoreOptions): number {
  if (model.kind !== 'bg-nbd') return 0.5
  const step = Math.max(1, Math.floor(history.x.length / 400))
  const thin = (values: ArrayLike<number>): number[] => Array.from({ length: Math.ceil(history.x.length / step) }, (_, i) => values[i * step])
  const sample: CustomerHistory = { x: thin(history.x), t: thin(history.t), T: thin(history.T), spend: thin(history.spend) }
  const total = (purchases: BgNbd, spend: SpendModel): number => {
    const scores = scoreLifetimes({ ...model, purchases: { ...model.purchases, parameters: purchases }, spend }, sample, options)
    return scores.value.reduce((sum, x) => sum + x, 0)
  }
  const h = 1e-3
  const variance = (slopes: number[], covariance: Float64Array): number => {
    let sum = 0
    for (let i = 0; i < slopes.length; i++) for (let j = 0; j < slopes.length; j++) sum += slopes[i] * slopes[j] * covariance[i * slopes.length + j]
    return sum
  }
  const base = model.purchases.parameters
  const slopes = (['r', 'alpha', 'a', 'b'] as const).map((key) => {
    const at = (sign: number): number => Math.log(total({ ...base, [key]: base[key] * Math.exp(sign * h) }, model.spend))
    return (at(1) - at(-1)) / (2 * h)
  })
  let sum = variance(slopes, model.purchases.logCovariance)
  if (model.spend.kind === 'gamma-gamma') {
    const { fit } = model.spend
    const spendModel = model.spend
    const spendSlopes = (['p', 'q', 'gamma'] as const).map((key) => {
      const at = (sign: number): number => Math.log(total(base, { ...spendModel, fit: { ...fit, parameters: { ...fit.parameters, [key]: fit.parameters[key] * Math.exp(sign * h) } } }))
      return (at(1) - at(-1)) / (2 * h)
    })
    sum += variance(spendSlopes, fit.logCovariance)
  }
  return Number.isFinite(sum) ? Math.sqrt(Math.max(0, sum)) : 0.5
}
