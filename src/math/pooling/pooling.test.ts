import { describe, expect, it } from 'vitest'
import fc from 'fast-check'
import { randomStream } from '../random/index.ts'
import { poolCases, PoolingInputError, type CasePool } from './index.ts'

type Pooled = Extract<CasePool, { state: 'pooled' }>
function pooled(effect: number[], se: number[], scale = 2): Pooled {
  const result = poolCases({ effect, se, consented: effect.length }, { scale })
  if (result.state !== 'pooled') throw new Error('expected a pooled result')
  return result
}
const six = { effect: [3.2, 1.1, 4.5, 0.4, 2.6, 5.9], se: [0.8, 0.6, 1.2, 0.7, 1, 1.6] }

// Thirteen trials of BCG vaccine (Colditz et al. 1994): cases and non-cases, vaccinated then control.
const bcg = [
  [4, 119, 11, 128], [6, 300, 29, 274], [3, 228, 11, 209], [62, 13536, 248, 12619], [33, 5036, 47, 5761], [180, 1361, 372, 1079], [8, 2537, 10, 619],
  [505, 87886, 499, 87892], [29, 7470, 45, 7232], [17, 1699, 65, 1600], [186, 50448, 141, 27197], [5, 2493, 3, 2338], [27, 16886, 29, 17825],
]

describe('pooling of cases', () => {
  it('reproduces the worked example of six cases', () => {
    const pool = pooled(six.effect, six.se, 1)
    expect(pool.q).toBeCloseTo(20.3660620818, 9)
    expect(pool.iSquared).toBeCloseTo(0.7544935305, 9)
    expect(pool.tauSquared).toBeCloseTo(2.9320758389, 8)
    expect(pool.mean).toBeCloseTo(2.6680620663, 9)
    expect(pool.se).toBeCloseTo(0.8055476922, 8)
    expect(pool.interval.low).toBeCloseTo(0.5973358009, 8)
    expect(pool.interval.high).toBeCloseTo(4.7387883317, 8)
    expect(pool.classicalPrediction!.low).toBeCloseTo(-2.585939721, 8)
    expect(pool.classicalPrediction!.high).toBeCloseTo(7.9220638537, 8)
    expect(pool.mixture.interval.low).toBeCloseTo(1.0436595619, 8)
    expect(pool.mixture.interval.high).toBeCloseTo(4.3900001235, 8)
    expect(pool.prediction!.low).toBeCloseTo(-1.2566830618, 8)
    expect(pool.prediction!.high).toBeCloseTo(6.7395298008, 8)
  })

  it('reproduces the thirteen BCG trials', () => {
    const effect = bcg.map(([a, b, c, d]) => Math.log(a / (a + b)) - Math.log(c / (c + d)))
    const se = bcg.map(([a, b, c, d]) => Math.sqrt(1 / a - 1 / (a + b) + 1 / c - 1 / (c + d)))
    const pool = pooled(effect, se)
    expect(pool.q).toBeCloseTo(152.2330080824, 8)
    expect(pool.tauSquared).toBeCloseTo(0.3180684522, 8)
    expect(pool.mean).toBeCloseTo(-0.7149681535, 8)
    expect(pool.se).toBeCloseTo(0.1808921915, 8)
    expect(pool.interval.low).toBeCloseTo(-1.1090983812, 8)
    expect(pool.interval.high).toBeCloseTo(-0.3208379258, 8)
    expect(pool.classicalPrediction!.low).toBeCloseTo(-2.0185580542, 8)
    expect(pool.classicalPrediction!.high).toBeCloseTo(0.5886217472, 8)
  })

  it('keeps an honest interval when the cases agree by chance; control: without the factor it would be four times too short', () => {
    const pool = poolCases({ effect: [1, 1.1, 0.9, 1], se: [0.5, 0.5, 0.5, 0.5], consented: 4 })
    if (pool.state !== 'pooled') throw new Error('expected a pooled result')
    expect(pool.tauSquared).toBe(0)
    expect(pool.interval.low).toBeCloseTo(0.2043884237, 8)
    expect(pool.interval.high).toBeCloseTo(1.7956115763, 8)
    expect(pool.prediction).toBeNull()
    const q = pool.q / 3
    expect(q).toBeCloseTo(0.0266667 / 1, 6)
    const bare = ((pool.interval.high - pool.interval.low) / 2) * Math.sqrt(q)
    expect(bare).toBeLessThan(0.14)
  })

  it('lists fewer than three cases instead of pooling them', () => {
    expect(poolCases({ effect: [1, 2], se: [1, 1], consented: 7 })).toEqual({ state: 'too-few', cases: 2, needed: 3, consented: 7 })
  })

  it.each([
    ['a NaN effect', { effect: [1, NaN, 2], se: [1, 1, 1], consented: 3 }, /effect\[1\] is NaN/],
    ['a zero standard error', { effect: [1, 2, 3], se: [1, 1, 0], consented: 3 }, /se\[2\] is 0/],
    ['unequal lengths', { effect: [1, 2, 3], se: [1, 1], consented: 3 }, /3 effects and 2 standard errors/],
    ['only the successes as denominator', { effect: [1, 2, 3], se: [1, 1, 1], consented: 2 }, /consented is 2/],
  ])('refuses %s', (_, cases, message) => {
    expect(() => poolCases(cases)).toThrow(message)
    expect(() => poolCases(cases)).toThrow(PoolingInputError)
  })

  it('moves with the unit and the origin, and not with the order', () => {
    const list = fc.array(fc.record({ y: fc.double({ min: -50, max: 50, noNaN: true }), s: fc.double({ min: 0.1, max: 20, noNaN: true }) }), { minLength: 5, maxLength: 12 })
    fc.assert(fc.property(list, fc.double({ min: -5, max: 5, noNaN: true }), (cases, shift) => {
      const pool = pooled(cases.map((c) => c.y), cases.map((c) => c.s))
      const moved = pooled(cases.map((c) => 3 * c.y + shift).reverse(), cases.map((c) => 3 * c.s).reverse())
      expect(moved.mean).toBeCloseTo(3 * pool.mean + shift, 5)
      expect(moved.prediction!.high).toBeCloseTo(3 * pool.prediction!.high + shift, 4)
      expect(pool.prediction!.high - pool.prediction!.low).toBeGreaterThanOrEqual(pool.mixture.interval.high - pool.mixture.interval.low - 1e-9)
    }), { numRuns: 25, seed: 3 })
  })

  it('covers the next shop in at least 93 of 100 simulated networks; control: the classical interval covers less', () => {
    const random = randomStream(20)
    const runs = 120
    let mixture = 0
    let classical = 0
    for (let run = 0; run < runs; run++) {
      const se = Array.from({ length: 10 }, () => 0.5 + random.uniform())
      const pool = pooled(se.map((s) => 1 + random.normal() + s * random.normal()), se)
      const next = 1 + random.normal()
      if (next >= pool.prediction!.low && next <= pool.prediction!.high) mixture++
      if (next >= pool.classicalPrediction!.low && next <= pool.classicalPrediction!.high) classical++
    }
    expect(mixture / runs).toBeGreaterThanOrEqual(0.93)
    expect(classical).toBeLessThan(mixture)
  })
})
