import { fitDosePrior, type DoseHistory, type DosePrior, type DoseTuning } from '../../math/evidence/index.ts'
import { startThreads } from '../../kernel/threads.ts'
import { playTask, type MerchantScore, type MerchantTask } from './merchant-task.ts'
import { randomStream } from '../../math/random/index.ts'
import { defaultParameters, fleetMerchant, merchantOf, presetNames, readParameters, regimeNames, type Parameters, type PresetName } from '../../emulator/population/parameters.ts'
import { makeTables, type Tables } from '../../emulator/population/people.ts'
import { makeStart, segmentCount } from './merchant.ts'
import { play } from './play.ts'
import type { Measures, PolicyName } from './compare.ts'
import { fleetArms, learner } from './policies.ts'

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
  /** Worker threads; none by default. */
  threads?: number
  onProgress?: (done: number, total: number) => void
}

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

/** The fleet and the named regimes; with `threads` merchants are played side by side, to the same figures. */
export async function simulateDosage(options: DosageOptions): Promise<DosageReport> {
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
  const priorMerchants = options.priorMerchants ?? 40
  const prior = priorMerchants >= 3 ? makePrior(parameters, tables, priorMerchants, 2000, seed + 7_000_003) : undefined
  const task = (who: MerchantTask['who'], index: number): MerchantTask => ({ who, index, contacts, epochs, seed, population: options.population, prior, tuning: options.tuning })
  const tasks = [
    ...Array.from({ length: merchants }, (_, m) => task({ fleet: m }, m)),
    ...regimeNames.flatMap((regime, r) => Array.from({ length: perRegime }, (_, n) => task({ preset: presetNames[n % presetNames.length], regime }, 100_000 + r * 1000 + n))),
  ]
  let done = 0
  const count = Math.min(options.threads ?? 0, tasks.length)
  const threads = count > 0 ? startThreads(new URL('./merchant-task.ts', import.meta.url), 'playTask', count) : undefined
  let scores: MerchantScore[]
  try {
    scores = await Promise.all(tasks.map(async (one) => {
      const [score] = threads ? await threads.run<MerchantTask, MerchantScore>([one]) : [playTask(one)]
      options.onProgress?.(++done, tasks.length)
      return score
    }))
  } finally {
    await threads?.close()
  }
  const results = scores.slice(0, merchants)
  const rows = results.map((one) => one.measures)
  const regimes = perRegime === 0 ? [] : regimeNames.map((name, r) => {
    const mine = scores.slice(merchants + r * perRegime, merchants + (r + 1) * perRegime)
    const score = scoresOf(mine.map((one) => one.measures))
    return { name, G: name === 'messages-do-nothing' ? null : score.late, R: score.regret, doseAtMostOne: mine.reduce((sum, one) => sum + one.quiet, 0) / mine.length }
  })
  const score = scoresOf(rows)
  const total = (of: (one: MerchantScore) => number): number => results.reduce((sum, one) => sum + of(one), 0)
  const policies = Object.fromEntries((['ours', 'silence', 'blast', 'fixed4', 'engagement', 'oracle'] as const).map((name) => [name, { netFen: Math.round(total((one) => one.netFen[name])), losses: total((one) => one.losses[name]) }])) as DosageReport['fleet']['policies']
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
