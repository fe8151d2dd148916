/**
 * Paths for attribution: the channels a person met before each conversion. Blocks must come in person order without overlays.
 */
import type { Column } from './columns.ts'
import { makeMask, markRows, nextIn, type Mask } from './planes.ts'
import { daySeconds, type PathsAnswer, type PathsQuery } from './query.ts'
import type { Block, TouchTask } from './task.ts'

/** The question ready for scanning, and the answer as it grows. */
type Work = {
  lookBack: number; after: number; until: number; restart: boolean; nullsAt: number | undefined
  isConversion: Uint8Array; isTouch: Uint8Array; byType: Int32Array; channelColumn: string | null; valueColumn: string | undefined; channelCount: number
  channels: Uint16Array; ages: Float64Array; touches: number
  offsets: Uint32Array; conversions: Uint8Array; values: Float64Array; nulls: Uint8Array; persons: Uint32Array; ends: Uint32Array; paths: number
  /** Rows read so far and in all: room for the rest is guessed from them. */
  rowsDone: number; rows: number
}

export function pathsPart(query: PathsQuery, task: TouchTask): PathsAnswer {
  const work: Work = {
    lookBack: query.lookBackSeconds, after: query.after ?? -1, until: query.until ?? Infinity, restart: query.restart ?? false, nullsAt: query.nullsAt,
    isConversion: new Uint8Array(256), isTouch: new Uint8Array(256), byType: new Int32Array(256).fill(-1), channelColumn: null, valueColumn: query.valueColumn, channelCount: 1,
    channels: new Uint16Array(4096), ages: new Float64Array(4096), touches: 0,
    offsets: new Uint32Array(1025), conversions: new Uint8Array(1024), values: new Float64Array(1024), nulls: new Uint8Array(1024), persons: new Uint32Array(1024),
    ends: new Uint32Array(1024), paths: 0, rowsDone: 0, rows: task.blocks.reduce((sum, block) => sum + block.offsets[block.persons] - block.offsets[0], 0),
  }
  for (const type of query.conversionTypes) work.isConversion[type] = 1
  if ('byType' in query.channels) {
    for (let i = 0; i < query.channels.byType.length; i++) {
      work.byType[i] = query.channels.byType[i]
      work.isTouch[i] = work.byType[i] >= 0 ? 1 : 0
      work.channelCount = Math.max(work.channelCount, work.byType[i] + 1)
    }
  } else {
    work.channelColumn = query.channels.column
    work.channelCount = query.channels.channelCount
    for (const type of query.channels.types) work.isTouch[type] = 1
  }
  const mask = makeMask()
  for (const block of task.blocks) {
    markRows(block, work.isConversion, mask)
    addPaths(block, mask, work)
    work.rowsDone += block.offsets[block.persons] - block.offsets[0]
  }
  const { paths, touches } = work
  return {
    channelCount: work.channelCount, offsets: work.offsets.subarray(0, paths + 1), channels: work.channels.subarray(0, touches), ages: work.ages.subarray(0, touches),
    conversions: work.conversions.subarray(0, paths), values: work.values.subarray(0, paths), nulls: work.nulls.subarray(0, paths), persons: work.persons.subarray(0, paths),
    seconds: work.ends.subarray(0, paths),
  }
}

function addPaths(block: Block, mask: Mask, work: Work): void {
  const { seconds, firstPerson } = block
  const { bits, firstWord } = mask
  const { lookBack, after, until, restart, nullsAt } = work
  const worth = work.valueColumn === undefined ? null : block.columns[work.valueColumn]
  const column = work.channelColumn === null ? null : block.columns[work.channelColumn]
  for (let i = 0; i < block.persons; i++) {
    const from = block.offsets[i]
    const to = block.offsets[i + 1]
    let near = nextIn(bits, firstWord, from, to)
    if (near < 0 && nullsAt === undefined) continue
    let previous = -1
    let earlier = -1
    let lastConversion = -Infinity
    for (; near >= 0; near = nextIn(bits, firstWord, near + 1, to)) {
      const newest = seconds[near]
      if (nullsAt === undefined || newest <= nullsAt) lastConversion = newest
      // `earlier` is the newest conversion strictly before this second.
      if (newest !== previous) {
        earlier = previous
        previous = newest
      }
      if (newest <= after || newest > until) continue
      let oldest = newest - lookBack
      if (restart && earlier >= oldest) oldest = earlier + 1
      const path = addTouches(block, column, work, firstPerson + i, near, to, from, oldest, newest)
      work.conversions[path] = 1
      if (worth !== null) work.values[path] = worth[near]
    }
    if (nullsAt === undefined || lastConversion > nullsAt - lookBack) continue
    const before = work.touches
    const path = addTouches(block, column, work, firstPerson + i, to, to, from, nullsAt - lookBack + 1, nullsAt)
    if (work.touches === before) work.paths--
    else work.nulls[path] = 1
  }
}

/** Adds the path of the touches in oldest … newest; `row` is the first row not earlier than `oldest`, or any row after it. @returns its number */
function addTouches(block: Block, column: Column | null, work: Work, person: number, row: number, to: number, from: number, oldest: number, newest: number): number {
  const { seconds, type } = block
  const { isTouch } = work
  let r = row
  while (r > from && seconds[r - 1] >= oldest) r--
  if (work.touches + to - r > work.channels.length) {
    const length = roomFor(work.touches + to - r, work.rowsDone + to - block.offsets[0], work.rows)
    work.channels = grown(work.channels, length)
    work.ages = grown(work.ages, length)
  }
  const { channels, ages } = work
  let at = work.touches
  if (column === null) {
    const { byType } = work
    // Written always, counted only when it is a touch: which type comes next cannot be predicted.
    for (; r < to && seconds[r] <= newest; r++) {
      const code = type[r]
      channels[at] = byType[code]
      ages[at] = (newest - seconds[r]) / daySeconds
      at += isTouch[code]
    }
  } else {
    for (; r < to && seconds[r] <= newest; r++) {
      if (isTouch[type[r]] === 0) continue
      const channel = column[r]
      if (!(channel >= 0 && channel < work.channelCount) || channel !== Math.floor(channel)) {
        throw new RangeError(`touch log: person ${person} has channel ${channel} in column ${work.channelColumn} at second ${seconds[r]}, expected an integer from 0 to ${work.channelCount - 1}`)
      }
      channels[at] = channel
      ages[at++] = (newest - seconds[r]) / daySeconds
    }
  }
  work.touches = at
  const path = work.paths++
  if (path === work.persons.length) {
    const length = roomFor(path + 1, work.rowsDone + to - block.offsets[0], work.rows)
    work.offsets = grown(work.offsets, length + 1)
    work.conversions = grown(work.conversions, length)
    work.values = grown(work.values, length)
    work.nulls = grown(work.nulls, length)
    work.persons = grown(work.persons, length)
    work.ends = grown(work.ends, length)
  }
  work.persons[path] = person
  work.ends[path] = newest
  work.offsets[path + 1] = at
  return path
}

/** Elements to make room for when `used` are needed after `done` of `total` rows: the rest at the same rate and a twentieth more. */
function roomFor(used: number, done: number, total: number): number {
  return Math.max(used * 2, done * 20 > total ? Math.ceil((used / Math.max(1, done)) * total * 1.05) : 0)
}

function grown<T extends Uint8Array | Uint16Array | Uint32Array | Float64Array>(old: T, length: number): T {
  const fresh = new (old.constructor as new (length: number) => T)(length)
  fresh.set(old)
  return fresh
}

export function joinPaths(query: PathsQuery, parts: readonly PathsAnswer[]): PathsAnswer {
  if (parts.length === 1) return parts[0]
  const paths = parts.reduce((sum, part) => sum + part.persons.length, 0)
  const touches = parts.reduce((sum, part) => sum + part.channels.length, 0)
  const out: PathsAnswer = {
    channelCount: Math.max(1, ...parts.map(part => part.channelCount)), offsets: new Uint32Array(paths + 1), channels: new Uint16Array(touches), ages: new Float64Array(touches),
    conversions: new Uint8Array(paths), values: new Float64Array(paths), nulls: new Uint8Array(paths), persons: new Uint32Array(paths), seconds: new Uint32Array(paths),
  }
  let path = 0
  let touch = 0
  for (const part of parts) {
    out.conversions.set(part.conversions, path)
    // Memory that stays zero is not touched.
    if (query.valueColumn !== undefined) out.values.set(part.values, path)
    if (query.nullsAt !== undefined) out.nulls.set(part.nulls, path)
    out.persons.set(part.persons, path)
    out.seconds.set(part.seconds, path)
    out.channels.set(part.channels, touch)
    out.ages.set(part.ages, touch)
    shiftInto(part.offsets, out.offsets, path, touch)
    path += part.persons.length
    touch += part.channels.length
  }
  return out
}

function shiftInto(offsets: Uint32Array, into: Uint32Array, path: number, touch: number): void {
  for (let p = 1; p < offsets.length; p++) into[path + p] = touch + offsets[p]
}
