/**
 * Touch log against DuckDB and chDB (ClickHouse in the process), on the same rows, answers compared before any time is printed.
 *
 * Both anchors get their rows sorted by (person, time), their own compression, both cores and the fastest of the formulations tried; ours is measured on one thread and
 * on two. All four take turns in every round. Anchors reduce the large answers (tails, paths) to sums inside the engine, so that no transfer to
 * JavaScript is charged to them; ours returns the full arrays.
 */
import { closeSync, fsyncSync, mkdtempSync, openSync, readFileSync, rmSync, statSync, writeFileSync, writeSync } from 'node:fs'
import { createRequire } from 'node:module'
import { availableParallelism, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api'
import { startThreads } from '../../src/kernel/threads.ts'
import {
  encodeBatch, openTouchLog, TouchLog, type DistinctAnswer, type FunnelAnswer, type PathsAnswer, type Query, type SegmentsAnswer, type TailsAnswer,
} from '../../src/math/touch-log/index.ts'
import { median, peakRssMb, timeMs, type Bench, type BenchReport, type BenchRow } from '../harness.ts'

const touches: Record<string, number> = { small: 1_000_000, default: 10_000_000, large: 100_000_000 }
const day = 86_400
const start = 1_767_000_000
const days = 180
const week = 7 * day
const now = start + days * day
// 0 message, 1 view, 2 click, 3 cart, 4 order, 5 refund, 6 … 11 others.
const [message, view, click, cart, order] = [0, 1, 2, 3, 4]
const weights = [1, 0, 0, 0, 0, 0, 0.5, 0, 0, 0, 0, 0]

type Engine = { name: 'duckdb' | 'chdb'; ask(sql: string): Promise<number[][]>; close(): void }
type Question = { name: string; query: Query; digest(answer: never): number[]; sql: Record<Engine['name'], string>; exact: boolean; goals: Record<Engine['name'], string>; inMean: boolean }

const channelOf = [0, 1, 2]
const inWeek = `sec > ${now - 30 * day}`
const segmentSql = (least: string): string => `select r, f, count(*) from (select case when l > ${now - 7 * day} then 0 when l > ${now - 30 * day} then 1 when l > ${now - 90 * day} then 2 else 3 end r,
  case when n >= 10 then 3 when n >= 3 then 2 when n >= 1 then 1 else 0 end f from (select person, max(sec) l, ${least} n from t where type in (${view}, ${click}, ${order}) and sec <= ${now} group by person) a) b group by r, f order by r, f`
const fiveGoals = { chdb: '≥ 5× chDB (geometric mean)', duckdb: '≥ 20× DuckDB (geometric mean)' }

const questions: Question[] = [
  {
    name: 'funnel view → cart → order in 7 days', exact: true, inMean: true, goals: fiveGoals,
    query: { kind: 'funnel', steps: [view, cart, order], windowSeconds: week }, digest: (answer: FunnelAnswer) => [...answer.reached],
    sql: {
      // As-of joins find the newest row of the step before; as window functions the same took DuckDB 2.8 times as long.
      duckdb: `with c as (select c.person, c.sec, v.sec a from (select person, sec from t where type = ${cart}) c asof join (select person, sec from t where type = ${view}) v
          on c.person = v.person and c.sec >= v.sec where c.sec - v.sec <= ${week}),
        o as (select o.person, o.sec - c.a <= ${week} ok from (select person, sec from t where type = ${order}) o asof join c on o.person = c.person and o.sec >= c.sec)
        select (select count(distinct person) from t where type = ${view}), (select count(distinct person) from c), (select count(distinct person) from o where ok)`,
      chdb: `select countIf(l >= 1), countIf(l >= 2), countIf(l >= 3) from (select person, windowFunnel(${week})(sec, type = ${view}, type = ${cart}, type = ${order}) l from t
        where type in (${view}, ${cart}, ${order}) group by person)`,
    },
  },
  {
    name: 'recency × frequency of 30 days', exact: true, inMean: true, goals: fiveGoals,
    query: { kind: 'segments', now, types: [view, click, order], recencyDays: [7, 30, 90], windowDays: 30, frequency: [1, 3, 10] },
    digest: (answer: SegmentsAnswer) => {
      const out: number[] = []
      for (let r = 0; r < 4; r++) for (let f = 0; f < 4; f++) if (answer.counts[r * 4 + f] > 0) out.push(r, f, answer.counts[r * 4 + f])
      return out
    },
    sql: { duckdb: segmentSql(`count(*) filter (${inWeek})`), chdb: segmentSql(`countIf(${inWeek})`) },
  },
  {
    name: 'pressure of all persons', exact: false, inMean: true, goals: fiveGoals,
    query: { kind: 'pressure', at: now, halfLifeDays: 7, weights },
    digest: (pressure: Float64Array) => {
      let sum = 0
      for (let p = 0; p < pressure.length; p++) sum += pressure[p] * ((p % 97) + 1)
      return [sum]
    },
    sql: Object.fromEntries((['duckdb', 'chdb'] as const).map(engine => [engine, `select sum(p * (person % 97 + 1)) from (select person, sum(case when type = ${message} then 1.0 else 0.5 end * ${engine === 'chdb' ? 'exp2' : 'pow'}(${engine === 'chdb' ? '' : '2, '}-(${now} - sec::bigint) / ${engine === 'chdb' ? `${week}.0` : `${week}::double`})) p
      from t where type in (${message}, 6) and sec <= ${now} group by person) a`])) as Question['sql'],
  },
  {
    name: 'last 5 touches of every person', exact: true, inMean: true, goals: fiveGoals,
    query: { kind: 'tails', limit: 5 },
    digest: (tails: TailsAnswer) => {
      let sum = 0
      for (let r = 0; r < tails.seconds.length; r++) sum += (tails.seconds[r] % 65_536) * 31 + tails.type[r]
      return [tails.seconds.length, sum]
    },
    sql: {
      // Three times as fast as row_number() with qualify.
      duckdb: 'select count(*), sum(((k >> 8) % 65536) * 31 + (k & 255)) from (select unnest(max(sec::bigint * 256 + type, 5)) k from t group by person)',
      chdb: 'select count(), sum((sec % 65536) * 31 + type) from (select sec, type from t order by person desc, sec desc, type desc limit 5 by person)',
    },
  },
  {
    name: 'paths of 7 days before each order', exact: true, inMean: true, goals: fiveGoals,
    query: { kind: 'paths', conversionTypes: [order], lookBackSeconds: week, channels: { byType: channelOf } },
    digest: (paths: PathsAnswer) => {
      let channels = 0
      let ages = 0
      for (let i = 0; i < paths.channels.length; i++) {
        channels += paths.channels[i]
        // Whole seconds again; adding a half and cutting is cheaper than Math.round and the same below 2^31.
        ages += (paths.ages[i] * day + 0.5) | 0
      }
      return [paths.channels.length, channels, ages]
    },
    sql: Object.fromEntries((['duckdb', 'chdb'] as const).map(engine => [engine, `select count(*), sum(b.type), sum(a.sec - b.sec) from (select person, sec from t where type = ${order}) a
      join (select person, sec, type from t where type in (${message}, ${view}, ${click})) b on a.person = b.person where b.sec <= a.sec and b.sec >= a.sec - ${week}`])) as Question['sql'],
  },
  {
    name: 'exact distinct persons per type and day', exact: true, inMean: false, goals: { chdb: '≥ 15× chDB', duckdb: 'none' },
    query: { kind: 'distinct', by: ['type', 'day'] },
    digest: (answer: DistinctAnswer) => {
      return Array.from(answer.persons, (persons, i) => [answer.keys[0][i], answer.keys[1][i], persons]).flat()
    },
    sql: {
      // Half as fast again as count(distinct person).
      duckdb: 'select type, d, count(*) from (select distinct type, (sec + 28800) // 86400 d, person from t) group by 1, 2 order by 1, 2',
      chdb: 'select type, intDiv(sec + 28800, 86400) d, uniqExact(person) from t group by type, d order by type, d',
    },
  },
]

function same(a: number[], b: number[], exact: boolean): boolean {
  return a.length === b.length && a.every((value, i) => (exact ? value === b[i] : Math.abs(value - b[i]) <= 1e-9 * Math.max(1, Math.abs(value))))
}

type Chdb = { Session: new () => { query(sql: string, format?: string): string; close(): void } }
function loadChdb(): Chdb | string {
  try {
    return createRequire(new URL('../package.json', import.meta.url))('chdb') as Chdb
  } catch (error) {
    return `chdb is not installed (run npm install in bench/): ${(error as Error).message.split('\n')[0]}`
  }
}

export const bench: Bench = {
  name: 'touch',
  what: 'touch log: funnels, distinct counts, segments, pressure, tails, paths, ingest and cold start against DuckDB and chDB',
  sizes: ['small', 'default', 'large'],
  async run({ size = 'default', seed, rounds, log: say }): Promise<BenchReport> {
    const count = touches[size]
    if (!count) throw new Error(`bench touch: unknown size '${size}', expected small, default or large`)
    const rows: BenchRow[] = []
    const skipped: BenchReport['skipped'] = []
    const folder = mkdtempSync(join(tmpdir(), 'touch-bench-'))
    const instance = await DuckDBInstance.create(':memory:', { autoinstall_known_extensions: 'false', autoload_known_extensions: 'false' })
    const db = await instance.connect()
    const engines: Engine[] = [{ name: 'duckdb', ask: async sql => (await db.runAndReadAll(sql)).getRows().map(row => row.map(Number)), close: () => { db.closeSync(); instance.closeSync() } }]
    try {
      const persons = Math.max(100, count / 100)
      const pick = `hash(i + ${seed} * 7919 + 500000000000) % 100`
      await db.run(`create table raw as select (hash(i + ${seed} * 1000003) % ${persons})::uinteger as person, (${start} + i * ${days * day} // ${count})::uinteger as sec,
        (case when ${pick} < 30 then ${message} when ${pick} < 60 then ${view} when ${pick} < 75 then ${click} when ${pick} < 83 then ${cart} when ${pick} < 87 then ${order} else 5 + ${pick} % 7 end)::utinyint as type
        from range(${count}) r(i)`)
      say(`${count.toLocaleString('en')} touches of ${persons.toLocaleString('en')} persons made`)

      const log = new TouchLog({ shared: true })
      const ingestMs = await ingest(db, log, say)
      rows.push({
        case: 'ingest in memory: rows with ids, de-duplicated, sorted and merged', own: Math.round(count / (ingestMs / 1000)), anchor: 'published', anchorValue: null, unit: 'touches/s', ratio: null,
        agrees: log.rowCount === count && log.waiting === 0, note: 'rows arrive in time order, persons at random',
      })
      rows.push(durableIngest(folder, seed))
      // A question makes what questions need beside the rows; it counts as memory.
      log.ask(questions[0].query)
      const memory = log.memory()
      rows.push({
        case: 'memory', own: Number(memory.perTouch.toFixed(3)), anchor: 'published', anchorValue: null, unit: 'bytes/touch', ratio: null, agrees: memory.perTouch <= 6,
        goal: '≤ 6 bytes a touch, ids included', note: `of these ${(memory.planes / log.rowCount).toFixed(3)} bit planes of the types, ${(memory.ids / log.rowCount).toFixed(3)} ids`,
      })
      rows.push(await coldStart(folder, log))

      const parquet = join(folder, 'touches.parquet')
      await db.run('create table t as select person, sec, type from raw order by person, sec, type')
      await db.run('drop table raw')
      const chdb = loadChdb()
      if (typeof chdb === 'string') {
        skipped.push({ case: 'all chdb rows', why: chdb })
        say(chdb)
      } else {
        await db.run(`copy t to '${parquet}' (format parquet)`)
        const session = new chdb.Session()
        session.query('create database if not exists b')
        session.query('create table b.t (person UInt32, sec UInt32, type UInt8) engine = MergeTree order by (person, sec)')
        session.query(`insert into b.t select person, sec, type from file('${parquet}', Parquet)`)
        session.query('optimize table b.t final')
        session.query('use b')
        engines.push({
          name: 'chdb', close: () => session.close(),
          ask: async sql => session.query(sql, 'CSV').trim().split('\n').map(line => line.split(',').map(Number)),
        })
      }
      say('anchors loaded')

      const threads = startThreads(new URL('../../src/math/touch-log/task.ts', import.meta.url), 'runTouchTask', 2)
      const busy = `load average ${loadavg()[0].toFixed(1)} on ${availableParallelism()} cores; a busy machine slows whoever uses both cores more`
      const means: Record<string, { anchor: string; medians: number[]; mins: number[]; maxs: number[] }> = {}
      try {
        for (const question of questions) {
          const digest = question.digest as (answer: unknown) => number[]
          const own = digest(log.ask(question.query))
          const ways = { 'one thread': () => digest(log.ask(question.query)), 'two threads': async () => digest(await log.askParallel(question.query, tasks => threads.run(tasks), 2)) }
          if (!same(own, await ways['two threads'](), true)) throw new Error(`bench touch: '${question.name}' depends on the number of threads`)
          // The first answers are compared; they warm the engines up as well.
          const agreeing: Engine[] = []
          for (const engine of engines) {
            if (same(own, (await engine.ask(question.sql[engine.name])).flat(), question.exact)) {
              agreeing.push(engine)
              continue
            }
            rows.push({ case: question.name, own: null, anchor: engine.name, anchorValue: null, unit: 'ms', ratio: null, agrees: false, note: 'answers differ: no time is printed' })
            say(`${question.name}: ${engine.name} answers differently`)
          }
          // Threads compile for themselves.
          for (let i = 0; i < 4; i++) for (const work of Object.values(ways)) await work()
          const times: Record<string, number[]> = {}
          const processor: Record<string, number[]> = {}
          const measure = async (name: string, work: () => unknown): Promise<void> => {
            const before = process.cpuUsage()
            ;(times[name] ??= []).push(await timeMs(work))
            const { user, system } = process.cpuUsage(before)
            ;(processor[name] ??= []).push((user + system) / 1000)
          }
          for (let round = 0; round < rounds; round++) {
            for (const [way, work] of Object.entries(ways)) await measure(way, work)
            for (const engine of agreeing) await measure(engine.name, () => engine.ask(question.sql[engine.name]))
          }
          for (const way of Object.keys(ways)) {
            for (const engine of agreeing) {
              const ratios = times[way].map((ms, round) => times[engine.name][round] / ms)
              const ratio = { median: median(ratios), min: Math.min(...ratios), max: Math.max(...ratios) }
              rows.push({
                case: `${question.name}, ${way}`, own: round(median(times[way])), anchor: engine.name, anchorValue: round(median(times[engine.name])), unit: 'ms', ratio: rounded(ratio), agrees: true,
                goal: question.goals[engine.name], note: `processor time ${round(median(processor[way]))} ms against ${round(median(processor[engine.name]))} ms`,
              })
              say(`${question.name}, ${way}: own ${round(median(times[way]))} ms, ${engine.name} ${round(median(times[engine.name]))} ms, ratio ${ratio.median.toFixed(1)}; processor ${round(median(processor[way]))} against ${round(median(processor[engine.name]))} ms`)
              if (question.inMean) {
                const mean = (means[`${engine.name}, ${way}`] ??= { anchor: engine.name, medians: [], mins: [], maxs: [] })
                mean.medians.push(ratio.median)
                mean.mins.push(ratio.min)
                mean.maxs.push(ratio.max)
              }
            }
          }
        }
      } finally {
        await threads.close()
      }
      const geometric = (values: number[]): number => Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length)
      for (const [name, mean] of Object.entries(means)) {
        rows.push({
          case: `geometric mean of ${mean.medians.length} questions, ${name.split(', ')[1]}`, own: null, anchor: mean.anchor, anchorValue: null, unit: 'ratio',
          ratio: rounded({ median: geometric(mean.medians), min: geometric(mean.mins), max: geometric(mean.maxs) }), agrees: true, goal: fiveGoals[mean.anchor as Engine['name']], note: busy,
        })
      }
      return { bench: 'touch', size, rows, peakRssMb: peakRssMb(), skipped }
    } finally {
      for (const engine of engines) engine.close()
      rmSync(folder, { recursive: true, force: true })
    }
  },
}

const round = (value: number): number => Number(value.toPrecision(4))
const rounded = (ratio: { median: number; min: number; max: number }): { median: number; min: number; max: number } => ({ median: round(ratio.median), min: round(ratio.min), max: round(ratio.max) })

async function ingest(db: DuckDBConnection, log: TouchLog, say: (line: string) => void): Promise<number> {
  const batch = 1_000_000
  const result = await db.stream('select person, sec, type from raw')
  let person = new Uint32Array(batch)
  let seconds = new Uint32Array(batch)
  let type = new Uint8Array(batch)
  let filled = 0
  let id = 0
  let ms = 0
  const flush = async (): Promise<void> => {
    if (filled === 0) return
    const ids = Float64Array.from({ length: filled }, (_, i) => id + i)
    id += filled
    ms += await timeMs(() => log.append({ person: person.subarray(0, filled), seconds: seconds.subarray(0, filled), type: type.subarray(0, filled), id: ids }))
    // The background work of a running server: keep the deltas small against what is sorted.
    if (log.waiting > 4 * batch && log.waiting > log.rowCount / 2) ms += await timeMs(() => log.step(Infinity))
    filled = 0
  }
  for (let chunk = await result.fetchChunk(); chunk && chunk.rowCount > 0; chunk = await result.fetchChunk()) {
    const [a, b, c] = [chunk.getColumnVector(0), chunk.getColumnVector(1), chunk.getColumnVector(2)]
    for (let r = 0; r < chunk.rowCount; r++) {
      person[filled] = a.getItem(r) as number
      seconds[filled] = b.getItem(r) as number
      type[filled++] = c.getItem(r) as number
      if (filled === batch) await flush()
    }
  }
  await flush()
  ms += await timeMs(() => log.step(Infinity))
  say(`ingested in ${Math.round(ms)} ms`)
  return ms
}

/** Batches of 10,000 rows, each journalled and synced before it counts. */
function durableIngest(folder: string, seed: number): BenchRow {
  const batches = 100
  const size = 10_000
  const log = new TouchLog()
  const file = join(folder, 'journal')
  const handle = openSync(file, 'w')
  let x = seed >>> 0
  const made = Array.from({ length: batches }, (_, b) => ({
    person: Uint32Array.from({ length: size }, () => (x = (Math.imul(x, 1_664_525) + 1_013_904_223) >>> 0) % 20_000),
    seconds: Uint32Array.from({ length: size }, (_, i) => start + b * size + i), type: Uint8Array.from({ length: size }, (_, i) => i % 12),
    id: Float64Array.from({ length: size }, (_, i) => b * size + i),
  }))
  const begin = performance.now()
  made.forEach((rows, b) => {
    writeSync(handle, encodeBatch(rows, {}, b))
    fsyncSync(handle)
    log.append(rows)
    log.step(size)
  })
  const ms = performance.now() - begin
  closeSync(handle)
  // The same batches again: every row must be known.
  const again = log.append(made[0])
  const rate = (batches * size) / (ms / 1000)
  return {
    case: 'durable ingest: batches of 10,000, journalled, fsynced, de-duplicated', own: Math.round(rate), anchor: 'published', anchorValue: null, unit: 'touches/s', ratio: null,
    agrees: again.duplicates === size && log.rowCount === batches * size, goal: '≥ 500,000 touches/s', note: rate >= 500_000 ? 'reached' : 'missed',
  }
}

async function coldStart(folder: string, log: TouchLog): Promise<BenchRow> {
  const file = join(folder, 'snapshot')
  const writeMs = await timeMs(() => writeFileSync(file, log.snapshot(1)))
  const times: number[] = []
  let agrees = true
  for (let i = 0; i < 3; i++) {
    const begin = performance.now()
    const opened = openTouchLog(readFileSync(file))
    times.push(performance.now() - begin)
    agrees &&= opened.ok && opened.log.rowCount === log.rowCount
  }
  const ms = times.sort((a, b) => a - b)[1]
  const opened = openTouchLog(readFileSync(file))
  const askMs = opened.ok ? await timeMs(() => opened.log.ask(questions[0].query)) : 0
  return {
    case: 'cold start: read the snapshot and check every byte', own: round(ms), anchor: 'published', anchorValue: null, unit: 'ms', ratio: null, agrees, goal: '≤ 2000 ms for 1e8 touches',
    note: `${Math.round(statSync(file).size / 1e6)} MB from the file cache; writing it took ${Math.round(writeMs)} ms; the first funnel afterwards, which makes the bit planes, ${Math.round(askMs)} ms`,
  }
}
