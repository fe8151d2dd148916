/**
 * Exact distinct persons per cell. Rows come person by person and, within a person, day by day, so a word with one bit per type tells whether a
 * row is the first of its cell, and no set is kept. With more than 32 types, or a column in the key, each cell remembers the last person counted.
 */
import { firstAfter } from './planes.ts'
import { daySeconds, dayShift, type DistinctAnswer, type DistinctQuery } from './query.ts'
import type { Block, TouchTask } from './task.ts'

export type DistinctPart = { cells: Float64Array; persons: Float64Array; types: number[]; firstDay: number; days: number; values: Float64Array }
const tableMax = 1 << 26
// A hair above 1/675, so that whole multiples do not fall short of their quotient.
const per675 = (1 / 675) * (1 + 2 ** -50)

export function distinctPart(query: DistinctQuery, task: TouchTask): DistinctPart {
  const byType = query.by.includes('type')
  const byDay = query.by.includes('day')
  const columnName = query.by.find(key => key !== 'type' && key !== 'day')
  const after = query.after ?? -1
  const until = query.until ?? Infinity
  const types = [...new Set(query.types ?? task.bounds.types)].filter(type => task.bounds.types.includes(type)).sort((a, b) => a - b)
  // Type code → column of the cell table; −1 = not asked for.
  const slot = new Int16Array(256).fill(-1)
  types.forEach((type, i) => { slot[type] = byType ? i : 0 })
  const width = byType ? Math.max(1, types.length) : 1
  const low = Math.max(task.bounds.firstSecond, after + 1)
  const high = Math.min(task.bounds.lastSecond, until)
  const firstDay = byDay ? Math.floor((low + dayShift) / daySeconds) : 0
  const days = byDay ? Math.max(1, Math.floor((high + dayShift) / daySeconds) - firstDay + 1) : 1
  if (high < low || types.length === 0) return { cells: new Float64Array(0), persons: new Float64Array(0), types, firstDay, days, values: new Float64Array(0) }
  if (columnName !== undefined) return distinctByColumn(task, columnName, slot, types, width, days, firstDay, byDay, after, until)
  const cellCount = width * days
  if (cellCount > tableMax) throw new RangeError(`touch log: ${days} days × ${width} types are ${cellCount} cells, expected at most ${tableMax}; ask for a shorter range`)
  // Types not asked for get a column of their own, so that no row needs a branch.
  const table = types.length === task.bounds.types.length ? width : width + 1
  const slots = slot.map(s => (s < 0 ? width : s))
  const counts = new Uint32Array(table * days)
  const few = table <= 32
  const seen = new Uint32Array(few ? 0 : table * days)
  // Units of 128 s since the first day, plus one. Without days the width is 0 and every row falls on the first.
  const shift = firstDay * 675 - 226
  const cells: Cells = { slots, counts, seen, few, short: days <= shortDays, shift, width: byDay ? table : 0, limited: query.after !== undefined || query.until !== undefined, after, until }
  for (const block of task.blocks) countBlock(block, cells)
  let used = 0
  for (let c = 0; c < counts.length; c++) if (counts[c] > 0 && c % table < width) used++
  const keys = new Float64Array(used)
  const out = new Float64Array(used)
  for (let c = 0, at = 0; c < counts.length; c++) {
    if (counts[c] === 0 || c % table >= width) continue
    keys[at] = Math.floor(c / table) * width + (c % table)
    out[at++] = counts[c]
  }
  return { cells: keys, persons: out, types, firstDay, days, values: new Float64Array(0) }
}

/** Up to here floor(u / 675) = floor((u + 1) · 24855 / 2^24) exactly, and the product fits 32 bits. */
const shortDays = 256

type Cells = {
  slots: Int16Array; counts: Uint32Array; seen: Uint32Array; few: boolean; short: boolean; shift: number; width: number; limited: boolean; after: number; until: number
}

function countBlock(block: Block, cells: Cells): void {
  const { offsets, seconds, type, skip, who, persons, firstPerson } = block
  const { slots, counts, seen, few, short, shift, width, limited, after, until } = cells
  for (let i = 0; i < persons; i++) {
    if (skip !== null && skip[i] !== 0) continue
    let from = offsets[i]
    let to = offsets[i + 1]
    if (limited) {
      from = firstAfter(seconds, from, to, after)
      to = firstAfter(seconds, from, to, until)
    }
    if (!few) countSeen(seconds, type, slots, seen, (who === null ? firstPerson + i : who[i]) + 1, counts, from, to, shift, width)
    else if (short) countShort(seconds, type, slots, counts, from, to, shift, width)
    else countLong(seconds, type, slots, counts, from, to, shift, width)
  }
}

/** Counts the rows of one person that are the first of their type and day: days ascend, so one bit per type tells what the day has counted already. */
function countShort(seconds: Uint32Array, type: Uint8Array, slots: Int16Array, counts: Uint32Array, from: number, to: number, shift: number, width: number): void {
  let today = -1
  let counted = 0
  for (let r = from; r < to; r++) {
    const s = slots[type[r]]
    const start = Math.imul(Math.imul((seconds[r] >>> 7) - shift, 24_855) >>> 24, width)
    // On another day nothing is counted yet. Without a branch: when the next day comes cannot be predicted.
    const apart = start ^ today
    counted &= ~((apart | -apart) >> 31)
    today = start
    counts[start + s] += (~counted >>> s) & 1
    counted |= 1 << s
  }
}

/** The same for any range of days. */
function countLong(seconds: Uint32Array, type: Uint8Array, slots: Int16Array, counts: Uint32Array, from: number, to: number, shift: number, width: number): void {
  let today = -1
  let counted = 0
  for (let r = from; r < to; r++) {
    const s = slots[type[r]]
    const start = Math.imul((((seconds[r] >>> 7) - shift - 1) * per675) | 0, width)
    const apart = start ^ today
    counted &= ~((apart | -apart) >> 31)
    today = start
    counts[start + s] += (~counted >>> s) & 1
    counted |= 1 << s
  }
}

/** The same for more types than a word has bits: each cell remembers the last person counted. */
function countSeen(seconds: Uint32Array, type: Uint8Array, slots: Int16Array, seen: Uint32Array, mark: number, counts: Uint32Array, from: number, to: number, shift: number, width: number): void {
  for (let r = from; r < to; r++) {
    const cell = (Math.imul((((seconds[r] >>> 7) - shift - 1) * per675) | 0, width) + slots[type[r]]) | 0
    if (seen[cell] !== mark) {
      seen[cell] = mark
      counts[cell]++
    }
  }
}

/** With a column in the key the values are numbered as they are met; cell = (value number × days + day) × width + type. */
function distinctByColumn(
  task: TouchTask, name: string, slot: Int16Array, types: number[], width: number, days: number, firstDay: number, byDay: boolean, after: number, until: number,
): DistinctPart {
  const numberOf = new Map<number, number>()
  const values: number[] = []
  const seen = new Map<number, number>()
  const counts = new Map<number, number>()
  for (const block of task.blocks) {
    const column = block.columns[name]
    for (let i = 0; i < block.persons; i++) {
      if (block.skip !== null && block.skip[i] !== 0) continue
      const mark = (block.who === null ? block.firstPerson + i : block.who[i]) + 1
      for (let r = block.offsets[i]; r < block.offsets[i + 1]; r++) {
        const t = block.seconds[r]
        if (t <= after) continue
        if (t > until) break
        const s = slot[block.type[r]]
        if (s < 0) continue
        let number = numberOf.get(column[r])
        if (number === undefined) {
          numberOf.set(column[r], number = values.length)
          values.push(column[r])
        }
        const day = byDay ? Math.floor((t + dayShift) / daySeconds) - firstDay : 0
        const cell = (number * days + day) * width + s
        if (seen.get(cell) !== mark) {
          seen.set(cell, mark)
          counts.set(cell, (counts.get(cell) ?? 0) + 1)
        }
      }
    }
  }
  return { cells: Float64Array.from(counts.keys()), persons: Float64Array.from(counts.values()), types, firstDay, days, values: Float64Array.from(values) }
}

export function joinDistinct(query: DistinctQuery, parts: readonly DistinctPart[]): DistinctAnswer {
  return query.by.some(key => key !== 'type' && key !== 'day') ? joinNamed(query, parts) : joinCells(query, parts)
}

/** Without a column all parts number their cells alike: day × width + type. */
function joinCells(query: DistinctQuery, parts: readonly DistinctPart[]): DistinctAnswer {
  const { types, firstDay, days } = parts[0]
  const width = query.by.includes('type') ? Math.max(1, types.length) : 1
  const sums = new Float64Array(width * days)
  for (const part of parts) for (let c = 0; c < part.cells.length; c++) sums[part.cells[c]] += part.persons[c]
  const keys = query.by.map(() => new Float64Array(sums.length))
  const persons = new Float64Array(sums.length)
  let n = 0
  const add = (cell: number): void => {
    if (sums[cell] === 0) return
    const slot = cell % width
    query.by.forEach((name, i) => { keys[i][n] = name === 'type' ? types[slot] : firstDay + (cell - slot) / width })
    persons[n++] = sums[cell]
  }
  if (query.by[0] === 'type') for (let slot = 0; slot < width; slot++) for (let day = 0; day < days; day++) add(day * width + slot)
  else for (let cell = 0; cell < sums.length; cell++) add(cell)
  return { keys: keys.map(key => key.slice(0, n)), persons: persons.slice(0, n) }
}

function joinNamed(query: DistinctQuery, parts: readonly DistinctPart[]): DistinctAnswer {
  const byType = query.by.includes('type')
  const rows = new Map<string, { key: number[]; persons: number }>()
  for (const part of parts) {
    const width = byType ? Math.max(1, part.types.length) : 1
    for (let c = 0; c < part.cells.length; c++) {
      const cell = part.cells[c]
      const typeSlot = cell % width
      const rest = (cell - typeSlot) / width
      const day = rest % part.days
      const value = part.values[(rest - day) / part.days]
      const key = query.by.map(name => (name === 'type' ? part.types[typeSlot] : name === 'day' ? part.firstDay + day : value))
      const text = key.join(' ')
      const row = rows.get(text)
      if (row) row.persons += part.persons[c]
      else rows.set(text, { key, persons: part.persons[c] })
    }
  }
  const sorted = [...rows.values()].sort((a, b) => {
    for (let i = 0; i < a.key.length; i++) if (a.key[i] !== b.key[i]) return a.key[i] - b.key[i]
    return 0
  })
  return { keys: query.by.map((_, i) => Float64Array.from(sorted, row => row.key[i])), persons: Float64Array.from(sorted, row => row.persons) }
}
