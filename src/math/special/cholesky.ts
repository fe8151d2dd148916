/**
 * Cholesky of a symmetric positive definite n × n matrix, row by row, into `factor` (lower triangle; the upper is left alone).
 * In place on typed arrays, because the dose decision does it thousands of times. Returns false when not positive definite.
 */
export function cholesky(matrix: Float64Array, n: number, factor: Float64Array): boolean {
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = matrix[i * n + j]
      for (let k = 0; k < j; k++) sum -= factor[i * n + k] * factor[j * n + k]
      if (i === j) {
        if (!(sum > 0)) return false
        factor[i * n + i] = Math.sqrt(sum)
      } else factor[i * n + j] = sum / factor[j * n + j]
    }
  }
  return true
}

/** Solves L·Lᵀ·x = b in place in `b`. */
export function choleskySolve(factor: Float64Array, n: number, b: Float64Array): void {
  for (let i = 0; i < n; i++) {
    let sum = b[i]
    for (let k = 0; k < i; k++) sum -= factor[i * n + k] * b[k]
    b[i] = sum / factor[i * n + i]
  }
  for (let i = n - 1; i >= 0; i--) {
    let sum = b[i]
    for (let k = i + 1; k < n; k++) sum -= factor[k * n + i] * b[k]
    b[i] = sum / factor[i * n + i]
  }
}

/** ln det of the matrix whose factor this is. */
export function logDetFromCholesky(factor: Float64Array, n: number): number {
  let sum = 0
  for (let i = 0; i < n; i++) sum += Math.log(factor[i * n + i])
  return 2 * sum
}

/** The full inverse of the matrix whose factor this is. */
export function inverseFromCholesky(factor: Float64Array, n: number): Float64Array {
  const inverse = new Float64Array(n * n)
  const column = new Float64Array(n)
  for (let j = 0; j < n; j++) {
    column.fill(0)
    column[j] = 1
    choleskySolve(factor, n, column)
    for (let i = 0; i < n; i++) inverse[i * n + j] = column[i]
  }
  return inverse
}
