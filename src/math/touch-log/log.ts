import { checkSpec, type Column, type ColumnKind, type ColumnSpec } from './columns.ts'
import { joinDistinct, type DistinctPart } from './distinct.ts'
import { joinFunnel, type FunnelPart } from './funnel.ts'
import { makeIdSet, type IdSet } from './id-set.ts'
import { dropPersons, makePartition, mergePartition, overlayOf, planesOf, reserveDelta, sortedBytes, type Layout, type Partition } from './partition.ts'
import { joinPaths } from './paths.ts'
import {
  checkQuery, type AnswerTo, type DistinctAnswer, type DistinctQuery, type FunnelAnswer, type FunnelQuery, type PathsAnswer, type PathsQuery, type PersonRange,
  type PressureQuery, type Query, type SegmentsAnswer, type SegmentsQuery, type TailsAnswer, type TailsQuery,
} from './query.ts'
import { checkRows, type TouchRows } from './rows.ts'
import { joinSegments } from './segments.ts'
import { readSnapshot, writeSnapshot, type Damage, type SnapshotState } from './snapshot.ts'
import { joinTails } from './tails.ts'
import { runTouchTask, type Block, type Parallel, type TouchPart, type TouchTask } from './task.ts'

export type TouchLogOptions = {
  /** Extra columns per row, for example { campaign: 'u16', fen: 'f64' }. Default none. */
  columns?: ColumnSpec
  /** Remember ids and ignore a row whose id was seen. Default true when the first rows carry ids; costs about 1/8 byte per dense id. */
  dedupe?: boolean
  /** Persons per partition, 64 to 65536, a power of two. Default 8192. Smaller = finer background steps. */
  partitionPersons?: number
  /** Use SharedArrayBuffer, so that tasks can be posted to worker threads without copying. Default false. */
  shared?: boolean
}
export type AppendResult = {
  added: number
  /** Rows ignored because their id was seen before. */
  duplicates: number
  /** Indices of rows refused because their time lies more than 5 minutes after `now`. They are not in the log and their ids stay free. */
  quarantined: Uint32Array
}
export type MergeProgress = { rowsWritten: number; rowsWaiting: number }
export type TailRow = { seconds: number; type: number; columns: Record<string, number> }

/** Seconds a row may lie in the future before it is put aside: clocks of two servers differ, minutes do not. */
const futureTolerance = 300

export class TouchLog {
  readonly columns: ColumnSpec
  readonly partitionPersons: number
  #layout: Layout
  #names: string[]
  #shift: number
  #partitions: Array<Partition | undefined> = []
  #ids: IdSet | null
  #dedupe: boolean | undefined
  #personCount = 0
  #rows = 0
  #waiting = 0
  #firstSecond = 4_294_967_295
  #lastSecond = 0
  #types = new Uint8Array(256)

  constructor(options: TouchLogOptions = {}) {
    const size = options.partitionPersons ?? 8192
    if (!(size >= 64 && size <= 65_536) || Math.log2(size) % 1 !== 0) {
      throw new RangeError(`touch log: partitionPersons is ${size}, expected a power of two from 64 to 65536`)
    }
    this.columns = { ...options.columns }
    checkSpec(this.columns)
    this.#names = Object.keys(this.columns)
    this.#layout = { kinds: Object.values(this.columns) as ColumnKind[], shared: options.shared ?? false }
    this.partitionPersons = size
    this.#shift = Math.log2(size)
    this.#dedupe = options.dedupe
    this.#ids = options.dedupe === true ? makeIdSet() : null
  }

  /** Persons are 0 … personCount − 1; grows with the rows and by `ensurePersons`. */
  get personCount(): number { return this.#personCount }
  /** Rows in the log, waiting ones included. */
  get rowCount(): number { return this.#rows }
  /** Rows in deltas, not yet merged. */
  get waiting(): number { return this.#waiting }

  /** Makes persons without rows part of every per-person answer. */
  ensurePersons(count: number): void {
    if (!Number.isInteger(count) || count < 0 || count > 2 ** 31) throw new RangeError(`touch log: the number of persons is ${count}, expected an integer from 0 to 2147483648`)
    this.#personCount = Math.max(this.#personCount, count)
  }

  /**
   * Takes rows in any order: all of them, or none when one cannot be used. They are visible to the next question; `step` merges them later.
   * @param options.now seconds; with it, rows more than 5 minutes ahead are put aside and named
   * @throws RangeError naming field and row
   */
  append(rows: TouchRows, options: { now?: number } = {}): AppendResult {
    const count = checkRows(rows, this.columns)
    if (rows.id && this.#ids === null && this.#dedupe !== false && this.#rows === 0) this.#ids = makeIdSet()
    if (this.#ids && !rows.id && count > 0) throw new RangeError('touch log: the rows lack ids, but this log ignores duplicates by id; give ids with every batch or make the log with dedupe: false')
    return this.#take(rows, count, options.now, this.#ids)
  }

  #take(rows: TouchRows, count: number, now: number | undefined, ids: IdSet | null): AppendResult {
    const { person, seconds, type, id } = rows
    let keep: Uint8Array | null = null
    const quarantined: number[] = []
    let duplicates = 0
    const latest = now === undefined ? Infinity : now + futureTolerance
    if (now !== undefined && !Number.isFinite(now)) throw new RangeError(`touch log: now is ${now}, expected finite seconds`)
    if (now !== undefined || (ids && id)) {
      keep = new Uint8Array(count).fill(1)
      for (let r = 0; r < count; r++) {
        if (seconds[r] > latest) {
          keep[r] = 0
          quarantined.push(r)
        } else if (ids && id && !ids.add(id[r])) {
          keep[r] = 0
          duplicates++
        }
      }
    }
    // Count per partition first: each delta grows once.
    const shift = this.#shift
    let highest = -1
    for (let r = 0; r < count; r++) if (person[r] > highest && (keep === null || keep[r] === 1)) highest = person[r]
    if (highest >= 0) {
      const perPartition = new Uint32Array((highest >>> shift) + 1)
      for (let r = 0; r < count; r++) if (keep === null || keep[r] === 1) perPartition[person[r] >>> shift]++
      const deltas = Array.from(perPartition, (more, p) => (more === 0 ? null : reserveDelta(this.#partition(p), this.#layout, more)))
      const mask = this.partitionPersons - 1
      const columns = this.#names.map(name => (rows.columns as Record<string, ArrayLike<number>>)[name])
      const types = this.#types
      let first = this.#firstSecond
      let last = this.#lastSecond
      for (let r = 0; r < count; r++) {
        if (keep !== null && keep[r] === 0) continue
        const delta = deltas[person[r] >>> shift] as NonNullable<(typeof deltas)[number]>
        const at = delta.count++
        const t = seconds[r]
        delta.local[at] = person[r] & mask
        delta.seconds[at] = t
        delta.type[at] = type[r]
        for (let c = 0; c < columns.length; c++) delta.columns[c][at] = columns[c][r]
        if (t < first) first = t
        if (t > last) last = t
        types[type[r]] = 1
      }
      this.#firstSecond = first
      this.#lastSecond = last
      this.#personCount = Math.max(this.#personCount, highest + 1)
    }
    const added = count - duplicates - quarantined.length
    this.#rows += added
    this.#waiting += added
    return { added, duplicates, quarantined: Uint32Array.from(quarantined) }
  }

  /**
   * Replaces everything known about some persons, as a merge or un-merge of identities asks for. The rows must belong to these persons;
   * their ids count as seen from now on but are not held against them (they were seen before).
   */
  replacePersons(persons: ArrayLike<number> | PersonRange, rows: TouchRows): AppendResult {
    const count = checkRows(rows, this.columns)
    const list = 'from' in persons ? Array.from({ length: persons.to - persons.from }, (_, i) => persons.from + i) : Array.from(persons)
    const wanted = new Set(list)
    for (let r = 0; r < count; r++) if (!wanted.has(rows.person[r])) throw new RangeError(`touch log: person[${r}] is ${rows.person[r]}, expected one of the ${list.length} persons being replaced`)
    const byPartition = new Map<number, Uint8Array>()
    for (const person of list) {
      const p = person >>> this.#shift
      if (!this.#partitions[p]) continue
      let drop = byPartition.get(p)
      if (!drop) byPartition.set(p, drop = new Uint8Array(this.partitionPersons))
      drop[person & (this.partitionPersons - 1)] = 1
    }
    for (const [p, drop] of byPartition) {
      const partition = this.#partitions[p] as Partition
      this.#merge(partition)
      const before = partition.base.seconds.length
      dropPersons(partition, this.#layout, drop)
      this.#rows -= before - partition.base.seconds.length
    }
    if (this.#ids && rows.id) for (let r = 0; r < count; r++) this.#ids.add(rows.id[r])
    // Inside the batch an id still counts once.
    return this.#take(rows, count, undefined, rows.id ? makeIdSet() : null)
  }

  #partition(index: number): Partition {
    return this.#partitions[index] ??= makePartition(this.#layout, index * this.partitionPersons, this.partitionPersons)
  }

  #merge(partition: Partition): number {
    if (!partition.delta) return 0
    this.#waiting -= partition.delta.count
    return mergePartition(partition, this.#layout)
  }

  /**
   * Background work: merges deltas, the fullest first, until about `budget` rows have been written (whole partitions, so the last one may exceed it).
   * Answers are the same before, between and after.
   */
  step(budget: number): MergeProgress {
    if (!(budget > 0)) throw new RangeError(`touch log: the budget is ${budget}, expected a number of rows > 0`)
    const full = this.#partitions.filter(partition => partition?.delta) as Partition[]
    full.sort((a, b) => (b.delta?.count ?? 0) - (a.delta?.count ?? 0) || a.firstPerson - b.firstPerson)
    let rowsWritten = 0
    for (const partition of full) {
      if (rowsWritten >= budget) break
      rowsWritten += this.#merge(partition)
    }
    return { rowsWritten, rowsWaiting: this.#waiting }
  }

  /** Bytes held: sorted rows, bit planes of their types (once a question wanted them), deltas and ids. */
  memory(): { sorted: number; planes: number; waiting: number; ids: number; perTouch: number } {
    let sorted = 0
    let planes = 0
    let waiting = 0
    for (const partition of this.#partitions) {
      if (!partition) continue
      sorted += sortedBytes(partition.base, this.#layout.kinds)
      planes += partition.planes?.words.byteLength ?? 0
      if (partition.delta) waiting += partition.delta.local.length * 7 + partition.delta.columns.reduce((sum, column) => sum + column.byteLength, 0)
    }
    const ids = this.#ids?.bytes() ?? 0
    return { sorted, planes, waiting, ids, perTouch: this.#rows === 0 ? 0 : (sorted + planes + waiting + ids) / this.#rows }
  }

  // Questions.

  funnel(query: Omit<FunnelQuery, 'kind'>): FunnelAnswer { return this.ask({ kind: 'funnel', ...query }) }
  distinct(query: Omit<DistinctQuery, 'kind'>): DistinctAnswer { return this.ask({ kind: 'distinct', ...query }) }
  segments(query: Omit<SegmentsQuery, 'kind'>): SegmentsAnswer { return this.ask({ kind: 'segments', ...query }) }
  /** Pressure of every person of the range (default: all), indexed from `persons.from`. */
  pressure(query: Omit<PressureQuery, 'kind'>): Float64Array { return this.ask({ kind: 'pressure', ...query }) }
  tails(query: Omit<TailsQuery, 'kind'>): TailsAnswer { return this.ask({ kind: 'tails', ...query }) }
  paths(query: Omit<PathsQuery, 'kind'>): PathsAnswer { return this.ask({ kind: 'paths', ...query }) }

  /** The last rows of one person, oldest first. */
  tail(person: number, options: { limit: number; after?: number; until?: number; types?: readonly number[] }): TailRow[] {
    const answer = this.ask({ kind: 'tails', ...options, persons: { from: person, to: person + 1 } })
    return Array.from(answer.seconds, (seconds, r) => ({
      seconds, type: answer.type[r], columns: Object.fromEntries(this.#names.map(name => [name, answer.columns[name][r]])),
    }))
  }

  /** Asks on this thread. */
  ask<Q extends Query>(query: Q): AnswerTo<Q> {
    return this.#join(query, this.tasks(query, 1).map(runTouchTask)) as AnswerTo<Q>
  }

  /** Asks through a port that runs tasks elsewhere; the answer is the same as `ask`'s for any number of tasks. */
  async askParallel<Q extends Query>(query: Q, parallel: Parallel, taskCount: number): Promise<AnswerTo<Q>> {
    const tasks = this.tasks(query, taskCount)
    const parts = await parallel(tasks)
    if (parts.length !== tasks.length) throw new Error(`touch log: the parallel port returned ${parts.length} parts for ${tasks.length} tasks`)
    parts.forEach((part, i) => { if (part.kind !== query.kind) throw new Error(`touch log: part ${i} of the parallel port answers '${part.kind}', expected '${query.kind}'`) })
    return this.#join(query, parts) as AnswerTo<Q>
  }

  /** The tasks of a question: contiguous ranges of persons with about equal numbers of rows. */
  tasks(query: Query, taskCount: number): TouchTask[] {
    checkQuery(query, this.columns)
    if (!Number.isInteger(taskCount) || taskCount < 1) throw new RangeError(`touch log: the number of tasks is ${taskCount}, expected an integer ≥ 1`)
    const from = query.persons?.from ?? 0
    const to = Math.max(from, query.persons?.to ?? this.#personCount)
    const bounds = {
      firstSecond: this.#rows === 0 ? 0 : this.#firstSecond, lastSecond: this.#lastSecond, types: Array.from(this.#types.keys()).filter(type => this.#types[type] === 1),
    }
    // Paths come out in person order, so deltas are merged instead of laid over.
    if (query.kind === 'paths') for (const partition of this.#partitions) if (partition && partition.firstPerson < to && partition.firstPerson + partition.persons > from) this.#merge(partition)
    const cuts = this.#cuts(from, to, taskCount)
    return cuts.slice(1).map((end, i) => ({ query, blocks: this.#blocks(cuts[i], end, needed(query, this.#names), query.kind !== 'distinct' && query.kind !== 'tails'), from: cuts[i], to: end, bounds }))
  }

  #cuts(from: number, to: number, taskCount: number): number[] {
    if (taskCount === 1) return [from, to]
    let rows = 0
    const each = this.#partitions.map(partition => (partition && partition.firstPerson < to && partition.firstPerson + partition.persons > from ? partition.base.seconds.length : 0))
    for (const count of each) rows += count
    const cuts = [from]
    let sum = 0
    for (let p = 0; p < each.length && cuts.length < taskCount; p++) {
      // Inside a partition cut by persons: good enough to balance, and the answer does not depend on it.
      const next = sum + each[p]
      while (cuts.length < taskCount && rows > 0 && (rows * cuts.length) / taskCount < next) {
        const share = ((rows * cuts.length) / taskCount - sum) / each[p]
        const cut = Math.floor((p + share) * this.partitionPersons)
        cuts.push(Math.min(to, Math.max(cuts[cuts.length - 1], cut)))
      }
      sum = next
    }
    cuts.push(to)
    return cuts
  }

  #blocks(from: number, to: number, names: readonly string[], typed: boolean): Block[] {
    const blocks: Block[] = []
    const pick = (columns: Column[]): Record<string, Column> => Object.fromEntries(names.map(name => [name, columns[this.#names.indexOf(name)]]))
    for (let p = from >>> this.#shift; p < this.#partitions.length && p * this.partitionPersons < to; p++) {
      const partition = this.#partitions[p]
      if (!partition) continue
      const low = Math.max(from, partition.firstPerson)
      const high = Math.min(to, partition.firstPerson + partition.persons)
      if (high <= low) continue
      const overlay = overlayOf(partition, this.#layout)
      const { base, firstPerson } = partition
      // Planes are worth making when a good part of the partition is read.
      const planes = !typed ? null : (high - low) * 4 >= partition.persons ? planesOf(partition, this.#layout) : partition.planes ?? null
      blocks.push({
        firstPerson: low, persons: high - low, offsets: base.offsets.subarray(low - firstPerson, high - firstPerson + 1), seconds: base.seconds, type: base.type,
        columns: pick(base.columns), who: null, skip: overlay ? overlay.skip.subarray(low - firstPerson, high - firstPerson) : null, planes,
      })
      if (overlay) {
        const first = lowerBound(overlay.persons, low)
        const last = lowerBound(overlay.persons, high)
        if (last > first) {
          blocks.push({
            firstPerson: 0, persons: last - first, offsets: overlay.rows.offsets.subarray(first, last + 1), seconds: overlay.rows.seconds, type: overlay.rows.type,
            columns: pick(overlay.rows.columns), who: overlay.persons.subarray(first, last), skip: null, planes: null,
          })
        }
      }
    }
    return blocks
  }

  #join(query: Query, parts: readonly TouchPart[]): unknown {
    const own = <P>(): P[] => parts.map(part => part.part as P)
    switch (query.kind) {
      case 'funnel': return joinFunnel(query, own<FunnelPart>())
      case 'distinct': return joinDistinct(query, own<DistinctPart>())
      case 'segments': return joinSegments(query, own<SegmentsAnswer>())
      case 'tails': return joinTails(own<TailsAnswer>(), this.#names)
      case 'paths': return joinPaths(query, own<PathsAnswer>())
      default: {
        const all = own<Float64Array>()
        if (all.length === 1) return all[0]
        const out = new Float64Array(all.reduce((sum, part) => sum + part.length, 0))
        let at = 0
        for (const part of all) {
          out.set(part, at)
          at += part.length
        }
        return out
      }
    }
  }

  /**
   * The whole log as bytes, everything merged. @param seq the number of the last source row it contains, given back on opening: read the source from there.
   * Two logs with the same rows give the same bytes, whatever their history (with equal options and ids).
   */
  snapshot(seq = 0): Uint8Array {
    if (!Number.isSafeInteger(seq) || seq < 0) throw new RangeError(`touch log: seq is ${seq}, expected an integer ≥ 0`)
    this.step(Infinity)
    return writeSnapshot({
      partitionPersons: this.partitionPersons, personCount: this.#personCount, spec: this.columns, partitions: this.#partitions.filter(partition => partition && partition.base.seconds.length > 0),
      ids: this.#ids, firstSecond: this.#firstSecond, lastSecond: this.#lastSecond, seq, rows: this.#rows,
    })
  }

  /** For `openTouchLog` only. */
  static fromState(state: SnapshotState, shared: boolean): TouchLog {
    const log = new TouchLog({ columns: state.spec, partitionPersons: state.partitionPersons, shared, dedupe: state.ids !== null })
    log.#partitions = state.partitions
    log.#ids = state.ids
    log.#personCount = state.personCount
    log.#rows = state.rows
    log.#firstSecond = state.firstSecond
    log.#lastSecond = state.lastSecond
    for (const partition of state.partitions) {
      if (!partition) continue
      for (let r = 0; r < partition.base.type.length; r++) log.#types[partition.base.type[r]] = 1
    }
    return log
  }
}

export type OpenResult =
  | { ok: true; log: TouchLog; seq: number }
  /** `salvaged` holds the intact partitions (null if none can be used); `reread` are the persons to give to `replacePersons` from the source. */
  | { ok: false; damage: Damage[]; message: string; salvaged: { log: TouchLog; seq: number; reread: PersonRange[] } | null }

/**
 * Opens a snapshot without copying it (the bytes must not change afterwards) and checks every byte. Damage is an answer, not an exception: it happens to files.
 */
export function openTouchLog(bytes: Uint8Array, options: { shared?: boolean } = {}): OpenResult {
  const { state, damage } = readSnapshot(bytes)
  if (damage.length === 0 && state) return { ok: true, log: TouchLog.fromState(state, options.shared ?? false), seq: state.seq }
  const first = damage[0]
  const message = `the touch snapshot cannot be used: ${first.section} (bytes ${first.byteFrom} to ${first.byteTo}) is ${first.kind}, found ${first.found}, expected ${first.expected}; rebuild it from the source`
  if (!state) return { ok: false, damage, message, salvaged: null }
  const reread = damage.filter(one => one.persons !== null).map(one => one.persons as PersonRange)
  return { ok: false, damage, message, salvaged: { log: TouchLog.fromState(state, options.shared ?? false), seq: state.seq, reread } }
}

function needed(query: Query, names: readonly string[]): readonly string[] {
  switch (query.kind) {
    case 'funnel': return query.breakdown === undefined ? [] : [query.breakdown]
    case 'distinct': return query.by.filter(key => key !== 'type' && key !== 'day')
    case 'pressure': return query.weightColumn === undefined ? [] : [query.weightColumn]
    case 'tails': return names
    case 'paths': return [...new Set([...('column' in query.channels ? [query.channels.column] : []), ...(query.valueColumn === undefined ? [] : [query.valueColumn])])]
    default: return []
  }
}

function lowerBound(values: Uint32Array, wanted: number): number {
  let from = 0
  let to = values.length
  while (from < to) {
    const mid = (from + to) >> 1
    if (values[mid] < wanted) from = mid + 1
    else to = mid
  }
  return from
}
