import { createHmac } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  addPerson, adjust, adjustPersons, assignArms, attrition, bernsteinSequence, bestArm, bettingLogE, bettingSequence, buildStrata, catoniSequence, compareLosses, difference, discoveries, draw,
  emptyMoments, epochsToAnswer, isotonic, largestShare, lossesNeeded, mergeMoments, moneyCap, moneyReady, moneySequence, monotoneBounds, netValue, pauleMandel, personsPerArm, personsPerArmForRates,
  poolNormal, poolPlugIn, poolRates, quotas, rateKernel, rateLogE, rateSequence, regretOf, regretOfTwo, sampleRatio, sequentialSampleRatio, smallestHoldout, spendTerciles, tuneMoney,
  visibleDifference, type Digest,
} from './index.ts'

const digest: Digest = (key, message) => createHmac('sha256', key).update(message, 'utf8').digest()
const repeat = (values: readonly number[], times: number): number[] => Array.from({ length: times }, () => values).flat()
function expectAll(found: ArrayLike<number>, expected: readonly number[], digits: number): void {
  expect(found.length).toBe(expected.length)
  expected.forEach((value, i) => expect(found[i], `element ${i}`).toBeCloseTo(value, digits))
}

describe('randomiser', () => {
  it('draws the published values, Chinese ids included', () => {
    expect(draw(digest, 'k0', '2026-11', 'p1')).toBe(0.45541135300469904)
    expect(draw(digest, 'k0', '2026-11', 'p2')).toBe(0.2965896640928882)
    expect(draw(digest, 'k0', '2026-12', 'p1')).toBe(0.3338640601828722)
    expect(draw(digest, 'k1', '2026-11', 'p1')).toBe(0.7470624447612373)
    expect(draw(digest, 'k0', '2026-11', '张三')).toBe(0.02691354330545792)
  })

  it('cuts a stratum into quotas that sum to it and are fair on average over v', () => {
    expect([...quotas(10, [4, 9, 9, 9, 9], 0.3)]).toEqual([1, 2, 2, 3, 2])
    fc.assert(fc.property(fc.integer({ min: 0, max: 500 }), fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 2, maxLength: 6 }), (n, weights) => {
      const total = weights.reduce((x, y) => x + y, 0)
      const mean = new Float64Array(weights.length)
      for (let step = 0; step < total; step++) {
        const counts = quotas(n, weights, (step + 0.5) / total)
        expect(counts.reduce((x, y) => x + y, 0)).toBe(n)
        counts.forEach((count, i) => {
          mean[i] += count / total
        })
      }
      weights.forEach((weight, i) => expect(mean[i]).toBeCloseTo((n * weight) / total, 9))
    }), { numRuns: 60 })
  })

  it('keeps the arm shares in every stratum, whatever the order of the roster, and keeps clusters together', () => {
    const persons = Array.from({ length: 400 }, (_, i) => `p${i}`)
    const stratum = persons.map((_, i) => i % 2)
    const base = { digest, key: 'k', epoch: 'e', stratumNames: ['a', 'b'], weights: [1, 2, 2] }
    const { arm } = assignArms({ ...base, persons, stratum })
    const inA = [0, 0, 0]
    arm.forEach((a, i) => {
      if (stratum[i] === 0) inA[a]++
    })
    expect(inA).toEqual([40, 80, 80])
    const reversed = assignArms({ ...base, persons: [...persons].reverse(), stratum: [...stratum].reverse() })
    expect([...reversed.arm].reverse()).toEqual([...arm])
    const cluster = persons.map((_, i) => Math.floor(i / 4))
    const clustered = assignArms({ ...base, persons, stratum, cluster })
    for (let i = 0; i < persons.length; i += 4) expect(new Set(clustered.arm.slice(i, i + 4)).size).toBe(1)
    expect(clustered.largestClusterShare).toBe(0.01)
    // Control: another epoch must move people.
    expect([...assignArms({ ...base, epoch: 'f', persons, stratum }).arm]).not.toEqual([...arm])
  })

  it('merges strata below 20 persons outwards', () => {
    const segment = Array.from({ length: 90 }, (_, i) => (i < 60 ? 0 : i < 85 ? 1 : 2))
    const tercile = segment.map((_, i) => i % 3)
    const { stratum, names } = buildStrata(segment, segment.map(() => 0), tercile)
    expect(names).toEqual(['0/0/0', '0/0/1', '0/0/2', '1/0', 'rest'])
    expect(stratum.filter((s) => s === 3)).toHaveLength(25)
  })

  it('puts equal spends into one tercile', () => {
    expect([...spendTerciles([0, 0, 0, 0, 5, 9], [0, 0, 0, 0, 0, 0])]).toEqual([1, 1, 1, 1, 2, 2])
  })

  it('refuses what cannot be randomised and says why', () => {
    expect(() => quotas(5, [1, 0], 0.1)).toThrow('weights[1] is 0')
    expect(() => quotas(5, [1], 0.1)).toThrow('1 arms')
    expect(() => assignArms({ digest, key: 'k', epoch: 'e', persons: ['a', 'a'], stratum: [0, 0], stratumNames: ['x'], weights: [1, 1] })).toThrow('persons[1] is "a" once more')
  })
})

describe('sample ratio', () => {
  it('gives the published figures', () => {
    const four = sampleRatio([2105, 1967, 1991, 1937], [1, 1, 1, 1])
    expect(four.chiSquare).toBeCloseTo(8.082, 10)
    expect(four.p).toBeCloseTo(0.044347065533579935, 13)
    expect(sequentialSampleRatio([2105, 1967, 1991, 1937], [1, 1, 1, 1])).toBeCloseTo(-2.645979650218578, 8)
    const three = sampleRatio([821, 4089, 4090], [0.1, 0.45, 0.45])
    expect(three.chiSquare).toBeCloseTo(7.705061728395062, 9)
    expect(three.p).toBeCloseTo(0.021225948409101737, 12)
    expect(sequentialSampleRatio([821, 4089, 4090], [0.1, 0.45, 0.45])).toBeCloseTo(-0.5733691929781344, 8)
    expect(sequentialSampleRatio([880, 4560, 4560], [0.1, 0.45, 0.45])).toBeCloseTo(3.641652923390211, 8)
    expect(sequentialSampleRatio([3, 7], [1, 1])).toBeCloseTo(0.025526563581829365, 11)
    expect(sequentialSampleRatio([10, 20], [1, 1], 2)).toBeCloseTo(0.14222089731205045, 10)
    const lost = attrition([4900, 4820], [100, 180])
    expect(lost.chiSquare).toBeCloseTo(23.515579071, 8)
    expect(lost.p / 1.23906383e-6).toBeCloseTo(1, 7)
  })

  it('is at rest with nobody and names an empty arm', () => {
    expect(sampleRatio([0, 0], [1, 1]).p).toBe(1)
    expect(sequentialSampleRatio([0, 0], [1, 1])).toBe(0)
    expect(() => attrition([5, 0], [1, 0])).toThrow('arm 1 has 0 persons')
  })
})

describe('pre-period adjustment', () => {
  const x = [10, 0, 25, 5, 40, 0, 15, 30]
  const y = [14, 3, 30, 9, 38, 2, 13, 29]
  const arm = [1, 1, 1, 1, 0, 0, 0, 0]
  const momentsOf = (xs: readonly number[]): [Float64Array, Float64Array] => {
    const arms: [Float64Array, Float64Array] = [emptyMoments(), emptyMoments()]
    xs.forEach((value, i) => addPerson(arms[arm[i]], value, y[i]))
    return arms
  }

  it('gives the published θ and differences', () => {
    const adjusted = adjust(momentsOf(x))
    expect(adjusted.theta).toBeCloseTo(0.9596059113300492, 12)
    const found = difference(adjusted, 1, 0)
    expect(found.estimate).toBeCloseTo(4.295566502463053, 12)
    expect(found.se).toBeCloseTo(0.9433894103914632, 12)
    const raw = difference(adjust(momentsOf(x.map(() => 7))), 1, 0)
    expect(raw.estimate).toBeCloseTo(-6.5, 12)
    expect(raw.se).toBeCloseTo(9.912113800799505, 12)
    // Control: the total-sample form would give another θ.
    expect(adjusted.theta).not.toBeCloseTo(0.8960985625, 3)
  })

  it('gives the same per person, and two covariates by the normal equations', () => {
    expect(adjustPersons(y, arm, [x]).theta[0]).toBeCloseTo(0.9596059113300492, 12)
    const noise = [1, 0, 0, 1, 1, 0, 1, 0]
    const { adjusted, theta } = adjustPersons(y, arm, [x, noise])
    expect(theta).toHaveLength(2)
    for (const covariate of [x, noise]) {
      let sum = 0
      for (const a of [0, 1]) {
        const rows = arm.flatMap((value, i) => (value === a ? [i] : []))
        const mean = (values: ArrayLike<number>): number => rows.reduce((total, i) => total + values[i], 0) / rows.length
        sum += rows.reduce((total, i) => total + (adjusted[i] - mean(adjusted)) * (covariate[i] - mean(covariate)), 0)
      }
      expect(sum).toBeCloseTo(0, 9)
    }
    expect(adjustPersons(y, arm, [x.map(() => 3)]).theta[0]).toBe(0)
  })

  it('merges moments to what one pass gives', () => {
    fc.assert(fc.property(fc.array(fc.tuple(fc.float({ min: -1000, max: 1000, noNaN: true }), fc.float({ min: -1000, max: 1000, noNaN: true })), { minLength: 2, maxLength: 60 }), fc.nat(), (rows, cut) => {
      const whole = emptyMoments()
      const parts = [emptyMoments(), emptyMoments()]
      rows.forEach(([a, b], i) => {
        addPerson(whole, a, b)
        addPerson(parts[i < cut % rows.length ? 0 : 1], a, b)
      })
      mergeMoments(parts[0], parts[1])
      for (let i = 0; i < 6; i++) expect(Math.abs(parts[0][i] - whole[i])).toBeLessThanOrEqual(1e-8 * (1 + Math.abs(whole[i])))
    }))
  })

  it('refuses a lone person and a NaN', () => {
    expect(() => difference(adjust([emptyMoments(), emptyMoments()]), 1, 0)).toThrow('arm 1 has 0 persons')
    expect(() => adjustPersons([1, Number.NaN], [0, 1], [])).toThrow('y[1] is NaN')
  })
})

describe('confidence sequences', () => {
  const pair = (interval: { low: number; high: number }, low: number, high: number, digits = 9): void => {
    expect(interval.low).toBeCloseTo(low, digits)
    expect(interval.high).toBeCloseTo(high, digits)
  }

  it('bound one rate', () => {
    pair(rateSequence(40, 61), 0.4488277754, 0.8285317948)
    expect(Math.exp(rateLogE(40, 61, 0.5))).toBeCloseTo(2.0610215753, 9)
    pair(rateSequence(13, 1000), 0.003863788, 0.0306817919)
    pair(rateSequence(130, 10000), 0.0090129695, 0.018001719)
    pair(rateSequence(0, 50), 0, 0.1046424771)
    pair(rateSequence(50, 50), 1 - 0.1046424771, 1)
  })

  it('compare losses of two arms', () => {
    const even = compareLosses(45, 61, 1)
    pair({ low: even.ratioLow, high: even.ratioHigh }, 1.1518922941, 7.9377130494, 8)
    expect(Math.exp(rateLogE(45, 61, 0.5))).toBeCloseTo(133.4570934916, 7)
    expect(Math.exp(rateLogE(190, 200, 0.9))).toBeCloseTo(1.5865313902, 6)
    const many = compareLosses(190, 200, 9)
    // The informed prior has more power at a small holdout, and still calls twice the rate unproven.
    expect(many.e).toBeGreaterThan(1.59)
    expect(many.e).toBeLessThan(20)
    expect(many.ratio).toBeCloseTo(2.1111, 4)
    pair({ low: many.ratioLow, high: many.ratioHigh }, 0.8097586116, 8.0587617258, 8)
    expect(many.expected).toBeCloseTo(180, 10)
    const more = compareLosses(960, 1000, 9)
    pair({ low: more.ratioLow, high: more.ratioHigh }, 1.5517472298, 5.102608703, 8)
    expect(more.causedLow).toBeGreaterThan(0)
    expect(compareLosses(0, 0, 4)).toMatchObject({ e: 1, ratio: 1, caused: 0 })
  })

  it('bound the mean of bounded values', () => {
    const stream = repeat([0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1], 10)
    pair(bernsteinSequence(stream), 0.1016221524, 0.299420249)
    pair(bettingSequence(stream), 0.114431592, 0.2949495961)
    pair(rateSequence(40, 200), 0.1156437476, 0.3074024213)
    const short = stream.slice(0, 20)
    pair(bernsteinSequence(short), 0, 0.6434150724)
    pair(bettingSequence(short), 0.0143117479, 0.4983400224)
    expect(bettingLogE(short, 0.5)).toBeCloseTo(3.0343089827, 9)
  })

  it('bound money in information time', () => {
    const half = moneySequence(0.8, 0.3, 0.25)
    expect(half.halfWidth).toBeCloseTo(0.9465946865, 9)
    expect(half.e).toBeCloseTo(7.0273600665, 9)
    expect(half.p).toBeCloseTo(0.1423009481, 9)
    const third = moneySequence(0.8, 0.3, 0.09)
    expect(third.halfWidth).toBeCloseTo(1.0969184614, 9)
    expect(third.e).toBeCloseTo(4.1837341602, 9)
    const two = moneySequence(2, 0.5, 0.25)
    expect(two.halfWidth).toBeCloseTo(1.8281974357, 9)
    expect(two.e).toBeCloseTo(38.6067221287, 8)
    expect(moneySequence(0, 1, tuneMoney(1)).halfWidth).toBeCloseTo(3.035, 3)
    expect(tuneMoney(1, 0.05 / 6)).toBeCloseTo(12.151521, 5)
  })

  it('open the money page only after the start rule', () => {
    expect(moneyReady(199, 0.01)).toEqual({ ready: false, missing: 'buyers', found: 199, needed: 200 })
    expect(moneyReady(200, 0.2)).toMatchObject({ ready: false, missing: 'one-person-dominates' })
    expect(moneyReady(200, 0.1)).toEqual({ ready: true })
    expect(largestShare([0, 0, 0, 90, 1, 2, 1, 2], [0, 0, 0, 0, 1, 1, 1, 1])).toBeGreaterThan(0.7)
    expect(moneyCap(Array.from({ length: 1000 }, (_, i) => i + 1))).toBe(1000)
    expect(moneyCap([1234, 1250])).toBe(1300)
    expect(moneyCap([])).toBe(0)
  })

  it('stay put when one value is absurd (Catoni)', () => {
    const y = repeat([0, 0, 0, 12, 0, 0, 88, 0, 0, 0, 0, 35, 0, 0, 0, 0, 0, 150, 0, 0], 10)
    pair(catoniSequence(y, 1500), -4.2962706859, 28.3655405267, 8)
    y[y.length - 1] = 5000
    pair(catoniSequence(y, 1500), -0.2249537948, 32.7954962097, 8)
  })

  it('select segments with a bounded false discovery rate', () => {
    const found = discoveries([150, 70, 9, 41, 1.4, 0.3])
    expect(found.shown).toEqual([true, true, false, true, false, false])
    expect(found.intervalLevel).toBeCloseTo(0.975, 12)
    expect(discoveries([65, 30, 9, 22, 1.4, 0.3]).count).toBe(0)
  })

  it('shrink or grow the right way: more data never widens a rate at the same share, and intervals contain the figure', () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 400 }), fc.integer({ min: 0, max: 400 }), fc.integer({ min: 2, max: 9 }), (n, s, times) => {
      const successes = Math.min(n, s)
      const once = rateSequence(successes, n)
      const more = rateSequence(successes * times, n * times)
      expect(once.low).toBeLessThanOrEqual(successes / n)
      expect(once.high).toBeGreaterThanOrEqual(successes / n)
      expect(more.high - more.low).toBeLessThanOrEqual(once.high - once.low + 1e-12)
    }))
  })

  it('refuse impossible input by name', () => {
    expect(() => rateSequence(5, 4)).toThrow('successes is 5')
    expect(() => bettingSequence([0.5, 1.5])).toThrow('values[1] is 1.5')
    expect(() => moneySequence(Number.NaN, 1, 1)).toThrow('estimate[0] is NaN')
    expect(() => compareLosses(1, 2, 0)).toThrow('atRiskRatio is 0')
    expect(() => discoveries([1, Number.NaN])).toThrow('e[1] is NaN')
  })
})

describe('pooling', () => {
  const y = [3.1, -0.4, 1.8, 5.2, 0.6]
  const s = [1, 0.8, 1.5, 2, 0.5]

  it('shrinks with a plugged-in τ as published', () => {
    const pooled = poolPlugIn(y, s)
    expect(pooled.tauSquared).toBeCloseTo(2.7934461313, 9)
    expect(pooled.mean).toBeCloseTo(1.6438733331, 9)
    expect(pooled.meanSd).toBeCloseTo(0.9020665456, 9)
    expectAll(pooled.borrowed, [0.2636125504, 0.1864016400, 0.4461235277, 0.5888027810, 0.0821437190], 7)
    expectAll(pooled.estimate, [2.71614674, -0.01901865, 1.73034822, 3.10614272, 0.68574764], 8)
    expect(pauleMandel([1, 1.1, 0.9, 1], [0.5, 0.5, 0.5, 0.5])).toBe(0)
    expect(pauleMandel([3.2, 1.1, 4.5, 0.4, 2.6, 5.9], [0.8, 0.6, 1.2, 0.7, 1, 1.6])).toBeCloseTo(2.9320758389, 9)
  })

  it('integrates τ as published', () => {
    const pooled = poolNormal(y, s, { scale: 1 })
    expect(pooled.mean).toBeCloseTo(1.4541855416, 9)
    expect(pooled.tau).toBeCloseTo(1.3421842563, 9)
    expectAll(pooled.estimate, [2.25503177, 0.25599258, 1.52093184, 2.48316692, 0.7558046], 7)
    expectAll(pooled.low, [0.5417, -1.3342, -0.4109, 0.2132, -0.1865], 4)
    expectAll(pooled.high, [4.2849, 1.6133, 3.7924, 6.0541, 1.6624], 4)
    const cases = poolNormal([3.2, 1.1, 4.5, 0.4, 2.6, 5.9], [0.8, 0.6, 1.2, 0.7, 1, 1.6], { scale: 1 })
    expect(cases.meanLow).toBeCloseTo(1.0436595619, 8)
    expect(cases.nextHigh).toBeCloseTo(6.7395298008, 8)
  })

  it('keeps a lone segment unpooled, flags few, and gives a silent segment the new-segment predictive', () => {
    const lone = poolNormal([2, 0], [1, Infinity])
    expect(lone.state).toBe('unpooled')
    expect(lone.estimate[0]).toBe(2)
    expect(lone.high[0]).toBeCloseTo(3.959963984540054, 10)
    expect(lone.high[1]).toBe(lone.nextHigh)
    expect(poolNormal([2, 1, 3], [1, 1, 1]).state).toBe('prior-matters')
    expect(() => poolNormal([1, Number.NaN], [1, 1])).toThrow('y[1] is NaN')
    expect(() => poolNormal([1], [0])).toThrow('no element of s')
  })

  it('moves every segment towards the others, never past them', () => {
    fc.assert(fc.property(fc.array(fc.tuple(fc.double({ min: -50, max: 50, noNaN: true }), fc.double({ min: 0.1, max: 10, noNaN: true })), { minLength: 2, maxLength: 8 }), (rows) => {
      const pooled = poolNormal(rows.map((row) => row[0]), rows.map((row) => row[1]))
      const values = rows.map((row) => row[0])
      pooled.estimate.forEach((estimate, j) => {
        expect(estimate).toBeGreaterThanOrEqual(Math.min(...values) - 1e-9)
        expect(estimate).toBeLessThanOrEqual(Math.max(...values) + 1e-9)
        expect(pooled.low[j]).toBeLessThan(pooled.high[j])
      })
    }), { numRuns: 40 })
  })

  it('fits loss rates by beta–binomial and pools completely when they vary less than chance', () => {
    const rates = poolRates([12, 3, 40, 8, 21], [800, 450, 1900, 300, 1500])
    expect(rates.mean).toBeCloseTo(0.0167199232, 8)
    expect(rates.kernel).toBeCloseTo(-425.5809669, 6)
    expect(rates.a).toBeCloseTo(49.0245, 2)
    expectAll(rates.estimate, [0.01635125, 0.0153823, 0.01842356, 0.01764317, 0.01579939], 6)
    expect(rateKernel([10, 10, 10], [500, 500, 500], 0.02, 100)).toBeCloseTo(-149.8495452, 6)
    const same = poolRates([10, 10, 10], [500, 500, 500])
    expect(same.pooledCompletely).toBe(true)
    expect(same.kernel).toBeCloseTo(-147.0586699, 6)
    expect(poolRates([0, 0], [5, 9]).estimate[1]).toBe(0)
    expect(() => poolRates([3], [2])).toThrow('k[0] is 3')
  })

  it('makes losses monotone', () => {
    expectAll(isotonic([0.010, 0.014, 0.012, 0.011, 0.025], [1000, 500, 500, 250, 250]), [0.010, 0.0126, 0.0126, 0.0126, 0.025], 12)
    expectAll(isotonic([5, 4, 3, 2, 1], [1, 1, 1, 1, 1]), [3, 3, 3, 3, 3], 12)
    expectAll(isotonic([1, 3, 2, 4], [1, 1, 3, 1]), [1, 2.25, 2.25, 4], 12)
    const bounds = monotoneBounds([0, 0.02, 0.01], [0.05, 0.04, 0.06])
    expect([...bounds.low]).toEqual([0, 0.02, 0.02])
    expect([...bounds.high]).toEqual([0.04, 0.04, 0.06])
    expect(bounds.refuted).toBeNull()
    expect(monotoneBounds([0.05, 0], [0.09, 0.03]).refuted).toBe(0)
  })

  it('projects onto the non-decreasing cone: monotone, mass kept, idempotent, and no other monotone fit is nearer', () => {
    fc.assert(fc.property(fc.array(fc.tuple(fc.double({ min: -10, max: 10, noNaN: true }), fc.double({ min: 0.1, max: 5, noNaN: true })), { minLength: 1, maxLength: 9 }), (rows) => {
      const values = rows.map((row) => row[0])
      const weights = rows.map((row) => row[1])
      const fit = isotonic(values, weights)
      for (let i = 1; i < fit.length; i++) expect(fit[i]).toBeGreaterThanOrEqual(fit[i - 1])
      const mass = (x: ArrayLike<number>): number => weights.reduce((sum, w, i) => sum + w * x[i], 0)
      expect(mass(fit)).toBeCloseTo(mass(values), 8)
      expectAll(isotonic(fit, weights), [...fit], 12)
      // First-order optimality against raising the tail or lowering the head.
      for (let cut = 0; cut < fit.length; cut++) {
        let tail = 0
        for (let i = cut; i < fit.length; i++) tail += weights[i] * (values[i] - fit[i])
        expect(tail).toBeLessThanOrEqual(1e-8)
      }
    }))
  })
})

describe('net value and regret', () => {
  it('gives the published values of doses', () => {
    const revenue = [0, 1.8, 3, 3.9, 4.3]
    const losses = [0, 0.0005, 0.0015, 0.005, 0.014]
    const doses = [0, 1, 2, 4, 8]
    expectAll(netValue(revenue, losses, 180, 0.05, doses), [0, 1.66, 2.63, 2.8, 1.38], 10)
    const even = netValue(revenue, losses, 22.2222222222, 0.05, doses)
    expect(even[3]).toBeCloseTo(even[4], 8)
  })

  it('knows the chance of being best and the worth of perfect knowledge', () => {
    const found = bestArm([0, 1.2, 1.5, 0.9], [0, 0.5, 0.6, 0.8])
    expect(found.expectedMaximum).toBeCloseTo(1.78759, 5)
    expect(found.regret).toBeCloseTo(0.28759, 5)
    expectAll(found.best, [6.63e-6, 0.26628, 0.53297, 0.20074], 5)
    expect(regretOfTwo(0.3, 0.5)).toBeCloseTo(0.08433636613, 10)
    expect(bestArm([1, 2], [0, 0]).regret).toBe(0)
  })

  it('agrees for two arms with the closed form, and chances sum to 1', () => {
    fc.assert(fc.property(fc.double({ min: -3, max: 3, noNaN: true }), fc.double({ min: 0.2, max: 3, noNaN: true }), fc.double({ min: 0.2, max: 3, noNaN: true }), (m, s1, s2) => {
      const found = bestArm([0, m], [s1, s2])
      expect(found.regret).toBeCloseTo(regretOfTwo(m, Math.hypot(s1, s2)), 6)
      expect(found.best[0] + found.best[1]).toBeCloseTo(1, 6)
    }))
  })

  it('accounts the regret of what was played', () => {
    expect(regretOf([10, 90, 50, 50], [0, 2, 1, 0], 2)).toEqual({ persons: 200, total: 70, perPerson: 0.35 })
    expect(() => regretOf([1, 2, 3], [0, 0, 0], 2)).toThrow('3 cells and 2 arms')
  })

  it('plans samples, holdouts and times as published', () => {
    expect(personsPerArm(60, 3)).toBeCloseTo(6279.1037875, 6)
    expect(personsPerArm(60, 3, 0.3)).toBeCloseTo(4395.3726512, 6)
    expect(personsPerArmForRates(0.01, 0.015)).toBeCloseTo(7746.8442978, 6)
    expect(lossesNeeded(2, 0.2)).toBeCloseTo(102.1025926, 6)
    expect(lossesNeeded(1.5, 0.1)).toBeCloseTo(530.4667783, 6)
    const big = { persons: 20000, sigma: 60, sigmaHoldout: 50, delta: 3 }
    const small = { ...big, persons: 2000 }
    const anytime = { anytime: true }
    expect(smallestHoldout(big, 1)).toBeCloseTo(0.1331175267, 8)
    expect(smallestHoldout(big, 3)).toBeCloseTo(0.0384285753, 8)
    expect(smallestHoldout(big, 3, anytime)).toBeCloseTo(0.0780575125, 8)
    expect(smallestHoldout(big, 1, anytime)).toBeNull()
    expect(smallestHoldout(small, 3)).toBeNull()
    expect(smallestHoldout(small, 13)).toBeCloseTo(0.0967965802, 8)
    expect(smallestHoldout(small, 13, anytime)).toBeCloseTo(0.2293745243, 8)
    expect(epochsToAnswer(big, 0.1)).toBeCloseTo(1.264541735, 8)
    expect(epochsToAnswer(big, 0.1, anytime)).toBeCloseTo(2.4212087415, 8)
    expect(epochsToAnswer(small, 0.1, anytime)).toBeCloseTo(24.212087415, 7)
    expect(epochsToAnswer({ ...small, delta: visibleDifference(small, 0.1, 3) }, 0.1)).toBeCloseTo(3, 9)
  })
})
