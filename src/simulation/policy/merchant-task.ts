import type { DosePrior, DoseTuning } from '../../math/evidence/index.ts'
import { defaultParameters, fleetMerchant, merchantOf, readParameters, type Merchant, type PresetName, type RegimeName } from '../../emulator/population/parameters.ts'
import { makeTables } from '../../emulator/population/people.ts'
import { measures, playMerchant, type Measures, type PolicyName } from './compare.ts'
import { makeStart } from './merchant.ts'

/** One merchant under all policies, as plain values: a unit of work that any thread can do. */
export type MerchantTask = {
  /** The n-th of the fleet, or a preset under a named regime. */
  who: { fleet: number } | { preset: PresetName; regime: RegimeName }
  /** Place of its draws; differs between all merchants of a run. */
  index: number
  contacts: number
  epochs: number
  seed: number
  population?: unknown
  prior?: DosePrior
  tuning?: Partial<DoseTuning>
}
export type MerchantScore = { measures: Measures; quiet: number; netFen: Record<PolicyName, number>; losses: Record<PolicyName, number> }

export function playTask(task: MerchantTask): MerchantScore {
  const { who, index, contacts, epochs, seed } = task
  const parameters = task.population === undefined ? defaultParameters() : readParameters(task.population)
  const merchant: Merchant = 'fleet' in who ? fleetMerchant(parameters, seed, who.fleet) : merchantOf(parameters, who.preset, who.regime)
  const result = playMerchant(makeStart(merchant, makeTables(merchant), seed, index, contacts), epochs, seed, { seed: seed + 1000 * index, prior: task.prior, tuning: task.tuning })
  const each = <T>(value: (name: PolicyName) => T): Record<PolicyName, T> => Object.fromEntries(Object.keys(result.policies).map((name) => [name, value(name as PolicyName)])) as Record<PolicyName, T>
  return {
    measures: measures(result, epochs), quiet: result.quiet,
    netFen: each((name) => result.policies[name].value.reduce((sum, x) => sum + x, 0)), losses: each((name) => result.policies[name].losses),
  }
}
