import { existsSync, readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { randomStream } from '../random/index.ts'
import {
  auuc, chooseLearner, comparePolicies, compareOverSplits, constantEffect, correction, crossFit, foldsOf, halfSplit, linearBase, logisticBase, nieWagerSample, nieWagerTruth,
  perfectQiniCurve, perfectUpliftCurve, policyValue, qini, qiniCurve, readHillstrom, rLearner, scoreOrder, sLearner, tLearner, treesBase, upliftAtK, upliftCurve, xLearner, type Curve, type EffectData,
} from './index.ts'

const y = [1, 0, 1, 1, 0, 0, 1, 0, 1, 0]
const t = [1, 1, 0, 1, 0, 1, 0, 0, 1, 0]
const s = [0.9, 0.8, 0.8, 0.7, 0.5, 0.5, 0.5, 0.3, 0.2, 0.1]
const expectCurve = (curve: Curve, x: number[], values: number[]): void => {
  expect([...curve.x]).toEqual(x)
  values.forEach((value, i) => expect(curve.y[i], `point ${i}`).toBeCloseTo(value, 7))
}
const mean = (values: ArrayLike<number>): number => Array.from(values).reduce((a, b) => a + b, 0) / values.length
const meanSquare = (found: ArrayLike<number>, truth: ArrayLike<number>): number => mean(Array.from(found, (value, i) => (value - truth[i]) ** 2))

describe('metrics as the reference defines them', () => {
  test('the worked example of ten persons', () => {
    expect([...scoreOrder(s)]).toEqual([0, 2, 1, 3, 6, 5, 4, 7, 8, 9])
    expectCurve(qiniCurve(y, s, t), [0, 1, 3, 4, 7, 8, 9, 10], [0, 1, -1, -1, -2 / 3, 0, 0.5, 1])
    expectCurve(upliftCurve(y, s, t), [0, 1, 3, 4, 7, 8, 9, 10], [0, 1, -1.5, -1.3333333, -1.1666667, 0, 0.9, 2])
    expectCurve(perfectUpliftCurve(y, t), [0, 3, 6, 8, 10], [0, 3, 6, 4.8, 2])
    expectCurve(perfectQiniCurve(y, t), [0, 3, 8, 10], [0, 3, 3, 1])
    expect(qini(y, s, t)).toBeCloseTo(-0.3963963963963964, 12)
    expect(qini(y, s, t, false)).toBeCloseTo(-1.6296296296, 9)
    expect(auuc(y, s, t)).toBeCloseTo(-0.541015625, 12)
    expect(upliftAtK(y, s, t, 0.3)).toBeCloseTo(-0.5, 12)
    expect(upliftAtK(y, s, t, 0.4)).toBeCloseTo(-1 / 3, 9)
    expect(upliftAtK(y, s, t, 0.4, 'by-group')).toBeCloseTo(-0.5, 12)
  })
  test('control: breaking ties the other way changes uplift@k, and leaves the curves as they are', () => {
    const turn = <T>(list: T[]): T[] => [...list].reverse()
    expect(upliftAtK(turn(y), turn(s), turn(t), 0.5)).toBeCloseTo(1 / 6, 9)
    expect(upliftAtK(y, s, t, 0.5)).toBeCloseTo(-1 / 3, 9)
    expect(qini(turn(y), turn(s), turn(t))).toBeCloseTo(qini(y, s, t), 12)
  })
  test('0.29 of 100 persons are 28, as the double product says', () => {
    const many = { y: Array.from({ length: 100 }, (_, i) => i < 28 && i % 2 === 0 ? 1 : 0), t: Array.from({ length: 100 }, (_, i) => (i + 1) % 2), s: Array.from({ length: 100 }, (_, i) => -i) }
    expect(upliftAtK(many.y, many.s, many.t, 0.29)).toBe(upliftAtK(many.y, many.s, many.t, 28))
    expect(upliftAtK(many.y, many.s, many.t, 0.29)).not.toBe(upliftAtK(many.y, many.s, many.t, 29))
  })
  test('what is undefined is refused and the element named', () => {
    expect(() => qini([1, 2], [1, 2], [0, 1])).toThrow('y[1] is 2')
    expect(() => qini([1, 0], [1, NaN], [0, 1])).toThrow('score[1] is NaN')
    expect(() => qini([1, 0], [1, 2], [1, 1])).toThrow('2 of 2 persons are treated')
    expect(() => qini([1, 0], [1], [0, 1])).toThrow('score has 1 elements, expected 2')
    expect(() => auuc([0, 0], [1, 2], [0, 1])).toThrow('straight line')
    expect(() => upliftAtK(y, s, t, 1)).toThrow('no control person among the first 1')
    expect(() => upliftAtK(y, s, t, 0)).toThrow('k is 0')
  })
  const rows = fc.array(fc.record({ y: fc.integer({ min: 0, max: 1 }), t: fc.integer({ min: 0, max: 1 }), s: fc.integer({ min: 0, max: 5 }) }), { minLength: 4, maxLength: 40 })
  test('any increasing change of the score leaves Qini and AUUC alone, and both curves end at the effect of treating everybody (property)', () => {
    fc.assert(fc.property(rows, list => {
      const [ys, ts, ss] = [list.map(row => row.y), list.map(row => row.t), list.map(row => row.s)]
      const nt = ts.reduce((a, b) => a + b, 0)
      fc.pre(nt > 0 && nt < list.length)
      const total = qiniCurve(ys, ss, ts)
      const yt = ys.reduce((a, one, i) => a + one * ts[i], 0)
      const yc = ys.reduce((a, one, i) => a + one * (1 - ts[i]), 0)
      expect(total.y.at(-1)).toBeCloseTo(yt - yc * nt / (list.length - nt), 9)
      expect(upliftCurve(ys, ss, ts).y.at(-1)).toBeCloseTo((yt / nt - yc / (list.length - nt)) * list.length, 9)
      let first: number
      try { first = qini(ys, ss, ts) } catch { return }
      expect(qini(ys, ss.map(value => Math.exp(value) - 7), ts)).toBeCloseTo(first, 9)
    }))
  })
})

const file = new URL('../../../../shared/data/hillstrom/hillstrom.csv.gz', import.meta.url)
describe.skipIf(!existsSync(file))('Hillstrom, women\'s campaign against none (skipped where the data is not beside the repository)', () => {
  const data = existsSync(file) ? readHillstrom(gunzipSync(readFileSync(file)).toString('utf8'), 'Womens E-Mail') : null!
  const column = (name: string): Float64Array => data.x[data.names.indexOf(name)]
  test('the three score columns give the reference\'s figures', () => {
    expect(data.visit).toHaveLength(42693)
    const expected = {
      womens: [0.064015508475, 0.029431161118, 0.071600429609, 0.071416304529], history: [0.002621514068, 0.001047634593, 0.047942389089, 0.048406673623],
      recency: [0.004973801934, 0.002166453755, 0.048797056489, 0.049580832967],
    }
    for (const [name, values] of Object.entries(expected)) {
      const score = column(name)
      const found = [qini(data.visit, score, data.treated), auuc(data.visit, score, data.treated), upliftAtK(data.visit, score, data.treated, 0.3), upliftAtK(data.visit, score, data.treated, 0.3, 'by-group')]
      values.forEach((value, i) => expect(found[i], `${name} ${i}`).toBeCloseTo(value, 12))
    }
  })
  test('the value of "mail whoever bought women\'s goods" has the known value and error', () => {
    const womens = column('womens')
    const n = womens.length
    const share = mean(data.treated)
    const cell = (outcome: Float64Array): Float64Array[] => [0, 1].map(arm => {
      const means = [0, 1].map(group => mean(outcome.filter((_, i) => womens[i] === group && data.treated[i] === arm)))
      return womens.map(group => means[group])
    })
    const value = (outcome: Float64Array, policy: ArrayLike<number>, predicted: Float64Array[]) => policyValue({ y: outcome, arm: data.treated, propensity: [1 - share, share], predicted, policy: { arm: policy } })
    const rule = value(data.visit, womens, cell(data.visit))
    expect(rule.value).toBeCloseTo(0.1463121247, 10)
    expect(rule.standardError).toBeCloseTo(0.0024124554, 9)
    const zero = [new Float64Array(n), new Float64Array(n)]
    expect(value(data.visit, womens, zero).value).toBeCloseTo(0.1466618637, 10)
    const spend = value(data.spend, womens, cell(data.spend))
    expect(spend.value).toBeCloseTo(0.9513971873, 9)
    expect(spend.standardError).toBeCloseTo(0.0936172611, 7)
    expect(value(data.spend, womens, zero).value).toBeCloseTo(0.9536817356, 9)
    // With each arm's own mean as the prediction, treating nobody or everybody is worth exactly that mean.
    const flat = (outcome: Float64Array): Float64Array[] => [0, 1].map(arm => new Float64Array(n).fill(mean(outcome.filter((_, i) => data.treated[i] === arm))))
    const none = value(data.visit, new Float64Array(n), flat(data.visit))
    const all = value(data.visit, new Float64Array(n).fill(1), flat(data.visit))
    expect(value(data.spend, new Float64Array(n), flat(data.spend)).value).toBeCloseTo(0.6527893551, 9)
    expect(value(data.spend, new Float64Array(n).fill(1), flat(data.spend)).value).toBeCloseTo(1.0772015711, 9)
    expect(none.value).toBeCloseTo(0.1061672768, 10)
    expect(all.value).toBeCloseTo(0.1514003834, 10)
    // Mailing the rest as well still gains visits, by the paired difference.
    const gain = comparePolicies(all, rule)
    expect(gain.low).toBeGreaterThan(0)
    expect(gain.standardError).toBeLessThan(Math.hypot(all.standardError, rule.standardError))
  })
  test('a learner fitted on one half finds women\'s goods, and a shuffled effect scores about nothing (control)', () => {
    const { train, test: rest } = halfSplit(data.visit.length, 42, 0)
    const pick = (values: ArrayLike<number>, rows: Int32Array): Float64Array => Float64Array.from(rows, row => values[row])
    const half: EffectData = { x: data.x.map(values => pick(values, train)), y: pick(data.visit, train), treated: pick(data.treated, train), propensity: 0.5 }
    const effect = rLearner(half, { seed: 3 })(data.x.map(values => pick(values, rest)))
    expect(qini(pick(data.visit, rest), effect, pick(data.treated, rest))).toBeGreaterThan(0.03)
    const random = randomStream(5)
    expect(Math.abs(qini(pick(data.visit, rest), effect.map(() => random.uniform()), pick(data.treated, rest)))).toBeLessThan(0.03)
  })
})

describe('policy value', () => {
  test('intervals cover the truth as often as they say (2,000 small experiments)', () => {
    let covered = 0
    for (let run = 0; run < 2000; run++) {
      const random = randomStream(9, run)
      const n = 200
      const group = Array.from({ length: n }, () => random.below(2))
      const arm = Array.from({ length: n }, () => random.uniform() < 0.3 ? 1 : 0)
      const outcome = Array.from({ length: n }, (_, i) => group[i] + arm[i] * (group[i] === 1 ? 2 : -1) + random.normal())
      const predicted = [group.map(one => one), group.map(one => one + (one === 1 ? 1.5 : -0.5))]
      const { low, high } = policyValue({ y: outcome, arm, propensity: [0.7, 0.3], predicted, policy: { arm: group } })
      if (low <= 1.5 && 1.5 <= high) covered++
    }
    expect(covered / 2000).toBeGreaterThan(0.93)
    expect(covered / 2000).toBeLessThan(0.97)
  })
  test('control: with the wrong propensity and no model the value is off', () => {
    const random = randomStream(4)
    const arm = Array.from({ length: 5000 }, () => random.uniform() < 0.3 ? 1 : 0)
    const outcome = arm.map(one => 1 + one)
    const value = (e: number): number => policyValue({ y: outcome, arm, propensity: [1 - e, e], predicted: [arm.map(() => 0), arm.map(() => 0)], policy: { arm: arm.map(() => 1) } }).value
    expect(value(0.3)).toBeCloseTo(2, 0)
    expect(Math.abs(value(0.5) - 2)).toBeGreaterThan(0.5)
  })
  test('a policy that does not add up, a propensity of 0 and a foreign arm are named', () => {
    const input = { y: [1, 2], arm: [0, 1], propensity: [0.5, 0.5], predicted: [[0, 0], [0, 0]] }
    expect(() => policyValue({ ...input, policy: { probability: [[1, 0.2], [0, 0.2]] } })).toThrow('gives person 1 the arms with total probability 0.4')
    expect(() => policyValue({ ...input, propensity: [0, 1], policy: { arm: [0, 0] } })).toThrow('propensity of arm 0 for person 0 is 0')
    expect(() => policyValue({ ...input, arm: [0, 2], policy: { arm: [0, 0] } })).toThrow('arm[1] is 2')
    expect(() => policyValue({ ...input, predicted: [[0, 0]], policy: { arm: [0, 0] } })).toThrow('predicted has 1 elements')
  })
  test('folds differ by at most one person, and cross-fitting never shows a row to its own model (property)', () => {
    fc.assert(fc.property(fc.integer({ min: 4, max: 60 }), fc.integer({ min: 2, max: 4 }), fc.integer(), (n, folds, seed) => {
      const counts = Array.from({ length: folds }, (_, k) => foldsOf(n, folds, seed).filter(one => one === k).length)
      expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1)
      const clean = crossFit(n, folds, seed, rows => {
        const seen = new Set(rows)
        return out => Array.from(out, row => seen.has(row) ? 1 : 0)
      })
      expect(clean.every(value => value === 0)).toBe(true)
    }))
  })
})

describe('base learners', () => {
  const random = randomStream(11)
  const n = 400
  const x = Array.from({ length: 6 }, () => Float64Array.from({ length: n }, () => random.normal()))
  test('the lasso keeps the true columns, drops noise, and without penalty equals least squares', () => {
    const target = x[0].map((value, i) => 3 + 2 * value - x[1][i] + 0.5 * random.normal())
    const error = meanSquare(linearBase()(x, target, null)(x), x[0].map((value, i) => 3 + 2 * value - x[1][i]))
    expect(error).toBeLessThan(0.02)
    const exact = x[0].map((value, i) => 3 + 2 * value - x[1][i])
    expect(meanSquare(linearBase({ penalty: 0 })(x, exact, null)(x), exact)).toBeLessThan(1e-10)
    // Orthonormal design with one column: β = soft(2, 0.5) on the standardised scale.
    const one = [Float64Array.of(-1, 1, -1, 1)]
    expect([...linearBase({ penalty: 0.5 })(one, Float64Array.of(-2, 2, -2, 2), null)(one)]).toEqual([-1.5, 1.5, -1.5, 1.5])
    expect(linearBase({ penalty: 1, mix: 0 })(one, Float64Array.of(-2, 2, -2, 2), null)(one)[1]).toBeCloseTo(1, 6)
  })
  test('weights act as repeated rows', () => {
    const target = x[0].map(value => 1 + value + random.normal())
    const weights = Float64Array.from({ length: n }, (_, i) => i % 3)
    const rows = Array.from({ length: n }, (_, i) => i).flatMap(i => Array.from({ length: i % 3 }, () => i))
    const repeated = linearBase({ penalty: 0.1 })(x.map(column => Float64Array.from(rows, i => column[i])), Float64Array.from(rows, i => target[i]), null)(x)
    linearBase({ penalty: 0.1 })(x, target, weights)(x).forEach((value, i) => expect(value).toBeCloseTo(repeated[i], 6))
  })
  test('pure noise is answered with the constant', () => {
    const noise = Float64Array.from({ length: n }, () => random.normal())
    const found = linearBase()(x, noise, null)(x)
    expect(Math.max(...found) - Math.min(...found)).toBeLessThan(0.35)
  })
  test('logistic regression finds a known slope, and an outcome without any case stays finite', () => {
    const slopes = x[0].map(value => 1 / (1 + Math.exp(-(1.5 * value - 0.5))))
    const many = [Float64Array.from({ length: 20_000 }, () => random.normal())]
    const outcome = many[0].map(value => random.uniform() < 1 / (1 + Math.exp(-(1.5 * value - 0.5))) ? 1 : 0)
    expect(meanSquare(logisticBase()(many, outcome, null)([x[0]]), slopes)).toBeLessThan(2e-4)
    expect(logisticBase()(x, new Float64Array(n), null)(x).every(value => value >= 0 && value < 0.01)).toBe(true)
    expect(() => logisticBase()(x, new Float64Array(n).fill(2), null)).toThrow('y[0] is 2')
  })
  test('boosted trees fit a step that no line fits, and stop early on noise', () => {
    const wide = Array.from({ length: 3 }, () => Float64Array.from({ length: 3000 }, () => random.normal()))
    const step = wide[0].map((value, i) => value > 0 && wide[1][i] > 0 ? 1 : 0)
    const target = step.map(value => value + 0.3 * random.normal())
    expect(meanSquare(treesBase()(wide, target, null)(wide), step)).toBeLessThan(0.02)
    expect(meanSquare(linearBase()(wide, target, null)(wide), step)).toBeGreaterThan(0.05)
    const noise = Float64Array.from({ length: 3000 }, () => random.normal())
    expect(meanSquare(treesBase()(wide, noise, null)(wide), new Float64Array(3000))).toBeLessThan(0.02)
    const logistic = treesBase({ loss: 'logistic' })(wide, step, null)(wide)
    expect(meanSquare(logistic, step)).toBeLessThan(0.03)
    expect(logistic.every(value => value > 0 && value < 1)).toBe(true)
  })
  test('the same seed grows the same trees', () => {
    const target = x[0].map(value => value + random.normal())
    expect(treesBase({ seed: 2 })(x, target, null)(x)).toEqual(treesBase({ seed: 2 })(x, target, null)(x))
  })
  test('a bad cell is named', () => {
    const bad = x.map(column => column.slice())
    bad[2][5] = Infinity
    expect(() => linearBase()(bad, new Float64Array(n), null)).toThrow('x[2][5] is Infinity')
    expect(() => treesBase()(x, new Float64Array(n), new Float64Array(3))).toThrow('weights has 3 elements')
    expect(() => linearBase()(x, new Float64Array(n), new Float64Array(n).fill(-1))).toThrow('weights[0] is -1')
  })
})

describe('learners of the effect', () => {
  test('the generators have the known truth at the check points', () => {
    const a = nieWagerTruth('A', [0.3, 0.6, 0.2, 0.8, 0.5])
    expect([a.propensity, a.baseline, a.effect].map(value => value.toFixed(10))).toEqual(['0.5358267950', '1.7658267950', '0.4500000000'])
    const point = [0.5, -1, 0.25, 2, -0.5]
    expect(nieWagerTruth('B', point).baseline).toBeCloseTo(1.75, 10)
    expect(nieWagerTruth('B', point).effect).toBeCloseTo(0.8132616875, 10)
    expect(nieWagerTruth('C', point).baseline).toBeCloseTo(1.1518788398, 10)
    expect(nieWagerTruth('C', point).propensity).toBeCloseTo(0.6791786992, 10)
    expect(nieWagerTruth('D', point).baseline).toBeCloseTo(0.75, 10)
    expect(nieWagerTruth('D', point).effect).toBeCloseTo(-1.5, 10)
    expect(nieWagerTruth('D', point).propensity).toBeCloseTo(0.2312239876, 6)
  })
  test('the generators have the known moments', () => {
    const b = nieWagerSample('B', 100_000, 6, 1, 3)
    expect(meanSquare(b.effect, new Float64Array(100_000))).toBeCloseTo(1.9215, 1)
    const d = nieWagerSample('D', 100_000, 6, 1, 3)
    expect(mean(d.effect)).toBeCloseTo(0.1261, 1)
    expect(mean(d.propensity)).toBeCloseTo(0.3093, 2)
    expect(mean(nieWagerSample('A', 100_000, 6, 1, 3).propensity)).toBeCloseTo(0.5191, 2)
  })
  const sample = nieWagerSample('B', 2000, 6, 1, 1)
  const fresh = nieWagerSample('B', 2000, 6, 1, 2)
  const data: EffectData = { x: sample.x, treated: sample.treated, y: sample.y, propensity: 0.5 }
  test('S, T, X and R beat the constant on a trial with a strong effect', () => {
    const flat = meanSquare(constantEffect(data)(fresh.x), fresh.effect)
    expect(flat).toBeGreaterThan(1)
    for (const [name, learner] of Object.entries({ sLearner, tLearner, xLearner, rLearner })) expect(meanSquare(learner(data)(fresh.x), fresh.effect), name).toBeLessThan(0.4)
    expect(meanSquare(rLearner(data, { outcome: treesBase(), effect: treesBase({ depth: 2 }) })(fresh.x), fresh.effect)).toBeLessThan(0.6)
  })
  test('the R-loss chooses a varying effect where there is one and the constant where there is none', () => {
    const candidates = [{ name: 'constant', fit: (part: EffectData) => constantEffect(part) }, { name: 'r', fit: (part: EffectData) => rLearner(part) }]
    expect(chooseLearner(data, candidates).name).toBe('r')
    const random = randomStream(8)
    const still: EffectData = { ...data, y: data.y.map((_, i) => 1 + data.treated[i] + random.normal()) }
    const choice = chooseLearner(still, candidates)
    expect(meanSquare(choice.model(fresh.x), new Float64Array(2000).fill(1))).toBeLessThan(0.02)
  })
  test('control: with arms shuffled no effect is found', () => {
    const random = randomStream(21)
    const shuffled: EffectData = { ...data, treated: data.treated.length > 0 ? Uint8Array.from({ length: 2000 }, () => random.below(2)) : [] }
    expect(meanSquare(rLearner(shuffled)(fresh.x), new Float64Array(2000))).toBeLessThan(0.1)
  })
  test('bad input is named', () => {
    expect(() => rLearner({ ...data, propensity: 1 })).toThrow('propensity is 1')
    expect(() => tLearner({ ...data, treated: new Uint8Array(2000) })).toThrow('0 of 2000 persons are treated')
    expect(() => sLearner({ ...data, x: [] })).toThrow('x has no columns')
    expect(() => chooseLearner(data, [])).toThrow('no candidates')
  })
})

describe('repeated splits', () => {
  test('the corrected error is the known one, far above the naive', () => {
    // 50 differences whose standard deviation is exactly .012.
    const spread = 0.012 * Math.sqrt(49 / 50)
    const half = compareOverSplits(Array.from({ length: 50 }, (_, i) => i % 2 === 0 ? spread : -spread), 100, 100)
    expect(half.naiveError).toBeCloseTo(0.0016971, 7)
    expect(half.correctedError).toBeCloseTo(0.0121194, 7)
    expect(half.wins).toBe(25)
    expect(0.012 * Math.sqrt(correction(50, 20, 80))).toBeCloseTo(0.0062354, 7)
    expect(() => compareOverSplits([1], 1, 1)).toThrow('1 splits')
  })
  test('halves are disjoint, complete and repeatable (property)', () => {
    fc.assert(fc.property(fc.integer({ min: 2, max: 200 }), fc.integer(), (n, seed) => {
      const { train, test: rest } = halfSplit(n, seed, 3)
      expect([...train, ...rest].sort((a, b) => a - b)).toEqual(Array.from({ length: n }, (_, i) => i))
      expect(halfSplit(n, seed, 3).train).toEqual(train)
    }))
  })
})
