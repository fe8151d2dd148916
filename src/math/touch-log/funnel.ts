/**
 * Ordered windowed funnel in one forward scan per person.
 *
 * start[i] is the latest start of a chain that has done i steps. A later start is never worse (same steps, more window left), so
 * one register per step is enough. Rows of one second are taken as a group: a chain from before the group may use several of its rows, each once.
 */
import type { FunnelAnswer, FunnelQuery } from './query.ts'
import type { TouchTask } from './task.ts'

export type FunnelPart = { exactly: Float64Array; groups: Array<[value: number, exactly: Float64Array]> }

export function funnelPart(query: FunnelQuery, task: TouchTask): FunnelPart {
  const { steps, windowSeconds } = query
  const strict = query.strict ?? false
  const after = query.after ?? -1
  const until = query.until ?? Infinity
  const limited = query.after !== undefined || query.until !== undefined
  const k = steps.length
  const exactly = new Float64Array(k + 1)
  const groups = new Map<number, Float64Array>()
  const wanted = new Uint8Array(256)
  // Step number of a type, or −1 when the type is named by several steps (then all of them are tried).
  const stepOf = new Int8Array(256)
  steps.forEach((type, i) => {
    stepOf[type] = wanted[type] === 0 ? i : -1
    wanted[type] = 1
  })
  // needed[a * k + b]: how many rows of type steps[b] a chain continuing from step a uses up to and including step b + 1.
  const needed = new Uint8Array(k * k)
  for (let a = 0; a < k; a++) for (let b = a; b < k; b++) needed[a * k + b] = steps.slice(a, b + 1).filter(type => type === steps[b]).length
  const start = new Float64Array(k + 1)
  const before = new Float64Array(k + 1)
  const inGroup = new Int32Array(256)
  const breakdown = query.breakdown
  let picked = new Int32Array(256)

  /** All picked rows from `j` on that share its second, as one group; returns the index after the group. */
  const takeGroup = (j: number, n: number, seconds: Uint32Array, type: Uint8Array): number => {
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
      if (to - from > picked.length) picked = new Int32Array((to - from) * 2)
      // Rows of the steps' types are picked without a branch: which type comes next cannot be predicted, so a branch would cost more than the scan.
      let n = 0
      for (let r = from; r < to; r++) {
        picked[n] = r
        n += wanted[type[r]]
      }
      if (n === 0) continue
      start.fill(-Infinity)
      let t = seconds[picked[0]]
      for (let j = 0; j < n;) {
        const next = j + 1 < n ? seconds[picked[j + 1]] : -1
        if (next === t) {
          j = takeGroup(j, n, seconds, type)
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
      if (best === 0) continue
      exactly[best]++
      if (column === null) continue
      let value = Infinity
      const first = start[best]
      for (let j = 0; j < n; j++) {
        const r = picked[j]
        if (seconds[r] === first && type[r] === steps[0] && column[r] < value) value = column[r]
      }
      let counts = groups.get(value)
      if (!counts) groups.set(value, counts = new Float64Array(k + 1))
      counts[best]++
    }
  }
  return { exactly, groups: [...groups] }
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
