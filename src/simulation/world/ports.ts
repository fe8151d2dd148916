import type { Emulator } from '../../emulator/index.ts'
import type { Clock, Instant, Timers } from '../../kernel/clock.ts'
import { CommitLost, type Db, type Tx } from '../../kernel/db/index.ts'
import type { Random } from '../../kernel/random.ts'
import type { HttpPort } from '../../wechat/client/index.ts'
import type { Canary } from './canary.ts'
import type { EventLog } from './event-log.ts'
import type { Fence } from './fence.ts'
import type { Storm } from './storm.ts'

/** The statement itself orders its rows: an ORDER BY outside every parenthesis. */
function ordered(text: string): boolean {
  let depth = 0
  let outside = ''
  for (const char of text) {
    if (char === '(') depth++
    else if (char === ')') depth--
    else if (depth === 0) outside += char
  }
  return /\border\s+by\b/i.test(outside) && !/\breturning\b/i.test(outside)
}

/**
 * The database port of one incarnation. Rows of statements without an ORDER BY come in an order drawn by `shuffle`: code that depends on
 * such an order shows it by another hash. Domain events are noted when their transaction is committed, also when the answer to that is lost.
 */
export function simulatedDb(db: Db, fence: Fence, storm: Storm, log: EventLog, shuffle: Random, statements: Map<string, boolean>, wrap?: (tx: Tx) => Tx): Db {
  let asked = 0
  const mix = <R>(rows: R[]): R[] => {
    const n = asked++
    return rows
      .map((row) => ({ row, text: JSON.stringify(row) }))
      .sort((a, b) => (a.text < b.text ? -1 : 1))
      .map(({ row }, index) => ({ row, at: shuffle.u(n, index) }))
      .sort((a, b) => a.at - b.at)
      .map(({ row }) => row)
  }
  return {
    async tx(scope, work) {
      fence.check()
      const fault = storm.commit()
      if (fault === 'crash-before') fence.fall()
      if (fault === 'refused') throw new CommitLost(fault)
      let events: unknown[] = []
      const result = await db.tx(scope, async (inner) => {
        events = []
        const fenced: Tx = {
          scope,
          async query<R>(text: string, params?: readonly unknown[]) {
            fence.check()
            const rows = await inner.query<R>(text, params)
            if (rows.length < 2) return rows
            let keeps = statements.get(text)
            if (keeps === undefined) statements.set(text, (keeps = ordered(text)))
            return keeps ? rows : mix(rows)
          },
          async run(text, params) {
            fence.check()
            if (params && text.startsWith('insert into domain_event')) events.push(...eventsOf(params))
            return inner.run(text, params)
          },
          write(text, params) {
            fence.check()
            if (params && text.startsWith('insert into domain_event')) events.push(...eventsOf(params))
            inner.write(text, params)
          },
        }
        const value = await work(wrap ? wrap(fenced) : fenced)
        fence.check()
        if (fault === 'lost-before') throw new CommitLost(fault)
        return value
      })
      for (const event of events) log.add(event)
      if (fault === 'crash-after') fence.fall()
      if (fault === 'done-answer-lost') throw new CommitLost(fault)
      fence.check()
      return result
    },
    close: async () => {},
  }
}

/** The columns of `emit`, row by row. */
function eventsOf(params: readonly unknown[]): unknown[] {
  const [, ids, names, versions, aggregates, occurred, recorded, payloads] = params as [number, string[], string[], number[], string[], number[], number[], string[]]
  return ids.map((id, n) => ({ event: names[n], v: versions[n], id, aggregate: aggregates[n], occurredAt: occurred[n], recordedAt: recorded[n], payload: JSON.parse(payloads[n]) as unknown }))
}

const limited = (answer: { status: number; body: Buffer }): boolean => answer.status === 429 || (answer.body.length < 500 && /"errcode":(45009|45011|45033)\b/.test(answer.body.toString('utf8')))

export type CallCounts = { made: number; limited: number }

/** The way out, in memory: no answer is a rejection, as on a real network. */
export function simulatedHttp(emulator: Emulator, fence: Fence, storm: Storm, counts: CallCounts, canary: Canary = { checker: '' }): HttpPort {
  return async (request) => {
    fence.check()
    const fault = storm.call()
    if (fault === 'crash-before') fence.fall()
    const { pathname, search } = new URL(request.url)
    const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name.toLowerCase(), value]))
    const body = request.body === undefined ? Buffer.alloc(0) : Buffer.from(request.body as string)
    let answer = await emulator.handle({ method: request.method, url: pathname + search, headers, body, ip: '10.0.0.1' })
    for (let more = canary.repeat?.(request, counts.made) ?? 1; more > 1 && !limited(answer); more--) answer = await emulator.handle({ method: request.method, url: pathname + search, headers, body, ip: '10.0.0.1' })
    counts.made++
    if (limited(answer)) counts.limited++
    if (fault === 'crash-after') fence.fall()
    fence.check()
    if (answer.status === 0) throw new Error('the connection was closed without an answer')
    const plain = { status: answer.status, headers: answer.headers, body: answer.body }
    return canary.http ? canary.http(request, plain) : plain
  }
}

/** Timers on the world's queue. `run` fires what is due. */
export function worldTimers(clock: Clock): Timers & { nextDue(): Instant | undefined; run(): void; clear(): void } {
  let queue: Array<{ at: Instant; n: number; work: () => void }> = []
  let n = 0
  const add = (at: Instant, work: () => void): (() => void) => {
    const item = { at, n: n++, work }
    queue.push(item)
    queue.sort((a, b) => a.at - b.at || a.n - b.n)
    return () => void (queue = queue.filter((other) => other !== item))
  }
  return {
    after: (ms, work) => add(clock.now() + ms, work),
    every(ms, work) {
      let cancel = (): void => {}
      const again = (): void => {
        cancel = add(clock.now() + ms, () => {
          again()
          work()
        })
      }
      again()
      return () => cancel()
    },
    sleep: (ms) => new Promise((resolve) => void add(clock.now() + ms, resolve)),
    turn: () => Promise.resolve(),
    nextDue: () => queue.at(0)?.at,
    run() {
      while (queue.length > 0 && queue[0].at <= clock.now()) queue.shift()!.work()
    },
    clear: () => void (queue = []),
  }
}
