/**
 * Exact distinct persons per cell: each cell remembers the last person counted, and rows come person by person, so a
 * comparison replaces a hash set.
 */
import { daySeconds, dayShift, type DistinctAnswer, type DistinctQuery } from './query.ts'
import type { TouchTask } from './task.ts'

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
  const seen = new Uint32Array(cellCount)
  const counts = new Uint32Array(cellCount)
  const limited = query.after !== undefined || query.until !== undefined
  const allTypes = types.length === task.bounds.types.length
  const dayWidth = byDay ? width : 0
  for (const block of task.blocks) {
    const { offsets, seconds, type, skip, who, persons, firstPerson } = block
    for (let i = 0; i < persons; i++) {
      if (skip !== null && skip[i] !== 0) continue
      const mark = (who === null ? firstPerson + i : who[i]) + 1
      let from = offsets[i]
      let to = offsets[i + 1]
      if (limited) {
        while (from < to && seconds[from] <= after) from++
        while (from < to && seconds[to - 1] > until) to--
      }
      for (let r = from; r < to; r++) {
        const s = slot[type[r]]
        if (!allTypes && s < 0) continue
        // floor((t + 28800) / 86400): both are multiples of 128, and what is left is divided by 675 by one multiplication (exact below 2^26).
        const cell = ((((((seconds[r] >>> 7) + 225) * per675) | 0) - firstDay) * dayWidth + s) | 0
        if (seen[cell] !== mark) {
          seen[cell] = mark
          counts[cell]++
        }
      }
    }
  }
  let used = 0
  for (let c = 0; c < cellCount; c++) if (counts[c] > 0) used++
  const cells = new Float64Array(used)
  const out = new Float64Array(used)
  for (let c = 0, at = 0; c < cellCount; c++) if (counts[c] > 0) { cells[at] = c; out[at++] = counts[c] }
  return { cells, persons: out, types, firstDay, days, values: new Float64Array(0) }
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
  const byType = query.by.includes('type')
  const named = query.by.some(key => key !== 'type' && key !== 'day')
  const rows = new Map<string, { key: number[]; persons: number }>()
  for (const part of parts) {
    const width = byType ? Math.max(1, part.types.length) : 1
    for (let c = 0; c < part.cells.length; c++) {
      const cell = part.cells[c]
      const typeSlot = cell % width
      const rest = (cell - typeSlot) / width
      const day = rest % part.days
      const value = named ? part.values[(rest - day) / part.days] : 0
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
