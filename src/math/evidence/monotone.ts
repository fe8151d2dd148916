import { requireEqualLength, requireFinite, requirePositive } from '../special/index.ts'

/**
 * Weighted isotonic regression, non-decreasing, by pool-adjacent-violators (Barlow et al. 1972): losses may not fall with dose.
 * `weights` are precisions, above 0.
 */
export function isotonic(values: ArrayLike<number>, weights: ArrayLike<number>): Float64Array {
  requireFinite('values', values)
  requireEqualLength('weights', weights, values.length, 'values')
  requirePositive('weights', weights)
  const out = Float64Array.from(values)
  isotonicInPlace(out, weights, 0, out.length)
  return out
}

/** The same on `length` elements from `offset`, unchecked and without allocation for up to a dozen arms: it runs once per posterior draw. */
export function isotonicInPlace(values: Float64Array, weights: ArrayLike<number>, offset: number, length: number): void {
  // Repeated sweeps over at most a few violating blocks: quadratic at worst, but arms are few.
  let i = offset
  const end = offset + length
  while (i < end) {
    let j = i + 1
    while (j < end && values[j] === values[i]) j++
    if (j < end && values[j] < values[i]) {
      // Merge the block [i, j) with the block that starts at j, then look back.
      let k = j + 1
      while (k < end && values[k] === values[j]) k++
      let weight = 0
      let sum = 0
      for (let m = i; m < k; m++) {
        weight += weights[m]
        sum += weights[m] * values[m]
      }
      const mean = sum / weight
      for (let m = i; m < k; m++) values[m] = mean
      while (i > offset && values[i - 1] > mean) {
        const before = values[i - 1]
        i--
        while (i > offset && values[i - 1] === before) i--
        if (before > mean) break
      }
    } else i = j
  }
}

/**
 * Monotone bounds from simultaneous ones: max of the lower bounds up to the arm and min of the upper ones from it on; never wider.
 * `refuted` names the first arm where they cross: then losses do fall with dose, show it and drop the assumption.
 */
export function monotoneBounds(low: ArrayLike<number>, high: ArrayLike<number>): { low: Float64Array; high: Float64Array; refuted: number | null } {
  requireEqualLength('high', high, low.length, 'low')
  const lows = Float64Array.from(low)
  const highs = Float64Array.from(high)
  for (let k = 1; k < lows.length; k++) lows[k] = Math.max(lows[k], lows[k - 1])
  for (let k = highs.length - 2; k >= 0; k--) highs[k] = Math.min(highs[k], highs[k + 1])
  let refuted: number | null = null
  for (let k = 0; k < lows.length && refuted === null; k++) if (lows[k] > highs[k]) refuted = k
  return { low: lows, high: highs, refuted }
}
