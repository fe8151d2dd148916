/** Value at `x`; writes the gradient into `gradient` (same length). */
export type Objective = (x: Float64Array, gradient: Float64Array) => number
export type Minimum = { x: Float64Array; value: number; iterations: number; converged: boolean }

/** The root of an increasing function in [low, high], to the last bit or 200 halvings. No root inside: the nearer end. */
export function bisect(f: (x: number) => number, low: number, high: number): number {
  for (let i = 0; i < 200; i++) {
    const mid = low + (high - low) / 2
    if (mid <= low || mid >= high) break
    if (f(mid) < 0) low = mid
    else high = mid
  }
  return low + (high - low) / 2
}

/**
 * BFGS with a backtracking line search (Nocedal & Wright 2006, 6.1 and 3.1) for a handful of parameters.
 * Stops when the largest gradient component falls below `tolerance`·max(1, |value|), when the predicted gain is below rounding, or when no step
 * lowers the value.
 * A value that is not finite counts as "too far" and shortens the step.
 */
export function minimise(objective: Objective, start: ArrayLike<number>, { tolerance = 1e-10, maxIterations = 500 } = {}): Minimum {
  const n = start.length
  const x = Float64Array.from(start)
  const gradient = new Float64Array(n)
  let value = objective(x, gradient)
  if (!Number.isFinite(value)) throw new RangeError(`cannot minimise: the value at the start is ${value}, expected a finite number`)
  const inverse = new Float64Array(n * n)
  const reset = (): void => {
    inverse.fill(0)
    for (let i = 0; i < n; i++) inverse[i * n + i] = 1
  }
  reset()
  const step = new Float64Array(n)
  const trial = new Float64Array(n)
  const trialGradient = new Float64Array(n)
  const change = new Float64Array(n)
  const hy = new Float64Array(n)
  let iterations = 0
  let fresh = true
  for (; iterations < maxIterations; iterations++) {
    let largest = 0
    for (let i = 0; i < n; i++) largest = Math.max(largest, Math.abs(gradient[i]))
    if (largest <= tolerance * Math.max(1, Math.abs(value))) return { x, value, iterations, converged: true }
    let slope = 0
    for (let i = 0; i < n; i++) {
      let sum = 0
      for (let j = 0; j < n; j++) sum -= inverse[i * n + j] * gradient[j]
      step[i] = sum
      slope += sum * gradient[i]
    }
    if (!(slope < 0)) {
      if (fresh) break
      reset()
      fresh = true
      continue
    }
    if (!fresh && -slope <= 1e-14 * Math.max(1, Math.abs(value))) {
      // The gain still to be had is below the rounding of the value: take the step and stop, a line search would only see noise.
      for (let i = 0; i < n; i++) trial[i] = x[i] + step[i]
      const last = objective(trial, trialGradient)
      if (last <= value + 1e-13 * Math.max(1, Math.abs(value))) {
        x.set(trial)
        value = last
      }
      return { x, value, iterations, converged: true }
    }
    let length = 1
    if (fresh) {
      let norm = 0
      for (let i = 0; i < n; i++) norm = Math.max(norm, Math.abs(step[i]))
      length = Math.min(1, 0.5 / norm)
    }
    let next = Infinity
    let found = false
    for (let tries = 0; tries < 40; tries++) {
      for (let i = 0; i < n; i++) trial[i] = x[i] + length * step[i]
      next = objective(trial, trialGradient)
      if (next <= value + 1e-4 * length * slope) {
        found = true
        break
      }
      length *= 0.5
    }
    if (!found || !(next < value)) {
      if (fresh) break
      reset()
      fresh = true
      continue
    }
    let ys = 0
    for (let i = 0; i < n; i++) {
      step[i] = trial[i] - x[i]
      change[i] = trialGradient[i] - gradient[i]
      ys += change[i] * step[i]
    }
    if (fresh && ys > 0) {
      let yy = 0
      for (let i = 0; i < n; i++) yy += change[i] * change[i]
      for (let i = 0; i < n; i++) inverse[i * n + i] = ys / yy
    }
    if (ys > 1e-300) {
      let yhy = 0
      for (let i = 0; i < n; i++) {
        let sum = 0
        for (let j = 0; j < n; j++) sum += inverse[i * n + j] * change[j]
        hy[i] = sum
        yhy += sum * change[i]
      }
      const outer = (1 + yhy / ys) / ys
      for (let i = 0; i < n; i++) {
        for (let j = 0; j < n; j++) inverse[i * n + j] += outer * step[i] * step[j] - (hy[i] * step[j] + step[i] * hy[j]) / ys
      }
      fresh = false
    }
    x.set(trial)
    gradient.set(trialGradient)
    value = next
  }
  let largest = 0
  for (let i = 0; i < n; i++) largest = Math.max(largest, Math.abs(gradient[i]))
  // No step lowers the value any more: at rounding level that is the minimum, with a steep gradient it is not.
  return { x, value, iterations, converged: largest <= 1e-6 * Math.max(1, Math.abs(value)) }
}
