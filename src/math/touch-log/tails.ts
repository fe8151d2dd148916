/**
 * The last rows of each person, oldest first.
 */
import { firstAfter } from './planes.ts'
import type { TailsAnswer, TailsQuery } from './query.ts'
import type { Block, TouchTask } from './task.ts'

export function tailsPart(query: TailsQuery, task: TouchTask): TailsAnswer {
  const after = query.after ?? -1
  const until = query.until ?? Infinity
  const wanted = new Uint8Array(256).fill(query.types ? 0 : 1)
  for (const type of query.types ?? []) wanted[type] = 1
  const persons = task.to - task.from
  const all = query.types === undefined
  const names = Object.keys(task.blocks[0]?.columns ?? {})
  const offsets = new Float64Array(persons + 1)
  // First pass: how many rows each person has (blocks may interleave persons); second pass: copy to where they belong, newest last.
  for (const block of task.blocks) countBlock(block, offsets, task.from, query.limit, all ? null : wanted, after, until)
  for (let p = 0; p < persons; p++) offsets[p + 1] += offsets[p]
  const total = offsets[persons]
  const answer: TailsAnswer = {
    firstPerson: task.from, offsets, seconds: new Uint32Array(total), type: new Uint8Array(total), columns: Object.fromEntries(names.map(name => [name, new Float64Array(total)])),
  }
  for (const block of task.blocks) copyBlock(block, answer, names, all ? null : wanted, until)
  return answer
}

/** Writes the number of rows of person p to offsets[p + 1]. */
function countBlock(block: Block, offsets: Float64Array, firstOut: number, limit: number, wanted: Uint8Array | null, after: number, until: number): void {
  const { seconds, type, who, skip, persons, firstPerson } = block
  for (let i = 0; i < persons; i++) {
    if (skip !== null && skip[i] !== 0) continue
    const from = block.offsets[i]
    let r = block.offsets[i + 1] - 1
    if (until < Infinity) r = firstAfter(seconds, from, r + 1, until) - 1
    let n = 0
    if (wanted === null && after < 0) n = Math.min(limit, r - from + 1)
    else for (; r >= from && n < limit && seconds[r] > after; r--) n += wanted === null ? 1 : wanted[type[r]]
    offsets[(who === null ? firstPerson + i : who[i]) - firstOut + 1] = n
  }
}

function copyBlock(block: Block, answer: TailsAnswer, names: readonly string[], wanted: Uint8Array | null, until: number): void {
  const { seconds, type, who, skip, persons, firstPerson } = block
  const firstOut = answer.firstPerson
  const { offsets } = answer
  const toSeconds = answer.seconds
  const toType = answer.type
  for (let i = 0; i < persons; i++) {
    if (skip !== null && skip[i] !== 0) continue
    const person = (who === null ? firstPerson + i : who[i]) - firstOut
    const first = offsets[person]
    const end = offsets[person + 1]
    if (first === end) continue
    let last = block.offsets[i + 1]
    if (until < Infinity) last = firstAfter(seconds, block.offsets[i], last, until)
    if (wanted === null) copyRun(seconds, type, toSeconds, toType, last - (end - first), first, end)
    else copyWanted(seconds, type, wanted, toSeconds, toType, last, first, end)
    for (let c = 0; c < names.length; c++) {
      const from = block.columns[names[c]]
      const into = answer.columns[names[c]]
      for (let r = last - 1, at = end; at > first; r--) if (wanted === null || wanted[type[r]] === 1) into[--at] = from[r]
    }
  }
}

/** Rows row … of one person to places first … end − 1. */
function copyRun(seconds: Uint32Array, type: Uint8Array, toSeconds: Uint32Array, toType: Uint8Array, row: number, first: number, end: number): void {
  for (let at = first, r = row; at < end; at++, r++) {
    toSeconds[at] = seconds[r]
    toType[at] = type[r]
  }
}

/** The newest wanted rows before row `last`, oldest first. */
function copyWanted(seconds: Uint32Array, type: Uint8Array, wanted: Uint8Array, toSeconds: Uint32Array, toType: Uint8Array, last: number, first: number, end: number): void {
  for (let r = last - 1, at = end; at > first; r--) {
    if (wanted[type[r]] === 0) continue
    at--
    toSeconds[at] = seconds[r]
    toType[at] = type[r]
  }
}

export function joinTails(parts: readonly TailsAnswer[], names: readonly string[]): TailsAnswer {
  const rows = parts.reduce((sum, part) => sum + part.seconds.length, 0)
  const persons = parts.reduce((sum, part) => sum + part.offsets.length - 1, 0)
  const out: TailsAnswer = {
    firstPerson: parts[0]?.firstPerson ?? 0, offsets: new Float64Array(persons + 1), seconds: new Uint32Array(rows), type: new Uint8Array(rows),
    columns: Object.fromEntries(names.map(name => [name, new Float64Array(rows)])),
  }
  let row = 0
  let person = 0
  for (const part of parts) {
    out.seconds.set(part.seconds, row)
    out.type.set(part.type, row)
    for (const name of Object.keys(part.columns)) out.columns[name].set(part.columns[name], row)
    for (let i = 1; i < part.offsets.length; i++) out.offsets[++person] = row + part.offsets[i]
    row += part.seconds.length
  }
  return out
}
