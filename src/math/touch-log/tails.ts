/**
 * The last rows of each person, oldest first.
 */
import type { TailsAnswer, TailsQuery } from './query.ts'
import type { TouchTask } from './task.ts'

export function tailsPart(query: TailsQuery, task: TouchTask): TailsAnswer {
  const after = query.after ?? -1
  const until = query.until ?? Infinity
  const wanted = new Uint8Array(256).fill(query.types ? 0 : 1)
  for (const type of query.types ?? []) wanted[type] = 1
  const persons = task.to - task.from
  // First pass: where each person's tail lies (block and rows, newest first); second pass: copy in person order.
  const found: Array<Array<number>> = Array.from({ length: persons })
  const source = new Int32Array(persons).fill(-1)
  let total = 0
  task.blocks.forEach((block, b) => {
    for (let i = 0; i < block.persons; i++) {
      if (block.skip !== null && block.skip[i] !== 0) continue
      const rows: number[] = []
      for (let r = block.offsets[i + 1] - 1; r >= block.offsets[i] && rows.length < query.limit; r--) {
        if (block.seconds[r] > until) continue
        if (block.seconds[r] <= after) break
        if (wanted[block.type[r]] === 1) rows.push(r)
      }
      const person = (block.who === null ? block.firstPerson + i : block.who[i]) - task.from
      found[person] = rows
      source[person] = b
      total += rows.length
    }
  })
  const names = Object.keys(task.blocks[0]?.columns ?? {})
  const answer: TailsAnswer = {
    firstPerson: task.from, offsets: new Float64Array(persons + 1), seconds: new Uint32Array(total), type: new Uint8Array(total),
    columns: Object.fromEntries(names.map(name => [name, new Float64Array(total)])),
  }
  let at = 0
  for (let p = 0; p < persons; p++) {
    if (source[p] >= 0) {
      const block = task.blocks[source[p]]
      for (let n = found[p].length - 1; n >= 0; n--) {
        const r = found[p][n]
        answer.seconds[at] = block.seconds[r]
        answer.type[at] = block.type[r]
        for (const name of names) answer.columns[name][at] = block.columns[name][r]
        at++
      }
    }
    answer.offsets[p + 1] = at
  }
  return answer
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
