import { greedyPerson, type Scratch } from './inner.ts'
import type { Model } from './problem.ts'

/** What a sweep over persons reads, and the choice it may change. On SharedArrayBuffers all threads see the same memory. */
export type SweepColumns = Pick<Model, 'first' | 'value' | 'useFirst' | 'useRow' | 'useAmount' | 'kind' | 'leaf' | 'parent' | 'cap' | 'maxPerPerson' | 'rows' | 'matching'> & {
  /** Matching: per person the candidate chosen (−1: none). Otherwise empty. */
  pick: Int32Array
  /** Not matching: per candidate whether it is chosen. Otherwise empty. */
  taken: Uint8Array
}

/** Persons `from` … `to` − 1. In a pacing sweep prices follow use: price = max(0, above + slope · use) − max(0, below − slope · use) per row. */
export type Slice = { from: number; to: number; /** Only these persons of the slice; null: all. */ only: Int32Array | null; use: Float64Array | null; above: Float64Array | null; below: Float64Array | null; slope: Float64Array | null }

/** `bound`: Σ of the persons' best profits at fixed prices. `pace`: every person chooses again while prices follow what is used. */
export type Sweep = { kind: 'bound'; price: Float64Array } | { kind: 'pace'; minimums: boolean }

/** What the caller's `parallel` port runs, by {@link runPlanTask}, in any thread. */
export type PlanTask = { columns: SweepColumns; sweep: Sweep; slices: Slice[] }
export type PlanPart = { /** Sum of best profits (bound), of values chosen (pace), or the change of that (pace over some persons). */ total: number; magnitude: number; moves: number; use: Float64Array | null }

/** Runs tasks, here or in threads that see the same memory, and returns their answers in the same order. */
export type PlanParallel = (tasks: readonly PlanTask[]) => Promise<PlanPart[][]> | PlanPart[][]

export function runPlanTask(task: PlanTask): PlanPart[] {
  return task.slices.map((slice) => runSlice(task.columns, task.sweep, slice))
}

export function runSlice(columns: SweepColumns, sweep: Sweep, slice: Slice): PlanPart {
  if (sweep.kind === 'bound') return columns.matching ? boundMatching(columns, sweep.price, slice) : boundAny(columns, sweep.price, slice)
  return columns.matching ? paceMatching(columns, sweep.minimums, slice) : paceAny(columns, sweep.minimums, slice)
}

const blockPersons = 1024

function boundMatching({ first, value, useRow, useAmount }: SweepColumns, price: Float64Array, { from, to }: Slice): PlanPart {
  let total = 0
  // Blocks keep rounding small: it grows with their number, not with that of candidates.
  for (let start = from; start < to; start += blockPersons) {
    const stop = Math.min(to, start + blockPersons)
    let block = 0
    for (let p = start, j = first[start]; p < stop; p++) {
      let top = 0
      for (const end = first[p + 1]; j < end; j++) {
        const profit = value[j] - price[useRow[j]] * useAmount[j]
        if (profit > top) top = profit
      }
      block += top
    }
    total += block
  }
  return { total, magnitude: total, moves: 0, use: null }
}

function scratchFor(columns: SweepColumns): Scratch {
  const width = Math.max(1, columns.maxPerPerson)
  return {
    profit: new Float64Array(width), order: new Int32Array(width), taken: new Uint8Array(width), filled: new Int32Array(columns.cap.length), chance: new Float64Array(0),
  }
}

function boundAny(columns: SweepColumns, price: Float64Array, { from, to }: Slice): PlanPart {
  const { first, value, useFirst, useRow, useAmount } = columns
  const scratch = scratchFor(columns)
  let total = 0
  for (let start = from; start < to; start += blockPersons) {
    const stop = Math.min(to, start + blockPersons)
    let block = 0
    for (let p = start; p < stop; p++) {
      for (let j = first[p], end = first[p + 1]; j < end; j++) {
        let profit = value[j]
        for (let e = useFirst[j], last = useFirst[j + 1]; e < last; e++) profit -= price[useRow[e]] * useAmount[e]
        scratch.profit[j - first[p]] = profit
      }
      block += greedyPerson(columns, p, scratch)
    }
    total += block
  }
  return { total, magnitude: total, moves: 0, use: null }
}

/** The price of every row at its use, and half the slope: a candidate pays the price at the middle of its own use, which makes each choice a step up. */
function startPace({ use, above, below, slope }: Slice, minimums: boolean): { price: Float64Array; half: Float64Array } {
  const price = new Float64Array(use!.length)
  for (let r = 0; r < price.length; r++) {
    const x = slope![r] * use![r]
    price[r] = Math.max(0, above![r] + x) - (minimums ? Math.max(0, below![r] - x) : 0)
  }
  return { price, half: slope!.map((s) => s / 2) }
}

function paceMatching({ first, value, useRow, useAmount, pick }: SweepColumns, minimums: boolean, slice: Slice): PlanPart {
  const { from, to } = slice
  const use = slice.use!.slice()
  const above = slice.above!
  const below = slice.below!
  const slope = slice.slope!
  const { price, half } = startPace(slice, minimums)
  let moves = 0
  let total = 0
  const { only } = slice
  for (let i = only ? 0 : from, last = only ? only.length : to; i < last; i++) {
    const p = only ? only[i] : i
    const current = pick[p]
    if (current >= 0) {
      const r = useRow[current]
      if (only) total -= value[current]
      use[r] -= useAmount[current]
      const x = slope[r] * use[r]
      let now = above[r] + x
      if (now < 0) now = 0
      if (minimums && below[r] > x) now -= below[r] - x
      price[r] = now
    }
    let top = 0
    let best = -1
    for (let j = first[p], end = first[p + 1]; j < end; j++) {
      const r = useRow[j]
      const amount = useAmount[j]
      const profit = value[j] - (price[r] + half[r] * amount) * amount
      if (profit > top) {
        top = profit
        best = j
      }
    }
    if (best >= 0) {
      const r = useRow[best]
      use[r] += useAmount[best]
      total += value[best]
      const x = slope[r] * use[r]
      let now = above[r] + x
      if (now < 0) now = 0
      if (minimums && below[r] > x) now -= below[r] - x
      price[r] = now
    }
    if (best !== current) {
      pick[p] = best
      moves++
    }
  }
  return { total, magnitude: total, moves, use }
}

function paceAny(columns: SweepColumns, minimums: boolean, slice: Slice): PlanPart {
  const { first, value, useFirst, useRow, useAmount, taken } = columns
  const { from, to } = slice
  const use = slice.use!.slice()
  const above = slice.above!
  const below = slice.below!
  const slope = slice.slope!
  const { price, half } = startPace(slice, minimums)
  const scratch = scratchFor(columns)
  let moves = 0
  let total = 0
  const change = (j: number, sign: number): void => {
    for (let e = useFirst[j], end = useFirst[j + 1]; e < end; e++) {
      const r = useRow[e]
      use[r] += sign * useAmount[e]
      const x = slope[r] * use[r]
      price[r] = Math.max(0, above[r] + x) - (minimums ? Math.max(0, below[r] - x) : 0)
    }
  }
  const { only } = slice
  for (let i = only ? 0 : from, last = only ? only.length : to; i < last; i++) {
    const p = only ? only[i] : i
    const start = first[p]
    const end = first[p + 1]
    if (start === end) continue
    for (let j = start; j < end; j++) {
      if (taken[j] === 0) continue
      change(j, -1)
      if (only) total -= value[j]
    }
    for (let j = start; j < end; j++) {
      let profit = value[j]
      for (let e = useFirst[j], last = useFirst[j + 1]; e < last; e++) profit -= (price[useRow[e]] + half[useRow[e]] * useAmount[e]) * useAmount[e]
      scratch.profit[j - start] = profit
    }
    greedyPerson(columns, p, scratch)
    let moved = 0
    for (let j = start; j < end; j++) {
      if (taken[j] !== scratch.taken[j - start]) {
        taken[j] = scratch.taken[j - start]
        moved = 1
      }
      if (taken[j] === 0) continue
      change(j, 1)
      total += value[j]
    }
    moves += moved
  }
  return { total, magnitude: total, moves, use }
}
