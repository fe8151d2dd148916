import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as special from './index.ts'

describe('special functions', () => {
  it('solve w·eʷ = x on the lower branch', () => {
    expect(-1 - special.lambertWm1(-(0.05 ** 2) * Math.exp(-1))).toBeCloseTo(8.211968, 6)
    expect(-1 - special.lambertWm1(-(0.01 ** 2) * Math.exp(-1))).toBeCloseTo(11.756371, 6)
    fc.assert(fc.property(fc.double({ min: -0.3678, max: -1e-12, noNaN: true }), (x) => {
      const w = special.lambertWm1(x)
      expect(w).toBeLessThanOrEqual(-1)
      expect(w * Math.exp(w) / x).toBeCloseTo(1, 10)
    }))
    expect(() => special.lambertWm1(0.1)).toThrow(/expected a number from/)
  })

  it('have quantiles that invert their distribution functions', () => {
    expect(special.normalQuantile(0.975)).toBeCloseTo(1.959963984540054, 14)
    expect(special.studentQuantile(0.975, 5)).toBeCloseTo(2.570581835636314, 12)
    expect(special.studentQuantile(0.025, 1)).toBeCloseTo(-12.706204736174698, 9)
    expect(special.chiSquareTail(8.082, 3)).toBeCloseTo(0.044347065533579935, 14)
    fc.assert(fc.property(fc.double({ min: 1e-6, max: 1 - 1e-6, noNaN: true }), fc.integer({ min: 1, max: 200 }), (p, degrees) => {
      expect(special.normalCdf(special.normalQuantile(p))).toBeCloseTo(p, 12)
      expect(1 - special.studentTail(special.studentQuantile(p, degrees), degrees)).toBeCloseTo(p, 9)
      expect(special.betaCdf(special.betaQuantile(p, 2, degrees), 2, degrees)).toBeCloseTo(p, 9)
    }), { numRuns: 50 })
  })

  it('minimise Rosenbrock\'s valley from the usual start', () => {
    const found = special.minimise((x, g) => {
      g[0] = -400 * x[0] * (x[1] - x[0] ** 2) - 2 * (1 - x[0])
      g[1] = 200 * (x[1] - x[0] ** 2)
      return 100 * (x[1] - x[0] ** 2) ** 2 + (1 - x[0]) ** 2
    }, [-1.2, 1])
    expect(found.converged).toBe(true)
    expect(found.x[0]).toBeCloseTo(1, 6)
    expect(found.x[1]).toBeCloseTo(1, 6)
  })

  it('factor, solve and invert a positive definite matrix, and refuse another', () => {
    const matrix = Float64Array.from([4, 2, 0.6, 2, 5, 1.5, 0.6, 1.5, 3])
    const factor = new Float64Array(9)
    expect(special.cholesky(matrix, 3, factor)).toBe(true)
    const b = Float64Array.from([1, 2, 3])
    special.choleskySolve(factor, 3, b)
    for (let i = 0; i < 3; i++) expect(matrix[i * 3] * b[0] + matrix[i * 3 + 1] * b[1] + matrix[i * 3 + 2] * b[2]).toBeCloseTo(i + 1, 12)
    expect(special.inverseFromCholesky(factor, 3)[4] * Math.exp(special.logDetFromCholesky(factor, 3))).toBeCloseTo(4 * 3 - 0.36, 10)
    expect(special.cholesky(Float64Array.from([1, 2, 2, 1]), 2, factor)).toBe(false)
  })

  it('name the element that is wrong', () => {
    expect(() => special.requireFinite('spend', [1, Number.NaN])).toThrow('cannot compute: spend[1] is NaN')
    expect(() => special.requirePositive('sd', [1, 0])).toThrow('sd[1] is 0')
    expect(() => special.requireWhole('losses', [1, 2.5])).toThrow('losses[1] is 2.5')
    expect(() => special.requireEqualLength('y', [1], 2, 'x')).toThrow('y has 1 elements, expected 2 as x')
  })
})
