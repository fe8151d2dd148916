/**
 * The simulated world's own speed: how many days of a merchant's life pass in a minute, two seeds at once, faults on, every checker run at the end, in two processes
 * that are warm, as in a long run of seeds; and what a day costs in Node and in PostgreSQL. The rows agree when no checker found anything and the same seed, run again, gave the same hash.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { openCluster, openLanes, type Lanes, type WorldReport } from '../../src/simulation/index.ts'
import { median, peakRssMb, timeMs, type Bench, type BenchReport, type BenchRow } from '../harness.ts'

type Size = { people: number; days: number; goal: number }
const sizes: Record<string, Size[]> = {
  small: [{ people: 20, days: 5, goal: 0 }],
  default: [{ people: 100, days: 60, goal: 2_000 }, { people: 500, days: 30, goal: 400 }],
}
const ticksPerSecond = 100 // of /proc/<pid>/stat, on every Linux that Node runs on
const round = (value: number): number => Number(value.toPrecision(4))

/** CPU seconds of a postmaster and its children, the ended ones included; NaN where there is no /proc. */
function serverSeconds(pid: number): number {
  let ticks = 0
  try {
    for (const entry of readdirSync('/proc')) {
      if (!/^\d+$/.test(entry)) continue
      try {
        const stat = readFileSync(`/proc/${entry}/stat`, 'utf8')
        const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ').map(Number)
        if (Number(entry) === pid) ticks += fields[11] + fields[12] + fields[13] + fields[14]
        else if (fields[1] === pid) ticks += fields[11] + fields[12]
      } catch {
        // ended in between
      }
    }
  } catch {
    return NaN
  }
  return ticks / ticksPerSecond
}

type Measured = { daysPerMinute: number; factsPerSecond: number; nodeMs: number; serverMs: number; reports: WorldReport[] }

async function measure(lanes: Lanes, pid: number, { people, days }: Size, seed: number): Promise<Measured> {
  const before = { cpuMs: lanes.cpuMs, server: serverSeconds(pid) }
  let reports: WorldReport[] = []
  const ms = await timeMs(async () => {
    reports = await Promise.all([seed, seed + 1].map((one) => lanes.run({ seed: one, days, people, faults: 1 })))
  })
  const lived = 2 * days
  return {
    daysPerMinute: (lived / ms) * 60_000, factsPerSecond: reports.reduce((sum, one) => sum + one.facts, 0) / (ms / 1000),
    nodeMs: (lanes.cpuMs - before.cpuMs) / lived, serverMs: ((serverSeconds(pid) - before.server) * 1000) / lived, reports,
  }
}

export const bench: Bench = {
  name: 'simulate',
  what: 'merchant-days a minute in the full-stack simulation, two seeds at once, faults on',
  sizes: Object.keys(sizes),
  async run({ size = 'default', seed, rounds, log }): Promise<BenchReport> {
    const cluster = await openCluster()
    const lanes = openLanes(cluster, 2)
    const rows: BenchRow[] = []
    let laneRssMb = 0
    try {
      await measure(lanes, cluster.pid, { ...sizes[size][0], goal: 0 }, seed + 2) // code warm
      for (const one of sizes[size]) {
        const runs: Measured[] = []
        for (let n = 0; n < Math.max(2, rounds); n++) {
          runs.push(await measure(lanes, cluster.pid, one, seed))
          log(`${one.people} people, ${one.days} days: ${round(runs[n].daysPerMinute)} merchant-days a minute`)
        }
        const agrees = runs.every((run) => run.reports.every((report, n) => report.eventsHash === runs[0].reports[n].eventsHash && Object.values(report.checkers).every((found) => found.violations.length === 0)))
        const of = (what: (run: Measured) => number): number => round(median(runs.map(what)))
        const row = (what: string, own: number, unit: string, more: Partial<BenchRow> = {}): BenchRow => ({ case: `${one.people} people, ${one.days} days: ${what}`, own, anchor: 'none', anchorValue: null, unit, ratio: null, agrees, ...more })
        rows.push(
          row('merchant-days a minute', of((run) => run.daysPerMinute), 'days/min', one.goal > 0 ? { goal: `\u2265 ${one.goal.toLocaleString('en')} a minute`, anchor: 'goal', anchorValue: one.goal } : {}),
          row('callbacks a second', of((run) => run.factsPerSecond), 'facts/s'),
          row('CPU of Node for a merchant-day', of((run) => run.nodeMs), 'ms'),
          ...(Number.isNaN(runs[0].serverMs) ? [] : [row('CPU of PostgreSQL for a merchant-day', of((run) => run.serverMs), 'ms')]),
        )
      }
    } finally {
      laneRssMb = lanes.peakRssMb
      await lanes.close()
      await cluster.stop()
    }
    return { bench: 'simulate', size, rows, peakRssMb: Math.max(laneRssMb, peakRssMb()), skipped: [] }
  },
}
