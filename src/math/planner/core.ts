import { rowPrices } from './dual.ts'
import { greedyPerson, reducedProfit, type Scratch } from './inner.ts'
import { type Choice, flip, settle, slackTolerance, emptyChoice } from './primal.ts'
import type { Model } from './problem.ts'
import type { Work } from './work.ts'

/** Above this many constraints the exact search is not tried: its lists grow with constraints × deviations. */
export const coreConstraints = 64
const maxDeviations = 12_000

type Deviation = { person: number; loss: number; members: number[] }

export type CoreResult = {
  choice: Choice | null
  /** Distance of the result from the bound g(λ): Σ losses of persons + Σ price · unused (or penalty of excess). */
  loss: number
  /** No plan has a smaller loss (to 1e-9 of the value scale). */
  proven: boolean
}

/**
 * Exact search near prices λ. At given prices every plan's value is g(λ) − Σ_p loss_p − Σ_k λ_k · unused_k, so the best plan is the one
 * with the least total loss, and only persons who can deviate from their greedy choice for less than the known loss take part (reduced-cost
 * fixing). Depth-first over deviations, cheapest first, branching on the dearest violated row, pruned by the cheapest loss per unit of
 * violation. With `penalty` (the elastic phase) excess is allowed at relaxCost − λ per unit.
 * Runs at most `nodes` nodes; `known` is the loss of a plan already in hand.
 */
export function* coreSearch(model: Model, scratch: Scratch, lambda: Float64Array, known: number, nodes: number, penalty: boolean): Work<CoreResult> {
  const { constraints, first, persons } = model
  const size = constraints.length
  const price = rowPrices(model, lambda)
  const tolerance = 1e-10 * (model.valueScale || 1)
  const base = emptyChoice(model)
  const bestOf = new Float64Array(persons)
  for (let p = 0, seen = 0; p < persons; p++) {
    const start = first[p]
    const width = first[p + 1] - start
    for (let i = 0; i < width; i++) scratch.profit[i] = reducedProfit(model, price, start + i)
    bestOf[p] = greedyPerson(model, p, scratch)
    for (let i = 0; i < width; i++) if (scratch.taken[i] === 1) flip(model, base, start + i)
    seen += width
    if (seen > 20_000) {
      yield seen
      seen = 0
    }
  }
  const rowOf = (use: Float64Array, k: number): number => constraints[k].sign * use[constraints[k].row] - constraints[k].limit
  const overCost = constraints.map((con, k) => (penalty ? Math.max(0, con.relaxCost - lambda[k]) : Infinity))
  const slack = constraints.map((con) => slackTolerance(con.limit) * 0.5)
  const costOf = (excess: Float64Array, at: number): number => {
    let cost = 0
    for (let k = 0; k < size; k++) {
      const e = excess[at + k]
      if (e > slack[k]) cost += overCost[k] * e
      else if (e < 0) cost -= lambda[k] * e
    }
    return cost
  }

  let best = known
  let bestStack = null as Deviation[] | null
  let bestIsBase = false
  let left = nodes
  let proven = false
  const baseExcess = Float64Array.from(constraints, (_, k) => rowOf(base.use, k))
  const baseCost = costOf(baseExcess, 0)
  if (baseCost < best - tolerance) {
    best = baseCost
    bestIsBase = true
  }

  let reach = Math.min(best, Number.MAX_VALUE)
  let widest = 300
  while (left > 0) {
    // Deviations cheaper than `reach`; too many: halve the reach.
    let deviations: Deviation[] | null = null
    for (let attempt = 0; attempt < 60; attempt++) {
      deviations = yield* collect(reach, widest)
      if (deviations) break
      reach = reach === Number.MAX_VALUE ? model.valueScale : reach / 2
    }
    if (!deviations) break
    deviations.sort((a, b) => a.loss - b.loss || a.person - b.person)
    const finished = yield* search(deviations)
    if (!finished) break
    if (best <= reach + tolerance) {
      proven = true
      break
    }
    if (widest >= maxDeviations) break
    widest = Math.min(maxDeviations, widest * 6)
    reach = Math.min(best, reach * 8)
  }
  if (bestIsBase && !bestStack) {
    settle(model, base)
    return { choice: base, loss: best, proven }
  }
  if (!bestStack) return { choice: null, loss: best, proven }
  for (const deviation of bestStack) {
    for (let j = first[deviation.person]; j < first[deviation.person + 1]; j++) {
      if ((base.in[j] === 1) !== deviation.members.includes(j)) flip(model, base, j)
    }
  }
  settle(model, base)
  return { choice: base, loss: best, proven }

  /** All other choices of all persons that lose less than `limit`; null when there are more than `most`. */
  function* collect(limit: number, most: number): Work<Deviation[] | null> {
    const found: Deviation[] = []
    const order: number[] = []
    const profit: number[] = []
    const picked: number[] = []
    for (let p = 0, seen = 0; p < persons; p++) {
      const start = first[p]
      const end = first[p + 1]
      if (start === end) continue
      seen += 10 * (end - start)
      if (seen > 20_000) {
        yield seen
        seen = 0
      }
      order.length = 0
      for (let j = start; j < end; j++) {
        order.push(j)
        profit[j - start] = reducedProfit(model, price, j)
        for (let s = model.leaf[j]; s >= 0; s = model.parent[s]) scratch.filled[s] = 0
      }
      if (model.kind[p] === 0) {
        let cheapest = Infinity
        for (let j = start; j < end; j++) cheapest = Math.min(cheapest, Math.abs(profit[j - start]))
        if (cheapest >= limit) continue
      }
      order.sort((a, b) => profit[b - start] - profit[a - start] || a - b)
      picked.length = 0
      const filled = scratch.filled
      const fits = (j: number): boolean => {
        for (let s = model.leaf[j]; s >= 0; s = model.parent[s]) if (filled[s] >= model.cap[s]) return false
        return true
      }
      const count = (j: number, by: number): void => {
        for (let s = model.leaf[j]; s >= 0; s = model.parent[s]) filled[s] += by
      }
      // The best completion from position `from` given what is picked: greedy is exact on what the caps leave.
      const completion = (from: number): number => {
        let sum = 0
        let to = from
        const added: number[] = []
        for (; to < order.length; to++) {
          const j = order[to]
          if (!(profit[j - start] > 0)) break
          if (!fits(j)) continue
          count(j, 1)
          added.push(j)
          sum += profit[j - start]
        }
        for (const j of added) count(j, -1)
        return sum
      }
      const walk = (i: number, sum: number): boolean => {
        if (bestOf[p] - sum - completion(i) >= limit) return true
        if (i === order.length) {
          let same = true
          for (const j of picked) if (base.in[j] === 0) same = false
          let inBase = 0
          for (let j = start; j < end; j++) inBase += base.in[j]
          if (same && inBase === picked.length) return true
          found.push({ person: p, loss: Math.max(0, bestOf[p] - sum), members: [...picked] })
          return found.length <= most
        }
        const j = order[i]
        if (fits(j)) {
          picked.push(j)
          count(j, 1)
          const go = walk(i + 1, sum + profit[j - start])
          count(j, -1)
          picked.pop()
          if (!go) return false
        }
        return walk(i + 1, sum)
      }
      if (!walk(0, 0)) return null
    }
    return found
  }

  /** Depth-first over subsets of deviations, one per person. Returns whether it was exhausted within the nodes left. */
  function* search(deviations: Deviation[]): Work<boolean> {
    const total = deviations.length
    const effect = new Float64Array(total * size)
    const losses = Float64Array.from(deviations, (d) => d.loss)
    const rowIndex = new Map<number, number[]>()
    constraints.forEach((con, k) => rowIndex.set(con.row, [...(rowIndex.get(con.row) ?? []), k]))
    deviations.forEach((deviation, d) => {
      const p = deviation.person
      for (let j = first[p]; j < first[p + 1]; j++) {
        const sign = (deviation.members.includes(j) ? 1 : 0) - base.in[j]
        if (sign === 0) continue
        for (let e = model.useFirst[j]; e < model.useFirst[j + 1]; e++) {
          for (const k of rowIndex.get(model.useRow[e]) ?? []) effect[d * size + k] += constraints[k].sign * sign * model.useAmount[e]
        }
      }
    })
    const slot = new Map<number, number>()
    const personOf = Int32Array.from(deviations, (d) => {
      if (!slot.has(d.person)) slot.set(d.person, slot.size)
      return slot.get(d.person)!
    })
    const all = Int32Array.from(deviations, (_, d) => d)
    const reducing = constraints.map((_, k) => all.filter((d) => effect[d * size + k] < 0))
    const cheapDown = Float64Array.from(constraints, (_, k) => reducing[k].reduce((least, d) => Math.min(least, losses[d] / -effect[d * size + k]), Infinity))
    const cheapUp = Float64Array.from(constraints, (_, k) => all.reduce((least, d) => (effect[d * size + k] > 0 ? Math.min(least, losses[d] / effect[d * size + k]) : least), Infinity))
    const reachable = (excess: Float64Array, at: number): number => {
      let bound = 0
      for (let k = 0; k < size; k++) {
        const e = excess[at + k]
        const cost = e > slack[k] ? e * Math.min(overCost[k], cheapDown[k]) : e < 0 ? -e * Math.min(lambda[k], cheapUp[k]) : 0
        if (cost > bound) bound = cost
      }
      return bound
    }
    // The most each person could still take off each row: a violation beyond the sum over unused persons cannot be mended.
    const reducible = new Float64Array(slot.size * size)
    const potential = new Float64Array(size)
    for (let d = 0; d < total; d++) for (let k = 0; k < size; k++) reducible[personOf[d] * size + k] = Math.max(reducible[personOf[d] * size + k], -effect[d * size + k])
    for (let i = 0; i < reducible.length; i++) potential[i % size] += reducible[i]
    const hopeless = (at: number): boolean => {
      for (let k = 0; k < size; k++) if (excess[at + k] > potential[k] + slack[k]) return true
      return false
    }
    const reserve = (person: number, by: number): void => {
      for (let k = 0; k < size; k++) potential[k] += by * reducible[person * size + k]
    }
    const depthMax = 96
    const excess = new Float64Array((depthMax + 2) * size)
    excess.set(baseExcess)
    const lossAt = new Float64Array(depthMax + 2)
    const lists: Int32Array[] = []
    const position = new Int32Array(depthMax + 2)
    const entered = new Int32Array(depthMax + 2).fill(-1)
    const barred = new Uint8Array(total)
    const barredStack: number[] = []
    const barredFrom = new Int32Array(depthMax + 2)
    const usedPerson = new Uint8Array(slot.size)
    let exhausted = true
    const listFor = (at: number): Int32Array => {
      if (penalty) return all
      let worst = -1
      let cost = 0
      for (let k = 0; k < size; k++) {
        const e = excess[at + k]
        if (e > slack[k]) {
          const c = e * cheapDown[k]
          if (worst < 0 || c > cost) {
            worst = k
            cost = c
          }
        }
      }
      return worst < 0 ? all : reducing[worst]
    }
    let depth = 0
    lists[0] = listFor(0)
    let visited = 0
    while (depth >= 0) {
      if (entered[depth] >= 0) {
        const d = entered[depth]
        usedPerson[personOf[d]] = 0
        reserve(personOf[d], 1)
        barred[d] = 1
        barredStack.push(d)
        entered[depth] = -1
      }
      const list = lists[depth]
      let next = -1
      while (position[depth] < list.length) {
        const d = list[position[depth]]
        if (lossAt[depth] + losses[d] >= best - tolerance) {
          position[depth] = list.length
          break
        }
        position[depth]++
        if (barred[d] === 0 && usedPerson[personOf[d]] === 0) {
          next = d
          break
        }
      }
      if (next < 0 || left <= 0) {
        if (left <= 0) return false
        while (barredStack.length > barredFrom[depth]) barred[barredStack.pop()!] = 0
        depth--
        continue
      }
      left--
      if (++visited >= 2000) {
        yield visited * (size + 4)
        visited = 0
      }
      const from = depth * size
      const to = from + size
      for (let k = 0; k < size; k++) excess[to + k] = excess[from + k] + effect[next * size + k]
      const loss = lossAt[depth] + losses[next]
      const bar = (): void => {
        barred[next] = 1
        barredStack.push(next)
      }
      const complete = loss + costOf(excess, to)
      if (complete < best - tolerance) {
        best = complete
        bestStack = []
        for (let d = 0; d < depth; d++) bestStack.push(deviations[entered[d]])
        bestStack.push(deviations[next])
      }
      reserve(personOf[next], -1)
      if (loss + reachable(excess, to) >= best - tolerance || (!penalty && hopeless(to))) {
        reserve(personOf[next], 1)
        bar()
        continue
      }
      if (depth + 1 > depthMax) {
        exhausted = false
        reserve(personOf[next], 1)
        bar()
        continue
      }
      entered[depth] = next
      usedPerson[personOf[next]] = 1
      depth++
      lossAt[depth] = loss
      lists[depth] = listFor(to)
      position[depth] = 0
      barredFrom[depth] = barredStack.length
    }
    return exhausted
  }
}
