import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { expectedPurchases, fitBgNbd, fitGammaGamma, fitLifetime, holdoutError, scoreLifetimes, type BgNbd, type CustomerHistory } from '../../src/math/lifetime/index.ts'
import { randomStream, type RandomStream } from '../../src/math/random/index.ts'
import { median, peakRssMb, timeMs, type Bench, type BenchRow } from '../harness.ts'

const file = join(import.meta.dirname, '../../../shared/data/cdnow_sample/cdnow_sample_rfm.csv.gz')

function gamma(u: RandomStream, shape: number): number {
  if (shape < 1) return gamma(u, shape + 1) * u.uniform() ** (1 / shape)
  const d = shape - 1 / 3
  for (;;) {
    const z = u.normal()
    const v = (1 + z / Math.sqrt(9 * d)) ** 3
    if (v > 0 && Math.log(u.uniform()) < 0.5 * z * z + d - d * v + d * Math.log(v)) return d * v
  }
}

/** Persons drawn from BG/NBD and Gamma–Gamma in whole days; `after` counts purchases in the following `span` days. */
function simulate(persons: number, seed: number, truth: BgNbd, span: number): CustomerHistory & { after: Float64Array } {
  const u = randomStream(seed)
  const x = new Float64Array(persons)
  const t = new Float64Array(persons)
  const T = new Float64Array(persons)
  const spend = new Float64Array(persons)
  const after = new Float64Array(persons)
  for (let i = 0; i < persons; i++) {
    T[i] = 30 + u.below(336)
    const rate = gamma(u, truth.r) / truth.alpha
    const first = gamma(u, truth.a)
    const drop = first / (first + gamma(u, truth.b))
    let last = 0
    for (let time = -Math.log(u.uniform()) / rate; time <= T[i] + span; time -= Math.log(u.uniform()) / rate) {
      const day = Math.ceil(time)
      if (day <= T[i]) {
        // Several purchases on one day are one.
        if (day > last) x[i]++
        last = t[i] = day
      } else if (day <= T[i] + span) after[i]++
      if (u.uniform() < drop) break
    }
    if (x[i] > 0) spend[i] = (gamma(u, 6.25 * x[i]) / x[i]) * (15.44 / gamma(u, 3.74))
  }
  return { x, t, T, spend, after }
}

export const bench: Bench = {
  name: 'lifetime',
  what: 'BG/NBD and Gamma–Gamma: published figures, own holdout error, a million persons fitted and scored',
  sizes: ['small', 'default'],
  async run({ size = 'default', seed, rounds, log }) {
    const persons = size === 'small' ? 100_000 : 1_000_000
    const rows: BenchRow[] = []
    const skipped: Array<{ case: string; why: string }> = []
    const quality = (name: string, own: number, anchor: string, anchorValue: number, tolerance: number, unit: string, note?: string): void => {
      rows.push({ case: name, own, anchor, anchorValue, unit, ratio: null, agrees: Math.abs(own - anchorValue) <= tolerance, note })
    }
    if (existsSync(file)) {
      const data = gunzipSync(readFileSync(file)).toString().trim().split('\n').slice(1).map((line) => line.split(',').map(Number))
      const column = (index: number): Float64Array => Float64Array.from(data, (row) => row[index])
      const history: CustomerHistory = { x: column(1), t: column(2), T: column(3), spend: column(4) }
      const fit = fitBgNbd(history)
      const spend = fitGammaGamma(history)
      const paper = 'Fader, Hardie, Lee 2005'
      quality('CDNOW r', fit.parameters.r, paper, 0.243, 0.0005, '')
      quality('CDNOW α', fit.parameters.alpha, paper, 4.414, 0.0005, 'weeks')
      quality('CDNOW a', fit.parameters.a, paper, 0.793, 0.0005, '')
      quality('CDNOW b', fit.parameters.b, paper, 2.426, 0.0005, '')
      quality('CDNOW log-likelihood', fit.logLikelihood, paper, -9582.4, 0.05, '')
      quality('CDNOW Gamma–Gamma p', spend.parameters.p, 'Fader, Hardie 2013', 6.25, 0.005, '')
      quality('CDNOW Gamma–Gamma q', spend.parameters.q, 'Fader, Hardie 2013', 3.74, 0.005, '')
      quality('CDNOW Gamma–Gamma γ', spend.parameters.gamma, 'Fader, Hardie 2013', 15.44, 0.01, 'dollars')
      const published: BgNbd = { r: 0.243, alpha: 4.414, a: 0.793, b: 2.426 }
      quality('E(39 weeks) of x 2, t 30.43, T 38.86', expectedPurchases(published, 2, 30.43, 38.86, 39), 'the paper’s worked example', 1.226, 0.0005, 'purchases')
      const error = holdoutError(fit.parameters, history, column(5), 39)
      rows.push({
        case: 'CDNOW own holdout, 39 weeks', own: error.expected, anchor: 'purchases made', anchorValue: error.actual, unit: 'purchases', ratio: null, agrees: Math.abs(error.relative) < 0.2,
        note: `the model promises ${(100 * error.relative).toFixed(1)}%; mean absolute error per person ${error.meanAbsoluteError.toFixed(3)}, “everybody as the average” ${error.naiveMeanAbsoluteError.toFixed(3)}`,
      })
    } else skipped.push({ case: 'CDNOW figures', why: 'the data folder is not beside the repository' })

    log(`drawing ${persons} persons`)
    const truth: BgNbd = { r: 0.75, alpha: 38, a: 0.35, b: 5 }
    const history = simulate(persons, seed, truth, 91)
    const fits: number[] = []
    const scores: number[] = []
    let model = fitLifetime(history, { unitsPerWeek: 7 })
    let total = 0
    for (let round = 0; round < Math.max(1, Math.min(rounds, 3)); round++) {
      fits.push(await timeMs(() => {
        model = fitLifetime(history, { unitsPerWeek: 7 })
      }))
      scores.push(await timeMs(() => {
        const scored = scoreLifetimes(model, history, { margin: 0.3, unitsPerWeek: 7 })
        total = scored.value.reduce((sum, x) => sum + x, 0)
      }))
    }
    if (model.kind !== 'bg-nbd') throw new Error(`the simulated shop got no full model but ${model.kind}`)
    const { parameters, se } = model.purchases
    log(`fit r ${parameters.r.toFixed(4)} α ${parameters.alpha.toFixed(3)} a ${parameters.a.toFixed(4)} b ${parameters.b.toFixed(3)}; mean value ${(total / persons).toFixed(2)}`)
    // Merging same-day purchases biases the estimates a little, so ask for closeness, not for two standard errors.
    const near = (['r', 'alpha', 'a', 'b'] as const).every((key) => Math.abs(Math.log(parameters[key] / truth[key])) < 0.15 + (4 * se[key]) / parameters[key])
    rows.push({ case: `fit ${persons} persons`, own: median(fits), anchor: 'true parameters', anchorValue: null, unit: 'ms', ratio: null, agrees: near, goal: 'seconds for 1,000,000', note: 'both models, whole days' })
    rows.push({ case: `score ${persons} persons, 52 weekly steps`, own: median(scores), anchor: 'none runs here', anchorValue: null, unit: 'ms', ratio: null, agrees: true, goal: 'seconds for 1,000,000' })
    const error = holdoutError(parameters, history, history.after, 91)
    rows.push({
      case: 'own holdout, 13 weeks, simulated', own: error.expected, anchor: 'purchases made', anchorValue: error.actual, unit: 'purchases', ratio: null, agrees: Math.abs(error.relative) < 0.05, note: `${(100 * error.relative).toFixed(2)}%`,
    })
    return { bench: 'lifetime', size, rows, peakRssMb: peakRssMb(), skipped }
  },
}
