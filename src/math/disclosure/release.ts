import type { Release } from './accountant.ts'
import { refuse } from './input.ts'
import { discreteGaussian, type IntegerSource } from './integer-noise.ts'

/** Noise variance (a whole number, rounded up) at which a figure of integer L2 sensitivity Δ costs at most ρ: σ² = Δ²/(2ρ). */
export function sigmaSquaredFor(sensitivity: bigint, rho: number): bigint {
  if (!(rho > 0 && rho < Infinity)) refuse(`cannot choose noise: ρ is ${rho}, expected a finite number above 0`)
  if (sensitivity <= 0n) refuse(`cannot choose noise: sensitivity is ${sensitivity}, expected at least 1`)
  // ρ rounded down to 1e-12, so the variance is never too small.
  const parts = BigInt(Math.floor(rho * 1e12))
  if (parts === 0n) refuse(`cannot choose noise: ρ is ${rho}, expected at least 1e-12`)
  const top = sensitivity * sensitivity * 1_000_000_000_000n
  return (top + 2n * parts - 1n) / (2n * parts)
}

export type MeanRelease = {
  /** Noisy sum of clipped fen, and noisy number of persons. */
  sumFen: bigint
  persons: bigint
  /** sumFen / persons; null when the noisy count is not positive. */
  meanFen: number | null
  /** About how much the mean is blurred (one standard deviation of the sum's noise over the noisy count), in fen; null likewise. */
  blurFen: number | null
  costs: readonly [Release, Release]
}

/**
 * Releases a mean of money: the sum of values clipped to [−clipFen, clipFen] and the number of persons, each with discrete Gaussian noise
 * costing `rho`. Values are one whole number of fen per person (a person's total, never one row per order).
 */
export function releaseMean(name: string, valuesFen: ArrayLike<number>, clipFen: number, rho: number, uniform: IntegerSource): MeanRelease {
  if (!(Number.isSafeInteger(clipFen) && clipFen > 0)) refuse(`cannot release "${name}": clipFen is ${clipFen}, expected a whole number of fen above 0`)
  let sum = 0n
  for (let i = 0; i < valuesFen.length; i++) {
    const value = valuesFen[i]
    if (!Number.isSafeInteger(value)) refuse(`cannot release "${name}": valuesFen[${i}] is ${value}, expected a whole number of fen`)
    sum += BigInt(Math.max(-clipFen, Math.min(clipFen, value)))
  }
  const clip = BigInt(clipFen)
  const sumVariance = sigmaSquaredFor(clip, rho)
  const countVariance = sigmaSquaredFor(1n, rho)
  const sumFen = sum + discreteGaussian(sumVariance, 1n, uniform)
  const persons = BigInt(valuesFen.length) + discreteGaussian(countVariance, 1n, uniform)
  const shown = persons > 0n
  return {
    sumFen, persons, meanFen: shown ? Number(sumFen) / Number(persons) : null, blurFen: shown ? Math.sqrt(Number(sumVariance)) / Number(persons) : null,
    costs: [
      { kind: 'gaussian', name: `${name}: sum`, sensitivity: clip, sigmaSquared: [sumVariance, 1n] },
      { kind: 'gaussian', name: `${name}: persons`, sensitivity: 1n, sigmaSquared: [countVariance, 1n] },
    ],
  }
}

export type CountsRelease = {
  /** Noisy count per cell; null where the noisy count is below the threshold. */
  counts: Array<bigint | null>
  sigma: number
  cost: Release
}

/**
 * Releases counts over a fixed list of cells (fixed before the data were seen). Each person is in at most one cell, so one cost covers the
 * whole table. Cells are withheld by their *noisy* count: withholding by the true count would be a leak of its own.
 */
export function releaseCounts(name: string, counts: ArrayLike<number>, rho: number, threshold: number, uniform: IntegerSource): CountsRelease {
  const variance = sigmaSquaredFor(1n, rho)
  const noisy = Array.from(counts, (count, i) => {
    if (!(Number.isSafeInteger(count) && count >= 0)) refuse(`cannot release "${name}": counts[${i}] is ${count}, expected a whole number from 0`)
    const value = BigInt(count) + discreteGaussian(variance, 1n, uniform)
    return value < BigInt(Math.ceil(threshold)) ? null : value
  })
  return { counts: noisy, sigma: Math.sqrt(Number(variance)), cost: { kind: 'gaussian', name, sensitivity: 1n, sigmaSquared: [variance, 1n] } }
}
