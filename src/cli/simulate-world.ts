import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { monotonicMs } from '../kernel/clock.ts'
import { checkPopulation, openCluster, openLanes, replayLine, shrink, type Lanes, type LaneWorld, type WorldReport } from '../simulation/index.ts'
import { cliFault } from './control.ts'
import { progress, report } from './output.ts'

/** `qz simulate`: one merchant's life, or many, in the simulated world. Ends with 1 when a checker found something. */
export type SimulateFlags = { seed?: string; seeds?: string; days: string; people: string; faults: string; parallel: string; shrink: boolean; population?: string; json?: boolean }

export async function simulateWorld(flags: SimulateFlags): Promise<void> {
  const base = { days: number('days', flags.days, 1), people: number('people', flags.people, 1), faults: number('faults', flags.faults, 0, false) }
  const truth = flags.population === undefined ? {} : { population: readPopulation(flags.population), populationFile: flags.population }
  const seeds = flags.seeds === undefined ? [number('seed', flags.seed ?? '1', 0)] : range(flags.seeds)
  const parallel = Math.min(number('parallel', flags.parallel, 1), seeds.length)
  const bar = progress('days')
  const cluster = await openCluster()
  const lanes = openLanes(cluster, parallel)
  try {
    const startedMs = monotonicMs()
    const reports: WorldReport[] = []
    let days = 0
    reports.push(...(await Promise.all(seeds.map((seed) => lanes.run({ seed, ...base, ...truth }, () => bar.at(++days, seeds.length * (base.days + 3), `seed ${seed}`))))))
    bar.end()
    const seconds = (monotonicMs() - startedMs) / 1000
    reports.sort((a, b) => a.seed - b.seed)
    const failing = reports.filter(failed)
    const smaller = failing.length > 0 && flags.shrink ? await shrinkOne(lanes, failing[0], truth) : undefined
    const result = flags.seeds === undefined
      ? { ...reports[0], ...(smaller ? { shrunk: smaller } : {}) }
      : {
          seeds: [seeds[0], seeds[seeds.length - 1]], ...base, parallel, merchantDaysPerMinute: Math.round(((base.days * seeds.length) / seconds) * 60),
          factsPerSecond: Math.round(reports.reduce((sum, one) => sum + one.facts, 0) / seconds), failed: failing.map((one) => one.replay), ...(smaller ? { shrunk: smaller } : {}), runs: reports,
        }
    report(flags.json, result, [
      ...reports.flatMap((one) => [
        `seed ${one.seed}: ${one.days} days, ${one.people} people, ${one.facts} facts, ${one.events} events, ${one.restarts} restarts; ${one.eventsHash}`,
        ...Object.entries(one.checkers).flatMap(([name, found]) => found.violations.map((sentence) => `  ${name}: ${sentence}`)),
        ...(failed(one) ? [`  again: ${one.replay}`] : []),
      ]),
      ...(smaller ? [`smallest that still fails: ${smaller.replay}`] : []),
      `${result.merchantDaysPerMinute} merchant-days a minute, ${result.factsPerSecond} facts a second`,
    ])
    if (failing.length > 0) process.exitCode = 1
  } finally {
    await lanes.close()
    await cluster.stop()
  }
}

const failed = (one: WorldReport): boolean => Object.values(one.checkers).some((found) => found.violations.length > 0)

async function shrinkOne(lanes: Lanes, one: WorldReport, truth: Pick<LaneWorld, 'population' | 'populationFile'>): Promise<{ days: number; people: number; faults: number; runs: number; replay: string }> {
  const broken = new Set(Object.entries(one.checkers).filter(([, found]) => found.violations.length > 0).map(([name]) => name))
  const { size, runs } = await shrink({ days: one.days, people: one.people, faults: one.faults }, async (size) => {
    const { checkers } = await lanes.run({ seed: one.seed, ...size, ...truth })
    return Object.entries(checkers).some(([name, found]) => broken.has(name) && found.violations.length > 0)
  })
  return { ...size, runs, replay: replayLine({ seed: one.seed, ...size, ...truth }) }
}

/** The parameter file, refused at once when a name or a range in it is wrong. */
function readPopulation(path: string): Record<string, unknown> {
  const file = resolve(path)
  if (!existsSync(file)) throw cliFault('cli/file-missing', { file })
  try {
    return checkPopulation(JSON.parse(readFileSync(file, 'utf8')))
  } catch (error) {
    throw cliFault('cli/unknown', { what: `--population ${path}: ${(error as Error).message}`, known: 'docs/population.md' })
  }
}

function number(flag: string, text: string, least: number, whole = true): number {
  const value = Number(text)
  if (!(value >= least) || (whole && !Number.isSafeInteger(value))) throw cliFault('cli/unknown', { what: `--${flag} ${text}`, known: `${whole ? 'a whole number' : 'a number'} from ${least}` })
  return value
}

function range(text: string): number[] {
  const found = /^(\d+)-(\d+)$/.exec(text)
  const [low, high] = found ? [Number(found[1]), Number(found[2])] : [1, 0]
  if (low > high) throw cliFault('cli/unknown', { what: `--seeds ${text}`, known: 'A-B with A not above B, e.g. 1-20' })
  return Array.from({ length: high - low + 1 }, (_, n) => low + n)
}
