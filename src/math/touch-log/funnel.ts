/**
 * Ordered windowed funnel in one forward scan per person.
 *
 * start[i] is the latest start of a chain that has done i steps. A later start is never worse (same steps, more window left), so
 * one register per step is enough. Rows of one second are taken as a group: a chain from before the group may use several of its rows, each once.
 */
import type { FunnelAnswer, FunnelQuery } from './query.ts'
import type { TouchTask } from './task.ts'

export type FunnelPart = { exactly: Float64Array; groups: Array<[value: number, exactly: Float64Array]> }

/** Everything a scan needs, made once per task; local names inside the scans keep the loops free of look-ups. */
type Work = {
  steps: readonly number[]
  k: number
  windowSeconds: number
  strict: boolean
  /** 1 for the types of the steps, of the steps after the first, of the first step. */
  wanted: Uint8Array
  later: Uint8Array
  isFirst: Uint8Array
  /** Step number of a type, or −1 when several steps name the type (then all of them are tried). */
  stepOf: Int8Array
  ownTypes: boolean
  /** needed[a * k + b]: how many rows of type steps[b] a chain continuing from step a uses up to and including step b + 1. */
  needed: Uint8Array
  start: Float64Array
  before: Float64Array
  inGroup: Int32Array
  picked: Int32Array
  since: Int32Array
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
    steps, k, windowSeconds: query.windowSeconds, strict: query.strict ?? false, wanted, later: wanted.map((one, type) => (type === steps[0] ? 0 : one)),
    isFirst: wanted.map((_, type) => (type === steps[0] ? 1 : 0)), stepOf, ownTypes: new Set(steps).size === k, needed,
    start: new Float64Array(k + 1), before: new Float64Array(k + 1), inGroup: new Int32Array(256), picked: new Int32Array(256), since: new Int32Array(256),
  }
}

export function funnelPart(query: FunnelQuery, task: TouchTask): FunnelPart {
  const after = query.after ?? -1
  const until = query.until ?? Infinity
  const limited = query.after !== undefined || query.until !== undefined
  const work = makeWork(query)
  const { start, k, steps } = work
  const exactly = new Float64Array(k + 1)
  const groups = new Map<number, Float64Array>()
  const breakdown = query.breakdown
  for (const block of task.blocks) {
    const { offsets, seconds, type, skip, persons } = block
    const column = breakdown === undefined ? null : block.columns[breakdown]
    for (let i = 0; i < persons; i++) {
      if (skip !== null && skip[i] !== 0) continue
      let from = offsets[i]
      let to = offsets[i + 1]
      if (limited) {
        while (from < to && seconds[from] <= after) from++
        while (from < to && seconds[to - 1] > until) to--
      }
      if (to - from > work.picked.length) {
        work.picked = new Int32Array((to - from) * 2)
        work.since = new Int32Array(work.picked.length)
      }
      let best = work.ownTypes ? quickScan(work, from, to, seconds, type) : -1
      if (best < 0) best = fullScan(work, from, to, seconds, type)
      exactly[best]++
      if (column === null || best === 0) continue
      let value = Infinity
      const first = start[best]
      for (let r = firstRowAt(seconds, from, to, first); r < to && seconds[r] === first; r++) if (type[r] === steps[0] && column[r] < value) value = column[r]
      let counts = groups.get(value)
      if (!counts) groups.set(value, counts = new Float64Array(k + 1))
      counts[best]++
    }
  }
  return { exactly, groups: [...groups] }
}

/** Fills `start` from all rows of the steps' types; returns the step reached. */
function fullScan(work: Work, from: number, to: number, seconds: Uint32Array, type: Uint8Array): number {
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

/**
 * The same when every step has its own type and no row of step 2 … k shares its second with a neighbour: then only these rows, usually the
 * rare ones, are visited, each knowing the newest row of step 1 before it. Returns −1 when it does not apply to this person.
 */
function quickScan(work: Work, from: number, to: number, seconds: Uint32Array, type: Uint8Array): number {
  const { later, isFirst, picked, since, start, stepOf, k, windowSeconds } = work
  let n = 0
  let newest = -1
  for (let r = from; r < to; r++) {
    const code = type[r]
    picked[n] = r
    since[n] = newest
    n += later[code]
    // newest = isFirst ? r : newest, as masks: no branch.
    const take = -isFirst[code]
    newest = (newest & ~take) | (r & take)
  }
  if (newest < 0) return 0
  let best = 1
  let second = -Infinity
  for (let s = 3; s <= k; s++) start[s] = -Infinity
  for (let j = 0; j < n; j++) {
    const r = picked[j]
    const t = seconds[r]
    if ((r > from && seconds[r - 1] === t) || (r + 1 < to && seconds[r + 1] === t)) return -1
    const step = stepOf[type[r]]
    if (step === 1) {
      if (since[j] < 0) continue
      const first = seconds[since[j]]
      if (t - first <= windowSeconds) {
        second = first
        if (best < 2) best = 2
      }
    } else {
      const chain = step === 2 ? second : start[step]
      if (t - chain <= windowSeconds) {
        start[step + 1] = chain
        if (best <= step) best = step + 1
      }
    }
  }
  start[1] = seconds[newest]
  if (k > 1) start[2] = second
  return best
}

function firstRowAt(seconds: Uint32Array, from: number, to: number, wanted: number): number {
  while (from < to) {
    const mid = (from + to) >> 1
    if (seconds[mid] < wanted) from = mid + 1
    else to = mid
  }
  return from
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
