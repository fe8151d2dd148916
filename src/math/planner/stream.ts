import { createPlanner, roundUp } from './planner.ts'
import { PlanInputError, type PlanProblem, type PlanRow } from './problem.ts'

/**
 * One block of a problem that is too large to hold: persons with their candidates in order, each candidate using one row, each person
 * choosing at most one. Candidates of person p are `first[p] … first[p + 1] − 1`.
 */
export type PlanBlock = { first: Int32Array; value: Float64Array | Float32Array; row: Int32Array | Uint16Array; amount: Float64Array | Float32Array }

export type PlanStream = {
  /** Rows with capacities; minimums are not supported here. */
  rows: readonly PlanRow[]
  /** Persons per block, for all blocks. */
  blockPersons: Int32Array
  /** Reads or makes one block; called several times per block, with the same answer every time. The planner keeps none of its columns. */
  read(block: number): PlanBlock
}

/** One block of one lane under one pass; plain values and small arrays, so it can be posted to a thread that has its own `read`. */
export type StreamTask = {
  block: number
  /** Fixed prices of the bound, and the slope of the paced price per unit of use. */
  lambda: Float64Array
  slope: Float64Array
  /** Capacity of the lane, what its blocks before this one used, and the share of its persons before and within this block. */
  quota: Float64Array
  use: Float64Array
  done: number
  share: number
  /** Whether the choices are wanted. */
  choices: boolean
}
export type StreamPart = {
  bound: number; value: number; use: Float64Array; meanPrice: Float64Array; candidates: number; largest: number; widest: number
  /** Per person the chosen candidate of the block (−1: none). */
  pick: Int32Array | null
}
/** Runs tasks by {@link runStreamTask}, wherever it likes, and returns the parts in the same order. */
export type StreamParallel = (tasks: readonly StreamTask[]) => Promise<StreamPart[]> | StreamPart[]

export type StreamOptions = {
  /** Stop as soon as (bound − value) / bound is at most this; default 0.005. */
  gap?: number
  /** Most passes over everything; default 6. */
  passes?: number
  /** Candidates of the sample that finds the first prices; default 2,000,000. */
  sample?: number
}
export type StreamPlan = {
  value: number
  bound: number
  gap: number
  prices: Float64Array
  used: Float64Array
  passes: number
  candidates: number
  /** The prices and slope that made the plan: {@link StreamPlanner.choices} makes the same choices from them. */
  lambda: Float64Array
}
export type StreamPlanner = {
  /** Runs until about `units` candidates were visited; true when the plan is made. */
  step(units: number): boolean
  stepParallel(units: number, parallel: StreamParallel): Promise<boolean>
  plan(): StreamPlan
  /** Reads everything once more and hands over the choices of the best plan, block by block. */
  choices(take: (block: number, pick: Int32Array) => void): void
}

/** Lanes are fixed, so that the plan does not depend on how many threads run them. */
const lanes = 4
const looks = 16
/** Overuse by the whole capacity against schedule doubles a price: steep enough to keep the schedule, flat enough not to shake it. */
const steepness = 1

/** One block: the bound at fixed prices, and choices in order under prices that keep every row on its schedule and never beyond its capacity. */
export function runStreamTask(task: StreamTask, read: PlanStream['read']): StreamPart {
  const block = read(task.block)
  const { lambda, slope, quota } = task
  const rows = lambda.length
  const persons = block.first.length - 1
  const use = task.use.slice()
  // The paced price of a row at time t (share of the lane's persons) is level − drift · t, level = λ + slope · use.
  const level = lambda.map((l, r) => l + slope[r] * use[r])
  const drift = slope.map((s, r) => s * quota[r])
  const part: StreamPart = {
    bound: 0, value: 0, use, meanPrice: new Float64Array(rows), candidates: block.first[persons], largest: 0, widest: 0, pick: task.choices ? new Int32Array(persons).fill(-1) : null,
  }
  const chunk = Math.max(1, Math.ceil(persons / looks))
  let checks = 0
  for (let from = 0; from < persons; from += chunk) {
    const to = Math.min(persons, from + chunk)
    const at = task.done + (task.share * from) / persons
    for (let r = 0; r < rows; r++) part.meanPrice[r] += Math.max(0, level[r] - drift[r] * at)
    checks++
    for (let start = from; start < to; start += 1024) sweepPersons(block, part, lambda, slope, quota, level, drift, task.done, task.share / persons, start, Math.min(to, start + 1024))
  }
  for (let r = 0; r < rows; r++) part.meanPrice[r] /= Math.max(1, checks)
  return part
}

function sweepPersons(
  { first, value, row, amount }: PlanBlock, part: StreamPart, lambda: Float64Array, slope: Float64Array, quota: Float64Array, level: Float64Array, drift: Float64Array,
  done: number, each: number, from: number, to: number,
): void {
  const { use, pick } = part
  let { largest, widest } = part
  let bound = 0
  let gained = 0
  for (let p = from, j = first[from]; p < to; p++) {
    const t = done + each * p
    let top = 0
    let most = 0
    let best = -1
    const end = first[p + 1]
    if (end - j > widest) widest = end - j
    for (; j < end; j++) {
      const r = row[j]
      const a = amount[j]
      const v = value[j]
      if (v > largest) largest = v
      const profit = v - lambda[r] * a
      if (profit > top) top = profit
      const now = level[r] - drift[r] * t
      const paced = now > 0 ? v - now * a : v
      if (paced > most && use[r] + a <= quota[r]) {
        most = paced
        best = j
      }
    }
    bound += top
    if (best < 0) continue
    const r = row[best]
    use[r] += amount[best]
    level[r] += slope[r] * amount[best]
    gained += value[best]
    if (pick) pick[p] = best
  }
  part.bound += bound
  part.value += gained
  part.largest = largest
  part.widest = widest
}

/**
 * Plans a problem of any size in a few passes over its blocks; between them only prices and sums per row stay in memory. First prices come from a
 * planner over a sample of blocks; each pass then gives a certified bound at its prices and a plan that keeps every row, its prices steered by how
 * each row's use keeps to its schedule; the next pass starts from the mean of the steered prices (online mirror descent: Balseiro, Lu & Mirrokni 2023).
 * Blocks should be alike: persons in random order, not sorted by worth; otherwise the gap says so.
 */
export function createStreamPlanner(stream: PlanStream, options: StreamOptions = {}): StreamPlanner {
  const { blockPersons } = stream
  const blocks = blockPersons.length
  const rows = stream.rows.length
  stream.rows.forEach((row, r) => {
    if (!(row.capacity >= 0)) throw new PlanInputError(`cannot plan: row ${r} (${row.name}) has capacity ${row.capacity}, expected ≥ 0 or Infinity`)
    if (row.minimum) throw new PlanInputError(`cannot plan: row ${r} (${row.name}) has a minimum; a streamed plan takes capacities only`)
  })
  if (blocks === 0) throw new PlanInputError('cannot plan: the stream has no blocks')
  const persons = blockPersons.reduce((sum, count) => sum + count, 0)
  const cuts = Array.from({ length: lanes + 1 }, (_, l) => Math.floor((blocks * l) / lanes))
  const lanePersons = cuts.slice(1).map((to, l) => blockPersons.subarray(cuts[l], to).reduce((sum, count) => sum + count, 0))
  const quotas = lanePersons.map((count) => Float64Array.from(stream.rows, (row) => (row.capacity * count) / Math.max(1, persons)))
  const capacity = Float64Array.from(stream.rows, (row) => row.capacity)
  let lambda: Float64Array = new Float64Array(rows)
  let density: Float64Array = new Float64Array(rows)
  const best: StreamPlan = { value: 0, bound: Infinity, gap: Infinity, prices: lambda, used: new Float64Array(rows), passes: 0, candidates: 0, lambda }

  function* sample(): Generator<number, void, void> {
    const target = options.sample ?? 2_000_000
    const picked: PlanBlock[] = []
    let candidates = 0
    let people = 0
    const most = Math.max(1, Math.min(blocks, Math.ceil((target / Math.max(1, stream.read(0).first[blockPersons[0]])))))
    for (let i = 0; i < most; i++) {
      const block = stream.read(Math.floor((blocks * i) / most))
      picked.push(block)
      candidates += block.value.length
      people += block.first.length - 1
      yield block.value.length
    }
    const person = new Int32Array(candidates)
    const value = new Float64Array(candidates)
    const row = new Int32Array(candidates)
    const amount = new Float64Array(candidates)
    let at = 0
    let before = 0
    for (const block of picked) {
      value.set(block.value, at)
      row.set(block.row, at)
      amount.set(block.amount, at)
      for (let p = 0; p + 1 < block.first.length; p++) person.fill(before + p, at + block.first[p], at + block.first[p + 1])
      at += block.value.length
      before += block.first.length - 1
    }
    const problem: PlanProblem = {
      persons: people, person, value, use: { first: Int32Array.from({ length: candidates + 1 }, (_, j) => j), row, amount },
      rows: stream.rows.map((each) => ({ name: each.name, capacity: (each.capacity * people) / Math.max(1, persons) })), caps: [{ name: 'one each', limit: 1 }],
    }
    const planner = createPlanner(problem, { gap: (options.gap ?? 0.005) / 4, explain: false, nodes: 0 })
    for (let before = 0; !planner.step(1_000_000); ) {
      const { work } = planner.plan()
      yield work - before
      before = work
    }
    lambda = planner.plan().prices.capacity
    const earned = new Float64Array(rows)
    const spent = new Float64Array(rows)
    for (let j = 0; j < candidates; j++) {
      if (value[j] > 0) earned[row[j]] += value[j]
      spent[row[j]] += amount[j]
    }
    density = earned.map((sum, r) => (spent[r] > 0 ? sum / spent[r] : 0))
  }

  /** The tasks of one pass: each turn holds the next block of every lane. */
  type Turn = { tasks: StreamTask[]; parts: StreamPart[] }
  const slopeOf = (prices: Float64Array): Float64Array => prices.map((price, r) => (capacity[r] > 0 && capacity[r] < Infinity ? (steepness * Math.max(price, density[r])) / capacity[r] : 0))
  function* onePass(prices: Float64Array, choices: boolean, take: (block: number, part: StreamPart, persons: number) => void): Generator<number | Turn, Float64Array[], void> {
    const slope = slopeOf(prices)
    const use: Float64Array[] = quotas.map(() => new Float64Array(rows))
    const done = new Array<number>(lanes).fill(0)
    const longest = Math.max(...cuts.slice(1).map((to, l) => to - cuts[l]))
    for (let i = 0; i < longest; i++) {
      const live = quotas.map((_, l) => l).filter((l) => cuts[l] + i < cuts[l + 1])
      const turn: Turn = {
        parts: [],
        tasks: live.map((l) => ({
          block: cuts[l] + i, lambda: prices, slope: slope.map((s) => (s * persons) / Math.max(1, lanePersons[l])), quota: quotas[l], use: use[l],
          done: done[l], share: blockPersons[cuts[l] + i] / Math.max(1, lanePersons[l]), choices,
        })),
      }
      yield turn
      turn.parts.forEach((part, k) => {
        const l = live[k]
        use[l] = part.use
        done[l] += turn.tasks[k].share
        take(turn.tasks[k].block, part, blockPersons[turn.tasks[k].block])
      })
    }
    return use
  }

  function* solve(): Generator<number | Turn, void, void> {
    yield* sample()
    for (let pass = 1; pass <= (options.passes ?? 6); pass++) {
      let bound = 0
      let value = 0
      let candidates = 0
      let largest = 0
      let widest = 0
      const mean = new Float64Array(rows)
      const use = yield* onePass(lambda, false, (_, part, count) => {
        bound += part.bound
        value += part.value
        candidates += part.candidates
        largest = Math.max(largest, part.largest)
        widest = Math.max(widest, part.widest)
        for (let r = 0; r < rows; r++) mean[r] += (part.meanPrice[r] * count) / Math.max(1, persons)
      })
      let magnitude = bound
      for (let r = 0; r < rows; r++) {
        if (lambda[r] === 0) continue
        bound += lambda[r] * capacity[r]
        magnitude += lambda[r] * capacity[r]
      }
      // The sums here run over 1,024 persons and then over all such blocks.
      const sure = roundUp({ persons, constraints: new Array(rows), widest: 1, count: candidates, maxPerPerson: widest, largest }, bound, magnitude)
      best.passes = pass
      best.candidates = candidates
      if (sure < best.bound) {
        best.bound = sure
        best.prices = lambda
      }
      if (value > best.value || pass === 1) {
        best.value = value
        best.lambda = lambda
        best.used = use.reduce((sum, lane) => sum.map((x, r) => x + lane[r]), new Float64Array(rows))
      }
      best.gap = Math.max(0, best.bound - best.value) / (Math.abs(best.bound) || 1)
      if (best.gap <= (options.gap ?? 0.005)) return
      // A row that nobody limits keeps its price of 0.
      lambda = Float64Array.from(mean, (price, r) => (capacity[r] === Infinity ? 0 : price))
    }
  }

  const work = solve()
  let finished = false
  let turn: Turn | null = null
  const advance = (): number => {
    const next = work.next()
    if (next.done) finished = true
    else if (typeof next.value === 'number') return next.value
    else turn = next.value
    return 0
  }
  const visited = (parts: readonly StreamPart[]): number => parts.reduce((sum, part) => sum + part.candidates, 0)
  return {
    step(units) {
      for (let spent = 0; !finished && spent < units; ) {
        if (!turn) {
          spent += advance()
          continue
        }
        const task = turn.tasks[turn.parts.length]
        if (task) spent += visited([turn.parts[turn.parts.push(runStreamTask(task, stream.read)) - 1]])
        else turn = null
      }
      return finished
    },
    async stepParallel(units, parallel) {
      for (let spent = 0; !finished && spent < units; ) {
        if (!turn) {
          spent += advance()
          continue
        }
        const now: Turn = turn
        const left = now.tasks.slice(now.parts.length)
        const parts = left.length === 0 ? [] : await parallel(left)
        if (parts.length !== left.length) throw new Error(`planner: the parallel port returned ${parts.length} parts for ${left.length} tasks`)
        now.parts.push(...parts)
        spent += visited(parts)
        turn = null
      }
      return finished
    },
    plan: () => ({ ...best }),
    choices(take) {
      if (!finished) throw new PlanInputError('cannot hand over choices: the planner has not finished; step until it has')
      const pass = onePass(best.lambda, true, (block, part) => take(block, part.pick!))
      for (let next = pass.next(); !next.done; next = pass.next()) {
        const now = next.value as Turn
        for (const task of now.tasks) now.parts.push(runStreamTask(task, stream.read))
      }
    },
  }
}
