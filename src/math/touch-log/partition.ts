/**
 * One partition: the rows of a range of persons, sorted, with a small unsorted delta beside it.
 *
 * Rows of a person are sorted by (seconds, type, columns in declared order), so that the stored form depends only on the multiset of rows: never on
 * their arrival or their ids. A query sees base and delta without a merge: persons with delta rows are read from a small merged copy (the
 * overlay), all others from the base.
 */
import { bytesOf, makeColumn, type Column, type ColumnKind } from './columns.ts'
import { makePlanes, type Planes } from './planes.ts'

export type Sorted = {
  /** Length persons + 1: person i owns rows offsets[i] … offsets[i + 1] − 1. */
  offsets: Uint32Array
  seconds: Uint32Array
  type: Uint8Array
  columns: Column[]
}
export type Delta = { count: number; local: Uint16Array; seconds: Uint32Array; type: Uint8Array; columns: Column[] }
export type Overlay = { skip: Uint8Array; persons: Uint32Array; rows: Sorted }
/** `planes` belong to `base` and are made when a question first wants them; null = too many types for them. */
export type Partition = { firstPerson: number; persons: number; base: Sorted; delta: Delta | null; overlay: Overlay | null; planes?: Planes | null }
export type Layout = { kinds: readonly ColumnKind[]; shared: boolean }

export function makeSorted(layout: Layout, persons: number, rows: number): Sorted {
  return {
    offsets: makeColumn('u32', persons + 1, layout.shared) as Uint32Array,
    seconds: makeColumn('u32', rows, layout.shared) as Uint32Array,
    type: makeColumn('u8', rows, layout.shared) as Uint8Array,
    columns: layout.kinds.map(kind => makeColumn(kind, rows, layout.shared)),
  }
}

export function makePartition(layout: Layout, firstPerson: number, persons: number): Partition {
  return { firstPerson, persons, base: makeSorted(layout, persons, 0), delta: null, overlay: null }
}

/** Makes room for `more` delta rows and returns the delta. */
export function reserveDelta(partition: Partition, layout: Layout, more: number): Delta {
  const old = partition.delta
  const needed = (old?.count ?? 0) + more
  partition.overlay = null
  if (old && needed <= old.local.length) return old
  const capacity = old ? Math.max(needed, old.local.length * 2) : needed
  const fresh: Delta = {
    count: old?.count ?? 0, local: new Uint16Array(capacity), seconds: new Uint32Array(capacity), type: new Uint8Array(capacity),
    columns: layout.kinds.map(kind => makeColumn(kind, capacity, false)),
  }
  if (old) {
    fresh.local.set(old.local.subarray(0, old.count))
    fresh.seconds.set(old.seconds.subarray(0, old.count))
    fresh.type.set(old.type.subarray(0, old.count))
    fresh.columns.forEach((column, c) => column.set(old.columns[c].subarray(0, old.count)))
  }
  partition.delta = fresh
  return fresh
}

function compareRows(a: Sorted, i: number, b: Sorted, j: number): number {
  if (a.seconds[i] !== b.seconds[j]) return a.seconds[i] - b.seconds[j]
  if (a.type[i] !== b.type[j]) return a.type[i] - b.type[j]
  for (let c = 0; c < a.columns.length; c++) {
    const difference = a.columns[c][i] - b.columns[c][j]
    if (difference !== 0) return difference
  }
  return 0
}

/** Delta rows as a sorted run: a counting sort by person, then each person's rows, which mostly arrive in time order already. */
function sortDelta(delta: Delta, layout: Layout, persons: number): Sorted {
  const { count, local } = delta
  const run = makeSorted(layout, persons, count)
  const { offsets, seconds, type, columns } = run
  for (let r = 0; r < count; r++) offsets[local[r] + 1]++
  for (let i = 0; i < persons; i++) offsets[i + 1] += offsets[i]
  const at = offsets.slice(0, persons)
  if (columns.length === 0) {
    for (let r = 0; r < count; r++) {
      const to = at[local[r]]++
      seconds[to] = delta.seconds[r]
      type[to] = delta.type[r]
    }
  } else {
    for (let r = 0; r < count; r++) {
      const to = at[local[r]]++
      seconds[to] = delta.seconds[r]
      type[to] = delta.type[r]
      for (let c = 0; c < columns.length; c++) columns[c][to] = delta.columns[c][r]
    }
  }
  let keys = new Float64Array(0)
  for (let i = 0; i < persons; i++) {
    const from = offsets[i]
    const to = offsets[i + 1]
    let sorted = true
    for (let r = from + 1; r < to && sorted; r++) sorted = compareRows(run, r - 1, run, r) <= 0
    if (sorted) continue
    if (columns.length > 0) sortWithColumns(run, from, to)
    else if (to - from <= 24) {
      for (let r = from + 1; r < to; r++) {
        const s = seconds[r]
        const t = type[r]
        let hole = r
        while (hole > from && (seconds[hole - 1] > s || (seconds[hole - 1] === s && type[hole - 1] > t))) {
          seconds[hole] = seconds[hole - 1]
          type[hole] = type[hole - 1]
          hole--
        }
        seconds[hole] = s
        type[hole] = t
      }
    } else {
      // seconds · 256 + type is a whole number below 2^40: exact in a double, and the native sort needs no comparator.
      if (keys.length < to - from) keys = new Float64Array((to - from) * 2)
      const part = keys.subarray(0, to - from)
      for (let r = from; r < to; r++) part[r - from] = seconds[r] * 256 + type[r]
      part.sort()
      for (let r = from; r < to; r++) {
        const key = part[r - from]
        const s = Math.floor(key / 256)
        seconds[r] = s
        type[r] = key - s * 256
      }
    }
  }
  return run
}

function sortWithColumns(run: Sorted, from: number, to: number): void {
  const order = Uint32Array.from({ length: to - from }, (_, i) => from + i).sort((a, b) => compareRows(run, a, run, b))
  for (const column of [run.seconds, run.type, ...run.columns]) {
    const held = column.slice(from, to)
    for (let i = 0; i < order.length; i++) column[from + i] = held[order[i] - from]
  }
}

function copyRows(from: Sorted, fromRow: number, toRow: number, into: Sorted, at: number): void {
  if (toRow <= fromRow) return
  if (toRow - fromRow < 16) {
    for (let r = fromRow, o = at; r < toRow; r++, o++) {
      into.seconds[o] = from.seconds[r]
      into.type[o] = from.type[r]
      for (let c = 0; c < into.columns.length; c++) into.columns[c][o] = from.columns[c][r]
    }
    return
  }
  into.seconds.set(from.seconds.subarray(fromRow, toRow), at)
  into.type.set(from.type.subarray(fromRow, toRow), at)
  for (let c = 0; c < into.columns.length; c++) into.columns[c].set(from.columns[c].subarray(fromRow, toRow), at)
}

/** Merges person i of both runs to `into` from row `at`; returns the row after. */
function mergePerson(a: Sorted, b: Sorted, i: number, into: Sorted, at: number): number {
  let x = a.offsets[i]
  let y = b.offsets[i]
  const xEnd = a.offsets[i + 1]
  const yEnd = b.offsets[i + 1]
  while (x < xEnd && y < yEnd) {
    const fromA = compareRows(a, x, b, y) <= 0
    const source = fromA ? a : b
    const row = fromA ? x++ : y++
    into.seconds[at] = source.seconds[row]
    into.type[at] = source.type[row]
    for (let c = 0; c < into.columns.length; c++) into.columns[c][at] = source.columns[c][row]
    at++
  }
  copyRows(a, x, xEnd, into, at)
  at += xEnd - x
  copyRows(b, y, yEnd, into, at)
  return at + yEnd - y
}

/** Puts the delta into the base. @returns rows written */
export function mergePartition(partition: Partition, layout: Layout): number {
  const { delta, base, persons } = partition
  if (!delta) return 0
  const run = sortDelta(delta, layout, persons)
  partition.delta = null
  partition.overlay = null
  partition.planes = undefined
  const before = base.seconds.length
  if (before === 0) {
    partition.base = run
    return run.seconds.length
  }
  const merged = makeSorted(layout, persons, before + run.seconds.length)
  let at = 0
  let i = 0
  while (i < persons) {
    // Persons without delta rows are copied as one stretch.
    let end = i
    while (end < persons && run.offsets[end] === run.offsets[end + 1]) end++
    if (end > i) {
      copyRows(base, base.offsets[i], base.offsets[end], merged, at)
      const shift = at - base.offsets[i]
      for (let p = i; p < end; p++) merged.offsets[p] = base.offsets[p] + shift
      at += base.offsets[end] - base.offsets[i]
      i = end
    }
    if (i < persons) {
      merged.offsets[i] = at
      at = mergePerson(base, run, i, merged, at)
      i++
    }
  }
  merged.offsets[persons] = at
  partition.base = merged
  return at
}

/** The overlay of a partition with a delta; kept until the delta changes. */
export function overlayOf(partition: Partition, layout: Layout): Overlay | null {
  if (!partition.delta || partition.delta.count === 0) return null
  if (partition.overlay) return partition.overlay
  const run = sortDelta(partition.delta, layout, partition.persons)
  const { base, persons } = partition
  const skip = makeColumn('u8', persons, layout.shared) as Uint8Array
  let touched = 0
  let rows = 0
  for (let i = 0; i < persons; i++) {
    const fresh = run.offsets[i + 1] - run.offsets[i]
    if (fresh === 0) continue
    skip[i] = 1
    touched++
    rows += fresh + base.offsets[i + 1] - base.offsets[i]
  }
  const merged = makeSorted(layout, touched, rows)
  const who = makeColumn('u32', touched, layout.shared) as Uint32Array
  let at = 0
  for (let i = 0, t = 0; i < persons; i++) {
    if (!skip[i]) continue
    who[t] = partition.firstPerson + i
    merged.offsets[t++] = at
    at = mergePerson(base, run, i, merged, at)
  }
  merged.offsets[touched] = at
  partition.overlay = { skip, persons: who, rows: merged }
  return partition.overlay
}

/** The bit planes of the sorted rows; kept until these change. */
export function planesOf(partition: Partition, layout: Layout): Planes | null {
  return partition.planes === undefined ? (partition.planes = makePlanes(partition.base.type, layout.shared)) : partition.planes
}

/** Removes all rows of the given local persons (the delta must be merged before). */
export function dropPersons(partition: Partition, layout: Layout, drop: Uint8Array): void {
  const { base, persons } = partition
  let rows = 0
  for (let i = 0; i < persons; i++) if (!drop[i]) rows += base.offsets[i + 1] - base.offsets[i]
  if (rows === base.seconds.length) return
  const kept = makeSorted(layout, persons, rows)
  let at = 0
  for (let i = 0; i < persons; i++) {
    kept.offsets[i] = at
    if (drop[i]) continue
    copyRows(base, base.offsets[i], base.offsets[i + 1], kept, at)
    at += base.offsets[i + 1] - base.offsets[i]
  }
  kept.offsets[persons] = at
  partition.base = kept
  partition.overlay = null
  partition.planes = undefined
}

export function sortedBytes(rows: Sorted, kinds: readonly ColumnKind[]): number {
  return rows.offsets.byteLength + rows.seconds.length * (5 + kinds.reduce((sum, kind) => sum + bytesOf[kind], 0))
}
