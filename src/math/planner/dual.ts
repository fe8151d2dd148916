import { greedyPerson, softTree, type Scratch } from './inner.ts'
import type { Model } from './problem.ts'
import type { Work } from './work.ts'

/** Persons looked at between two yields: large enough to cost nothing, small enough to stay under 50 ms also with trees of caps. */
const blockPersons = 1024
/** A row count up to which Newton steps use the full Hessian; above it conjugate gradients on products. */
export const denseRows = 128

export type Evaluation = {
  /** g(λ): an upper bound on every plan's value, forced candidates included. */
  hard: number
  /** The smoothed g_γ(λ) (equal to `hard` without smoothing). */
  soft: number
  /** Use per row by the (smoothed) inner solutions, forced candidates not included. */
  use: Float64Array
  /** Sum of |terms| of `hard`, for rounding the bound up. */
  magnitude: number
}

export function rowPrices(model: Model, lambda: Float64Array): Float64Array {
  const price = new Float64Array(model.rows)
  model.constraints.forEach((con, k) => (price[con.row] += con.sign * lambda[k]))
  return price
}

/**
 * Second derivatives, filled by {@link evaluate}: dense rows × rows, or the diagonal together with the uncertain candidates and their
 * chances, from which products H·v are formed (`groups` bounds the candidates of one choose-one person; a candidate alone is its own group).
 */
export type Curvature = { dense: boolean; at: Float64Array; listed: number; candidate: Int32Array; chance: Float64Array; grouped: number; groups: Int32Array }

export function makeCurvature(model: Model): Curvature {
  const dense = model.rows <= denseRows
  const room = dense ? 0 : model.count
  return {
    dense, at: new Float64Array(dense ? model.rows * model.rows : model.rows), listed: 0, candidate: new Int32Array(room), chance: new Float64Array(room),
    grouped: 0, groups: new Int32Array(room + 1),
  }
}

/** H·v over the listed candidates: each group contributes Σ x_i (a_i·v − mean) a_i, exact for choose-one persons. */
function timesHessian(model: Model, curvature: Curvature, v: Float64Array, out: Float64Array, factor: number): void {
  const { useFirst, useRow, useAmount } = model
  const { candidate, chance, groups, grouped } = curvature
  out.fill(0)
  for (let g = 0; g < grouped; g++) {
    const from = groups[g]
    const to = groups[g + 1]
    let mean = 0
    for (let i = from; i < to; i++) {
      let dot = 0
      for (let e = useFirst[candidate[i]], end = useFirst[candidate[i] + 1]; e < end; e++) dot += useAmount[e] * v[useRow[e]]
      mean += chance[i] * dot
    }
    for (let i = from; i < to; i++) {
      const start = useFirst[candidate[i]]
      const end = useFirst[candidate[i] + 1]
      let dot = 0
      for (let e = start; e < end; e++) dot += useAmount[e] * v[useRow[e]]
      const weight = factor * chance[i] * (dot - mean)
      for (let e = start; e < end; e++) out[useRow[e]] += weight * useAmount[e]
    }
  }
}

/**
 * Evaluates the dual at λ with smoothing γ (0: none) over every `stride`-th person starting at `offset`, the limits scaled by the share of
 * candidates sampled when stride > 1. Sums run over blocks of persons, so rounding grows with the number of blocks, not of candidates.
 */
export function* evaluate(
  model: Model, scratch: Scratch, lambda: Float64Array, gamma: number, curvature: Curvature | null, stride = 1, offset = 0,
): Work<Evaluation> {
  const { first, value, useFirst, useRow, useAmount, kind, rows } = model
  const price = rowPrices(model, lambda)
  const use = new Float64Array(rows)
  const { profit, taken, chance } = scratch
  const hessian = curvature?.at
  const dense = curvature?.dense ?? false
  hessian?.fill(0)
  if (curvature) {
    curvature.listed = 0
    curvature.grouped = 0
  }
  const mean = new Float64Array(rows)
  const touched: number[] = []
  let hard = 0
  let soft = 0
  let magnitude = 0
  let sampled = 0
  let listed = 0
  const plain = model.oneRowEach && !dense
  const inverse = gamma > 0 ? 1 / gamma : 0
  const step = blockPersons * stride
  for (let from = offset; from < model.persons; from += step) {
    let blockHard = 0
    let blockSoft = 0
    let seen = 0
    let extra = 0
    const to = Math.min(model.persons, from + step)
    for (let p = from; p < to; p += stride) {
      const start = first[p]
      const size = first[p + 1] - start
      if (size === 0) continue
      seen += size
      let top = 0
      for (let i = 0, e = useFirst[start]; i < size; i++) {
        let reduced = value[start + i]
        for (const end = useFirst[start + i + 1]; e < end; e++) reduced -= price[useRow[e]] * useAmount[e]
        profit[i] = reduced
        if (reduced > top) top = reduced
      }
      const type = kind[p]
      if (type === 1 && plain) {
        // The commonest shape (choose one, one row each) in straight loops; the same sums as below.
        blockHard += top
        if (gamma === 0) {
          for (let i = 0; i < size; i++) {
            if (top > 0 && profit[i] === top) {
              use[useRow[start + i]] += useAmount[start + i]
              break
            }
          }
          continue
        }
        const floor = top - 20 * gamma
        let total = floor < 0 ? Math.exp(-top * inverse) : 0
        for (let i = 0; i < size; i++) {
          const weight = profit[i] > floor ? Math.exp((profit[i] - top) * inverse) : 0
          chance[i] = weight
          total += weight
        }
        blockSoft += top + gamma * Math.log(total)
        const scale = 1 / total
        const from = listed
        for (let i = 0; i < size; i++) {
          if (chance[i] === 0) continue
          const j = start + i
          const x = chance[i] * scale
          const amount = x * useAmount[j]
          use[useRow[j]] += amount
          if (!hessian || x < 1e-6) continue
          hessian[useRow[j]] += (1 - x) * amount * useAmount[j]
          curvature!.candidate[listed] = j
          curvature!.chance[listed++] = x
        }
        // A person as good as decided (one candidate near certainty) has no curvature.
        if (listed === from + 1 && curvature!.chance[from] > 1 - 1e-6) listed = from
        if (listed > from) curvature!.groups[++curvature!.grouped] = listed
        continue
      }
      if (gamma === 0) {
        blockHard += greedyPerson(model, p, scratch)
        for (let i = 0; i < size; i++) {
          if (taken[i] === 0) continue
          for (let e = useFirst[start + i], end = useFirst[start + i + 1]; e < end; e++) use[useRow[e]] += useAmount[e]
        }
        continue
      }
      if (type === 1) {
        // Choose at most one: a softmax with the empty choice.
        let total = top < 40 * gamma ? Math.exp(-top * inverse) : 0
        for (let i = 0; i < size; i++) {
          const gap = (profit[i] - top) * inverse
          const weight = gap > -32 ? Math.exp(gap) : 0
          chance[i] = weight
          total += weight
        }
        blockHard += top
        blockSoft += top + gamma * Math.log(total)
        const scale = 1 / total
        for (let i = 0; i < size; i++) chance[i] *= scale
      } else if (type === 0) {
        for (let i = 0; i < size; i++) {
          const x = profit[i] * inverse
          blockHard += profit[i] > 0 ? profit[i] : 0
          const tail = Math.abs(x) < 40 ? Math.log1p(Math.exp(-Math.abs(x))) : 0
          blockSoft += (profit[i] > 0 ? profit[i] : 0) + gamma * tail
          chance[i] = x > 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x))
        }
      } else {
        const best = greedyPerson(model, p, scratch)
        blockHard += best
        // Without a near tie (between two candidates, or with 0) the smoothed choice is the greedy one to 1e-13.
        let near = false
        for (let i = 0; i < size && !near; i++) {
          if (Math.abs(profit[i]) < 32 * gamma) near = true
          for (let h = 0; h < i && !near; h++) if (Math.abs(profit[i] - profit[h]) < 32 * gamma) near = true
        }
        if (near) {
          blockSoft += gamma * softTree(model, p, profit, gamma, chance)
          extra += 20 * size
        } else {
          blockSoft += best
          for (let i = 0; i < size; i++) chance[i] = taken[i]
        }
      }
      if (dense) touched.length = 0
      for (let i = 0; i < size; i++) {
        const x = chance[i]
        if (x < 1e-13) continue
        for (let e = useFirst[start + i], end = useFirst[start + i + 1]; e < end; e++) {
          const r = useRow[e]
          const amount = x * useAmount[e]
          use[r] += amount
          if (!hessian) continue
          // Beside the full products the diagonal is only a preconditioner: x(1 − x) a² is near enough.
          if (!dense) hessian[r] += (1 - x) * amount * useAmount[e]
          else if (type === 1) {
            if (mean[r] === 0) touched.push(r)
            mean[r] += amount
            for (let f = useFirst[start + i]; f < end; f++) hessian[r * rows + useRow[f]] += amount * useAmount[f]
          }
        }
      }
      if (!hessian) continue
      if (!dense) {
        curvature!.listed = listed
        listUncertain(curvature!, start, size, chance, type === 1)
        listed = curvature!.listed
        continue
      }
      if (type === 1) {
        for (const r of touched) for (const s of touched) hessian[r * rows + s] -= mean[r] * mean[s]
        for (const r of touched) mean[r] = 0
      } else if (type === 0) {
        for (let i = 0; i < size; i++) {
          const spread = chance[i] * (1 - chance[i])
          if (spread < 1e-13) continue
          for (let e = useFirst[start + i], end = useFirst[start + i + 1]; e < end; e++) {
            for (let f = useFirst[start + i]; f < end; f++) hessian[useRow[e] * rows + useRow[f]] += spread * useAmount[e] * useAmount[f]
          }
        }
      } else addTreeCovariance(model, p, profit, gamma, chance, hessian)
    }
    hard += blockHard
    soft += blockSoft
    magnitude += Math.abs(blockHard)
    sampled += seen
    yield seen + extra
  }
  // On a sample everything is blown up to the whole, so steps and limits keep their scale.
  const blow = stride === 1 || sampled === 0 ? 1 : model.count / sampled
  hard *= blow
  soft *= blow
  for (let r = 0; r < rows; r++) use[r] *= blow
  if (hessian) for (let i = 0; i < hessian.length; i++) hessian[i] *= blow * inverse
  let limits = model.forcedValue
  magnitude = magnitude * blow + Math.abs(limits)
  model.constraints.forEach((con, k) => {
    limits += lambda[k] * con.limit
    magnitude += Math.abs(lambda[k] * con.limit)
  })
  return { hard: hard + limits, soft: (gamma > 0 ? soft : hard) + limits, use, magnitude }
}

function listUncertain(curvature: Curvature, start: number, size: number, chance: Float64Array, together: boolean): void {
  const from = curvature.listed
  for (let i = 0; i < size; i++) {
    const x = chance[i]
    if (x > 1 - 1e-6 && together) {
      curvature.listed = from
      return
    }
    if (x < 1e-6 || x > 1 - 1e-6) continue
    curvature.candidate[curvature.listed] = start + i
    curvature.chance[curvature.listed++] = x
    if (!together) curvature.groups[++curvature.grouped] = curvature.listed
  }
  if (together && curvature.listed > from) curvature.groups[++curvature.grouped] = curvature.listed
}

/** Exact covariance of one person's consumption: the chances given that one uncertain candidate is in, one reverse pass each. */
function addTreeCovariance(model: Model, p: number, profit: Float64Array, gamma: number, chance: Float64Array, hessian: Float64Array): void {
  const start = model.first[p]
  const size = model.first[p + 1] - start
  const { useFirst, useRow, useAmount, rows } = model
  const given = new Float64Array(size)
  for (let i = 0; i < size; i++) {
    if (chance[i] < 1e-12 || chance[i] > 1 - 1e-12) continue
    softTree(model, p, profit, gamma, given, i)
    for (let h = 0; h < size; h++) {
      const covariance = h === i ? chance[i] * (1 - chance[i]) : chance[i] * (given[h] - chance[h])
      if (covariance === 0) continue
      for (let e = useFirst[start + i]; e < useFirst[start + i + 1]; e++) {
        for (let f = useFirst[start + h]; f < useFirst[start + h + 1]; f++) {
          hessian[useRow[e] * rows + useRow[f]] += covariance * useAmount[e] * useAmount[f]
        }
      }
    }
  }
}

/** Cholesky solve of a symmetric positive definite system, in place; false when it is not positive definite. */
function solveCholesky(a: Float64Array, n: number, b: Float64Array): boolean {
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = a[i * n + j]
      for (let k = 0; k < j; k++) sum -= a[i * n + k] * a[j * n + k]
      if (i === j) {
        if (!(sum > 0)) return false
        a[i * n + i] = Math.sqrt(sum)
      } else a[i * n + j] = sum / a[j * n + j]
    }
  }
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < i; k++) b[i] -= a[i * n + k] * b[k]
    b[i] /= a[i * n + i]
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let k = i + 1; k < n; k++) b[i] -= a[k * n + i] * b[k]
    b[i] /= a[i * n + i]
  }
  return true
}

export type PriceSearch = {
  /** Smoothing from and to, as a share of the mean value, and the factor between. */
  from: number
  to: number
  factor: number
  iterations: number
  stride: number
  /** Upper bound per constraint price (the elastic phase), or null. */
  upper: Float64Array | null
}

/**
 * Finds prices by smoothing: projected Newton steps with backtracking on g_γ, γ falling from `from` to `to`. Mutates `lambda`.
 * Any λ ≥ 0 certifies, so nothing here needs to converge for the answer to be right; it only makes the bound tighter.
 * Full Hessian up to {@link denseRows} rows, conjugate gradients above. Returns the λ with the least hard bound seen.
 */
export function* searchPrices(model: Model, scratch: Scratch, lambda: Float64Array, search: PriceSearch): Work<{ lambda: Float64Array; hard: number }> {
  const { constraints, rows } = model
  const size = constraints.length
  const dense = rows <= denseRows
  const curvature = makeCurvature(model)
  const scale = model.valueScale || 1
  let best = lambda.slice()
  let bestHard = Infinity
  const consider = (point: Float64Array, hard: number): void => {
    if (hard < bestHard) {
      bestHard = hard
      best = point.slice()
    }
  }
  if (size === 0) {
    const only = yield* evaluate(model, scratch, lambda, 0, null)
    return { lambda: best, hard: only.hard }
  }
  const gradient = new Float64Array(size)
  const direction = new Float64Array(size)
  const blow = search.stride === 1 ? 1 : search.stride
  // Truncated conjugate gradients, preconditioned by the diagonal, on the constraints that may move.
  const rowVector = new Float64Array(rows)
  const rowOut = new Float64Array(rows)
  const residual = new Float64Array(size)
  const conjugate = new Float64Array(size)
  const conjugateGradient = (free: number[], gamma: number): void => {
    const inverseDiagonal = (k: number): number => {
      const scale2 = model.amountScale[constraints[k].row] ** 2
      return 1 / (curvature.at[constraints[k].row] + ridge(k) + 1e-300 * (scale2 + 1))
    }
    const ridge = (k: number): number => 1e-3 * curvature.at[constraints[k].row] + (1e-3 * model.amountScale[constraints[k].row] ** 2) / gamma
    let rho = 0
    for (const k of free) {
      direction[k] = 0
      residual[k] = -gradient[k]
      conjugate[k] = residual[k] * inverseDiagonal(k)
      rho += residual[k] * conjugate[k]
    }
    const enough = rho * 0.01
    for (let round = 0; round < 20 && rho > enough; round++) {
      rowVector.fill(0)
      for (const k of free) rowVector[constraints[k].row] += constraints[k].sign * conjugate[k]
      timesHessian(model, curvature, rowVector, rowOut, blow / gamma)
      let curve = 0
      const product = (k: number): number => constraints[k].sign * rowOut[constraints[k].row] + ridge(k) * conjugate[k]
      for (const k of free) curve += conjugate[k] * product(k)
      if (!(curve > 0)) break
      const alpha = rho / curve
      let next = 0
      for (const k of free) {
        direction[k] += alpha * conjugate[k]
        residual[k] -= alpha * product(k)
        next += residual[k] * residual[k] * inverseDiagonal(k)
      }
      const beta = next / rho
      rho = next
      for (const k of free) conjugate[k] = residual[k] * inverseDiagonal(k) + beta * conjugate[k]
    }
  }
  let accepted = 1
  let before: Float64Array | null = null
  for (let gamma = search.from * scale; ; gamma *= search.factor) {
    gamma = Math.max(gamma, search.to * scale)
    // The minimiser moves about linearly in γ: start the next smoothing where the line through the last two points leads.
    const last = lambda.slice()
    if (before) {
      for (let k = 0; k < size; k++) {
        lambda[k] = Math.min(search.upper ? search.upper[k] : Infinity, Math.max(0, last[k] + search.factor * (last[k] - before[k])))
      }
    }
    before = last
    let here = yield* evaluate(model, scratch, lambda, gamma, curvature, search.stride)
    consider(lambda, here.hard)
    for (let round = 0; round < search.iterations; round++) {
      const free: number[] = []
      let blocked = 0
      for (let k = 0; k < size; k++) {
        const con = constraints[k]
        gradient[k] = con.limit - con.sign * here.use[con.row]
        direction[k] = 0
        const high = search.upper ? search.upper[k] : Infinity
        if ((lambda[k] <= 0 && gradient[k] >= 0) || (lambda[k] >= high && gradient[k] <= 0)) blocked++
        else free.push(k)
      }
      if (blocked === size) break
      const trust = (k: number): number => (8 * gamma) / (model.amountScale[constraints[k].row] || 1)
      let clipped = false
      if (dense) {
        let largest = 0
        for (let r = 0; r < rows; r++) largest = Math.max(largest, curvature.at[r * rows + r])
        const entry = (k: number, h: number): number =>
          constraints[k].sign * constraints[h].sign * curvature.at[constraints[k].row * rows + constraints[h].row]
        // Newton inside a box: coordinates that want to go further than they may are pinned there and the others solved again.
        let moving = free
        for (let attempt = 0; attempt < 5 && moving.length > 0; attempt++) {
          const m = moving.length
          const matrix = new Float64Array(m * m)
          const step = new Float64Array(m)
          const pinned = free.filter((k) => !moving.includes(k))
          moving.forEach((k, i) => {
            step[i] = -gradient[k]
            for (const h of pinned) step[i] -= entry(k, h) * direction[h]
            moving.forEach((h, j) => (matrix[i * m + j] = entry(k, h)))
            // A ridge that only shows where there is no curvature: there the step is cut by the box.
            matrix[i * m + i] += 1e-10 * largest + (1e-9 * model.amountScale[constraints[k].row] ** 2) / gamma + 1e-300
          })
          const solved = solveCholesky(matrix, m, step)
          moving.forEach((k, i) => (direction[k] = solved ? step[i] : -Math.sign(gradient[k]) * trust(k)))
          const inside = moving.filter((k) => Math.abs(direction[k]) <= trust(k))
          if (inside.length === m) break
          clipped = true
          for (const k of moving) direction[k] = Math.max(-trust(k), Math.min(trust(k), direction[k]))
          moving = inside
        }
      } else {
        conjugateGradient(free, gamma)
        for (const k of free) {
          if (Math.abs(direction[k]) > trust(k)) clipped = true
          direction[k] = Math.max(-trust(k), Math.min(trust(k), direction[k]))
        }
      }
      let moved = false
      let length = Math.min(1, 1.6 * accepted)
      let decrease = 0
      for (const k of free) decrease -= gradient[k] * direction[k]
      // Converging far below the smoothing error itself buys nothing.
      if (!(decrease > 1e-3 * gamma) || (!clipped && decrease < 0.03 * (here.soft - here.hard))) break
      for (let attempt = 0; attempt < 6; attempt++) {
        const next = lambda.slice()
        let promised = 0
        for (const k of free) {
          const high = search.upper ? search.upper[k] : Infinity
          next[k] = Math.min(high, Math.max(0, lambda[k] + length * direction[k]))
          promised -= gradient[k] * (next[k] - lambda[k])
        }
        const there = yield* evaluate(model, scratch, next, gamma, curvature, search.stride)
        consider(next, there.hard)
        if (there.soft <= here.soft - 1e-4 * promised) {
          lambda.set(next)
          here = there
          accepted = length
          moved = true
          break
        }
        length *= 0.4
      }
      if (!moved) {
        here = yield* evaluate(model, scratch, lambda, gamma, curvature, search.stride)
        break
      }
    }
    if (gamma <= search.to * scale) break
  }
  return { lambda: best, hard: bestHard }
}
