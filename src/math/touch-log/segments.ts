/**
 * Recency × frequency bands: each person's tail backwards, the wanted rows by bit mask.
 */
import { countIn, firstAfter, makeMask, markRows, newestIn, type Mask } from './planes.ts'
import { daySeconds, type SegmentsAnswer, type SegmentsQuery } from './query.ts'
import type { Block, TouchTask } from './task.ts'

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
  const bands = Float64Array.from(frequency)
  const bandStarts = Float64Array.from(recencyDays, days => now - days * daySeconds)
  let found = 0
  const mask = makeMask()
  for (const block of task.blocks) {
    markRows(block, wanted, mask)
    found += bandBlock(block, mask, now, windowStart, bandStarts, bands, counts, cell, task.from)
  }
  counts[never] += task.to - task.from - found
  return { recencyBands, frequencyBands, counts, cell }
}

/** Counts the persons of a block by cell. @returns how many have a wanted row */
function bandBlock(
  block: Block, mask: Mask, now: number, windowStart: number, bandStarts: Float64Array, bands: Float64Array, counts: Float64Array, cell: Uint16Array | null, firstOut: number,
): number {
  const { seconds, offsets, skip, who, persons, firstPerson } = block
  const { bits, firstWord } = mask
  let found = 0
  for (let i = 0; i < persons; i++) {
    if (skip !== null && skip[i] !== 0) continue
    const at = cellOf(seconds, offsets[i], offsets[i + 1], bits, firstWord, now, windowStart, bandStarts, bands)
    if (at < 0) continue
    counts[at]++
    found++
    if (cell !== null) cell[(who === null ? firstPerson + i : who[i]) - firstOut] = at
  }
  return found
}

/** Cell of one person, −1 without a wanted row up to now. */
function cellOf(
  seconds: Uint32Array, from: number, to: number, bits: Uint32Array, firstWord: number, now: number, windowStart: number, bandStarts: Float64Array, bands: Float64Array,
): number {
  while (to > from && seconds[to - 1] > now) to--
  const newest = newestIn(bits, firstWord, from, to)
  if (newest < 0) return -1
  const last = seconds[newest]
  const count = last <= windowStart ? 0 : countIn(bits, firstWord, firstAfter(seconds, from, newest, windowStart), newest + 1)
  let recency = 0
  for (let b = 0; b < bandStarts.length; b++) recency += last <= bandStarts[b] ? 1 : 0
  let band = 0
  for (let b = 0; b < bands.length; b++) band += count >= bands[b] ? 1 : 0
  return recency * (bands.length + 1) + band
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
