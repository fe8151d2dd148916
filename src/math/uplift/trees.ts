import { randomStream } from '../random/index.ts'
import { requireEqualLength, requireFinite, requireFrom } from '../special/index.ts'
import { requireColumns } from './check.ts'
import type { Base } from './linear.ts'

export type TreeOptions = {
  /** Levels of splits. Default 3. */
  depth?: number
  /** Upper limit of trees; early stopping usually ends sooner. Default 200. */
  trees?: number
  /** Share of each tree's answer that is taken. Default 0.1. */
  rate?: number
  /** Bins per column, by quantiles. Default 32. */
  bins?: number
  /** Least weight in a leaf. Default 10. */
  leastLeaf?: number
  /** Added to a leaf's weight when its mean is taken. Default 1. */
  shrinkage?: number
  /** Rows held out to stop at the best number of trees; 0 grows all. Default 0.2. */
  holdout?: number
  /** Trees without improvement before stopping. Default 15. */
  patience?: number
  loss?: 'squared' | 'logistic'
  seed?: number
}
type Tree = { column: Int16Array; threshold: Float64Array; value: Float64Array }

/**
 * Gradient-boosted trees of small depth on histograms (Friedman 2001; binning as in Ke et al. 2017): level-wise growth, second-order leaf values,
 * stopped on held-out rows. Deterministic for a seed. Predicts the mean, or the probability for the logistic loss (y 0/1).
 */
export function treesBase(options: TreeOptions = {}): Base {
  const { depth = 3, trees = 200, rate = 0.1, bins = 32, leastLeaf = 10, shrinkage = 1, holdout = 0.2, patience = 15, loss = 'squared', seed = 1 } = options
  for (const [name, value] of Object.entries({ depth, trees, bins, patience })) if (!(Number.isInteger(value) && value >= 1)) throw new RangeError(`cannot fit trees: ${name} is ${value}, expected a whole number from 1`)
  if (bins > 256) throw new RangeError(`cannot fit trees: bins is ${bins}, expected at most 256`)
  return (x, y, weights) => {
    const n = y.length
    if (n === 0) throw new RangeError('cannot fit trees: no rows, expected at least 1')
    requireFinite('y', y)
    requireColumns(x, n)
    if (weights !== null) {
      requireEqualLength('weights', weights, n, 'one per person')
      requireFrom('weights', weights, 0)
    }
    if (loss === 'logistic') for (let i = 0; i < n; i++) if (y[i] !== 0 && y[i] !== 1) throw new RangeError(`cannot fit trees: y[${i}] is ${y[i]}, expected 0 or 1`)
    const p = x.length
    const edges = x.map(column => edgesOf(column, bins))
    const binned = x.map((column, j) => Uint8Array.from(column, value => binOf(edges[j], value)))
    const random = randomStream(seed, 5)
    const isHeld = Uint8Array.from({ length: n }, () => holdout > 0 && n >= 50 && random.uniform() < holdout ? 1 : 0)
    const w = weights ?? new Float64Array(n).fill(1)
    let total = 0
    let sum = 0
    for (let i = 0; i < n; i++) if (isHeld[i] === 0) {
      total += w[i]
      sum += w[i] * y[i]
    }
    const level = total > 0 ? sum / total : 0
    const clipped = Math.min(1 - 1e-6, Math.max(1e-6, level))
    const start = loss === 'squared' ? level : Math.log(clipped / (1 - clipped))
    const score = new Float64Array(n).fill(start)
    const gradient = new Float64Array(n)
    const curvature = new Float64Array(n)
    const nodes = (1 << (depth + 1)) - 1
    const nodeOf = new Int32Array(n)
    const heldLoss = (): number => {
      let value = 0
      for (let i = 0; i < n; i++) if (isHeld[i] === 1) value += w[i] * (loss === 'squared' ? (y[i] - score[i]) ** 2 : Math.log1p(Math.exp(-Math.abs(score[i]))) + Math.max(score[i], 0) - y[i] * score[i])
      return value
    }
    const hasHeld = isHeld.includes(1)
    const grown: Tree[] = []
    let best = hasHeld ? heldLoss() : Infinity
    let bestCount = 0
    const sums = new Float64Array((1 << depth) * bins * 3)
    for (let round = 0; round < trees; round++) {
      for (let i = 0; i < n; i++) {
        if (loss === 'squared') {
          gradient[i] = w[i] * (y[i] - score[i])
          curvature[i] = w[i]
        } else {
          const q = 1 / (1 + Math.exp(-score[i]))
          gradient[i] = w[i] * (y[i] - q)
          curvature[i] = w[i] * q * (1 - q)
        }
        nodeOf[i] = 0
      }
      const tree: Tree = { column: new Int16Array(nodes).fill(-1), threshold: new Float64Array(nodes), value: new Float64Array(nodes) }
      const splitBin = new Int32Array(nodes)
      for (let layer = 0; layer <= depth; layer++) {
        const first = (1 << layer) - 1
        const width = 1 << layer
        if (layer === depth) break
        const bestGain = new Float64Array(width).fill(1e-9)
        for (let j = 0; j < p; j++) {
          if (edges[j].length === 0) continue
          const own = binned[j]
          sums.fill(0, 0, width * bins * 3)
          for (let i = 0; i < n; i++) {
            const node = nodeOf[i] - first
            if (isHeld[i] === 1 || node < 0) continue
            const at = (node * bins + own[i]) * 3
            sums[at] += gradient[i]
            sums[at + 1] += curvature[i]
            sums[at + 2] += w[i]
          }
          for (let node = 0; node < width; node++) {
            let g = 0, h = 0, c = 0
            for (let bin = 0; bin < bins; bin++) {
              const at = (node * bins + bin) * 3
              g += sums[at]
              h += sums[at + 1]
              c += sums[at + 2]
            }
            let gl = 0, hl = 0, cl = 0
            for (let bin = 0; bin < edges[j].length; bin++) {
              const at = (node * bins + bin) * 3
              gl += sums[at]
              hl += sums[at + 1]
              cl += sums[at + 2]
              if (cl < leastLeaf || c - cl < leastLeaf) continue
              const gain = gl * gl / (hl + shrinkage) + (g - gl) ** 2 / (h - hl + shrinkage) - g * g / (h + shrinkage)
              if (gain > bestGain[node]) {
                bestGain[node] = gain
                tree.column[first + node] = j
                tree.threshold[first + node] = edges[j][bin]
                splitBin[first + node] = bin
              }
            }
          }
        }
        for (let i = 0; i < n; i++) {
          const node = nodeOf[i]
          if (node < first || tree.column[node] < 0) continue
          nodeOf[i] = 2 * node + (binned[tree.column[node]][i] <= splitBin[node] ? 1 : 2)
        }
      }
      const g = new Float64Array(nodes)
      const h = new Float64Array(nodes)
      for (let i = 0; i < n; i++) if (isHeld[i] === 0) {
        g[nodeOf[i]] += gradient[i]
        h[nodeOf[i]] += curvature[i]
      }
      for (let node = 0; node < nodes; node++) tree.value[node] = h[node] > 0 ? rate * g[node] / (h[node] + shrinkage) : 0
      grown.push(tree)
      for (let i = 0; i < n; i++) score[i] += tree.value[nodeOf[i]]
      if (tree.column[0] < 0) break
      if (!hasHeld) {
        bestCount = grown.length
        continue
      }
      const value = heldLoss()
      if (value < best * (1 - 1e-9)) {
        best = value
        bestCount = grown.length
      } else if (grown.length - bestCount >= patience) break
    }
    const kept = grown.slice(0, bestCount)
    return columns => {
      const rows = columns[0]?.length ?? 0
      const result = new Float64Array(rows).fill(start)
      for (const { column, threshold, value } of kept) {
        for (let i = 0; i < rows; i++) {
          let node = 0
          while (column[node] >= 0) node = 2 * node + (columns[column[node]][i] <= threshold[node] ? 1 : 2)
          result[i] += value[node]
        }
      }
      return loss === 'squared' ? result : result.map(one => 1 / (1 + Math.exp(-one)))
    }
  }
}

/** Upper edges of the bins but the last, ascending and distinct: a value goes to the first bin whose edge is not below it. */
function edgesOf(column: Float64Array, bins: number): Float64Array {
  const sorted = column.slice().sort()
  const edges: number[] = []
  for (let bin = 1; bin < bins; bin++) {
    const value = sorted[Math.min(sorted.length - 1, Math.floor(bin * sorted.length / bins))]
    if (value < sorted[sorted.length - 1] && (edges.length === 0 || value > edges[edges.length - 1])) edges.push(value)
  }
  return Float64Array.from(edges)
}
function binOf(edges: Float64Array, value: number): number {
  let low = 0
  let high = edges.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (edges[middle] < value) low = middle + 1
    else high = middle
  }
  return low
}
