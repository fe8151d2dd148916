import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { fenToYuan } from '../kernel/money.ts'
import { simulateDosage, type DosageReport } from '../simulation/policy/index.ts'
import { cliFault } from './control.ts'
import { progress, report } from './output.ts'

export type SimulateOptions = { seeds?: string; faults?: string; steps?: string; contacts?: string; merchants?: string; epochs?: string; seed?: string; population?: string; perRegime?: string; parallel?: string; days?: string; people?: string; json?: boolean }

/** `simulate dosage`: the policy harness. `simulate community`: feathers among honest readers and cheaters; ends with 1 when a checker found something. */
export async function simulate(what: string | undefined, options: SimulateOptions): Promise<void> {
  if (what === 'stock') return (await import('./simulate-stock.ts')).simulateStockCommand(options)
  if (what === 'community') return (await import('./simulate-community.ts')).simulateCommunityCommand(options)
  if (what !== 'dosage') throw cliFault('cli/unknown', { what: what ?? '', known: 'dosage, stock, community' })
  let population: unknown
  if (options.population !== undefined) {
    const file = resolve(options.population)
    if (!existsSync(file)) throw cliFault('cli/file-missing', { file })
    population = JSON.parse(readFileSync(file, 'utf8'))
  }
  const bar = progress('merchants')
  const threads = Math.max(1, Math.min(16, Math.floor(Number(options.parallel ?? 2)) || 1))
  const result = await simulateDosage({
    threads,
    contacts: Number(options.contacts ?? 2000), merchants: Number(options.merchants ?? 40), epochs: Number(options.epochs ?? 12), seed: Number(options.seed ?? 20_261_209), population,
    ...(options.perRegime === undefined ? {} : { perRegime: Number(options.perRegime) }), onProgress: (done, total) => bar.at(done, total),
  })
  bar.end()
  report(options.json, result, lines(result))
}

function lines({ fleet, regimes, epochs }: DosageReport): string[] {
  const two = (value: number): string => value.toFixed(2)
  return [
    `${fleet.merchants} merchants of ${fleet.contacts} contacts, ${epochs} epochs of 28 days`,
    `G  share of the oracle's gain over silence: epoch 3 ${two(fleet.G.epoch3)}, epochs 4 to ${epochs} ${two(fleet.G.epochs4to12)} (95% ${two(fleet.G.low)} to ${two(fleet.G.high)}); fixed 4 a month ${two(fleet.G.fixed4)}, engagement rule ${two(fleet.G.engagement)}`,
    `R  regret in % of silence's value: mean ${two(fleet.R.mean)} (95% ${two(fleet.R.low)} to ${two(fleet.R.high)}), 95th percentile ${two(fleet.R.p95)}; engagement rule ${two(fleet.R.engagementP95)}`,
    `W  value against fixed 4 in %: 5th percentile ${two(fleet.W.p5)} (95% ${two(fleet.W.low)} to ${two(fleet.W.high)})`,
    ...Object.entries(fleet.policies).map(([name, { netFen, losses }]) => `   ${name.padEnd(10)} net ¥${fenToYuan(netFen)}, losses ${losses}`),
    ...regimes.map(({ name, G, R, doseAtMostOne }) => `   ${name.padEnd(20)} G ${G === null ? 'none' : two(G)}, R ${two(R)}, contacts at one touch or less from epoch 6 ${(100 * doseAtMostOne).toFixed(0)}%`),
  ]
}
