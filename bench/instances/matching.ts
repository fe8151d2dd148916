/**
 * Matching instances as the DuaLip benchmark defines them: sources × destinations with about ten edges a source, value v_j·u_i·ε clipped at 0.5,
 * use s_j·value, capacity a random share of the load of a greedy assignment. Sizes S 10,000 × 100, M 100,000 × 1,000, L 1,000,000 × 1,000.
 */
import type { PlanProblem } from '../../src/math/planner/index.ts'
import { numpyRandom42 } from './numpy-random.ts'

export const matchingSizes = {
  S: { sources: 10_000, destinations: 100, density: 0.1, lpOptimum: 695.503697 },
  M: { sources: 100_000, destinations: 1_000, density: 0.01, lpOptimum: 5188.672482 },
  L: { sources: 1_000_000, destinations: 1_000, density: 0.01, lpOptimum: null },
} as const

export function matchingInstance(size: keyof typeof matchingSizes): PlanProblem {
  const { sources, destinations, density } = matchingSizes[size]
  const random = numpyRandom42()
  const draw = (count: number, mean: number, sigma: number): Float64Array => Float64Array.from({ length: count }, () => random.lognormal(mean, sigma))
  const breadth = draw(destinations, 0, 1)
  const total = breadth.reduce((sum, z) => sum + z, 0)
  const scale = draw(destinations, 0, 1)
  const worth = draw(destinations, -4, 0.75)
  const affinity = draw(sources, 0, 0.5)
  const degrees = Array.from(breadth, (z) => Math.min(sources, random.poisson((z / total) * density * destinations * sources)))
  const edges = degrees.reduce((sum, degree) => sum + degree, 0)
  const person = new Int32Array(edges)
  const row = new Int32Array(edges)
  const value = new Float64Array(edges)
  const amount = new Float64Array(edges)
  let at = 0
  degrees.forEach((degree, j) => {
    const chosen = random.choice(sources, degree)
    for (let i = 0; i < degree; i++) {
      person[at + i] = chosen[i]
      row[at + i] = j
      value[at + i] = Math.min(0.5, worth[j] * affinity[chosen[i]] * random.lognormal(0, 0.5))
      amount[at + i] = scale[j] * value[at + i]
    }
    at += degree
  })
  // The greedy load: each source on its edge of largest use (the earliest destination on a tie).
  const best = new Int32Array(sources).fill(-1)
  for (let e = 0; e < edges; e++) if (best[person[e]] < 0 || amount[e] > amount[best[person[e]]]) best[person[e]] = e
  const load = new Float64Array(destinations)
  for (const e of best) if (e >= 0) load[row[e]] += amount[e]
  const rows = Array.from(load, (use, j) => ({ name: `destination ${j}`, capacity: (0.5 + 0.5 * random.double()) * (use + 1e-8) }))
  return {
    persons: sources, person, value, rows, use: { first: Int32Array.from({ length: edges + 1 }, (_, e) => e), row, amount },
    caps: [{ name: 'one each', limit: 1 }],
  }
}
