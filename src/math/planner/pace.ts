import { type Choice, slackTolerance } from './primal.ts'
import { makeRoom, type Model } from './problem.ts'
import type { PlanPart, Slice, Sweep, SweepColumns } from './sweep.ts'
import type { Batch, Work } from './work.ts'

/** Persons a slice has at least, and the most slices: the cut depends on the problem alone, so the answer does not depend on threads. */
const slicePersons = 50_000
const mostSlices = 8

/**
 * Pacing: persons choose one after the other while every row's price follows its use, λ + slope · (use − limit), and λ then moves to the
 * price the pass ended at: block-coordinate ascent on an augmented Lagrangian (Hestenes 1969; Bertsekas 1982) with whole choices. A pass costs about
 * as much as an evaluation of the dual and gives both better prices and a nearly fitting plan, also where thousands of candidates tie at the prices.
 */
export type Pace = {
  columns: SweepColumns
  /** First person of every slice, and the end. */
  cuts: number[]
  /** Use per row of each slice's choices. */
  use: Float64Array[]
  total: Float64Array
  /** Price per constraint. */
  lambda: Float64Array
  /** Slope: overuse by the whole limit changes the price by this share of the row's density. */
  theta: number
  value: number
  moves: number
}

export function makePace(model: Model, lambda: Float64Array, theta: number, shared: boolean): Pace {
  const room = makeRoom(shared)
  const slices = Math.max(1, Math.min(mostSlices, Math.floor(model.persons / slicePersons)))
  const { first, value, useFirst, useRow, useAmount, kind, leaf, parent, cap, maxPerPerson, rows, matching } = model
  return {
    columns: {
      first, value, useFirst, useRow, useAmount, kind, leaf, parent, cap, maxPerPerson, rows, matching,
      pick: room.i32(matching ? model.persons : 0).fill(-1), taken: room.u8(matching ? 0 : model.count),
    },
    cuts: Array.from({ length: slices + 1 }, (_, s) => Math.floor((model.persons * s) / slices)),
    use: Array.from({ length: slices }, () => new Float64Array(rows)), total: new Float64Array(rows), lambda: lambda.slice(), theta, value: 0, moves: 0,
  }
}

/** A first guess of prices: what a unit of the row earns on average. */
export function densityPrices(model: Model): Float64Array {
  return Float64Array.from(model.constraints, (con) => (con.sign > 0 ? model.density[con.row] : 0))
}

function* runBatch(columns: SweepColumns, sweep: Sweep, slices: Slice[]): Work<PlanPart[]> {
  const batch: Batch = { columns, sweep, slices, parts: [], units: columns.first[slices[slices.length - 1].to] - columns.first[slices[0].from] }
  yield batch
  return batch.parts
}

/** Σ of best profits at prices per row, over all persons. */
export function* sweepBound(pace: Pace, price: Float64Array): Work<number> {
  const slices = pace.cuts.slice(1).map((to, s): Slice => ({ from: pace.cuts[s], to, only: null, use: null, above: null, below: null, slope: null }))
  const parts = yield* runBatch(pace.columns, { kind: 'bound', price }, slices)
  return parts.reduce((sum, part) => sum + part.total, 0)
}

/** How fast a constraint's price moves with the use of its row. */
function slopes(model: Model, theta: number): Float64Array {
  return Float64Array.from(model.constraints, (con) => {
    const scale = model.density[con.row] || model.valueScale / (model.amountScale[con.row] || 1)
    return (theta * scale) / Math.max(Math.abs(con.limit), model.amountScale[con.row], 1e-300)
  })
}

/**
 * One pass over all persons, or over `only` these (ascending); slices see each other's use as it was when the pass began, each has its share
 * of what is left.
 */
export function* pacePass(model: Model, pace: Pace, only: Int32Array | null = null): Work<void> {
  const { constraints, rows } = model
  const count = pace.use.length
  const each = slopes(model, pace.theta)
  const minimums = constraints.some((con) => con.sign < 0)
  const slices = pace.use.map((use, s): Slice => {
    const above = new Float64Array(rows).fill(-Infinity)
    const below = new Float64Array(rows).fill(-Infinity)
    const slope = new Float64Array(rows)
    constraints.forEach((con, k) => (slope[con.row] = Math.max(slope[con.row], each[k] * count)))
    constraints.forEach((con, k) => {
      // With the slice's use u: λ + slope · (u − quota), the quota being its use so far and its share of what is left.
      const left = con.limit - con.sign * pace.total[con.row]
      const start = pace.lambda[k] - (slope[con.row] / count) * left
      if (con.sign > 0) above[con.row] = start - slope[con.row] * use[con.row]
      else below[con.row] = start + slope[con.row] * use[con.row]
    })
    return { from: pace.cuts[s], to: pace.cuts[s + 1], only: only && only.filter((p) => p >= pace.cuts[s] && p < pace.cuts[s + 1]), use, above, below, slope }
  })
  const parts = yield* runBatch(pace.columns, { kind: 'pace', minimums }, slices)
  const before = pace.value
  takeParts(pace, parts)
  if (only) pace.value += before
}

function takeParts(pace: Pace, parts: PlanPart[]): void {
  pace.total.fill(0)
  pace.value = 0
  pace.moves = 0
  parts.forEach((part, s) => {
    pace.use[s] = part.use!
    for (let r = 0; r < pace.total.length; r++) pace.total[r] += part.use![r]
    pace.value += part.total
    pace.moves += part.moves
  })
}

/** Starts from a plan in hand. How its use is split over the slices does not matter, only the sum. */
export function paceFrom(pace: Pace, packed: { pick: Int32Array; use: Float64Array; value: number }): void {
  pace.columns.pick.set(packed.pick)
  pace.total = packed.use.slice()
  pace.use.forEach((use, s) => (s === 0 ? use.set(packed.use) : use.fill(0)))
  pace.value = packed.value
}

/** The prices that the use of the pass asks for. */
export function pacedPrices(model: Model, pace: Pace): Float64Array {
  const each = slopes(model, pace.theta)
  return Float64Array.from(model.constraints, (con, k) => Math.max(0, pace.lambda[k] + each[k] * (con.sign * pace.total[con.row] - con.limit)))
}

/** The paced choices as they stand, which may use rows too much. */
export function choiceOf(model: Model, pace: Pace): Choice {
  const choice: Choice = { in: new Uint8Array(model.count), use: pace.total.slice(), filled: new Int32Array(model.cap.length) }
  if (model.matching) {
    for (const j of pace.columns.pick) {
      if (j < 0) continue
      choice.in[j] = 1
      if (model.leaf[j] >= 0) choice.filled[model.leaf[j]] = 1
    }
    return choice
  }
  choice.in.set(pace.columns.taken)
  for (let j = 0; j < model.count; j++) if (choice.in[j] === 1) for (let s = model.leaf[j]; s >= 0; s = model.parent[s]) choice.filled[s]++
  return choice
}

type Packed = { pick: Int32Array; use: Float64Array; value: number }

/**
 * A plan out of paced choices of a matching problem without minimums: over-used rows let go what costs least per unit, persons without a
 * touch take the best that still fits, and, unless the plan is then worth `enough`, rows with room left exchange a chosen candidate for a
 * waiting one that fills them better. `fresh`: sums are made anew from the choices, not carried on.
 */
export function* packMatching(model: Model, pace: Pace, price: Float64Array, enough: number, fresh: boolean): Work<Packed> {
  const { rows, persons, first, value, useRow, useAmount } = model
  const pick = pace.columns.pick.slice()
  const use = pace.total.slice()
  const most = new Float64Array(rows).fill(Infinity)
  for (const con of model.constraints) most[con.row] = con.limit
  const profit = (j: number): number => value[j] - price[useRow[j]] * useAmount[j]
  // Holders of the rows that are used too much.
  const over = Uint8Array.from(use, (u, r) => (u > most[r] ? 1 : 0))
  const held: number[][] = Array.from({ length: rows }, () => [])
  const idle: number[] = []
  let total = pace.value
  // Long loops stand in plain functions: engines compile those while they run, generators late.
  sortOut(pick, useRow, over, held, idle)
  yield persons
  for (let r = 0; r < rows; r++) if (over[r] === 1) letGo(held[r], r)
  yield persons
  idle.sort((a, b) => a - b)

  function drop(p: number): void {
    const j = pick[p]
    use[useRow[j]] -= useAmount[j]
    total -= value[j]
    pick[p] = -1
    idle.push(p)
  }

  function letGo(list: number[], r: number): void {
    // Cheapest per unit first; among equals the one that just suffices, so that little room is lost.
    const rate = Float64Array.from(list, (p) => profit(pick[p]) / useAmount[pick[p]])
    const tie = 1e-9 * (price[r] || 1)
    if (use[r] - most[r] > 8 * model.amountScale[r]) {
      const order = Int32Array.from(list, (_, i) => i).sort((a, b) => rate[a] - rate[b] || a - b)
      for (let i = 0; i < order.length && use[r] - most[r] > model.amountScale[r]; i++) {
        drop(list[order[i]])
        rate[order[i]] = Infinity
      }
    }
    while (use[r] > most[r]) {
      let least = Infinity
      for (let i = 0; i < rate.length; i++) if (rate[i] < least) least = rate[i]
      if (least === Infinity) break
      const excess = use[r] - most[r]
      let leaves = -1
      let amount = 0
      for (let i = 0; i < rate.length; i++) {
        if (!(rate[i] <= least + tie)) continue
        const own = useAmount[pick[list[i]]]
        if (leaves < 0 || (own >= excess ? amount < excess || own < amount : amount < excess && own > amount)) {
          leaves = i
          amount = own
        }
      }
      drop(list[leaves])
      rate[leaves] = Infinity
    }
  }
  // Waiting persons take what fits; what they could take but does not fit is kept by row.
  const waiting: number[] = []
  let seen = 0
  for (const p of idle) {
    let best = -1
    let top = -Infinity
    for (let j = first[p]; j < first[p + 1]; j++) {
      if (!(value[j] > 0) || use[useRow[j]] + useAmount[j] > most[useRow[j]]) continue
      const gain = profit(j)
      if (gain > top) {
        top = gain
        best = j
      }
    }
    seen += first[p + 1] - first[p]
    if (seen > 200_000) {
      yield seen
      seen = 0
    }
    if (best >= 0) {
      pick[p] = best
      total += value[best]
      use[useRow[best]] += useAmount[best]
    } else waiting.push(p)
  }
  const packed = fresh ? yield* sumUp(model, pick) : { pick, use, value: total + model.forcedValue }
  if (packed.value >= enough) return packed
  yield* exchange(model, pick, packed, most, waiting)
  return yield* sumUp(model, pick)
}

/** Who holds a place in an over-used row, and who holds none. */
function sortOut(pick: Int32Array, useRow: Int32Array, over: Uint8Array, held: number[][], idle: number[]): void {
  for (let p = 0; p < pick.length; p++) {
    const j = pick[p]
    if (j < 0) idle.push(p)
    else if (over[useRow[j]] === 1) held[useRow[j]].push(p)
  }
}

/** Use and value of picks, in order of persons. */
function* sumUp(model: Model, pick: Int32Array): Work<Packed> {
  const { value, useRow, useAmount, persons } = model
  const use = new Float64Array(model.rows)
  let total = model.forcedValue
  for (let from = 0; from < persons; from += 65_536) {
    const to = Math.min(persons, from + 65_536)
    total += sumBlocks(pick, value, useRow, useAmount, use, from, to)
    yield to - from
  }
  return { pick, use, value: total }
}

function sumBlocks(pick: Int32Array, value: Floats, useRow: Int32Array, useAmount: Floats, use: Float64Array, from: number, to: number): number {
  let total = 0
  for (let start = from; start < to; start += 4096) {
    let block = 0
    for (let p = start, stop = Math.min(to, start + 4096); p < stop; p++) {
      const j = pick[p]
      if (j < 0) continue
      block += value[j]
      use[useRow[j]] += useAmount[j]
    }
    total += block
  }
  return total
}

type Floats = Float64Array | Float32Array

/** Rows with room exchange a holder for a waiting person whose candidate is worth more and still fits. */
function* exchange(model: Model, pick: Int32Array, { use, value: total }: Packed, most: Float64Array, waiting: readonly number[]): Work<void> {
  const { rows, persons, first, value, useRow, useAmount } = model
  // A row whose room is worth less than its share of a millionth of the plan is left as it is.
  const worth = (1e-6 * Math.abs(total)) / rows
  const open = Uint8Array.from(use, (u, r) => ((most[r] - u) * model.density[r] > worth && most[r] < Infinity ? 1 : 0))
  const start = new Int32Array(rows + 1)
  for (let p = 0; p < persons; p++) if (pick[p] >= 0 && open[useRow[pick[p]]] === 1) start[useRow[pick[p]] + 1]++
  for (let r = 0; r < rows; r++) start[r + 1] += start[r]
  const cursor = start.slice(0, rows)
  const holder = new Int32Array(start[rows])
  for (let p = 0; p < persons; p++) if (pick[p] >= 0 && open[useRow[pick[p]]] === 1) holder[cursor[useRow[pick[p]]]++] = p
  yield persons
  const offers: Array<Array<{ p: number; j: number; amount: number }>> = Array.from({ length: rows }, () => [])
  let seen = 0
  for (const p of waiting) {
    for (let j = first[p]; j < first[p + 1]; j++) if (open[useRow[j]] === 1 && value[j] > 0) offers[useRow[j]].push({ p, j, amount: useAmount[j] })
    seen += first[p + 1] - first[p]
    if (seen > 50_000) {
      yield seen
      seen = 0
    }
  }
  for (let r = 0; r < rows; r++) {
    if (offers[r].length === 0) continue
    const list = offers[r].sort((a, b) => a.amount - b.amount || a.j - b.j)
    for (let round = 0; round < 3; round++) {
      // The best exchange: for each holder the largest waiting candidate that fits in its place.
      const room = most[r] - use[r]
      let gain = 0
      let out = -1
      let join: { p: number; j: number; amount: number } | null = null
      for (let h = start[r]; h < start[r + 1]; h++) {
        const current = pick[holder[h]]
        if (current < 0 || useRow[current] !== r) continue
        const fits = useAmount[current] + room
        let low = 0
        let high = list.length
        while (low < high) {
          const middle = (low + high) >> 1
          if (list[middle].amount <= fits) low = middle + 1
          else high = middle
        }
        for (let i = low - 1, tries = 0; i >= 0 && tries < 2; i--) {
          if (pick[list[i].p] >= 0) continue
          tries++
          if (value[list[i].j] - value[current] > gain) {
            gain = value[list[i].j] - value[current]
            out = h
            join = list[i]
          }
        }
      }
      if (!join || out < 0) break
      use[r] += join.amount - useAmount[pick[holder[out]]]
      pick[join.p] = join.j
      pick[holder[out]] = -1
      holder[out] = join.p
    }
    seen += list.length + start[r + 1] - start[r]
    if (seen > 5_000) {
      yield seen * 4
      seen = 0
    }
  }
}

/** A packed plan as a choice. */
export function choiceOfPack(model: Model, { pick, use }: Packed): Choice {
  // The columns per candidate are made when somebody looks: a plan made again and again is read through `pick`.
  let inside: Uint8Array | null = null
  let filled: Int32Array | null = null
  return {
    pick, use,
    get in() {
      if (!inside) {
        inside = new Uint8Array(model.count)
        for (const j of pick) if (j >= 0) inside[j] = 1
      }
      return inside
    },
    get filled() {
      if (!filled) {
        filled = new Int32Array(model.cap.length)
        for (const j of pick) if (j >= 0 && model.leaf[j] >= 0) filled[model.leaf[j]] = 1
      }
      return filled
    },
  }
}

export function fitsExactly(model: Model, use: Float64Array): boolean {
  return model.constraints.every((con) => con.sign * use[con.row] - con.limit <= slackTolerance(con.limit))
}
