import { cholesky, choleskySolve, inverseFromCholesky, logDetFromCholesky, requireEqualLength, requireFrom } from '../special/index.ts'
import type { LossPrior } from './loss-model.ts'

/**
 * One epoch's sufficient statistics, segments × arms, row-major, arms in ascending dose with dose 0 (the holdout) first. Persons are
 * counted once, by the arm they were assigned (intention to treat); `sum` and `sumSquares` are of net revenue per person, capped and
 * pre-adjusted; `losses` are persons who left.
 */
export type DoseCells = { persons: Float64Array; sum: Float64Array; sumSquares: Float64Array; losses: Float64Array }

/**
 * What other merchants taught. Gains are per person and epoch as a share of the segment's `scale` (its usual net revenue per person and
 * epoch), over doses 1 … K−1: mean curve, covariance between merchants and between the segments of one.
 */
export type DosePrior = {
  gainMean: Float64Array
  gainBetween: Float64Array
  gainWithin: Float64Array
  loss: LossPrior
  merchants: number
}

export function requireCells(cells: DoseCells, segments: number, arms: number, name: string): void {
  const size = segments * arms
  for (const field of ['persons', 'sum', 'sumSquares', 'losses'] as const) requireEqualLength(`${name}.${field}`, cells[field], size, 'segments × arms')
  for (let i = 0; i < size; i++) {
    const where = `segment ${Math.floor(i / arms)}, arm ${i % arms}`
    if (!(cells.persons[i] >= 0 && cells.persons[i] < Infinity)) throw new RangeError(`cannot judge doses: ${name}.persons of ${where} is ${cells.persons[i]}, expected a number from 0`)
    if (!Number.isFinite(cells.sum[i])) throw new RangeError(`cannot judge doses: ${name}.sum of ${where} is ${cells.sum[i]}, expected a finite number`)
    if (!(cells.sumSquares[i] >= 0 && cells.sumSquares[i] < Infinity)) throw new RangeError(`cannot judge doses: ${name}.sumSquares of ${where} is ${cells.sumSquares[i]}, expected a finite number from 0`)
    if (!(cells.losses[i] >= 0 && cells.losses[i] <= cells.persons[i])) throw new RangeError(`cannot judge doses: ${name}.losses of ${where} is ${cells.losses[i]}, expected 0 to ${cells.persons[i]}`)
  }
}

export function requireDoses(doses: ArrayLike<number>): void {
  requireFrom('doses', doses, 0)
  if (doses.length < 2) throw new RangeError(`cannot judge doses: ${doses.length} arms, expected at least 2`)
  if (doses[0] !== 0) throw new RangeError(`cannot judge doses: doses[0] is ${doses[0]}, expected 0 as the holdout`)
  for (let i = 1; i < doses.length; i++) if (!(doses[i] > doses[i - 1])) throw new RangeError(`cannot judge doses: doses[${i}] is ${doses[i]}, expected more than doses[${i - 1}] = ${doses[i - 1]}`)
}

/**
 * Prior covariance (amplitude 1) of gains over dose 0: a squared-exponential process on log₂(1 + d), length 1.5, taken as increments
 * from dose 0, so that the level is free and neighbouring doses teach each other.
 */
export function doseKernel(doses: ArrayLike<number>): Float64Array {
  const p = doses.length - 1
  const f = (i: number): number => Math.log2(1 + doses[i])
  const k = (i: number, j: number): number => Math.exp(-((f(i) - f(j)) ** 2) / 4.5)
  const matrix = new Float64Array(p * p)
  for (let i = 0; i < p; i++) {
    for (let j = 0; j < p; j++) matrix[i * p + j] = k(i + 1, j + 1) - k(i + 1, 0) - k(0, j + 1) + 1 + (i === j ? 0.02 : 0)
  }
  return matrix
}

export type GainEvidence = {
  /** Information about the gains of a segment's doses 1 … K−1, segments × p × p, epoch levels profiled out. */
  information: Float64Array
  right: Float64Array
  /** sd of a person's value within a cell, per segment, in the unit of `sum`. */
  sigma: Float64Array
  /** The segment's own figure per arm and its standard error, in the unit of `sum`: contrasts inside each epoch, precision-weighted. */
  ownGain: Float64Array
  ownSd: Float64Array
}

/**
 * Contrasts are taken inside each epoch and segment and then added as information, because shares change from epoch to epoch and pooled
 * raw means would be Simpson's paradox. One variance per segment: with heavy tails an arm's own variance and mean move together, and weights
 * by it would favour arms that happened to miss the big orders. `memory` < 1 lets older epochs fade.
 */
export function gainEvidence(epochs: readonly DoseCells[], segments: number, arms: number, scale: ArrayLike<number>, memory: number): GainEvidence {
  const p = arms - 1
  const information = new Float64Array(segments * p * p)
  const right = new Float64Array(segments * p)
  const sigma = new Float64Array(segments)
  const ownGain = new Float64Array(segments * arms)
  const ownSd = new Float64Array(segments * arms).fill(Infinity)
  let relativeSum = 0
  let relativeDegrees = 0
  const degrees = new Float64Array(segments)
  for (let s = 0; s < segments; s++) {
    let squares = 0
    for (const cells of epochs) {
      for (let c = s * arms; c < (s + 1) * arms; c++) {
        const n = cells.persons[c]
        if (n < 2) continue
        squares += Math.max(0, cells.sumSquares[c] - (cells.sum[c] * cells.sum[c]) / n)
        degrees[s] += n - 1
      }
    }
    sigma[s] = degrees[s] > 0 ? Math.sqrt(squares / degrees[s]) : 0
    if (sigma[s] > 0) {
      relativeSum += squares / scale[s] ** 2
      relativeDegrees += degrees[s]
    }
  }
  for (let s = 0; s < segments; s++) {
    // A segment in which nobody bought has no variance of its own; the others' stands in, relative to its scale.
    if (sigma[s] === 0 && relativeDegrees > 0) sigma[s] = scale[s] * Math.sqrt(relativeSum / relativeDegrees)
    if (sigma[s] === 0) continue
    const variance = (sigma[s] / scale[s]) ** 2
    const ownWeight = new Float64Array(arms)
    for (let e = 0; e < epochs.length; e++) {
      const cells = epochs[e]
      const fade = memory === 1 ? 1 : memory ** (epochs.length - 1 - e)
      const row = s * arms
      let total = 0
      let weighted = 0
      for (let k = 0; k < arms; k++) {
        const n = cells.persons[row + k]
        if (n === 0) continue
        total += (fade * n) / variance
        weighted += (fade * cells.sum[row + k]) / scale[s] / variance
      }
      if (total === 0) continue
      const level = weighted / total
      const n0 = cells.persons[row]
      const mean0 = n0 > 0 ? cells.sum[row] / n0 : 0
      for (let k = 1; k < arms; k++) {
        const n = cells.persons[row + k]
        if (n === 0) continue
        const w = (fade * n) / variance
        right[s * p + k - 1] += w * (cells.sum[row + k] / n / scale[s] - level)
        for (let l = 1; l < arms; l++) {
          information[(s * p + k - 1) * p + l - 1] += (k === l ? w : 0) - (w * fade * cells.persons[row + l]) / variance / total
        }
        if (n0 > 0) {
          const own = fade / (sigma[s] ** 2 * (1 / n + 1 / n0))
          ownWeight[k] += own
          ownGain[row + k] += own * (cells.sum[row + k] / n - mean0)
        }
      }
    }
    for (let k = 1; k < arms; k++) {
      const c = s * arms + k
      if (ownWeight[k] === 0) continue
      ownGain[c] /= ownWeight[k]
      ownSd[c] = Math.sqrt(1 / ownWeight[k])
    }
    ownSd[s * arms] = 0
  }
  return { information, right, sigma, ownGain, ownSd }
}

/** Each segment's own contrast of an arm with the holdout, taken inside every epoch and precision-weighted, and its standard error (Infinity: none). */
export function ownContrasts(epochs: readonly DoseCells[], segments: number, arms: number): { gain: Float64Array; sd: Float64Array } {
  const { ownGain, ownSd } = gainEvidence(epochs, segments, arms, new Float64Array(segments).fill(1), 1)
  return { gain: ownGain, sd: ownSd }
}

/** A joint normal for the merchant's common curve g and the segments' departures h: solution, factor of the precision, log evidence. */
export type JointSolve = { x: Float64Array; factor: Float64Array; logEvidence: number }

/**
 * Solves the two-level model θ_s = g + h_s, g ~ N(m, G), h_s ~ N(0, H), in precision form. `inverseG`, `inverseH`: p × p inverses;
 * latents are ordered g, h₀, h₁ …
 */
export function solveJoint(evidence: GainEvidence, segments: number, p: number, mean: ArrayLike<number>, inverseG: Float64Array, inverseH: Float64Array, logDetG: number, logDetH: number): JointSolve {
  const d = (segments + 1) * p
  const q = new Float64Array(d * d)
  const x = new Float64Array(d)
  let quadratic = 0
  for (let i = 0; i < p; i++) {
    let gm = 0
    for (let j = 0; j < p; j++) {
      q[i * d + j] = inverseG[i * p + j]
      gm += inverseG[i * p + j] * mean[j]
    }
    x[i] = gm
    quadratic += mean[i] * gm
  }
  for (let s = 0; s < segments; s++) {
    const base = (s + 1) * p
    for (let i = 0; i < p; i++) {
      const r = evidence.right[s * p + i]
      x[i] += r
      x[base + i] = r
      for (let j = 0; j < p; j++) {
        const lambda = evidence.information[(s * p + i) * p + j]
        q[i * d + j] += lambda
        q[(base + i) * d + j] = lambda
        q[i * d + base + j] = lambda
        q[(base + i) * d + base + j] = lambda + inverseH[i * p + j]
      }
    }
  }
  const factor = new Float64Array(d * d)
  if (!cholesky(q, d, factor)) throw new RangeError('cannot judge doses: the prior covariance is not positive definite')
  const rhs = Float64Array.from(x)
  choleskySolve(factor, d, x)
  let fit = 0
  for (let i = 0; i < d; i++) fit += rhs[i] * x[i]
  return { x, factor, logEvidence: 0.5 * (fit - quadratic - logDetFromCholesky(factor, d) - logDetG - segments * logDetH) }
}

/** Inverse and log determinant of a covariance; RangeError when it is not positive definite. */
export function invertCovariance(matrix: Float64Array, p: number, name: string): { inverse: Float64Array; logDet: number } {
  const factor = new Float64Array(p * p)
  if (!cholesky(matrix, p, factor)) throw new RangeError(`cannot judge doses: ${name} is not positive definite`)
  return { inverse: inverseFromCholesky(factor, p), logDet: logDetFromCholesky(factor, p) }
}

export type LossEvidence = {
  /** Losses and exposure per cell (segments × arms); exposure is persons, corrected for epochs in which everybody left more. */
  losses: Float64Array
  exposure: Float64Array
}

/**
 * Losses of all epochs in one table. Epochs differ in their common level (a festival crowds every sender), and shares change; so
 * expected losses are persons × epoch factor × cell rate, the factors fitted by a few rounds of proportional fitting, shrunk by ten losses.
 */
export function lossEvidence(epochs: readonly DoseCells[], segments: number, arms: number, memory: number): LossEvidence {
  const size = segments * arms
  const losses = new Float64Array(size)
  const exposure = new Float64Array(size)
  const factor = new Float64Array(epochs.length).fill(1)
  const fades = Float64Array.from(epochs, (_, e) => memory ** (epochs.length - 1 - e))
  for (let e = 0; e < epochs.length; e++) for (let c = 0; c < size; c++) losses[c] += fades[e] * epochs[e].losses[c]
  const rounds = epochs.length > 1 ? 6 : 1
  for (let round = 0; round < rounds; round++) {
    exposure.fill(0)
    for (let e = 0; e < epochs.length; e++) for (let c = 0; c < size; c++) exposure[c] += fades[e] * factor[e] * epochs[e].persons[c]
    if (round === rounds - 1) break
    let weighted = 0
    let persons = 0
    for (let e = 0; e < epochs.length; e++) {
      let seen = 10
      let expected = 10
      let n = 0
      for (let c = 0; c < size; c++) {
        seen += epochs[e].losses[c]
        n += epochs[e].persons[c]
        if (exposure[c] > 0) expected += (epochs[e].persons[c] * losses[c]) / exposure[c]
      }
      factor[e] = seen / expected
      weighted += fades[e] * n * factor[e]
      persons += fades[e] * n
    }
    if (weighted > 0) for (let e = 0; e < epochs.length; e++) factor[e] *= persons / weighted
  }
  for (let c = 0; c < size; c++) if (exposure[c] < losses[c]) exposure[c] = losses[c]
  return { losses, exposure }
}
