import { fitDosePrior, type DoseHistory, type DosePrior, type DoseTuning } from '../../math/evidence/index.ts'
import { randomStream } from '../../math/random/index.ts'
import { defaultParameters, fleetMerchant, merchantOf, presetNames, readParameters, regimeNames, type Merchant, type Parameters, type PresetName } from '../../emulator/population/parameters.ts'
import { makeTables, type Tables } from '../../emulator/population/people.ts'
import { makeStart, segmentCount, type Start } from './merchant.ts'
import { play, type Play } from './play.ts'
import { constantDose, engagement, fleetArms, learner, monthlyDoses, type LearnerOptions } from './policies.ts'

export type DosageOptions = {
  contacts: number
  merchants: number
  /** 28-day epochs; 12 by default. Decisions are made every 14 days. */
  epochs?: number
  /** Of the fleet: other seeds than those used while building. */
  seed?: number
  /** A population file's content (see `readParameters`). */
  population?: unknown
  /** Merchants per named regime; each takes the presets in turn. */
  perRegime?: number
  /** Other merchants whose experience is the prior; 0: none. */
  priorMerchants?: number
  tuning?: Partial<DoseTuning>
  onProgress?: (done: number, total: number) => void
}

export type PolicyName = 'ours' | 'blast' | 'silence' | 'fixed4' | 'engagement' | 'oracle'
export type Estimate = { value: number; low: number; high: number }
export type DosageReport = {
  seed: number
  epochs: number
  fleet: {
    contacts: number
    merchants: number
    /** Share of the oracle's gain over silence, merchants weighted by their silence's value; 95% bootstrap interval of epochs 4–12. */
    G: { epoch3: number; epochs4to12: number; low: number; high: number; epoch3Low: number; epoch3High: number; fixed4: number; engagement: number }
    /** Regret over all epochs in % of silence's value. */
    R: { mean: number; p95: number; low: number; high: number; p95High: number; engagementP95: number }
    /** Value against fixed 4 in %, 5th percentile over merchants. */
    W: { p5: number; low: number; high: number }
    policies: Record<PolicyName, { netFen: number; losses: number }>
  }
  regimes: Array<{ name: string; G: number | null; R: number; doseAtMostOne: number }>
}

type Result = { merchant: Merchant; silence: Float64Array; policies: Record<PolicyName, Play>; oracleValue: Float64Array; quiet: number }

/** Per 28-day epoch, segments added up. */
function perEpoch(value: Float64Array, epochs: number): Float64Array {
  const out = new Float64Array(epochs)
  for (let c = 0; c < value.length; c++) out[Math.floor(c / segmentCount / 2)] += value[c]
  return out
}

/** One dose per segment, put together from whole plays: segments do not touch each other, so nothing need be played again. */
function bySegment(curves: readonly Play[], best: ArrayLike<number>): Play {
  const made: Play = { ...curves[0], value: curves[0].value.slice(), segmentLosses: curves[0].segmentLosses.slice() }
  for (let c = 0; c < made.value.length; c++) made.value[c] = curves[best[c % segmentCount]].value[c]
  for (let s = 0; s < segmentCount; s++) made.segmentLosses[s] = curves[best[s]].segmentLosses[s]
  return { ...made, losses: made.segmentLosses.reduce((sum, x) => sum + x, 0) }
}

/** Plays one merchant under all policies. */
export function playMerchant(start: Start, epochs: number, seed: number, ours: LearnerOptions, all = true): Result {
  const halves = epochs * 2
  const curves = Array.from(monthlyDoses, (dose) => play(start, constantDose(`fixed${dose}`, dose), halves, seed))
  const best = new Uint8Array(segmentCount)
  for (let s = 0; s < segmentCount; s++) {
    let top = -Infinity
    curves.forEach((curve, k) => {
      let sum = 0
      for (let half = 0; half < halves; half++) sum += curve.value[half * segmentCount + s]
      if (sum > top) {
        top = sum
        best[s] = k
      }
    })
  }
  const oracle = bySegment(curves, best)
  const mine = play(start, learner('ours', ours), halves, seed)
  let quiet = 0
  let persons = 0
  for (let half = 10; half < halves; half++) {
    quiet += mine.quiet[half]
    persons += mine.persons[half]
  }
  return {
    merchant: start.merchant, silence: perEpoch(curves[0].value, epochs), oracleValue: perEpoch(oracle.value, epochs), quiet: persons > 0 ? quiet / persons : 0,
    policies: { ours: mine, silence: curves[0], fixed4: curves[3], blast: all ? play(start, constantDose('blast', 28), halves, seed) : curves[4], engagement: all ? play(start, engagement, halves, seed) : curves[3], oracle },
  }
}

/** What other merchants of the same kind of fleet learnt: equal arms over eight half-epochs each. */
export function makePrior(parameters: Parameters, tables: (preset: PresetName) => Tables, merchants: number, contacts: number, seed: number): DosePrior {
  const histories: DoseHistory[] = []
  for (let m = 0; m < merchants; m++) {
    const start = makeStart(fleetMerchant(parameters, seed, m), tables(fleetMerchant(parameters, seed, m).preset), seed, m, contacts)
    const policy = learner('prior', { seed, equal: true })
    play(start, policy, 8, seed)
    histories.push({ segments: segmentCount, epochs: policy.cells, scale: new Float64Array(segmentCount).fill(1) })
  }
  return fitDosePrior(Float64Array.from(fleetArms(contacts, true).doses), histories)
}

export function simulateDosage(options: DosageOptions): DosageReport {
  const { contacts, merchants } = options
  const epochs = options.epochs ?? 12
  const seed = options.seed ?? 1
  const perRegime = options.perRegime ?? 4
  const parameters = options.population === undefined ? defaultParameters() : readParameters(options.population)
  const made = new Map<PresetName, Tables>()
  const tables = (preset: PresetName): Tables => {
    let found = made.get(preset)
    if (!found) made.set(preset, (found = makeTables(merchantOf(parameters, preset))))
    return found
  }
  const total = merchants + perRegime * regimeNames.length
  let done = 0
  const priorMerchants = options.priorMerchants ?? 40
  const prior = priorMerchants >= 3 ? makePrior(parameters, tables, priorMerchants, 2000, seed + 7_000_003) : undefined
  const ours = (index: number): LearnerOptions => ({ seed: seed + 1000 * index, prior, tuning: options.tuning })
  const run = (merchant: Merchant, index: number): Result => {
    const result = playMerchant(makeStart(merchant, tables(merchant.preset), seed, index, contacts), epochs, seed, ours(index))
    options.onProgress?.(++done, total)
    return result
  }
  const results = Array.from({ length: merchants }, (_, m) => run(fleetMerchant(parameters, seed, m), m))
  const regimes = perRegime === 0 ? [] : regimeNames.map((name, r) => {
    const rows = Array.from({ length: perRegime }, (_, n) => run(merchantOf(parameters, presetNames[n % presetNames.length], name), 100_000 + r * 1000 + n))
    const score = scoresOf(rows.map((row) => measures(row, epochs)))
    return { name, G: name === 'messages-do-nothing' ? null : score.late, R: score.regret, doseAtMostOne: rows.reduce((sum, row) => sum + row.quiet, 0) / rows.length }
  })
  const rows = results.map((row) => measures(row, epochs))
  const score = scoresOf(rows)
  const policies = {} as DosageReport['fleet']['policies']
  for (const name of ['ours', 'silence', 'blast', 'fixed4', 'engagement', 'oracle'] as const) {
    let netFen = 0
    let losses = 0
    for (const { policies: played } of results) {
      for (const value of played[name].value) netFen += value
      losses += played[name].losses
    }
    policies[name] = { netFen: Math.round(netFen), losses }
  }
  const boot = bootstrap(rows, seed)
  return {
    seed, epochs,
    fleet: {
      contacts, merchants,
      G: { epoch3: score.third, epochs4to12: score.late, ...boot.late, epoch3Low: boot.third.low, epoch3High: boot.third.high, fixed4: score.fixed, engagement: score.engagement },
      R: { mean: score.regret, p95: score.regretP95, ...boot.regret, p95High: boot.regretP95.high, engagementP95: score.engagementP95 },
      W: { p5: score.againstP5, ...boot.againstP5 },
      policies,
    },
    regimes,
  }
}

/** One merchant in units of its silence's value per epoch. */
export type Measures = { third: number; thirdBest: number; late: number; lateBest: number; fixed: number; engagement: number; regret: number; engagementRegret: number; against: number }

export function measures(result: Result, epochs: number): Measures {
  const unit = result.silence.reduce((sum, x) => sum + x, 0) / epochs
  const gain = (value: Float64Array, from: number, to: number): number => {
    let sum = 0
    for (let e = from; e < Math.min(to, epochs); e++) sum += (value[e] - result.silence[e]) / unit
    return sum
  }
  const of = (name: PolicyName): Float64Array => perEpoch(result.policies[name].value, epochs)
  const ours = of('ours')
  const fixed = of('fixed4')
  const engaged = of('engagement')
  const best = result.oracleValue
  const sum = (value: Float64Array): number => value.reduce((total, x) => total + x, 0)
  return {
    third: gain(ours, 2, 3), thirdBest: gain(best, 2, 3), late: gain(ours, 3, epochs), lateBest: gain(best, 3, epochs), fixed: gain(fixed, 3, epochs), engagement: gain(engaged, 3, epochs),
    regret: (100 * (sum(best) - sum(ours))) / (unit * epochs), engagementRegret: (100 * (sum(best) - sum(engaged))) / (unit * epochs), against: (100 * (sum(ours) - sum(fixed))) / Math.abs(sum(fixed)),
  }
}

const quantile = (values: number[], p: number): number => {
  const sorted = [...values].sort((x, y) => x - y)
  const at = p * (sorted.length - 1)
  const low = Math.floor(at)
  return sorted[low] + (at - low) * (sorted[Math.min(sorted.length - 1, low + 1)] - sorted[low])
}

export function scoresOf(rows: readonly Measures[]) {
  const sum = (pick: (row: Measures) => number): number => rows.reduce((total, row) => total + pick(row), 0)
  return {
    third: sum((r) => r.third) / sum((r) => r.thirdBest), late: sum((r) => r.late) / sum((r) => r.lateBest), fixed: sum((r) => r.fixed) / sum((r) => r.lateBest), engagement: sum((r) => r.engagement) / sum((r) => r.lateBest),
    regret: sum((r) => r.regret) / rows.length, regretP95: quantile(rows.map((r) => r.regret), 0.95), engagementP95: quantile(rows.map((r) => r.engagementRegret), 0.95), againstP5: quantile(rows.map((r) => r.against), 0.05),
  }
}

/** 95% intervals by drawing merchants with replacement. */
function bootstrap(rows: readonly Measures[], seed: number) {
  const stream = randomStream(seed, 77)
  const draws = Array.from({ length: 400 }, () => scoresOf(rows.map(() => rows[stream.below(rows.length)])))
  const interval = (pick: (score: ReturnType<typeof scoresOf>) => number): { low: number; high: number } => {
    const values = draws.map(pick)
    return { low: quantile(values, 0.025), high: quantile(values, 0.975) }
  }
  return { third: interval((s) => s.third), late: interval((s) => s.late), regret: interval((s) => s.regret), regretP95: interval((s) => s.regretP95), againstP5: interval((s) => s.againstP5) }
}
