import type { Model } from './problem.ts'

/** Scratch space of one solver; sized once, so the inner loops allocate nothing. */
export type Scratch = {
  profit: Float64Array
  order: Int32Array
  taken: Uint8Array
  filled: Int32Array
  chance: Float64Array
}

export function makeScratch(model: Model): Scratch {
  const width = Math.max(1, model.maxPerPerson)
  return {
    profit: new Float64Array(width), order: new Int32Array(width), taken: new Uint8Array(width),
    filled: new Int32Array(model.cap.length), chance: new Float64Array(width),
  }
}

/** Value of candidate j less what its consumption costs at `price` (one per row). */
export function reducedProfit(model: Model, price: Float64Array, j: number): number {
  let profit = model.value[j]
  const { useFirst, useRow, useAmount } = model
  for (let e = useFirst[j], end = useFirst[j + 1]; e < end; e++) profit -= price[useRow[e]] * useAmount[e]
  return profit
}

/**
 * The best choice of one person given reduced profits in `scratch.profit`: descending profit, lower candidate first on a tie, add while
 * positive and no containing cap is full. Laminar count caps form a matroid, so this greedy is exact (Edmonds 1971). Leaves the choice in
 * `scratch.taken` and returns its total profit.
 */
export function greedyPerson(model: Pick<Model, 'first' | 'kind' | 'leaf' | 'parent' | 'cap'>, p: number, scratch: Scratch): number {
  const start = model.first[p]
  const size = model.first[p + 1] - start
  const { profit, taken, order, filled } = scratch
  if (model.kind[p] === 0) {
    let total = 0
    for (let i = 0; i < size; i++) {
      taken[i] = profit[i] > 0 ? 1 : 0
      if (profit[i] > 0) total += profit[i]
    }
    return total
  }
  if (model.kind[p] === 1) {
    let best = -1
    let top = 0
    for (let i = 0; i < size; i++) {
      taken[i] = 0
      if (profit[i] > top) {
        top = profit[i]
        best = i
      }
    }
    if (best >= 0) taken[best] = 1
    return top
  }
  for (let i = 0; i < size; i++) {
    taken[i] = 0
    for (let s = model.leaf[start + i]; s >= 0; s = model.parent[s]) filled[s] = 0
    let at = i
    while (at > 0 && profit[order[at - 1]] < profit[i]) {
      order[at] = order[at - 1]
      at--
    }
    order[at] = i
  }
  let total = 0
  for (let k = 0; k < size; k++) {
    const i = order[k]
    if (!(profit[i] > 0)) break
    let fits = true
    for (let s = model.leaf[start + i]; s >= 0; s = model.parent[s]) {
      if (filled[s] >= model.cap[s]) {
        fits = false
        break
      }
    }
    if (!fits) continue
    for (let s = model.leaf[start + i]; s >= 0; s = model.parent[s]) filled[s]++
    taken[i] = 1
    total += profit[i]
  }
  return total
}

/** ln(e^a + e^b). */
function logAdd(a: number, b: number): number {
  if (a === -Infinity) return b
  if (b === -Infinity) return a
  return a > b ? a + Math.log1p(Math.exp(b - a)) : b + Math.log1p(Math.exp(a - b))
}

type Product = { target: number; factor: number; before: Float64Array }

/**
 * ln Σ over all choices X within the caps of exp(Σ_{j∈X} profit_j / γ), and the chance of each candidate under that distribution
 * (into `chance`). One polynomial per cap set, its coefficient of degree d the weight of choosing d inside; children are multiplied into
 * parents and cut at the cap; chances come from the reverse pass. All in logs, because profits divided by a small γ overflow.
 * `onlyWith` ≥ 0 restricts to choices that contain that candidate (for covariances).
 */
export function softTree(model: Model, p: number, profit: Float64Array, gamma: number, chance: Float64Array, onlyWith = -1): number {
  const start = model.first[p]
  const size = model.first[p + 1] - start
  const sets: number[] = []
  for (let i = 0; i < size; i++) {
    for (let s = model.leaf[start + i]; s >= 0 && !sets.includes(s); s = model.parent[s]) sets.push(s)
  }
  // Children first: a set always has a larger id than its parent.
  sets.sort((a, b) => b - a)
  const nodes = [...sets, -1]
  const at = new Map(nodes.map((s, k) => [s, k]))
  const poly: Float64Array[] = nodes.map(() => Float64Array.of(0))
  const leafPoly: Float64Array[] = []
  const tape: Product[] = []
  const multiply = (target: number, factor: number, f: Float64Array): void => {
    const before = poly[target]
    const limit = nodes[target] < 0 ? size : model.cap[nodes[target]]
    const after = new Float64Array(Math.min(limit, before.length + f.length - 2) + 1).fill(-Infinity)
    for (let a = 0; a < before.length; a++) {
      for (let b = 0; b < f.length && a + b < after.length; b++) after[a + b] = logAdd(after[a + b], before[a] + f[b])
    }
    tape.push({ target, factor, before })
    poly[target] = after
  }
  for (let i = 0; i < size; i++) {
    const f = Float64Array.of(i === onlyWith ? -Infinity : 0, profit[i] / gamma)
    leafPoly.push(f)
    multiply(at.get(model.leaf[start + i])!, -1 - i, f)
  }
  for (const s of sets) multiply(at.get(model.parent[s])!, at.get(s)!, poly[at.get(s)!])
  const root = poly[nodes.length - 1]
  let total = -Infinity
  for (const weight of root) total = logAdd(total, weight)
  const adjoint: Float64Array[] = poly.map((x) => new Float64Array(x.length).fill(-Infinity))
  adjoint[nodes.length - 1].fill(0)
  for (let t = tape.length - 1; t >= 0; t--) {
    const { target, factor, before } = tape[t]
    const f = factor < 0 ? leafPoly[-1 - factor] : poly[factor]
    const out = adjoint[target]
    const back = new Float64Array(before.length).fill(-Infinity)
    const side = new Float64Array(f.length).fill(-Infinity)
    for (let a = 0; a < before.length; a++) {
      for (let b = 0; b < f.length && a + b < out.length; b++) {
        back[a] = logAdd(back[a], out[a + b] + f[b])
        side[b] = logAdd(side[b], out[a + b] + before[a])
      }
    }
    adjoint[target] = back
    if (factor < 0) chance[-1 - factor] = Math.exp(side[1] + f[1] - total)
    else adjoint[factor] = side
  }
  return total
}
