/**
 * Ordered windowed funnel.
 *
 * A later start is never worse (same steps, more window left), and a row's best chain takes before each row the newest one of the step before. So when
 * every step has its own type, a person is read backwards from the newest row of the last step: the first chain that fits the window is the
 * longest with the latest start, and its rows are found by bit masks without visiting others (`chainScan`). When a type is named twice, one forward scan with one
 * register per step does it: start[i] is the latest start of a chain that has done i steps; rows of one second are taken as a group (`fullScan`).
 */
import type { Column } from './columns.ts'
import type { FunnelAnswer, FunnelQuery } from './query.ts'
import { firstAfter, makeMask, markRows, newestIn, type Mask } from './planes.ts'
import type { Block, TouchTask } from './task.ts'

export type FunnelPart = { exactly: Float64Array; groups: Array<[value: number, exactly: Float64Array]> }

/** Everything a scan needs, made once per task; local names inside the scans keep the loops free of look-ups. */
type Work = {
  steps: readonly number[]
  k: number
  windowSeconds: number
  strict: boolean
  /** 1 for the types of the steps. */
  wanted: Uint8Array
  /** Step number of a type, or −1 when several steps name the type (then all of them are tried). */
  stepOf: Int8Array
  /** needed[a * k + b]: how many rows of type steps[b] a chain continuing from step a uses up to and including step b + 1. */
  needed: Uint8Array
  start: Float64Array
  before: Float64Array
  inGroup: Int32Array
  picked: Int32Array
}

function makeWork(query: FunnelQuery): Work {
  const { steps } = query
  const k = steps.length
  const wanted = new Uint8Array(256)
  const stepOf = new Int8Array(256)
  steps.forEach((type, i) => {
    stepOf[type] = wanted[type] === 0 ? i : -1
    wanted[type] = 1
  })
  const needed = new Uint8Array(k * k)
  for (let a = 0; a < k; a++) for (let b = a; b < k; b++) needed[a * k + b] = steps.slice(a, b + 1).filter(type => type === steps[b]).length
  return {
    steps, k, windowSeconds: query.windowSeconds, strict: query.strict ?? false, wanted, stepOf, needed,
    start: new Float64Array(k + 1), before: new Float64Array(k + 1), inGroup: new Int32Array(256), picked: new Int32Array(256),
  }
}

export function funnelPart(query: FunnelQuery, task: TouchTask): FunnelPart {
  const after = query.after ?? -1
  const until = query.until ?? Infinity
  const limited = query.after !== undefined || query.until !== undefined
  const work = makeWork(query)
  const { k, steps } = work
  const exactly = new Float64Array(k + 1)
  const groups = new Map<number, Float64Array>()
  const breakdown = query.breakdown
  // One mask per step when every step has its own type.
  const masks = new Set(steps).size === k ? steps.map(makeMask) : null
  const wantedBy = steps.map(step => Uint8Array.from({ length: 256 }, (_, type) => (type === step ? 1 : 0)))
  for (const block of task.blocks) {
    if (masks !== null) masks.forEach((mask, step) => markRows(block, wantedBy[step], mask))
    reachBlock(block, breakdown === undefined ? null : block.columns[breakdown], work, masks, limited, after, until, exactly, groups)
  }
  return { exactly, groups: [...groups] }
}

function reachBlock(
  block: Block, column: Column | null, work: Work, masks: readonly Mask[] | null, limited: boolean, after: number, until: number, exactly: Float64Array, groups: Map<number, Float64Array>,
): void {
  const { offsets, seconds, type, skip, persons } = block
  const { start, steps, k } = work
  for (let i = 0; i < persons; i++) {
    if (skip !== null && skip[i] !== 0) continue
    let from = offsets[i]
    let to = offsets[i + 1]
    if (limited) {
      from = firstAfter(seconds, from, to, after)
      to = firstAfter(seconds, from, to, until)
    }
    const best = masks === null ? fullScan(work, from, to, seconds, type) : chainScan(work, masks, from, to, seconds)
    exactly[best]++
    if (column === null || best === 0) continue
    let value = Infinity
    const first = start[best]
    for (let r = firstAfter(seconds, from, to, first - 1); r < to && seconds[r] === first; r++) if (type[r] === steps[0] && column[r] < value) value = column[r]
    let counts = groups.get(value)
    if (!counts) groups.set(value, counts = new Float64Array(k + 1))
    counts[best]++
  }
}

/** Returns the step reached and sets start[step], when every step has its own type. */
function chainScan(work: Work, masks: readonly Mask[], from: number, to: number, seconds: Uint32Array): number {
  const { k, windowSeconds, strict, start, picked } = work
  const { firstWord } = masks[0]
  for (let step = k; step >= 1; step--) {
    const last = masks[step - 1].bits
    // picked[s] = row of step s + 1 in the chain; while `row` moves back it only moves back as well, so all rows together are walked over once.
    for (let s = 0; s < step - 1; s++) picked[s] = to
    let row = newestIn(last, firstWord, from, to)
    for (; row >= 0; row = newestIn(last, firstWord, from, row)) {
      const t = seconds[row]
      let link = row
      for (let s = step - 2; s >= 0 && link >= 0; s--) {
        // The step before may lie in the same second, unless strict.
        const second = seconds[link]
        let limit = link
        if (strict) while (limit > from && seconds[limit - 1] === second) limit--
        else do limit++; while (limit < to && seconds[limit] === second)
        link = picked[s]
        if (link >= limit) picked[s] = link = newestIn(masks[s].bits, firstWord, from, limit)
      }
      // Nothing of an earlier step before this row: nor before any older one.
      if (link < 0) break
      if (t - seconds[link] <= windowSeconds) {
        start[step] = seconds[link]
        return step
      }
    }
  }
  return 0
}

/** Fills `start` from all rows of the steps' types; returns the step reached. */
function fullScan(work: Work, from: number, to: number, seconds: Uint32Array, type: Uint8Array): number {
  if (to - from > work.picked.length) work.picked = new Int32Array((to - from) * 2)
  const { wanted, picked, start, steps, stepOf, k, windowSeconds } = work
  start.fill(-Infinity)
  // Rows are picked without a branch: which type comes next cannot be predicted, so a branch would cost more than the scan.
  let n = 0
  for (let r = from; r < to; r++) {
    picked[n] = r
    n += wanted[type[r]]
  }
  let t = n === 0 ? -1 : seconds[picked[0]]
  for (let j = 0; j < n;) {
    const next = j + 1 < n ? seconds[picked[j + 1]] : -1
    if (next === t) {
      j = takeGroup(work, j, n, seconds, type)
      t = j < n ? seconds[picked[j]] : -1
      continue
    }
    const code = type[picked[j]]
    const step = stepOf[code]
    if (step === 0) start[1] = t
    else if (step > 0) {
      // start[s] is never older than start[s + 1], so taking it over needs no comparison.
      if (t - start[step] <= windowSeconds) start[step + 1] = start[step]
    } else {
      for (let s = k - 1; s >= 1; s--) if (steps[s] === code && t - start[s] <= windowSeconds) start[s + 1] = start[s]
      if (steps[0] === code) start[1] = t
    }
    t = next
    j++
  }
  let best = 0
  while (best < k && start[best + 1] !== -Infinity) best++
  return best
}

/** All picked rows from `j` on that share its second, as one group; returns the index after the group. */
function takeGroup(work: Work, j: number, n: number, seconds: Uint32Array, type: Uint8Array): number {
  const { picked, inGroup, before, start, steps, needed, k, windowSeconds, strict } = work
  const t = seconds[picked[j]]
  let end = j
  while (end < n && seconds[picked[end]] === t) inGroup[type[picked[end++]]]++
  before.set(start)
  for (let a = 0; a < k; a++) {
    const chainStart = a === 0 ? t : before[a]
    if (!(t - chainStart <= windowSeconds)) continue
    const last = strict ? a + 1 : k
    for (let b = a; b < last && inGroup[steps[b]] >= needed[a * k + b]; b++) if (chainStart > start[b + 1]) start[b + 1] = chainStart
  }
  for (let g = j; g < end; g++) inGroup[type[picked[g]]] = 0
  return end
}

export function joinFunnel(query: FunnelQuery, parts: readonly FunnelPart[]): FunnelAnswer {
  const k = query.steps.length
  const exactly = new Float64Array(k + 1)
  const groups = new Map<number, Float64Array>()
  for (const part of parts) {
    for (let m = 0; m <= k; m++) exactly[m] += part.exactly[m]
    for (const [value, counts] of part.groups) {
      const sum = groups.get(value)
      if (!sum) groups.set(value, Float64Array.from(counts))
      else for (let m = 0; m <= k; m++) sum[m] += counts[m]
    }
  }
  const atLeast = (counts: Float64Array): Float64Array => {
    const reached = new Float64Array(k)
    let sum = 0
    for (let m = k; m >= 1; m--) {
      sum += counts[m]
      reached[m - 1] = sum
    }
    return reached
  }
  return {
    reached: atLeast(exactly),
    groups: [...groups].sort((a, b) => a[0] - b[0]).map(([value, counts]) => ({ value, reached: atLeast(counts) })),
  }
}
