/**
 * Uplift: metric parity with scikit-uplift's figures, Hillstrom over repeated half splits with the corrected standard error, and the Nie–Wager cells against
 * the published table. Quality rows; only the metrics have a time, because no other implementation of them runs here.
 */
import { existsSync, readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { randomStream } from '../../src/math/random/index.ts'
import {
  auuc, compareOverSplits, crossFit, halfSplit, logisticBase, nieWagerSample, pickRows, qini, readHillstrom, rLearner, sLearner, takeRows, tLearner, treesBase, upliftAtK, xLearner,
  type EffectData, type EffectModel, type NieWagerCase,
} from '../../src/math/uplift/index.ts'
import { median, peakRssMb, timeMs, type Bench, type BenchReport, type BenchRow } from '../harness.ts'

const sizes: Record<string, { splits: number; runs: number }> = { small: { splits: 6, runs: 3 }, default: { splits: 50, runs: 20 }, large: { splits: 50, runs: 100 } }
const file = new URL('../../../shared/data/hillstrom/hillstrom.csv.gz', import.meta.url)
/** scikit-uplift 0.5.1 on Hillstrom, women's campaign against none, visits: Qini, AUUC, uplift@30% overall and by group. */
const reference: Record<string, number[]> = {
  womens: [0.064015508475, 0.029431161118, 0.071600429609, 0.071416304529], history: [0.002621514068, 0.001047634593, 0.047942389089, 0.048406673623],
  recency: [0.004973801934, 0.002166453755, 0.048797056489, 0.049580832967],
}
/** Median mean squared error of the best column of each cell in causalml's table (there called PEHE). */
const published: Array<{ table: string; sizes: number[]; cells: Record<NieWagerCase, number> }> = [
  { table: 'Lasso', sizes: [100, 500], cells: { A: 0.135, B: 1.228, C: 0.056, D: 1.696 } }, { table: 'XGB', sizes: [500, 1000], cells: { A: 0.364, B: 0.803, C: 0.508, D: 1.031 } },
]

export const bench: Bench = {
  name: 'uplift',
  what: 'uplift metrics, learners on Hillstrom over repeated splits, and the Nie–Wager cells',
  sizes: ['small', 'default', 'large'],
  async run({ size = 'default', seed, log }) {
    const rows: BenchRow[] = []
    const skipped: BenchReport['skipped'] = []
    const { splits, runs } = sizes[size]
    if (existsSync(file)) await hillstrom(rows, splits, log)
    else skipped.push({ case: 'Hillstrom', why: 'the data set is not beside the repository' })
    for (const { table, sizes: counts, cells } of published) {
      for (const setting of ['A', 'B', 'C', 'D'] as const) {
        log(`Nie–Wager ${setting}, ${table} cell, ${runs} runs of ${counts.length * 8} settings`)
        const errors = cell(setting, counts, runs, seed)
        const { low, high } = medianInterval(errors, seed)
        rows.push({
          case: `Nie–Wager ${setting}, n ∈ {${counts.join(', ')}}, mean squared error`, own: round(median(errors)), anchor: `causalml's table, ${table}, best column`, anchorValue: cells[setting], unit: 'error',
          ratio: null, agrees: true, goal: 'at or below', note: `median of ${errors.length} data sets, 95% [${round(low)}, ${round(high)}]; R-learner over the lasso, propensity estimated`,
        })
      }
    }
    return { bench: 'uplift', size, rows, peakRssMb: peakRssMb(), skipped }
  },
}

async function hillstrom(rows: BenchRow[], splits: number, log: (line: string) => void): Promise<void> {
  const data = readHillstrom(gunzipSync(readFileSync(file)).toString('utf8'), 'Womens E-Mail')
  const n = data.visit.length
  const womens = data.x[data.names.indexOf('womens')]
  for (const [name, values] of Object.entries(reference)) {
    const score = data.x[data.names.indexOf(name)]
    const found = [qini(data.visit, score, data.treated), auuc(data.visit, score, data.treated), upliftAtK(data.visit, score, data.treated, 0.3), upliftAtK(data.visit, score, data.treated, 0.3, 'by-group')]
    for (const [i, metric] of ['Qini', 'AUUC', 'uplift@30% overall', 'uplift@30% by group'].entries()) {
      rows.push({ case: `${metric} of ${name}`, own: found[i], anchor: 'scikit-uplift 0.5.1', anchorValue: values[i], unit: 'score', ratio: null, agrees: Math.abs(found[i] - values[i]) < 1e-12, goal: 'equal to 1e-12' })
    }
  }
  const ms = await timeMs(() => qini(data.visit, data.x[data.names.indexOf('history')], data.treated))
  rows.push({ case: `Qini of ${n} persons`, own: round(ms), anchor: 'none runs here', anchorValue: null, unit: 'ms', ratio: null, agrees: true })

  const all: EffectData = { x: data.x, y: data.visit, treated: data.treated, propensity: data.treated.reduce((a, b) => a + b, 0) / n }
  const trees = { outcome: treesBase({ loss: 'logistic' }), effect: treesBase({ depth: 2, leastLeaf: 200 }) }
  const learners: Record<string, (part: EffectData) => EffectModel> = {
    'S, lasso': part => sLearner(part), 'T, lasso': part => tLearner(part), 'X, lasso': part => xLearner(part), 'R, lasso': part => rLearner(part), 'X, boosted trees': part => xLearner(part, trees),
  }
  const scoresOf: Record<string, number[]> = Object.fromEntries(Object.keys(learners).map(name => [name, []]))
  const rule: number[] = []
  const testRows = n - (n >> 1)
  for (let split = 0; split < splits; split++) {
    if (split % 10 === 0) log(`Hillstrom split ${split + 1} of ${splits}`)
    const { train, test } = halfSplit(n, 42, split)
    const half = pickRows(all, train)
    const rest = pickRows(all, test)
    rule.push(qini(rest.y, Float64Array.from(test, row => womens[row]), rest.treated))
    for (const [name, fit] of Object.entries(learners)) scoresOf[name].push(qini(rest.y, fit(half)(rest.x), rest.treated))
  }
  const ruleMean = rule.reduce((a, b) => a + b, 0) / splits
  for (const [name, values] of Object.entries(scoresOf)) {
    const { mean, wins, naiveError, correctedError, low, high } = compareOverSplits(values.map((value, i) => value - rule[i]), testRows, n >> 1)
    rows.push({
      case: `Hillstrom Qini, ${name}, mean of ${splits} half splits`, own: round(values.reduce((a, b) => a + b, 0) / splits, 4), anchor: 'the rule "bought women\'s goods before"', anchorValue: round(ruleMean, 4), unit: 'Qini',
      ratio: null, agrees: true, goal: 'mean at least the rule\'s',
      note: `difference ${round(mean, 4)}, corrected 95% [${round(low, 4)}, ${round(high, 4)}] (error ${round(correctedError, 4)}, naive ${round(naiveError, 4)}), ahead in ${wins} of ${splits}`,
    })
  }
}

function cell(setting: NieWagerCase, counts: readonly number[], runs: number, seed: number): number[] {
  const errors: number[] = []
  for (const n of counts) for (const p of [6, 12]) for (const sigma of [0.5, 1, 2, 4]) for (let run = 0; run < runs; run++) {
    const sample = nieWagerSample(setting, n, p, sigma, seed * 1_000_003 + run * 9176 + n * 13 + p * 7 + sigma * 202)
    const trained = Int32Array.from({ length: Math.floor(n * 0.8) }, (_, i) => i)
    const tested = Int32Array.from({ length: n - trained.length }, (_, i) => trained.length + i)
    const x = takeRows(sample.x, trained)
    const treated = Uint8Array.from(trained, row => sample.treated[row])
    // The published runs estimate the propensity too; five rows' worth of ridge and a clip keep small samples from extreme weights.
    const propensity = crossFit(trained.length, 5, 3, fitted => {
      const predict = logisticBase({ penalty: 5 })(takeRows(x, fitted), Float64Array.from(fitted, row => treated[row]), null)
      return out => predict(takeRows(x, out))
    }).map(e => Math.min(0.95, Math.max(0.05, e)))
    const effect = rLearner({ x, treated, y: Float64Array.from(trained, row => sample.y[row]), propensity })(takeRows(sample.x, tested))
    let sum = 0
    for (let i = 0; i < tested.length; i++) sum += (effect[i] - sample.effect[tested[i]]) ** 2
    errors.push(sum / tested.length)
  }
  return errors
}
/** Percentile bootstrap of the median, 400 resamples. */
function medianInterval(values: number[], seed: number): { low: number; high: number } {
  const random = randomStream(seed, 9)
  const medians = Array.from({ length: 400 }, () => median(values.map(() => values[random.below(values.length)]))).sort((a, b) => a - b)
  return { low: medians[10], high: medians[389] }
}
function round(value: number, digits = 3): number {
  return Number(value.toFixed(digits))
}
