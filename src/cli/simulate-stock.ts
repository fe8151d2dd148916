import { monotonicMs } from '../kernel/clock.ts'
import { openCluster } from '../simulation/index.ts'
import { simulateStock, type StockRun } from '../simulation/stock/index.ts'
import { cliFault } from './control.ts'
import { progress, report } from './output.ts'

export type SimulateStockFlags = { seed?: string; seeds?: string; parallel?: string; faults?: string; steps?: string; json?: boolean }

/** `qz simulate stock`: both shelves and the checkout under faults, many seeds. Ends with 1 when a unit was sold twice, lost, or refused while it was there. */
export async function simulateStockCommand(flags: SimulateStockFlags): Promise<void> {
  const seeds = seedsOf(flags)
  const faults = Number(flags.faults ?? 1) > 0
  const steps = flags.steps === undefined ? undefined : Number(flags.steps)
  const lanes = Math.max(1, Math.min(16, Math.floor(Number(flags.parallel ?? 2)) || 1, seeds.length))
  const bar = progress('seeds')
  const cluster = await openCluster()
  try {
    const startedMs = monotonicMs()
    const runs: StockRun[] = []
    const left = [...seeds]
    await Promise.all(Array.from({ length: lanes }, async () => {
      for (let seed = left.shift(); seed !== undefined; seed = left.shift()) {
        runs.push(await simulateStock({ config: cluster.config(cluster.template, 'qz_service'), seed, faults, steps }))
        bar.at(runs.length, seeds.length)
      }
    }))
    bar.end()
    runs.sort((a, b) => a.seed - b.seed)
    const sum = (of: (run: StockRun) => number): number => runs.reduce((total, run) => total + of(run), 0)
    const failing = runs.filter((run) => run.violations.length > 0)
    const total = {
      seeds: [seeds[0], seeds[seeds.length - 1]], faults, demands: sum((run) => run.demands), served: sum((run) => run.served), idealServed: sum((run) => run.idealServed),
      stranded: { mall: sum((run) => run.stranded.mall), shop: sum((run) => run.stranded.shop), share: (sum((run) => run.stranded.mall) + sum((run) => run.stranded.shop)) / Math.max(1, sum((run) => run.demands)) },
      pulled: sum((run) => run.pulled), kills: sum((run) => run.kills), seconds: Math.round((monotonicMs() - startedMs) / 1000), failed: failing.map((run) => ({ seed: run.seed, violations: run.violations, again: `qz simulate stock --seed ${run.seed}${faults ? '' : ' --faults 0'}${flags.steps === undefined ? '' : ` --steps ${flags.steps}`}` })),
    }
    report(flags.json, total, [
      `${runs.length} seeds, ${total.demands} buyers, ${total.kills} deaths of the process, ${total.seconds} s: ${failing.length === 0 ? 'no unit was sold twice, lost, or refused while its shelf had it' : `${failing.length} seeds failed`}`,
      `served ${total.served}, one ideal pool ${total.idealServed}; refused while enough units lay elsewhere (stranded): mall ${total.stranded.mall}, Shop ${total.stranded.shop}, ${(100 * total.stranded.share).toFixed(1)}% of buyers; ${total.pulled} served with units pulled from the Shop`,
      ...total.failed.flatMap((one) => [...one.violations.map((sentence) => `  seed ${one.seed}: ${sentence}`), `  again: ${one.again}`]),
    ])
    if (failing.length > 0) process.exitCode = 1
  } finally {
    await cluster.stop()
  }
}

/** `--seeds 1000` is 1 to 1000, `--seeds 5-9` those, `--seed 7` one. */
function seedsOf(flags: SimulateStockFlags): number[] {
  const text = flags.seeds ?? (flags.seed === undefined ? '50' : `${flags.seed}-${flags.seed}`)
  const found = /^(?:(\d+)-)?(\d+)$/.exec(text)
  const low = found ? Number(found[1] ?? 1) : 1
  const high = found ? Number(found[2]) : 0
  if (low > high) throw cliFault('cli/unknown', { what: `--seeds ${text}`, known: 'N or A-B with A not above B, e.g. 1000 or 1-20' })
  return Array.from({ length: high - low + 1 }, (_, n) => low + n)
}
