import { randomStream } from '../random/index.ts'
import { requireFinite, studentQuantile } from '../special/index.ts'

export type SplitComparison = { splits: number; mean: number; wins: number; naiveError: number; correctedError: number; low: number; high: number }

/**
 * Mean of a difference over J random splits of one file, with the standard error of Nadeau & Bengio (2003): s²·(1/J + n_test/n_train), because the splits
 * share their rows. Interval by Student's t with J − 1 degrees. `wins` counts splits where the difference is above 0.
 */
export function compareOverSplits(differences: ArrayLike<number>, testRows: number, trainRows: number, level = 0.95): SplitComparison {
  const splits = differences.length
  if (splits < 2) throw new RangeError(`cannot compare: ${splits} splits, expected at least 2`)
  if (!(testRows > 0 && trainRows > 0)) throw new RangeError(`cannot compare: ${testRows} test and ${trainRows} training rows, expected both above 0`)
  requireFinite('differences', differences)
  let sum = 0
  let wins = 0
  for (let i = 0; i < splits; i++) {
    sum += differences[i]
    if (differences[i] > 0) wins++
  }
  const mean = sum / splits
  let squares = 0
  for (let i = 0; i < splits; i++) squares += (differences[i] - mean) ** 2
  const variance = squares / (splits - 1)
  const correctedError = Math.sqrt(variance * correction(splits, testRows, trainRows))
  const half = studentQuantile(0.5 + level / 2, splits - 1) * correctedError
  return { splits, mean, wins, naiveError: Math.sqrt(variance / splits), correctedError, low: mean - half, high: mean + half }
}
/** 1/J + n_test/n_train. */
export function correction(splits: number, testRows: number, trainRows: number): number {
  return 1 / splits + testRows / trainRows
}

/** A random half of 0 … n − 1 for training and the rest for test, both ascending; the same for a seed and split number. */
export function halfSplit(n: number, seed: number, split: number): { train: Int32Array; test: Int32Array } {
  if (!(Number.isInteger(n) && n >= 2)) throw new RangeError(`cannot split: ${n} rows, expected at least 2`)
  const rows = Int32Array.from({ length: n }, (_, i) => i)
  const random = randomStream(seed, 1000 + split)
  for (let i = n - 1; i > 0; i--) {
    const j = random.below(i + 1)
    const other = rows[i]
    rows[i] = rows[j]
    rows[j] = other
  }
  return { train: rows.slice(0, n >> 1).sort(), test: rows.slice(n >> 1).sort() }
}
