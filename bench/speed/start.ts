/**
 * From the command to a page that lives: `npm start` as it runs once everything is installed, on an empty data folder and again on the same one;
 * and what the whole system holds at rest (sum of the proportional set sizes over its process tree, PostgreSQL included).
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { Agent, createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { childEnvironment } from '../../src/kernel/config.ts'
import { packageRoot } from '../../src/root.ts'
import { median, peakRssMb, type Bench, type BenchReport, type BenchRow } from '../harness.ts'

const idleSeconds: Record<string, number> = { small: 2, default: 20, fresh: 20, large: 20 }
/** Days of their past that 10,000 people live before the sea is stopped and the memory is read; `large`: all of it. */
const pastDays: Record<string, number> = { small: 3, default: 14, fresh: 14, large: 90 }
const crowd = 10_000

const freePort = (): Promise<number> => new Promise((resolve) => {
  const server = createServer()
  server.listen(0, '127.0.0.1', () => {
    const { port } = server.address() as AddressInfo
    server.close(() => resolve(port))
  })
})
const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

type Answer = { status: number; body: string; cookie: string }
function get(agent: Agent, url: string, headers: Record<string, string> = {}, method = 'GET', body = ''): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { agent, method, headers }, (incoming) => {
      const chunks: Buffer[] = []
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
      incoming.on('end', () => resolve({ status: incoming.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8'), cookie: (incoming.headers['set-cookie'] ?? []).map((line) => line.split(';')[0]).join('; ') }))
    })
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}

type Started = { child: ChildProcess; url: string; readyMs: number; orderMs: number; cookie: string; agent: Agent; text(): string }

/** What start.cjs hands over to once the packages are there and the console is built. */
const installed = ['--max-semi-space-size=48', join(packageRoot, 'node_modules/tsx/dist/cli.mjs'), join(packageRoot, 'src/main.ts'), 'start']

async function start(folder: string, command = installed, cwd = packageRoot, limitMs = 120_000, extra: Record<string, string> = {}): Promise<Started> {
  const port = await freePort()
  const begin = performance.now()
  const child = spawn(process.execPath, command, {
    cwd, stdio: ['ignore', 'pipe', 'pipe'], env: childEnvironment({ QZ_DATA_DIR: folder, QZ_PORT: String(port), QZ_EMULATOR_PORT: '0', QZ_SEA: 'on', QZ_LOG_LEVEL: 'error', ...extra }),
  })
  let text = ''
  let ended = false
  child.stdout!.on('data', (chunk: Buffer) => (text += chunk.toString('utf8')))
  child.stderr!.on('data', (chunk: Buffer) => (text += chunk.toString('utf8')))
  child.on('exit', () => (ended = true))
  const agent = new Agent({ keepAlive: true })
  const url = `http://127.0.0.1:${port}`
  const until = async <T>(what: string, ask: () => Promise<T | undefined>): Promise<T> => {
    for (;;) {
      if (ended || performance.now() - begin > limitMs) throw new Error(`bench start: ${what} did not come ${ended ? '(the server ended)' : `within ${limitMs / 1000} s`}; it said: ${text.slice(-800)}`)
      const found = await ask().catch(() => undefined)
      if (found !== undefined) return found
      await wait(20)
    }
  }
  await until('/readyz', async () => ((await get(agent, `${url}/readyz`)).status === 200 ? true : undefined))
  const readyMs = performance.now() - begin
  const link = await until('the login link', async () => /http:\/\/\S+\/login\/link\/\S+/.exec(text)?.[0])
  const { cookie } = await get(agent, link)
  await until('the first order', async () => {
    const answer = await get(agent, `${url}/api/t/tea/orders`, { cookie })
    return answer.status === 200 && /"orderId":"/.test(answer.body) ? true : undefined
  })
  return { child, url, readyMs, orderMs: performance.now() - begin, cookie, agent, text: () => text }
}

async function stop({ child, agent }: Started): Promise<void> {
  const gone = new Promise<void>((resolve) => (child.exitCode !== null || child.signalCode !== null ? resolve() : child.once('exit', () => resolve())))
  child.kill('SIGTERM')
  const late = setTimeout(() => child.kill('SIGKILL'), 30_000)
  await gone
  clearTimeout(late)
  agent.destroy()
}

/** The world's clock stops at a day or later; then nothing happens but what the house does by itself. */
async function pause({ agent, url, cookie }: Started, fromDay = 0, limitMs = 3_600_000): Promise<number> {
  const begin = performance.now()
  for (;;) {
    const { dayNumber } = JSON.parse((await get(agent, `${url}/api/t/tea/sea`, { cookie })).body) as { dayNumber: number }
    if (dayNumber >= fromDay) break
    if (performance.now() - begin > limitMs) throw new Error(`bench start: the sea came to day ${dayNumber} of ${fromDay} in ${limitMs / 1000} s`)
    await wait(200)
  }
  const me = JSON.parse((await get(agent, `${url}/api/me`, { cookie })).body) as { csrf: string }
  const body = JSON.stringify({ daySeconds: null })
  const paused = await get(agent, `${url}/api/t/tea/sea`, { cookie, 'x-csrf': me.csrf, 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(body)) }, 'PUT', body)
  if (paused.status !== 200) throw new Error(`bench start: the sea could not be paused (${paused.status} ${paused.body.slice(0, 200)})`)
  return performance.now() - begin
}

/** A clone of the last commit, with nothing installed: install, console build and start are in the time. */
async function fresh(log: (line: string) => void): Promise<BenchRow[] | string> {
  if (!existsSync(join(packageRoot, '.git'))) return 'the program does not run from a git checkout'
  const folder = mkdtempSync(join(tmpdir(), 'qz-bench-fresh-'))
  try {
    const clone = join(folder, 'clone')
    const made = spawnSync('git', ['clone', '--quiet', '--depth', '1', `file://${packageRoot}`, clone], { encoding: 'utf8' })
    if (made.status !== 0) return `git clone did not succeed: ${made.stderr.slice(-200)}`
    log('fresh clone: npm start installs and builds (a minute or more)')
    const started = await start(join(folder, 'data'), [join(clone, 'start.cjs'), 'start'], clone, 600_000)
    const page = await get(started.agent, `${started.url}/`)
    await stop(started)
    const note = 'includes the install from the registry or the npm cache, and the console build'
    const seconds = (ms: number): number => Math.round(ms / 100) / 10
    return [
      { case: 'fresh clone: npm start to /readyz', own: seconds(started.readyMs), anchor: 'goal', anchorValue: 180, unit: 's', ratio: null, agrees: page.status === 200, goal: 'under 3 minutes', note: `${note}; the page answers ${page.status}` },
      { case: 'fresh clone: npm start to the first order on the orders API', own: seconds(started.orderMs), anchor: 'goal', anchorValue: 180, unit: 's', ratio: null, agrees: true, goal: 'under 3 minutes', note },
    ]
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

type Held = { name: string; pssMb: number }
/** Proportional set sizes of a process and all that descend from it; undefined where the system does not tell (not Linux). */
function heldBy(root: number): Held[] | undefined {
  const parent = new Map<number, number>()
  try {
    for (const entry of readdirSync('/proc')) {
      if (!/^\d+$/.test(entry)) continue
      try {
        const stat = readFileSync(`/proc/${entry}/stat`, 'utf8')
        parent.set(Number(entry), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]))
      } catch { /* it ended meanwhile */ }
    }
    const below = (pid: number): boolean => {
      for (let at: number | undefined = pid; at !== undefined && at > 1; at = parent.get(at)) if (at === root) return true
      return false
    }
    return [...parent.keys()].filter(below).flatMap((pid) => {
      try {
        const kb = Number(/^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1] ?? 0)
        return [{ name: readFileSync(`/proc/${pid}/comm`, 'utf8').trim(), pssMb: kb / 1024 }]
      } catch {
        return []
      }
    })
  } catch {
    return undefined
  }
}

function atRest({ child }: Started): { total: number; parts: string } | undefined {
  const held = heldBy(child.pid!)
  if (held === undefined) return undefined
  const sum = (some: Held[]): number => some.reduce((mb, one) => mb + one.pssMb, 0)
  const postgres = held.filter((one) => one.name === 'postgres')
  const node = held.filter((one) => one.name !== 'postgres')
  return { total: sum(held), parts: `${node.length} Node processes ${Math.round(sum(node))} MB, ${postgres.length} of PostgreSQL ${Math.round(sum(postgres))} MB` }
}

/** The demo merchant with a town around it, stopped after some days. */
async function crowded(size: string, log: (line: string) => void): Promise<BenchRow | undefined> {
  const folder = mkdtempSync(join(tmpdir(), 'qz-bench-crowd-'))
  const started = await start(folder, installed, packageRoot, 300_000, { QZ_PEOPLE: String(crowd) })
  try {
    const sailedMs = await pause(started, pastDays[size])
    await wait(1000 * idleSeconds[size])
    const found = atRest(started)
    if (found === undefined) return undefined
    log(`${crowd} people, ${pastDays[size]} days sailed in ${Math.round(sailedMs / 1000)} s: at rest ${Math.round(found.total)} MB: ${found.parts}`)
    return {
      case: `memory at rest, 10,000 people, ${pastDays[size]} days of their past, ${idleSeconds[size]} s idle: sum of PSS over the process tree`, own: Math.round(found.total), anchor: 'goal', anchorValue: 600, unit: 'MB', ratio: null, agrees: true, goal: '≤ 600 MB',
      note: `${found.parts}; the days were sailed in ${Math.round(sailedMs / 1000)} s, then the sea stood still; pages shared with other programs of the machine count in part`,
    }
  } finally {
    await stop(started)
    rmSync(folder, { recursive: true, force: true })
  }
}

export const bench: Bench = {
  name: 'start',
  what: 'start-up of everything on an empty folder and on a filled one, and the memory of the whole system at rest',
  sizes: ['small', 'default', 'fresh', 'large'],
  async run({ size = 'default', rounds, log }): Promise<BenchReport> {
    const rows: BenchRow[] = []
    const skipped: BenchReport['skipped'] = []
    const times = { ready: [] as number[], order: [] as number[], again: [] as number[], againOrder: [] as number[] }
    const totals: number[] = []
    let parts = ''
    for (let round = 0; round < Math.min(rounds, 3); round++) {
      const folder = mkdtempSync(join(tmpdir(), 'qz-bench-start-'))
      try {
        const first = await start(folder)
        try {
          times.ready.push(first.readyMs)
          times.order.push(first.orderMs)
          log(`empty folder: ready after ${Math.round(first.readyMs)} ms, first order after ${Math.round(first.orderMs)} ms`)
          // At rest: nobody in the sea does anything.
          await pause(first)
          await wait(1000 * idleSeconds[size])
          const found = atRest(first)
          if (found !== undefined) {
            parts = found.parts
            totals.push(found.total)
            log(`at rest ${Math.round(found.total)} MB: ${parts}`)
          }
        } finally {
          await stop(first)
        }
        const second = await start(folder)
        times.again.push(second.readyMs)
        times.againOrder.push(second.orderMs)
        log(`second start: ready after ${Math.round(second.readyMs)} ms`)
        await stop(second)
      } finally {
        rmSync(folder, { recursive: true, force: true })
      }
    }
    const row = (name: string, own: number, goal: number | null, unit: string, words: string, note?: string): void => {
      rows.push({ case: name, own: Math.round(own), anchor: goal === null ? 'none' : 'goal', anchorValue: goal, unit, ratio: null, agrees: true, goal: words, note })
    }
    const range = (values: number[]): string => `${values.length} ${values.length === 1 ? 'run' : 'runs'}, ${Math.round(Math.min(...values))} to ${Math.round(Math.max(...values))}`
    row('empty data folder: command to /readyz', median(times.ready), null, 'ms', 'seconds; a fresh clone with install under 3 minutes', `${range(times.ready)}; packages installed and console built before, database cluster made in this time`)
    row('empty data folder: command to the first order on the orders API', median(times.order), null, 'ms', 'seconds', range(times.order))
    row('second start on the same folder: command to /readyz', median(times.again), null, 'ms', 'seconds', range(times.again))
    row('second start: command to the orders on the API', median(times.againOrder), null, 'ms', 'seconds', range(times.againOrder))
    const crowdRow = await crowded(size, log)
    if (crowdRow !== undefined) rows.push(crowdRow)
    if (totals.length > 0) row(`memory at rest, demo merchant, ${idleSeconds[size]} s idle: sum of PSS over the process tree`, median(totals), 600, 'MB', '≤ 600 MB', `${parts}; pages shared with other programs of the machine count in part`)
    else skipped.push({ case: 'memory at rest', why: 'this system has no /proc/*/smaps_rollup' })
    if (size === 'fresh') {
      const found = await fresh(log)
      if (typeof found === 'string') skipped.push({ case: 'fresh clone', why: found })
      else rows.push(...found)
    } else skipped.push({ case: 'fresh clone', why: 'it installs everything again; run with --size fresh' })
    return { bench: 'start', size, rows, peakRssMb: peakRssMb(), skipped }
  },
}
