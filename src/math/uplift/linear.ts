import { requireEqualLength, requireFinite, requireFrom } from '../special/index.ts'
import { cholesky, choleskySolve } from '../special/index.ts'
import { requireColumns, type Columns } from './check.ts'
import { foldsOf } from './policy.ts'

/** A fitted model: predicts for columns in the same order, [rows] in the unit of y (a probability for logistic models). */
export type Predictor = (x: Columns) => Float64Array
/** A way to fit: x [p][n], y [n], weights [n] or null for equal ones. */
export type Base = (x: Columns, y: Float64Array, weights: Float64Array | null) => Predictor

export type LinearOptions = {
  /** 1 lasso, 0 ridge. */
  mix?: number
  /** Cross-validation folds that choose the penalty; the end of the path is the constant. Default 5. */
  folds?: number
  seed?: number
  /** `best`: the smallest cross-validated error; `one-error`: the largest penalty within one standard error of it (Breiman et al. 1984), which prefers the constant. Default `best`. */
  rule?: 'best' | 'one-error'
  /** Fixed penalty instead of cross-validation, on the scale of standardised columns (glmnet's λ). */
  penalty?: number
}

/**
 * Least squares with lasso or ridge penalty by coordinate descent on standardised columns (Friedman, Hastie, Tibshirani 2010), penalty by cross-validation over a
 * path of 40 that begins at the constant. Works on sums of products only: one pass over the rows per fold, whatever the length of the path.
 */
export function linearBase(options: LinearOptions = {}): Base {
  const { mix = 1, folds = 5, seed = 1, rule = 'best', penalty } = options
  return (x, y, weights) => {
    check(x, y, weights)
    const p = x.length
    const n = y.length
    const fold = penalty === undefined && n >= 2 * folds ? foldsOf(n, folds, seed) : null
    const parts = Array.from({ length: fold === null ? 1 : folds }, () => new Float64Array((p + 2) ** 2))
    for (let i = 0; i < n; i++) addRow(parts[fold === null ? 0 : fold[i]], x, y, weights === null ? 1 : weights[i], i)
    const whole = sumOf(parts)
    const path = (sums: Float64Array, lambdas: readonly number[]): Float64Array[] => {
      const fit = standardised(sums, p)
      const beta = new Float64Array(p)
      return lambdas.map(lambda => {
        descend(fit, beta, lambda, mix)
        return coefficients(fit, beta)
      })
    }
    let chosen: Float64Array
    if (penalty !== undefined || fold === null) chosen = path(whole, [penalty ?? 0.1])[0]
    else {
      const largest = Math.max(1e-12, standardised(whole, p).largest)
      // A ridge never reaches the constant at a finite penalty: its path starts where the lasso's would with 1/1000 of the mixing.
      const top = mix > 0 ? largest / Math.max(mix, 1e-3) : largest * 1000
      const lambdas = Array.from({ length: 40 }, (_, i) => top * (mix > 0 ? 1e-3 : 1e-7) ** (i / 39))
      // Mean squared error per held-out weight, [path from the constant on][fold].
      const errors = Array.from({ length: lambdas.length + 1 }, () => new Float64Array(folds))
      for (const [k, part] of parts.entries()) {
        const rest = whole.map((value, i) => value - part[i])
        const rows = Math.max(1e-12, part[part.length - 1])
        errors[0][k] = squaredError(part, constant(rest, p), p) / rows
        for (const [i, fit] of path(rest, lambdas).entries()) errors[i + 1][k] = squaredError(part, fit, p) / rows
      }
      const best = pickPenalty(errors, rule)
      chosen = best === 0 ? constant(whole, p) : path(whole, lambdas.slice(0, best))[best - 1]
    }
    return columns => {
      const result = new Float64Array(columns[0]?.length ?? 0).fill(chosen[p])
      for (let j = 0; j < p; j++) if (chosen[j] !== 0) for (let i = 0; i < result.length; i++) result[i] += chosen[j] * columns[j][i]
      return result
    }
  }
}

/** Ridge-penalised logistic regression by Newton's method with halving on standardised columns; `penalty` counts in rows (1 = one row's worth of prior). y is 0/1. Predicts probabilities. */
export function logisticBase(options: { penalty?: number } = {}): Base {
  const penalty = options.penalty ?? 1
  return (x, y, weights) => {
    check(x, y, weights)
    for (let i = 0; i < y.length; i++) if (y[i] !== 0 && y[i] !== 1) throw new RangeError(`cannot fit: y[${i}] is ${y[i]}, expected 0 or 1`)
    const n = y.length
    const p = x.length
    const size = p + 1
    const mean = x.map(column => column.reduce((a, b) => a + b, 0) / n)
    const spread = x.map((column, j) => Math.sqrt(column.reduce((a, b) => a + (b - mean[j]) ** 2, 0) / n))
    const z = x.map((column, j) => spread[j] > 1e-12 ? column.map(value => (value - mean[j]) / spread[j]) : new Float64Array(n))
    const scoreOf = (beta: Float64Array): Float64Array => {
      const score = new Float64Array(n).fill(beta[p])
      for (let j = 0; j < p; j++) for (let i = 0; i < n; i++) score[i] += beta[j] * z[j][i]
      return score
    }
    const loss = (beta: Float64Array): number => {
      const score = scoreOf(beta)
      let total = 0
      for (let i = 0; i < n; i++) total += (weights === null ? 1 : weights[i]) * (Math.log1p(Math.exp(-Math.abs(score[i]))) + Math.max(score[i], 0) - y[i] * score[i])
      for (let j = 0; j < p; j++) total += penalty * beta[j] ** 2 / 2
      return total
    }
    let beta: Float64Array = new Float64Array(size)
    let current = loss(beta)
    const hessian = new Float64Array(size * size)
    const factor = new Float64Array(size * size)
    for (let round = 0; round < 30; round++) {
      const score = scoreOf(beta)
      const gradient = new Float64Array(size)
      hessian.fill(0)
      const row = new Float64Array(size)
      for (let i = 0; i < n; i++) {
        const w = weights === null ? 1 : weights[i]
        const q = 1 / (1 + Math.exp(-score[i]))
        const h = w * q * (1 - q)
        for (let j = 0; j < p; j++) row[j] = z[j][i]
        row[p] = 1
        for (let j = 0; j < size; j++) {
          gradient[j] += w * (q - y[i]) * row[j]
          const scaled = h * row[j]
          for (let k = 0; k <= j; k++) hessian[j * size + k] += scaled * row[k]
        }
      }
      for (let j = 0; j < size; j++) {
        if (j < p) gradient[j] += penalty * beta[j]
        // A little on the intercept too keeps an all-0 or all-1 outcome solvable.
        hessian[j * size + j] += j < p ? penalty : 1e-6
      }
      if (!cholesky(hessian, size, factor)) break
      choleskySolve(factor, size, gradient)
      let length = 1
      let next = beta
      for (; length > 1e-6; length /= 2) {
        next = beta.map((value, j) => value - length * gradient[j])
        if (loss(next) <= current) break
      }
      const value = loss(next)
      const gain = current - value
      if (!(gain > 0)) break
      beta = next
      current = value
      if (gain < 1e-9 * n) break
    }
    return columns => {
      const result = new Float64Array(columns[0]?.length ?? 0)
      for (let i = 0; i < result.length; i++) {
        let score = beta[p]
        for (let j = 0; j < p; j++) if (spread[j] > 1e-12) score += beta[j] * (columns[j][i] - mean[j]) / spread[j]
        result[i] = 1 / (1 + Math.exp(-score))
      }
      return result
    }
  }
}

function check(x: Columns, y: Float64Array, weights: Float64Array | null): void {
  if (y.length === 0) throw new RangeError('cannot fit: no rows, expected at least 1')
  requireFinite('y', y)
  requireColumns(x, y.length)
  if (weights === null) return
  requireEqualLength('weights', weights, y.length, 'one per person')
  requireFrom('weights', weights, 0)
}

/** Index into the path. The standard error is that of the difference to the best over the folds, because all penalties share the folds' noise. */
function pickPenalty(errors: readonly Float64Array[], rule: 'best' | 'one-error'): number {
  const means = errors.map(row => row.reduce((sum, one) => sum + one, 0) / row.length)
  const best = means.indexOf(Math.min(...means))
  if (rule === 'best') return best
  for (let i = 0; i < best; i++) {
    const gap = means[i] - means[best]
    let squares = 0
    for (let k = 0; k < errors[i].length; k++) squares += (errors[i][k] - errors[best][k] - gap) ** 2
    if (gap <= Math.sqrt(squares / (errors[i].length * (errors[i].length - 1)))) return i
  }
  return best
}

// Sums of products of the row (x1 … xp, y, 1): lower triangle used both ways, size p + 2.
function addRow(sums: Float64Array, x: Columns, y: Float64Array, weight: number, i: number): void {
  const p = x.length
  const size = p + 2
  for (let j = 0; j < size; j++) {
    const left = weight * (j < p ? x[j][i] : j === p ? y[i] : 1)
    for (let k = 0; k <= j; k++) sums[j * size + k] += left * (k < p ? x[k][i] : k === p ? y[i] : 1)
  }
}
function sumOf(parts: readonly Float64Array[]): Float64Array {
  const total = new Float64Array(parts[0].length)
  for (const part of parts) for (let i = 0; i < total.length; i++) total[i] += part[i]
  return total
}
type Standardised = { p: number; gram: Float64Array; target: Float64Array; mean: Float64Array; spread: Float64Array; level: number; largest: number }
function standardised(sums: Float64Array, p: number): Standardised {
  const size = p + 2
  const last = (p + 1) * size
  const total = sums[last + p + 1]
  const mean = new Float64Array(p)
  const spread = new Float64Array(p)
  for (let j = 0; j < p; j++) {
    mean[j] = sums[last + j] / total
    const variance = sums[j * size + j] / total - mean[j] ** 2
    spread[j] = variance > 1e-12 * Math.max(1e-12, sums[j * size + j] / total) ? Math.sqrt(variance) : 0
  }
  const level = sums[last + p] / total
  const gram = new Float64Array(p * p)
  const target = new Float64Array(p)
  let largest = 0
  for (let j = 0; j < p; j++) {
    if (spread[j] === 0) continue
    target[j] = (sums[p * size + j] / total - mean[j] * level) / spread[j]
    largest = Math.max(largest, Math.abs(target[j]))
    for (let k = 0; k <= j; k++) if (spread[k] !== 0) gram[j * p + k] = gram[k * p + j] = (sums[j * size + k] / total - mean[j] * mean[k]) / (spread[j] * spread[k])
  }
  return { p, gram, target, mean, spread, level, largest }
}
function descend({ p, gram, target, spread }: Standardised, beta: Float64Array, lambda: number, mix: number): void {
  const soft = lambda * mix
  const shrink = 1 + lambda * (1 - mix)
  for (let sweep = 0; sweep < 200; sweep++) {
    let change = 0
    for (let j = 0; j < p; j++) {
      if (spread[j] === 0) continue
      let rest = target[j] + beta[j]
      for (let k = 0; k < p; k++) rest -= gram[j * p + k] * beta[k]
      const next = Math.sign(rest) * Math.max(0, Math.abs(rest) - soft) / shrink
      change = Math.max(change, Math.abs(next - beta[j]))
      beta[j] = next
    }
    if (change < 1e-7) break
  }
}
function coefficients({ p, mean, spread, level }: Standardised, beta: Float64Array): Float64Array {
  const result = new Float64Array(p + 1)
  result[p] = level
  for (let j = 0; j < p; j++) if (spread[j] !== 0) {
    result[j] = beta[j] / spread[j]
    result[p] -= result[j] * mean[j]
  }
  return result
}
function constant(sums: Float64Array, p: number): Float64Array {
  const result = new Float64Array(p + 1)
  result[p] = sums[(p + 1) * (p + 2) + p] / sums[(p + 1) * (p + 2) + p + 1]
  return result
}
/** Σ w·(y − prediction)² from the sums alone: c'Sc with c = (−β, 1, −intercept). */
function squaredError(sums: Float64Array, fit: Float64Array, p: number): number {
  const size = p + 2
  const c = Float64Array.from({ length: size }, (_, j) => j < p ? -fit[j] : j === p ? 1 : -fit[p])
  let total = 0
  for (let j = 0; j < size; j++) for (let k = 0; k <= j; k++) total += (j === k ? 1 : 2) * c[j] * c[k] * sums[j * size + k]
  return total
}
