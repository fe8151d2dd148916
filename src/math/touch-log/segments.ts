/**
 * Recency × frequency bands, by scanning each person's tail backwards.
 */
import { daySeconds, type SegmentsAnswer, type SegmentsQuery } from './query.ts'
import type { TouchTask } from './task.ts'

export function segmentsPart(query: SegmentsQuery, task: TouchTask): SegmentsAnswer {
  const { now, recencyDays, frequency } = query
  const recencyBands = recencyDays.length + 2
  const frequencyBands = frequency.length + 1
  const never = (recencyDays.length + 1) * frequencyBands
  const counts = new Float64Array(recencyBands * frequencyBands)
  const cell = query.perPerson ? new Uint16Array(task.to - task.from).fill(never) : null
  const wanted = new Uint8Array(256).fill(query.types ? 0 : 1)
  for (const type of query.types ?? []) wanted[type] = 1
  const windowStart = now - query.windowDays * daySeconds
  const bandStarts = Float64Array.from(recencyDays, days => now - days * daySeconds)
  let found = 0
  for (const block of task.blocks) {
    const { offsets, seconds, type, skip, who, persons, firstPerson } = block
    for (let i = 0; i < persons; i++) {
      if (skip !== null && skip[i] !== 0) continue
      let last = -1
      let count = 0
      for (let r = offsets[i + 1] - 1, from = offsets[i]; r >= from; r--) {
        const t = seconds[r]
        if (t > now) continue
        const inWindow = t > windowStart
        if (!inWindow && last >= 0) break
        if (wanted[type[r]] === 0) continue
        if (last < 0) last = t
        if (!inWindow) break
        count++
      }
      if (last < 0) continue
      let recency = 0
      while (recency < bandStarts.length && last <= bandStarts[recency]) recency++
      let band = 0
      while (band < frequency.length && count >= frequency[band]) band++
      const at = recency * frequencyBands + band
      counts[at]++
      found++
      if (cell !== null) cell[(who === null ? firstPerson + i : who[i]) - task.from] = at
    }
  }
  counts[never] += task.to - task.from - found
  return { recencyBands, frequencyBands, counts, cell }
}

export function joinSegments(query: SegmentsQuery, parts: readonly SegmentsAnswer[]): SegmentsAnswer {
  const recencyBands = query.recencyDays.length + 2
  const frequencyBands = query.frequency.length + 1
  const counts = new Float64Array(recencyBands * frequencyBands)
  for (const part of parts) for (let i = 0; i < counts.length; i++) counts[i] += part.counts[i]
  let cell: Uint16Array | null = null
  if (query.perPerson) {
    cell = new Uint16Array(parts.reduce((sum, part) => sum + (part.cell as Uint16Array).length, 0))
    let at = 0
    for (const part of parts) {
      cell.set(part.cell as Uint16Array, at)
      at += (part.cell as Uint16Array).length
    }
  }
  return { recencyBands, frequencyBands, counts, cell }
}
