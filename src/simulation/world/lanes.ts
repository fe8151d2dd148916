import { fork, type ChildProcess } from 'node:child_process'
import { createRequire } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { Cluster } from './cluster.ts'
import { runWorld, type WorldOptions, type WorldReport } from './world.ts'

/**
 * Lanes (航道): worlds side by side, each lane a process of its own, so that two worlds use two cores; the databases lie in one cluster. A lane keeps its
 * code warm from one world to the next. A single lane is this process.
 */
export type Lanes = {
  /** In the lane that is free first. The report is the same in every lane. */
  run(options: LaneWorld, onDay?: (day: number) => void): Promise<WorldReport>
  /** CPU time of worlds that ended, ms; the processes' start is in the first of each lane. */
  readonly cpuMs: number
  /** The most memory that one of them held, MB. */
  readonly peakRssMb: number
  close(): Promise<void>
}

/** What can be told to another process. */
export type LaneWorld = Pick<WorldOptions, 'seed' | 'days' | 'people' | 'faults' | 'population' | 'populationFile'>
export type LaneTask = { n: number; host: string; port: number; template: string; options: LaneWorld }
export type LaneAnswer = { n: number; day?: number; report?: WorldReport; cpuMs?: number; rssMb?: number; error?: string }

type Waiting = { n: number; options: LaneWorld; onDay?: (day: number) => void; resolve: (report: WorldReport) => void; reject: (error: Error) => void }

export function openLanes(cluster: Cluster, count: number): Lanes {
  if (count < 2) return here(cluster)
  const { host, port } = cluster.config(cluster.template)
  const loader = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href
  const free: ChildProcess[] = []
  const busy = new Map<ChildProcess, Waiting>()
  const waiting: Waiting[] = []
  let n = 0
  let cpuMs = 0
  let peakRssMb = 0
  let closing = false
  const next = (): void => {
    while (free.length > 0 && waiting.length > 0) {
      const child = free.pop()!
      const task = waiting.shift()!
      busy.set(child, task)
      child.send({ n: task.n, host: host!, port: Number(port), template: cluster.template, options: task.options } satisfies LaneTask)
    }
  }
  const children = Array.from({ length: count }, () => {
    const child = fork(fileURLToPath(new URL('./lane.ts', import.meta.url)), { execArgv: ['--import', loader] })
    child.on('message', (answer: LaneAnswer) => {
      const task = busy.get(child)
      if (task === undefined || task.n !== answer.n) return
      if (answer.day !== undefined) return task.onDay?.(answer.day)
      busy.delete(child)
      free.push(child)
      cpuMs += answer.cpuMs ?? 0
      peakRssMb = Math.max(peakRssMb, answer.rssMb ?? 0)
      if (answer.report) task.resolve(answer.report)
      else task.reject(new Error(answer.error))
      next()
    })
    child.on('exit', (code, signal) => {
      busy.get(child)?.reject(new Error(`a lane of the simulation ended (${signal ?? code}) in the middle of seed ${busy.get(child)!.options.seed}`))
      busy.delete(child)
      if (!closing && children.every((one) => one.exitCode !== null || one.signalCode !== null)) for (const task of waiting.splice(0)) task.reject(new Error('all lanes of the simulation have ended'))
    })
    free.push(child)
    return child
  })
  return {
    run: (options, onDay) =>
      new Promise((resolve, reject) => {
        waiting.push({ n: n++, options, onDay, resolve, reject })
        next()
      }),
    get cpuMs() {
      return cpuMs
    },
    get peakRssMb() {
      return peakRssMb
    },
    async close() {
      closing = true
      await Promise.all(children.map((child) => new Promise<void>((done) => {
        if (child.exitCode !== null || child.signalCode !== null) return done()
        child.once('exit', () => done())
        child.kill()
      })))
    },
  }
}

function here(cluster: Cluster): Lanes {
  let cpuMs = 0
  return {
    async run(options, onDay) {
      const before = process.cpuUsage()
      const { lines: _, ...report } = await runWorld({ ...options, cluster, onDay })
      const { user, system } = process.cpuUsage(before)
      cpuMs += (user + system) / 1000
      return report
    },
    get cpuMs() {
      return cpuMs
    },
    get peakRssMb() {
      return Math.round(process.resourceUsage().maxRSS / 1024)
    },
    close: async () => {},
  }
}
