import { runWorld } from './world.ts'
import type { LaneAnswer, LaneTask } from './lanes.ts'

/** The other end of `openLanes`: a process that lives one world after another. It ends with the process that started it. */
let cpuMs = 0
const tell = (answer: LaneAnswer): void => void process.send?.(answer)

process.on('disconnect', () => process.exit(0))
process.on('message', ({ n, host, port, template, options }: LaneTask) => {
  const cluster = { template, pid: 0, stop: async () => {}, config: (database: string, user = 'qz_owner') => ({ host, port, database, user }) }
  const spent = (): number => {
    const { user, system } = process.cpuUsage()
    const before = cpuMs
    cpuMs = (user + system) / 1000
    return cpuMs - before
  }
  runWorld({ ...options, cluster, onDay: (day) => tell({ n, day }) }).then(
    ({ lines: _, ...report }) => tell({ n, report, cpuMs: spent(), rssMb: Math.round(process.resourceUsage().maxRSS / 1024) }),
    (error: unknown) => tell({ n, error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
  )
})
