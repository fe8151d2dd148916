import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import fc from 'fast-check'
import { chiSquareTail } from '../special/index.ts'
import { randomStream } from '../random/index.ts'
import {
  auditCell, bernoulliExp, deltaOf, discreteGaussian, discreteLaplace, DisclosureInputError, epsilonOf, epsilonSimple, integersFrom, openAccount,
  releaseCounts, releaseMean, remaining, rhoFor, spend, suppressTable, type IntegerSource,
} from './index.ts'

/** Deterministic bytes for tests; the product passes the system's cryptographic source. */
function seeded(seed: number): IntegerSource {
  const random = randomStream(seed)
  return integersFrom((count) => Uint8Array.from({ length: count }, () => random.below(256)))
}
const stub = (draws: bigint[]): IntegerSource => () => draws.shift()!

describe('integer noise', () => {
  it('follows the published coin step by step', () => {
    expect(bernoulliExp(1n, 2n, stub([1n]))).toBe(true)
    expect(bernoulliExp(1n, 2n, stub([0n, 1n]))).toBe(false)
    expect(bernoulliExp(1n, 2n, stub([0n, 0n, 3n]))).toBe(true)
  })

  /** χ² over |x| ≤ `reach` (the rest in one cell) of `draws` samples against weights; the p-value. */
  function fit(draw: () => bigint, weight: (x: number) => number, reach: number, draws: number): number {
    const counts = new Float64Array(2 * reach + 2)
    for (let i = 0; i < draws; i++) {
      const x = Number(draw())
      counts[Math.abs(x) <= reach ? x + reach : 2 * reach + 1]++
    }
    let total = 0
    for (let x = -2000; x <= 2000; x++) total += weight(x)
    let chi = 0
    let inside = 0
    for (let x = -reach; x <= reach; x++) {
      const expected = (draws * weight(x)) / total
      inside += expected
      chi += (counts[x + reach] - expected) ** 2 / expected
    }
    const tail = draws - inside
    if (tail > 5) chi += (counts[2 * reach + 1] - tail) ** 2 / tail
    return chiSquareTail(chi, 2 * reach + (tail > 5 ? 1 : 0))
  }
  const gaussian = (variance: number) => (x: number): number => Math.exp((-x * x) / (2 * variance))

  it('draws discrete Gaussians and Laplaces with the stated probabilities; control: a rounded continuous Gaussian fails', () => {
    const uniform = seeded(1)
    expect(fit(() => discreteGaussian(4n, 1n, uniform), gaussian(4), 8, 12_000)).toBeGreaterThan(1e-6)
    expect(fit(() => discreteGaussian(1n, 4n, uniform), gaussian(0.25), 1, 12_000)).toBeGreaterThan(1e-6)
    expect(fit(() => discreteLaplace(2n, 1n, uniform), (x) => Math.exp(-Math.abs(x) / 2), 8, 12_000)).toBeGreaterThan(1e-6)
    const normal = randomStream(5)
    expect(fit(() => BigInt(Math.round(normal.normal() * 0.5)), gaussian(0.25), 1, 12_000)).toBeLessThan(1e-6)
  })

  it('matches the tabled probabilities and variances of the distributions it samples', () => {
    const table = (weight: (x: number) => number): { p: (x: number) => number; variance: number } => {
      let total = 0
      let second = 0
      for (let x = -2000; x <= 2000; x++) {
        total += weight(x)
        second += x * x * weight(x)
      }
      return { p: (x) => weight(x) / total, variance: second / total }
    }
    expect(table(gaussian(0.25)).p(0)).toBeCloseTo(0.786570707042, 11)
    expect(table(gaussian(0.25)).variance).toBeCloseTo(0.2150126751, 9)
    expect(table(gaussian(1)).p(3)).toBeCloseTo(0.004431848388, 11)
    expect(table(gaussian(4)).p(1)).toBeCloseTo(0.176032663382, 11)
    expect(table((x) => Math.exp(-Math.abs(x) / 2)).variance).toBeCloseTo(7.8353961781, 9)
  })

  it('draws integers without bias from any byte source, and refuses a bound of 0', () => {
    const uniform = integersFrom((count) => randomBytes(count))
    for (let i = 0; i < 200; i++) expect(uniform(7n)).toBeLessThan(7n)
    expect(() => uniform(0n)).toThrow(DisclosureInputError)
    expect(() => discreteGaussian(0n, 1n, uniform)).toThrow(/n is 0/)
  })
})

describe('privacy accountant', () => {
  it.each([
    [0.025, 1e-6, 1.0140742547, 1.2003940002], [0.1, 1e-5, 1.914238832, 2.2459660263], [0.5, 1e-6, 5.2215344445, 5.7565217698], [0.005, 1e-6, 0.4299414688, 0.530652177],
  ])('converts ρ = %d at δ = %d', (rho, delta, tight, simple) => {
    expect(epsilonOf(rho, delta)).toBeCloseTo(tight, 9)
    expect(epsilonSimple(rho, delta)).toBeCloseTo(simple, 9)
  })

  it('converts back, and the bound is above the exact δ of the discrete Gaussian', () => {
    expect(deltaOf(0.025, 1) / 1.3361319064e-6).toBeCloseTo(1, 9)
    expect(rhoFor(1, 1e-6)).toBeCloseTo(0.0243559704, 9)
    expect(rhoFor(0.5, 1e-6)).toBeCloseTo(0.0066415244, 9)
    // Exact δ at ε for σ² = 20: Σ max(0, P(x) − e^ε P(x − 1)).
    let total = 0
    let exact = 0
    for (let x = -400; x <= 400; x++) total += Math.exp((-x * x) / 40)
    for (let x = -400; x <= 400; x++) exact += Math.max(0, Math.exp((-x * x) / 40) - Math.E * Math.exp((-(x - 1) * (x - 1)) / 40)) / total
    expect(exact / 3.0424390409e-7).toBeCloseTo(1, 8)
    expect(exact).toBeLessThan(deltaOf(0.025, 1))
  })

  it('adds costs, takes the dearest of disjoint parts, and refuses when spent', () => {
    let account = openAccount(0.1)
    const release = { kind: 'gaussian', name: 'a', sensitivity: 1n, sigmaSquared: [20n, 1n] } as const
    for (let i = 0; i < 4; i++) {
      const result = spend(account, release)
      if (result.outcome !== 'spent') throw new Error('expected room')
      expect(result.rho).toBe(0.025)
      account = result.account
    }
    expect(remaining(account)).toBe(0)
    expect(spend(account, release)).toEqual({ outcome: 'refused', rho: 0.025, left: 0 })
    expect(spend(openAccount(0.1), { kind: 'parallel', name: 'regions', parts: [release, release] })).toMatchObject({ outcome: 'spent', rho: 0.025 })
    expect(spend(openAccount(0.1), { kind: 'pure', name: 'p', epsilon: [1n, 2n] })).toMatchObject({ outcome: 'refused', rho: 0.125 })
  })

  it('never spends more than the limit, whatever is asked', () => {
    fc.assert(fc.property(fc.array(fc.tuple(fc.bigInt(0n, 50n), fc.bigInt(1n, 100000n)), { maxLength: 30 }), (asked) => {
      let account = openAccount(0.1)
      let sum = 0
      for (const [sensitivity, n] of asked) {
        const result = spend(account, { kind: 'gaussian', name: 'x', sensitivity, sigmaSquared: [n, 1n] })
        if (result.outcome !== 'spent') continue
        account = result.account
        sum += Number(sensitivity * sensitivity) / (2 * Number(n))
      }
      return sum <= 0.1 + 1e-12 && remaining(account) >= 0 && sum <= 0.1 - remaining(account) + 1e-11
    }), { seed: 5 })
  })

  it('blurs a mean of 20,000 persons clipped at 500 yuan by about a quarter yuan at ρ = 0.005', () => {
    const release = releaseMean('revenue', new Int32Array(20_000).fill(12_000), 50_000, 0.005, seeded(3))
    expect(release.blurFen!).toBeCloseTo(25, 0)
    expect(Math.abs(release.meanFen! - 12_000)).toBeLessThan(6 * 25 + 6 * 12_000 * (10 / 20_000))
    expect(release.costs.map((cost) => (spend(openAccount(1), cost) as { rho: number }).rho)).toEqual([0.005, 0.005])
    expect(() => releaseMean('revenue', [1, 2.5], 50_000, 0.005, seeded(3))).toThrow(/valuesFen\[1\] is 2.5/)
  })

  it('withholds cells by their noisy counts, over the given cells only', () => {
    const release = releaseCounts('table', [0, 3, 500], 0.1, 10, seeded(4))
    expect(release.counts.length).toBe(3)
    expect(release.counts[0]).toBeNull()
    expect(release.counts[2]).not.toBeNull()
  })
})

describe('suppression of tables with margins', () => {
  const table = [12, 3, 20, 9, 8, 15, 4, 11, 30, 7, 6, 25]

  it('control: withholding only the small cells gives them back exactly', () => {
    const only = new Uint8Array(12)
    only[1] = 1
    only[6] = 1
    expect(auditCell(table, 3, 4, only, 0, 1)).toMatchObject({ low: 3, high: 3 })
    expect(auditCell(table, 3, 4, only, 1, 2)).toMatchObject({ low: 4, high: 4 })
  })

  it('finds the cheapest complement of the worked table and audits it', () => {
    const result = suppressTable(table, 3, 4)
    if (result.state !== 'published') throw new Error('expected a table')
    expect(result.primary).toEqual([[0, 1], [1, 2]])
    expect(result.complementary).toEqual([[0, 2], [1, 1]])
    expect(result.cost).toBe(35)
    expect(result.audit.map(({ low, high }) => [low, high])).toEqual([[0, 18], [5, 23], [0, 18], [1, 19]])
  })

  it('protects every small cell of random tables, checked by trying all tables with the same margins', () => {
    fc.assert(fc.property(fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 9, maxLength: 9 }), (counts) => {
      const result = suppressTable(counts, 3, 3, { k: 3 })
      if (result.state !== 'published') return true
      for (const [row, column] of result.primary) {
        const found = new Set<number>()
        eachTable(counts, result.cells, (cells) => found.add(cells[row * 3 + column]))
        const audit = result.audit.find((each) => each.row === row && each.column === column)!
        expect(Math.min(...found)).toBe(audit.low)
        expect(Math.max(...found)).toBe(audit.high)
        expect(audit.high).toBeGreaterThanOrEqual(3)
        expect(audit.high - audit.low).toBeGreaterThanOrEqual(3)
      }
      return true
    }), { numRuns: 60, seed: 9 })
  })

  it('withholds dominated cells, keeps earlier cells withheld, and says when nothing protects', () => {
    const dominated = suppressTable([50, 60, 70, 80], 2, 2, { largest: [30, 1, 1, 1] })
    expect(dominated).toMatchObject({ state: 'published', primary: [[0, 0]] })
    const again = suppressTable(table, 3, 4, { before: [[2, 3]] })
    expect(again.state === 'published' && again.cells[11]).toBeNull()
    expect(suppressTable([3, 50, 60], 1, 3)).toMatchObject({ state: 'unprotectable' })
    expect(() => suppressTable([1, -2], 1, 2)).toThrow(/cell \(0, 1\) is -2/)
  })
})

/** All 3 × 3 tables of whole numbers with the published cells and the margins of `counts`. */
function eachTable(counts: readonly number[], cells: ReadonlyArray<number | null>, visit: (cells: number[]) => void): void {
  const rowSum = [0, 1, 2].map((i) => counts[i * 3] + counts[i * 3 + 1] + counts[i * 3 + 2])
  const columnSum = [0, 1, 2].map((j) => counts[j] + counts[j + 3] + counts[j + 6])
  const table = counts.map(() => 0)
  const walk = (cell: number): void => {
    if (cell === 9) {
      if ([0, 1, 2].every((j) => table[j] + table[j + 3] + table[j + 6] === columnSum[j])) visit(table)
      return
    }
    const i = Math.floor(cell / 3)
    const leftInRow = rowSum[i] - table.slice(i * 3, cell).reduce((a, b) => a + b, 0)
    const values = cells[cell] !== null ? [cells[cell]] : cell % 3 === 2 ? [leftInRow] : Array.from({ length: Math.max(0, leftInRow) + 1 }, (_, v) => v)
    for (const value of values) {
      if (value < 0 || value > leftInRow || (cell % 3 === 2 && value !== leftInRow)) continue
      table[cell] = value
      walk(cell + 1)
    }
    table[cell] = 0
  }
  walk(0)
}
