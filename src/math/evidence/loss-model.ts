import type { RandomStream } from '../random/index.ts'

/**
 * Losses per person and epoch: p₀ + eᵘ·(d/d_ref)^γ. p₀ leaves anyway; the caused part rises with the dose by construction, so that losses at
 * many touches inform those at few. u differs between segments, u ~ N(μ, within²), and μ between merchants.
 *
 * Everything is summed on a grid: exact enough (a step of u is 22% and draws are spread inside it), no iteration, no start value.
 */
const levels = 48
const lowest = Math.log(1e-5)
const step = (Math.log(0.5) - lowest) / (levels - 1)
const shapes = [0.7, 1.1, 1.5, 1.9, 2.4] as const
const naturals = [0.02, 0.12, 0.25, 0.4, 0.55, 0.7, 0.85, 1, 1.2] as const

export type LossPrior = {
  /** Mean and sd between merchants of ln(caused loss per epoch at the reference dose); sd between the segments of one; weight of each power γ. */
  levelMean: number
  levelSd: number
  withinSd: number
  shapeWeight: Float64Array
}

/** Without other merchants: 0.6% caused at the reference dose, a factor of four either way; published rates span 0.05–10% per touch. */
export const weakLossPrior = (): LossPrior => ({ levelMean: Math.log(0.006), levelSd: 1.4, withinSd: 0.8, shapeWeight: Float64Array.from([0.15, 0.2, 0.25, 0.25, 0.15]) })

/** The dose at which levels are spoken of: the middle arm's. */
export const referenceDose = (doses: ArrayLike<number>): number => doses[doses.length >> 1]

export type LossGrid = {
  arms: number
  segments: number
  natural: Float64Array
  /** (d/d_ref)^γ per γ and arm. */
  power: Float64Array
  /** Likelihood of each level, (p₀, γ) × segment × level, scaled per segment. */
  likelihood: Float64Array
  /** N(u; μ, within²) over levels, row per μ. */
  kernel: Float64Array
  /** ln of the product over segments, (p₀, γ) × μ: the merchant's evidence about μ and γ. */
  evidence: Float64Array
}

/** Poisson likelihood of a merchant's losses on the grid. `losses`, `exposure`: segments × arms. */
export function lossGrid(losses: Float64Array, exposure: Float64Array, segments: number, doses: ArrayLike<number>, withinSd: number): LossGrid {
  const arms = doses.length
  let seen = 0.5
  let persons = 50
  for (let c = 0; c < losses.length; c++) {
    seen += losses[c]
    persons += exposure[c]
  }
  const overall = Math.min(0.3, seen / persons)
  const natural = Float64Array.from(naturals, (x) => x * overall)
  const reference = referenceDose(doses)
  const power = new Float64Array(shapes.length * arms)
  for (let g = 0; g < shapes.length; g++) for (let k = 1; k < arms; k++) power[g * arms + k] = (doses[k] / reference) ** shapes[g]
  const rate = Float64Array.from({ length: levels }, (_, j) => Math.exp(lowest + j * step))
  const kernel = new Float64Array(levels * levels)
  // Beyond five sds the kernel is below 4e-6 of its peak and is left at 0.
  const band = Math.ceil((5 * withinSd) / step)
  for (let m = 0; m < levels; m++) {
    let total = 0
    for (let j = Math.max(0, m - band); j < Math.min(levels, m + band + 1); j++) total += kernel[m * levels + j] = Math.exp(-0.5 * (((j - m) * step) / withinSd) ** 2)
    for (let j = 0; j < levels; j++) kernel[m * levels + j] /= total
  }
  const combos = natural.length * shapes.length
  const likelihood = new Float64Array(combos * segments * levels)
  const evidence = new Float64Array(combos * levels)
  for (let c = 0; c < combos; c++) {
    const p0 = natural[Math.floor(c / shapes.length)]
    const row = (c % shapes.length) * arms
    for (let s = 0; s < segments; s++) {
      const base = (c * segments + s) * levels
      let top = -Infinity
      for (let j = 0; j < levels; j++) {
        let log = 0
        for (let k = 0; k < arms; k++) {
          const n = exposure[s * arms + k]
          if (n === 0) continue
          const p = p0 + rate[j] * power[row + k]
          const lost = losses[s * arms + k]
          log += (lost > 0 ? lost * Math.log(p) : 0) - n * p
        }
        likelihood[base + j] = log
        if (log > top) top = log
      }
      for (let j = 0; j < levels; j++) likelihood[base + j] = Math.exp(likelihood[base + j] - top)
      for (let m = 0; m < levels; m++) {
        let sum = 0
        const end = Math.min(levels, m + band + 1)
        for (let j = Math.max(0, m - band); j < end; j++) sum += kernel[m * levels + j] * likelihood[base + j]
        evidence[c * levels + m] += top + Math.log(Math.max(sum, 1e-300))
      }
    }
  }
  return { arms, segments, natural, power, likelihood, kernel, evidence }
}

/** Writes one draw of all cells' loss probabilities (segments × arms) into `loss`; `at` in (0, 1) picks the common part by its rank. */
export type LossSampler = (at: number, stream: RandomStream, loss: Float64Array) => void

export function lossSampler(grid: LossGrid, prior: LossPrior): LossSampler {
  const { arms, segments, natural, power, likelihood, kernel, evidence } = grid
  const cumulative = new Float64Array(evidence.length)
  let top = -Infinity
  for (let i = 0; i < evidence.length; i++) {
    const gamma = Math.floor(i / levels) % shapes.length
    const mu = lowest + (i % levels) * step
    cumulative[i] = evidence[i] + Math.log(prior.shapeWeight[gamma]) - 0.5 * ((mu - prior.levelMean) / prior.levelSd) ** 2
    if (cumulative[i] > top) top = cumulative[i]
  }
  let total = 0
  for (let i = 0; i < evidence.length; i++) {
    total += Math.exp(cumulative[i] - top)
    cumulative[i] = total
  }
  // Draws share few (p₀, γ, μ): their segments' cumulative weights are computed once.
  const rows = new Map<number, Float64Array>()
  const rowsOf = (combo: number, m: number): Float64Array => {
    const key = combo * levels + m
    let found = rows.get(key)
    if (!found) {
      found = new Float64Array(segments * levels)
      for (let s = 0; s < segments; s++) {
        let sum = 0
        for (let j = 0; j < levels; j++) found[s * levels + j] = sum += kernel[m * levels + j] * likelihood[(combo * segments + s) * levels + j]
      }
      rows.set(key, found)
    }
    return found
  }
  return (at, stream, loss) => {
    let low = 0
    let high = cumulative.length - 1
    while (low < high) {
      const mid = (low + high) >> 1
      if (cumulative[mid] < at * total) low = mid + 1
      else high = mid
    }
    const combo = Math.floor(low / levels)
    const m = low % levels
    const p0 = natural[Math.floor(combo / shapes.length)]
    const powers = (combo % shapes.length) * arms
    const row = rowsOf(combo, m)
    for (let s = 0; s < segments; s++) {
      const base = s * levels
      const pick = stream.uniform() * row[base + levels - 1]
      let j = 0
      while (j < levels - 1 && row[base + j] < pick) j++
      const u = Math.exp(lowest + (j + stream.uniform() - 0.5) * step)
      for (let k = 0; k < arms; k++) loss[s * arms + k] = Math.min(1, p0 + u * power[powers + k])
    }
  }
}

/** Prior of losses from many merchants' (losses, exposure) tables: EM over (μ mean, μ sd, γ weights) for each of four within-merchant sds, the likeliest kept. */
export function fitLossPrior(tables: ReadonlyArray<{ losses: Float64Array; exposure: Float64Array; segments: number }>, doses: ArrayLike<number>): LossPrior {
  let best: LossPrior = weakLossPrior()
  let top = -Infinity
  for (const withinSd of [0.3, 0.6, 0.9, 1.3]) {
    const prior = { ...weakLossPrior(), withinSd }
    // Natural rates are summed out with equal weights; per merchant a table γ × μ remains.
    const merchants = tables.map((table) => {
      const { evidence } = lossGrid(table.losses, table.exposure, table.segments, doses, withinSd)
      const summed = new Float64Array(shapes.length * levels)
      let peak = -Infinity
      for (let i = 0; i < evidence.length; i++) peak = Math.max(peak, evidence[i])
      for (let i = 0; i < evidence.length; i++) summed[i % summed.length] += Math.exp(evidence[i] - peak)
      return { summed, peak }
    })
    let logLikelihood = -Infinity
    for (let round = 0; round < 60; round++) {
      let mean = 0
      let square = 0
      // Two pseudo-merchants of the weak prior keep the sd and the weights away from 0.
      const weight = Float64Array.from(weakLossPrior().shapeWeight, (x) => 2 * x)
      logLikelihood = 0
      for (const { summed, peak } of merchants) {
        let total = 0
        let m1 = 0
        let m2 = 0
        const byShape = new Float64Array(shapes.length)
        for (let i = 0; i < summed.length; i++) {
          const mu = lowest + (i % levels) * step
          const p = summed[i] * prior.shapeWeight[Math.floor(i / levels)] * Math.exp(-0.5 * ((mu - prior.levelMean) / prior.levelSd) ** 2) / prior.levelSd
          total += p
          m1 += p * mu
          m2 += p * mu * mu
          byShape[Math.floor(i / levels)] += p
        }
        if (!(total > 0)) continue
        logLikelihood += Math.log(total) + peak
        mean += m1 / total
        square += m2 / total
        for (let g = 0; g < shapes.length; g++) weight[g] += byShape[g] / total
      }
      const n = merchants.length
      prior.levelMean = mean / n
      prior.levelSd = Math.sqrt((Math.max(0, square - n * prior.levelMean ** 2) + 2 * 1.4 ** 2 * 0.25) / (n + 2))
      prior.shapeWeight = weight.map((x) => x / (n + 2))
    }
    if (logLikelihood > top) {
      top = logLikelihood
      best = prior
    }
  }
  return best
}
