import { rowPrices } from './dual.ts'
import { greedyPerson, reducedProfit, type Scratch } from './inner.ts'
import type { Model } from './problem.ts'
import type { Work } from './work.ts'

/** A choice of free candidates with its use per row and count per cap set kept alongside; `pick`: per person the one candidate (−1: none), when known. */
export type Choice = { readonly in: Uint8Array; readonly use: Float64Array; readonly filled: Int32Array; readonly pick?: Int32Array }

/** Rows are kept to this share of their limit: sums of doubles in another order differ by no more. */
export function slackTolerance(limit: number): number {
  return 1e-9 * Math.max(1, Math.abs(limit))
}

export function emptyChoice(model: Model): Choice {
  return { in: new Uint8Array(model.count), use: new Float64Array(model.rows), filled: new Int32Array(model.cap.length) }
}

export function copyChoice(choice: Choice): Choice {
  return { in: choice.in.slice(), use: choice.use.slice(), filled: choice.filled.slice() }
}

export function flip(model: Model, choice: Choice, j: number): void {
  const sign = choice.in[j] === 1 ? -1 : 1
  choice.in[j] ^= 1
  for (let e = model.useFirst[j]; e < model.useFirst[j + 1]; e++) choice.use[model.useRow[e]] += sign * model.useAmount[e]
  for (let s = model.leaf[j]; s >= 0; s = model.parent[s]) choice.filled[s] += sign
}

/** Recomputes uses and counts from the choice itself, so that no drift of increments stays. */
export function settle(model: Model, choice: Choice): void {
  choice.use.fill(0)
  choice.filled.fill(0)
  for (let j = 0; j < model.count; j++) {
    if (choice.in[j] === 0) continue
    for (let e = model.useFirst[j]; e < model.useFirst[j + 1]; e++) choice.use[model.useRow[e]] += model.useAmount[e]
    for (let s = model.leaf[j]; s >= 0; s = model.parent[s]) choice.filled[s]++
  }
}

/** Value of a choice, forced candidates included; summed in blocks. */
export function choiceValue(model: Model, choice: Choice): number {
  let total = 0
  for (let from = 0; from < model.count; from += 4096) {
    let block = 0
    const to = Math.min(model.count, from + 4096)
    for (let j = from; j < to; j++) if (choice.in[j] === 1) block += model.value[j]
    total += block
  }
  return total + model.forcedValue
}

/** Σ relaxCost · excess over all constraints: 0 when the choice is feasible. */
export function excessCost(model: Model, use: Float64Array): number {
  let cost = 0
  for (const con of model.constraints) {
    const excess = con.sign * use[con.row] - con.limit
    if (excess > slackTolerance(con.limit)) cost += con.relaxCost * excess
  }
  return cost
}

/** The inner solutions at prices λ. */
export function* greedyChoice(model: Model, scratch: Scratch, lambda: Float64Array): Work<Choice> {
  const choice = emptyChoice(model)
  const price = rowPrices(model, lambda)
  for (let p = 0, seen = 0; p < model.persons; p++) {
    const start = model.first[p]
    const size = model.first[p + 1] - start
    for (let i = 0; i < size; i++) scratch.profit[i] = reducedProfit(model, price, start + i)
    greedyPerson(model, p, scratch)
    for (let i = 0; i < size; i++) if (scratch.taken[i] === 1) flip(model, choice, start + i)
    seen += size
    if (seen > 20_000 || p + 1 === model.persons) {
      yield seen
      seen = 0
    }
  }
  return choice
}

/** Whether candidate j may join when `out` (−1: nobody, same person) leaves. */
function capsAllow(model: Model, choice: Choice, j: number, out: number): boolean {
  for (let s = model.leaf[j]; s >= 0; s = model.parent[s]) {
    let filled = choice.filled[s]
    if (out >= 0) for (let t = model.leaf[out]; t >= 0; t = model.parent[t]) if (t === s) filled--
    if (filled >= model.cap[s]) return false
  }
  return true
}

/** Change of one row's use by a move (`out` leaves, `join` comes; −1: nobody). */
function moveUse(model: Model, row: number, out: number, join: number): number {
  let change = 0
  if (out >= 0) for (let e = model.useFirst[out]; e < model.useFirst[out + 1]; e++) if (model.useRow[e] === row) change -= model.useAmount[e]
  if (join >= 0) for (let e = model.useFirst[join]; e < model.useFirst[join + 1]; e++) if (model.useRow[e] === row) change += model.useAmount[e]
  return change
}

/** Constraints by row, to look only at the rows a move touches. */
function constraintsByRow(model: Model): number[][] {
  const byRow: number[][] = Array.from({ length: model.rows }, () => [])
  model.constraints.forEach((con, k) => byRow[con.row].push(k))
  return byRow
}

/** Limits by row with half the tolerance added; a row without one has ±Infinity. */
type Limits = { most: Float64Array; least: Float64Array; minimums: boolean }

function limitsOf(model: Model): Limits {
  const most = new Float64Array(model.rows).fill(Infinity)
  const least = new Float64Array(model.rows).fill(-Infinity)
  let minimums = false
  for (const con of model.constraints) {
    const limit = con.limit + slackTolerance(con.limit) * 0.5
    if (con.sign > 0) most[con.row] = limit
    else {
      least[con.row] = -limit
      minimums = true
    }
  }
  return { most, least, minimums }
}

/** True when the move makes no constraint exceed its limit, or exceed it by more than before. */
function moveFits(model: Model, choice: Choice, limits: Limits, out: number, join: number): boolean {
  const { useFirst, useRow, useAmount } = model
  if (join >= 0) {
    for (let e = useFirst[join], end = useFirst[join + 1]; e < end; e++) {
      const row = useRow[e]
      let change: number = useAmount[e]
      if (choice.use[row] + change <= limits.most[row]) continue
      if (out >= 0) for (let f = useFirst[out]; f < useFirst[out + 1]; f++) if (useRow[f] === row) change -= useAmount[f]
      if (change > 0 && choice.use[row] + change > limits.most[row]) return false
    }
  }
  if (limits.minimums && out >= 0) {
    for (let e = useFirst[out], end = useFirst[out + 1]; e < end; e++) {
      const row = useRow[e]
      const change = moveUse(model, row, out, join)
      if (change < 0 && choice.use[row] + change < limits.least[row]) return false
    }
  }
  return true
}

type Moves = { out: Int32Array; join: Int32Array; cost: Float64Array; count: number }

function makeMoves(): Moves {
  return { out: new Int32Array(256), join: new Int32Array(256), cost: new Float64Array(256), count: 0 }
}

function pushMove(moves: Moves, out: number, join: number, cost: number): void {
  if (moves.count === moves.cost.length) {
    const grow = <T extends Int32Array | Float64Array>(old: T, next: T): T => (next.set(old as never), next)
    moves.out = grow(moves.out, new Int32Array(moves.count * 2))
    moves.join = grow(moves.join, new Int32Array(moves.count * 2))
    moves.cost = grow(moves.cost, new Float64Array(moves.count * 2))
  }
  moves.out[moves.count] = out
  moves.join[moves.count] = join
  moves.cost[moves.count++] = cost
}

function byCost(moves: Moves): Int32Array {
  // Index order by cost, ties by position, through one sort of plain doubles.
  const order = new Int32Array(moves.count)
  for (let i = 0; i < order.length; i++) order[i] = i
  return order.sort((a, b) => moves.cost[a] - moves.cost[b] || a - b)
}

/**
 * Brings over-used rows back and fills minimums: for the most violated constraint all single moves (drop, add, swap within a person) that
 * help it, cheapest loss of reduced profit per unit first, each only if it pushes no other constraint beyond its limit. Returns whether the choice fits.
 */
export function* repair(model: Model, choice: Choice, lambda: Float64Array): Work<boolean> {
  const price = rowPrices(model, lambda)
  const byRow = constraintsByRow(model)
  const limits = limitsOf(model)
  for (let round = 0; round < 12; round++) {
    const violated: number[] = []
    model.constraints.forEach((con, k) => {
      if (con.sign * choice.use[con.row] - con.limit > slackTolerance(con.limit)) violated.push(k)
    })
    if (violated.length === 0) return true
    // One pass collects the moves of all violated constraints; lists by constraint.
    const slot = new Int32Array(model.constraints.length).fill(-1)
    const lists = violated.map((k, i) => {
      slot[k] = i
      return makeMoves()
    })
    for (let p = 0, seen = 0; p < model.persons; p++) {
      const start = model.first[p]
      const end = model.first[p + 1]
      seen += end - start
      if (seen > 20_000) {
        yield seen
        seen = 0
      }
      for (let j = start; j < end; j++) {
        // j is the candidate that moves the row the right way: a chosen one leaving a capacity, or an unchosen one joining a minimum.
        for (let e = model.useFirst[j]; e < model.useFirst[j + 1]; e++) {
          for (const k of byRow[model.useRow[e]]) {
            if (slot[k] < 0 || model.useAmount[e] <= 0) continue
            const con = model.constraints[k]
            const excess = con.sign * choice.use[con.row] - con.limit
            const leaving = con.sign > 0
            if ((choice.in[j] === 1) !== leaving) continue
            const profit = reducedProfit(model, price, j)
            const list = lists[slot[k]]
            const rate = (loss: number, effect: number): number => loss / Math.min(effect, excess)
            if (leaving) pushMove(list, j, -1, rate(profit, model.useAmount[e]))
            else if (capsAllow(model, choice, j, -1)) pushMove(list, -1, j, rate(-profit, model.useAmount[e]))
            for (let i = start; i < end; i++) {
              if (i === j || choice.in[i] === choice.in[j]) continue
              const [out, join] = leaving ? [j, i] : [i, j]
              const effect = -con.sign * moveUse(model, con.row, out, join)
              if (effect <= 0 || !capsAllow(model, choice, join, out)) continue
              pushMove(list, out, join, rate((leaving ? profit : -profit) + (leaving ? -1 : 1) * reducedProfit(model, price, i), effect))
            }
          }
        }
      }
    }
    let progress = false
    for (let v = 0; v < violated.length; v++) {
      const con = model.constraints[violated[v]]
      const list = lists[v]
      for (const m of byCost(list)) {
        if (con.sign * choice.use[con.row] - con.limit <= slackTolerance(con.limit)) break
        const out = list.out[m]
        const join = list.join[m]
        if ((out >= 0 && choice.in[out] === 0) || (join >= 0 && choice.in[join] === 1)) continue
        if (join >= 0 && !capsAllow(model, choice, join, out)) continue
        if (!moveFits(model, choice, limits, out, join)) continue
        if (out >= 0) flip(model, choice, out)
        if (join >= 0) flip(model, choice, join)
        progress = true
      }
    }
    if (!progress) return false
  }
  return excessCost(model, choice.use) === 0
}

/**
 * Uses what is left: adds, and swaps within a person, that gain value and fit every row, best reduced profit first; repeated until nothing
 * gains. Never makes a feasible choice infeasible.
 */
export function* fill(model: Model, choice: Choice, lambda: Float64Array, rounds = 8): Work<void> {
  const price = rowPrices(model, lambda)
  const limits = limitsOf(model)
  for (let round = 0; round < rounds; round++) {
    const moves = makeMoves()
    for (let p = 0, seen = 0; p < model.persons; p++) {
      const start = model.first[p]
      const end = model.first[p + 1]
      seen += end - start
      if (seen > 20_000) {
        yield seen
        seen = 0
      }
      for (let j = start; j < end; j++) {
        if (choice.in[j] === 1) {
          // Dropping a candidate of negative value gains too (it may have been there for a minimum).
          if (model.value[j] < 0 && moveFits(model, choice, limits, j, -1)) pushMove(moves, j, -1, reducedProfit(model, price, j))
          continue
        }
        if (model.value[j] > 0 && capsAllow(model, choice, j, -1)) {
          if (moveFits(model, choice, limits, -1, j)) pushMove(moves, -1, j, -reducedProfit(model, price, j))
        }
        for (let i = start; i < end; i++) {
          if (choice.in[i] === 0 || model.value[j] <= model.value[i]) continue
          if (!capsAllow(model, choice, j, i) || !moveFits(model, choice, limits, i, j)) continue
          pushMove(moves, i, j, reducedProfit(model, price, i) - reducedProfit(model, price, j))
        }
      }
    }
    let changed = false
    for (const m of byCost(moves)) {
      const out = moves.out[m]
      const join = moves.join[m]
      if ((out >= 0 && choice.in[out] === 0) || (join >= 0 && choice.in[join] === 1)) continue
      if (join >= 0 && !capsAllow(model, choice, join, out)) continue
      if (!moveFits(model, choice, limits, out, join)) continue
      if (out >= 0) flip(model, choice, out)
      if (join >= 0) flip(model, choice, join)
      changed = true
    }
    if (!changed) return
  }
}
