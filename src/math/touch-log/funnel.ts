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
  const k = steps.length
  const exactly = new Float64Array(k + 1)
  const groups = new Map<number, Float64Array>()
  const stepMask = new Uint8Array(256)
  steps.forEach((type, i) => { stepMask[type] |= 1 << i })
  // needed[a][b]: how many rows of type steps[b] a chain continuing from step a uses up to and including step b + 1.
  const needed = Array.from({ length: k }, (_, a) => Uint8Array.from({ length: k }, (_, b) => steps.slice(a, b + 1).filter(type => type === steps[b]).length))
  const start = new Float64Array(k + 1)
  const before = new Float64Array(k + 1)
  const inGroup = new Int32Array(256)
  const breakdown = query.breakdown
  for (const block of task.blocks) {
    const { offsets, seconds, type, skip, persons } = block
    const column = breakdown === undefined ? null : block.columns[breakdown]
    for (let i = 0; i < persons; i++) {
      if (skip !== null && skip[i] !== 0) continue
      const from = offsets[i]
      const to = offsets[i + 1]
      let best = 0
      for (let r = from; r < to; r++) {
        const mask = stepMask[type[r]]
        if (mask === 0) continue
        // A person without an open chain can only begin: skip what is not step 1 before reading its time.
        if (best === 0 && (mask & 1) === 0 && (r + 1 >= to || seconds[r + 1] !== seconds[r])) continue
        const t = seconds[r]
        if (t <= after) continue
        if (t > until) break
        if (r + 1 < to && seconds[r + 1] === t) {
          let end = r
          while (end < to && seconds[end] === t) inGroup[type[end++]]++
          for (let s = 1; s <= best; s++) before[s] = start[s]
          const bestBefore = best
          for (let a = 0; a <= bestBefore && a < k; a++) {
            const chainStart = a === 0 ? t : before[a]
            if (t - chainStart > windowSeconds) continue
            const last = strict ? a + 1 : k
            for (let b = a; b < last; b++) {
              if (inGroup[steps[b]] < needed[a][b]) break
              if (b + 1 > best) { best = b + 1; start[best] = chainStart }
              else if (chainStart > start[b + 1]) start[b + 1] = chainStart
            }
          }
          for (let g = r; g < end; g++) inGroup[type[g]] = 0
          r = end - 1
        } else {
          for (let s = best < k ? best : k - 1; s >= 1; s--) {
            if ((mask >> s) & 1 && t - start[s] <= windowSeconds) {
              start[s + 1] = start[s]
              if (s + 1 > best) best = s + 1
            }
          }
          if (mask & 1) {
            start[1] = t
            if (best === 0) best = 1
          }
        }
        if (best === k && column === null) break
      }
      if (best === 0) continue
      exactly[best]++
      if (column === null) continue
      let value = Infinity
      const first = start[best]
      for (let r = from; r < to && seconds[r] <= first; r++) {
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
