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
  const all = query.types === undefined
  const names = Object.keys(task.blocks[0]?.columns ?? {})
  const offsets = new Float64Array(persons + 1)
  // First pass: how many rows each person has (blocks may interleave persons); second pass: copy to where they belong, newest last.
  for (const block of task.blocks) {
    const { seconds, type, who, skip } = block
    for (let i = 0; i < block.persons; i++) {
      if (skip !== null && skip[i] !== 0) continue
      const from = block.offsets[i]
      let r = block.offsets[i + 1] - 1
      while (r >= from && seconds[r] > until) r--
      let n = 0
      if (all && after < 0) n = Math.min(query.limit, r - from + 1)
      else for (; r >= from && n < query.limit && seconds[r] > after; r--) n += wanted[type[r]]
      offsets[(who === null ? block.firstPerson + i : who[i]) - task.from + 1] = n
    }
  }
  for (let p = 0; p < persons; p++) offsets[p + 1] += offsets[p]
  const total = offsets[persons]
  const answer: TailsAnswer = {
    firstPerson: task.from, offsets, seconds: new Uint32Array(total), type: new Uint8Array(total), columns: Object.fromEntries(names.map(name => [name, new Float64Array(total)])),
  }
  for (const block of task.blocks) {
    const { seconds, type, who, skip } = block
    for (let i = 0; i < block.persons; i++) {
      if (skip !== null && skip[i] !== 0) continue
      const person = (who === null ? block.firstPerson + i : who[i]) - task.from
      const first = offsets[person]
      let at = offsets[person + 1]
      let r = block.offsets[i + 1] - 1
      while (at > first && seconds[r] > until) r--
      for (; at > first; r--) {
        if (!all && wanted[type[r]] === 0) continue
        at--
        answer.seconds[at] = seconds[r]
        answer.type[at] = type[r]
        for (let c = 0; c < names.length; c++) answer.columns[names[c]][at] = block.columns[names[c]][r]
      }
    }
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
