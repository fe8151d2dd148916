import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { randomStream } from '../random/index.ts'
import {
  aliveProbability, bgNbdLogLikelihood, expectedIfAlive, expectedPurchases, expectedSpend, fitBgNbd, fitGammaGamma, fitLifetime, groupHistory, holdoutError, scoreLifetimes, spendCorrelation, valueLogSd,
  type BgNbd, type CustomerHistory,
} from './index.ts'

const published: BgNbd = { r: 0.243, alpha: 4.414, a: 0.793, b: 2.426 }
const one = (x: number, t: number, T: number) => groupHistory({ x: [x], t: [t], T: [T] })

const file = join(import.meta.dirname, '../../../../shared/data/cdnow_sample/cdnow_sample_rfm.csv.gz')
const cdnow = existsSync(file)
  ? gunzipSync(readFileSync(file)).toString().trim().split('\n').slice(1).map((line) => line.split(',').map(Number))
  : null
const column = (index: number): Float64Array => Float64Array.from(cdnow ?? [], (row) => row[index])

describe('BG/NBD at the published parameters', () => {
  it('gives log-likelihood, P(alive) and expectations of single persons', () => {
    expect(bgNbdLogLikelihood(one(2, 30.43, 38.86), published)).toBeCloseTo(-9.45860631, 7)
    expect(bgNbdLogLikelihood(one(0, 0, 38.86), published)).toBeCloseTo(-0.55471328, 7)
    expect(bgNbdLogLikelihood(one(1, 1.71, 38.86), published)).toBeCloseTo(-4.46909328, 7)
    expect(aliveProbability(published, 2, 30.43, 38.86)).toBeCloseTo(0.726578570080673, 13)
    expect(aliveProbability(published, 0, 0, 38.86)).toBe(1)
    expect(aliveProbability(published, 1, 1.71, 38.86)).toBeCloseTo(0.2121009854, 9)
    expect(expectedPurchases(published, 2, 30.43, 38.86, 39)).toBeCloseTo(1.22602817477, 10)
    expect(expectedPurchases(published, 0, 0, 38.86, 39)).toBeCloseTo(0.195098052011, 11)
    expect(expectedPurchases(published, 1, 1.71, 38.86, 39)).toBeCloseTo(0.20318698708, 10)
    expect(expectedPurchases(published, 0, 0, 0, 39)).toBeCloseTo(1.1967231933, 9)
  })

  it('does not overflow for a thousand purchases nor for long horizons', () => {
    expect(expectedPurchases(published, 1000, 500, 510, 520)).toBeCloseTo(0.00281778465409, 12)
    expect(expectedPurchases(published, 5, 20, 25, 2000)).toBeCloseTo(32.6089686776, 8)
    expect(expectedPurchases(published, 26, 30.86, 31, 52)).toBeCloseTo(25.7581959365, 8)
  })

  it('passes smoothly through a = 1', () => {
    expect(expectedPurchases({ ...published, a: 0.999999 }, 2, 30.43, 38.86, 39)).toBeCloseTo(1.10213733166, 5)
    expect(expectedPurchases({ ...published, a: 1.0000001 }, 2, 30.43, 38.86, 39)).toBeCloseTo(1.1021367396, 5)
  })

  it('has a gradient that agrees with differences', () => {
    const groups = groupHistory({ x: [0, 2, 1, 7], t: [0, 30.43, 1.71, 20], T: [38.86, 38.86, 38.86, 25], weight: [3, 1, 2, 1] })
    const gradient = new Float64Array(4)
    bgNbdLogLikelihood(groups, published, gradient)
    ;(['r', 'alpha', 'a', 'b'] as const).forEach((key, i) => {
      const h = 1e-5
      const slope = (bgNbdLogLikelihood(groups, { ...published, [key]: published[key] + h }) - bgNbdLogLikelihood(groups, { ...published, [key]: published[key] - h })) / (2 * h)
      expect(gradient[i]).toBeCloseTo(slope, 5)
    })
  })

  it('promises more for a longer horizon, less for a longer silence, and a probability between 0 and 1', () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 60 }), fc.double({ min: 1, max: 50, noNaN: true }), fc.double({ min: 0, max: 50, noNaN: true }), fc.double({ min: 0.1, max: 100, noNaN: true }), (x, t, extra, horizon) => {
      const T = t + extra
      const p = aliveProbability(published, x, t, T)
      expect(p).toBeGreaterThanOrEqual(0)
      expect(p).toBeLessThanOrEqual(1)
      expect(aliveProbability(published, x, t, T + 5)).toBeLessThanOrEqual(p)
      expect(expectedPurchases(published, x, t, T, horizon * 1.5)).toBeGreaterThanOrEqual(expectedPurchases(published, x, t, T, horizon))
    }))
  })
})

describe('grouping', () => {
  it('keeps the likelihood of any history', () => {
    fc.assert(fc.property(fc.array(fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 1, max: 3 }), fc.integer({ min: 3, max: 5 })), { minLength: 1, maxLength: 60 }), (rows) => {
      const history = { x: rows.map((r) => r[0]), t: rows.map((r) => (r[0] === 0 ? 0 : r[1])), T: rows.map((r) => r[2]) }
      const groups = groupHistory(history, true)
      const each = rows.reduce((sum, _, i) => sum + bgNbdLogLikelihood(one(history.x[i], history.t[i], history.T[i]), published), 0)
      expect(bgNbdLogLikelihood(groups, published)).toBeCloseTo(each, 8)
      rows.forEach((_, i) => expect(groups.T[(groups.of as Int32Array)[i]]).toBe(history.T[i]))
    }))
  })
})

describe.skipIf(!cdnow)('CDNOW sample (skipped when the data folder is not beside the repository)', () => {
  const history: CustomerHistory = { x: column(1), t: column(2), T: column(3), spend: column(4) }

  it('gives the published BG/NBD fit with standard errors', () => {
    expect(bgNbdLogLikelihood(groupHistory(history), published)).toBeCloseTo(-9582.4268312, 6)
    const ones = new Float64Array(4)
    expect(bgNbdLogLikelihood(groupHistory(history), { r: 1, alpha: 1, a: 1, b: 1 }, ones)).toBeCloseTo(-13887.6946445, 6)
    ;[-6084.1826059, 2025.7720284, -143.0232278, 117.5635886].forEach((value, i) => expect(ones[i]).toBeCloseTo(value, 5))
    const fit = fitBgNbd(history)
    expect(fit.converged).toBe(true)
    expect(fit.logLikelihood).toBeCloseTo(-9582.4255606, 6)
    expect(fit.parameters.r).toBeCloseTo(0.24259291, 5)
    expect(fit.parameters.alpha).toBeCloseTo(4.41353156, 4)
    expect(fit.parameters.a).toBeCloseTo(0.79288615, 4)
    expect(fit.parameters.b).toBeCloseTo(2.42575344, 3)
    expect(fit.se.r).toBeCloseTo(0.01256, 4)
    expect(fit.se.alpha).toBeCloseTo(0.37822, 4)
    expect(fit.se.a).toBeCloseTo(0.18572, 3)
    expect(fit.se.b).toBeCloseTo(0.70535, 2)
    const c = fit.logCovariance
    expect(c[11] / Math.sqrt(c[10] * c[15])).toBeCloseTo(0.9405, 3)
    expect(c[1] / Math.sqrt(c[0] * c[5])).toBeCloseTo(0.7804, 3)
    // Warm start: the same optimum in fewer steps.
    const warm = fitBgNbd(history, fit.parameters)
    expect(warm.logLikelihood).toBeCloseTo(fit.logLikelihood, 8)
    expect(warm.iterations).toBeLessThan(fit.iterations)
    // Weights count persons: everybody twice is the same fit and half the variance.
    const twice = fitBgNbd({ ...history, weight: new Float64Array(history.x.length).fill(2) })
    expect(twice.parameters.r).toBeCloseTo(fit.parameters.r, 6)
    expect(twice.se.r * Math.SQRT2).toBeCloseTo(fit.se.r, 6)
  })

  it('gives the published Gamma–Gamma fit and conditional means', () => {
    const fit = fitGammaGamma(history)
    expect(fit.persons).toBe(946)
    expect(fit.logLikelihood).toBeCloseTo(-4055.92324, 4)
    expect(fit.parameters.p).toBeCloseTo(6.2488, 3)
    expect(fit.parameters.q).toBeCloseTo(3.74459, 3)
    expect(fit.parameters.gamma).toBeCloseTo(15.44775, 2)
    // By second differences of the plain log-likelihood, computed apart from this code.
    expect(fit.se.p).toBeCloseTo(1.1897, 3)
    expect(fit.se.q).toBeCloseTo(0.29017, 4)
    expect(fit.se.gamma).toBeCloseTo(4.16005, 3)
    expect(spendCorrelation(history)).toBeCloseTo(0.11388391, 7)
  })

  it('prints its own holdout error: the model promises 12% too little here', () => {
    expect(holdoutError(published, history, column(5), 39).expected).toBeCloseTo(1653.948, 3)
    const error = holdoutError(fitBgNbd(history).parameters, history, column(5), 39)
    expect(error.actual).toBe(1882)
    expect(error.relative).toBeCloseTo(-0.12, 2)
    expect(error.meanAbsoluteError).toBeLessThan(error.naiveMeanAbsoluteError)
  })

  it('scores persons within the horizon and knows how sure the mean is', () => {
    const model = fitLifetime(history)
    if (model.kind !== 'bg-nbd' || model.spend.kind !== 'gamma-gamma') throw new Error(`expected the full model, found ${model.kind}`)
    const scores = scoreLifetimes(model, history, { margin: 0.3 })
    expect(scores.value[0]).toBeGreaterThan(10)
    expect(scores.value[0]).toBeLessThan(12)
    expect(scores.alive[0]).toBeCloseTo(0.7266, 3)
    const sd = valueLogSd(model, history, { margin: 0.3 })
    expect(sd).toBeGreaterThan(0.01)
    expect(sd).toBeLessThan(0.3)
  })
})

describe('spend and value at the published parameters', () => {
  const spend = { p: 6.25, q: 3.74, gamma: 15.44 }
  it('gives conditional means and a lifetime value', () => {
    expect(expectedSpend(spend, 2, 22.35)).toBeCloseTo(24.6637139108, 9)
    expect(expectedSpend(spend, 1, 11.77)).toBeCloseTo(18.9168520578, 9)
    expect(expectedSpend(spend, 0, 0)).toBeCloseTo(35.2189781022, 9)
    expect(expectedSpend(spend, 7, 73.74)).toBeCloseTo(71.469670897, 8)
    const fit = { logLikelihood: 0, logCovariance: new Float64Array(16), persons: 1, iterations: 0, converged: true }
    const scores = scoreLifetimes({
      kind: 'bg-nbd', persons: 1, repeaters: 1, purchases: { ...fit, parameters: published, se: published }, spend: { kind: 'gamma-gamma', correlation: 0, fit: { ...fit, parameters: spend, se: spend } },
    }, { x: [2], t: [30.43], T: [38.86], spend: [22.35] }, { margin: 0.3 })
    expect(scores.value[0]).toBeCloseTo(10.9836581807, 6)
  })
})

describe('degenerate shops', () => {
  const rows = (n: number, x: (i: number) => number, spend: (i: number) => number): CustomerHistory => ({
    x: Array.from({ length: n }, (_, i) => x(i)), t: Array.from({ length: n }, (_, i) => (x(i) > 0 ? 20 : 0)), T: Array.from({ length: n }, () => 30), spend: Array.from({ length: n }, (_, i) => (x(i) > 0 ? spend(i) : 0)),
  })

  it('get a fallback that says why', () => {
    const once = fitLifetime(rows(500, () => 0, () => 0))
    expect(once).toMatchObject({ kind: 'cells', reason: 'no-repeat-purchase', from: 'own-rate' })
    expect(fitLifetime(rows(500, (i) => (i < 12 ? 1 : 0), (i) => 5 + i))).toMatchObject({ kind: 'cells', reason: 'fewer-than-30-repeaters' })
    const scores = scoreLifetimes(once, rows(3, () => 0, () => 0), { margin: 0.3 })
    expect(scores.value[0]).toBe(0)
    expect(scores.alive[0]).toBeNaN()
  })

  it('use an earlier cohort when there is one', () => {
    const few = rows(500, (i) => (i < 12 ? 1 : 0), (i) => 5 + i)
    const model = fitLifetime(few, { earlier: { ...few, purchasesAfter: Array.from({ length: 500 }, (_, i) => (i < 12 ? 2 : 0.1)), span: 10 } })
    if (model.kind !== 'cells') throw new Error('expected the fallback')
    expect(model.from).toBe('earlier-cohort')
    expect(model.rate[2]).toBeGreaterThan(5 * model.rate[0])
    expect(model.rate[2]).toBeLessThan(0.2)
  })

  it('with equal amounts or amounts that follow frequency keep purchases and drop Gamma–Gamma', () => {
    const equal = fitLifetime(rows(400, (i) => i % 4, () => 50))
    expect(equal).toMatchObject({ spend: { kind: 'terciles', reason: 'all-equal', overall: 50 } })
    expect(fitLifetime(rows(400, (i) => i % 4, (i) => 10 + 20 * (i % 4)))).toMatchObject({ spend: { kind: 'terciles', reason: 'correlated-with-frequency' } })
  })

  it('younger than twelve weeks are refused', () => {
    const young = fitLifetime({ x: [1], t: [3], T: [11], spend: [5] })
    expect(young).toEqual({ kind: 'refused', reason: 'too-young', oldest: 11, needed: 12 })
    expect(() => scoreLifetimes(young, { x: [1], t: [3], T: [11], spend: [5] }, { margin: 1 })).toThrow('expected at least 12')
  })

  it('have malformed rows named', () => {
    expect(() => fitLifetime({ x: [1], t: [0], T: [20], spend: [5] })).toThrow('t[0] is 0, expected a time above 0')
    expect(() => fitLifetime({ x: [0, 1], t: [0, 30], T: [20, 20], spend: [0, 5] })).toThrow('t[1] is 30')
    expect(() => fitLifetime({ x: [1.5], t: [1], T: [20], spend: [5] })).toThrow('x[0] is 1.5')
    expect(() => fitGammaGamma({ x: [2], spend: [0] })).toThrow('spend[0] is 0')
  })
})

describe('recovery', () => {
  it('finds the parameters that made the data, and the wrong model does not fit as well', () => {
    const u = randomStream(5)
    const truth: BgNbd = { r: 0.7, alpha: 6, a: 0.5, b: 3 }
    const n = 4000
    const x = new Float64Array(n)
    const t = new Float64Array(n)
    const T = new Float64Array(n)
    const gamma = (shape: number): number => {
      if (shape < 1) return gamma(shape + 1) * u.uniform() ** (1 / shape)
      const d = shape - 1 / 3
      for (;;) {
        const z = u.normal()
        const v = (1 + z / Math.sqrt(9 * d)) ** 3
        if (v > 0 && Math.log(u.uniform()) < 0.5 * z * z + d - d * v + d * Math.log(v)) return d * v
      }
    }
    for (let i = 0; i < n; i++) {
      T[i] = 26 + Math.floor(u.uniform() * 26)
      const rate = gamma(truth.r) / truth.alpha
      const first = gamma(truth.a)
      const drop = first / (first + gamma(truth.b))
      for (let time = -Math.log(u.uniform()) / rate; time <= T[i]; time -= Math.log(u.uniform()) / rate) {
        x[i]++
        t[i] = time
        if (u.uniform() < drop) break
      }
    }
    const fit = fitBgNbd({ x, t, T })
    for (const key of ['r', 'alpha', 'a', 'b'] as const) expect(Math.abs(Math.log(fit.parameters[key] / truth[key]))).toBeLessThan(4 * (fit.se[key] / fit.parameters[key]))
    expect(bgNbdLogLikelihood(groupHistory({ x, t, T }), { ...truth, a: 0.01 })).toBeLessThan(fit.logLikelihood - 50)
  })

  it('expected purchases stay finite and right where a + b is below or at 1 (values by 400,000 simulated customers, two digits)', () => {
    expect(expectedIfAlive({ r: 0.8, alpha: 5, a: 0.4, b: 0.3 }, 0, 0, 20)).toBeCloseTo(1.427, 1)
    expect(expectedIfAlive({ r: 0.8, alpha: 5, a: 0.5, b: 0.5 }, 0, 0, 20)).toBeCloseTo(1.515, 1)
    expect(expectedIfAlive({ r: 0.8, alpha: 5, a: 0.4, b: 0.3 }, 0, 0, 40)).toBeGreaterThan(expectedIfAlive({ r: 0.8, alpha: 5, a: 0.4, b: 0.3 }, 0, 0, 20))
  })
})
