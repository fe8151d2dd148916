import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { randomStream } from '../random/index.ts'
import { decideDose, doseTuning, fitDosePrior, type DoseCells, type DoseQuestion } from './index.ts'

const doses = Float64Array.from([0, 1, 2, 4, 8])

/** Cells with given means and loss rates, exactly at expectation: sd per person 60. */
function cells(persons: number[], mean: number[], loss: number[], sd = 60): DoseCells {
  return {
    persons: Float64Array.from(persons), sum: Float64Array.from(persons, (n, i) => n * mean[i]),
    sumSquares: Float64Array.from(persons, (n, i) => n * mean[i] ** 2 + Math.max(0, n - 1) * sd * sd), losses: Float64Array.from(persons, (n, i) => Math.round(n * loss[i])),
  }
}
const ask = (part: Partial<DoseQuestion>): DoseQuestion => ({
  segments: 1, doses, epochs: [], roster: Float64Array.from([4000]), lossCost: Float64Array.from([180]), habitArm: 3, seed: 1, tuning: { draws: 1000 }, ...part,
})

describe('decideDose', () => {
  it('keeps the habit and says so when there is no evidence', () => {
    const found = decideDose(ask({}))
    expect(found.verdict).toEqual(['not-enough-evidence'])
    expect(found.chosen[0]).toBe(3)
    expect(found.borrowed[3]).toBe(1)
    expect(found.ownSd[3]).toBe(Infinity)
  })

  it('finds a clear best dose, gives it most of the next epoch and an interval that holds the truth', () => {
    const n = [4000, 4000, 4000, 4000, 4000]
    const epoch = cells(n, [20, 24, 28, 27, 25], [0.007, 0.0075, 0.009, 0.013, 0.03])
    const found = decideDose(ask({ epochs: [epoch, epoch, epoch], lossCost: Float64Array.from([180]) }))
    expect(found.chosen[0]).toBe(2)
    expect(found.verdict).toEqual(['dose'])
    expect(found.share[2]).toBeGreaterThan(0.7)
    const truth = 8 - 180 * 0.002
    expect(found.valueLow[2]).toBeLessThan(truth)
    expect(found.valueHigh[2]).toBeGreaterThan(truth)
    expect(found.epochsToAnswer[0]).toBeLessThan(3)
    expect(found.causedLossMean[4]).toBeGreaterThan(0.015)
    expect(found.borrowed[2]).toBeLessThan(0.6)
  })

  it('chooses silence when messages earn nothing and drive people away, and not when losses cost nothing (control)', () => {
    const n = [20000, 20000, 20000, 20000, 20000]
    const epoch = cells(n, [20, 20, 20, 20, 20], [0.007, 0.009, 0.012, 0.019, 0.04])
    const cost = decideDose(ask({ epochs: [epoch, epoch], roster: Float64Array.from([20000]), lossCost: Float64Array.from([400]) }))
    expect(cost.verdict).toEqual(['silence'])
    expect(cost.chosen[0]).toBe(0)
    const helpful = cells(n, [20, 22, 24, 27, 31], [0.007, 0.009, 0.012, 0.019, 0.04])
    expect(decideDose(ask({ epochs: [helpful, helpful], roster: Float64Array.from([20000]), lossCost: Float64Array.from([0]) })).chosen[0]).toBe(4)
  })

  it('asks for more before a step up from the habit than before a step down', () => {
    const n = [900, 900, 900, 900, 900]
    const up = cells(n, [20, 21, 22, 23, 25], [0.007, 0.0075, 0.008, 0.01, 0.012], 60)
    const free = decideDose(ask({ epochs: [up], lossCost: Float64Array.from([20]), tuning: { draws: 1000, habitGuard: 0.5, stepUpGuard: 0.5 } }))
    const guarded = decideDose(ask({ epochs: [up], lossCost: Float64Array.from([20]), tuning: { draws: 1000, habitGuard: 0.5, stepUpGuard: 0.95 } }))
    expect(free.probabilityOverHabit[4]).toBeLessThan(0.95)
    expect(guarded.share[4]).toBeLessThan(0.8 * free.share[4])
    expect(guarded.share[3]).toBeGreaterThan(free.share[3])
    for (const k of [0, 1, 2]) expect(guarded.share[k]).toBeCloseTo(free.share[k], 12)
  })

  it('is not fooled by shares that change with the season', () => {
    // Dose 8 is worse by 3 in each epoch, but is sent mostly in the rich one: its pooled mean is higher.
    const rich = cells([1000, 0, 0, 1000, 9000], [60, 60, 60, 63, 60], [0, 0, 0, 0, 0], 30)
    const poor = cells([9000, 0, 0, 9000, 1000], [20, 20, 20, 23, 20], [0, 0, 0, 0, 0], 30)
    const pooled = (arm: number): number => (rich.sum[arm] + poor.sum[arm]) / (rich.persons[arm] + poor.persons[arm])
    expect(pooled(4)).toBeGreaterThan(pooled(3) + 20)
    const found = decideDose(ask({ epochs: [rich, poor] }))
    expect(found.valueMean[3]).toBeGreaterThan(found.valueMean[4])
    expect(found.ownGain[3]).toBeCloseTo(3, 6)
    expect(found.ownGain[4]).toBeCloseTo(0, 6)
  })

  it('lets a segment borrow from the others, more the less it has seen', () => {
    const epoch = cells([5000, 5000, 5000, 5000, 5000, 40, 40, 40, 40, 40], [20, 24, 27, 29, 30, 20, 20, 20, 20, 20], Array.from({ length: 10 }, () => 0.01))
    const found = decideDose(ask({ segments: 2, epochs: [epoch], roster: Float64Array.from([5000, 40]), lossCost: Float64Array.from([100, 100]) }))
    expect(found.borrowed[8]).toBeGreaterThan(found.borrowed[3])
    expect(found.gainMean[8]).toBeGreaterThan(2)
  })

  it('answers the same for a seed, and shares, chances and losses keep their laws for any evidence', () => {
    fc.assert(fc.property(fc.array(fc.tuple(fc.integer({ min: 0, max: 3000 }), fc.double({ min: -20, max: 90, noNaN: true }), fc.double({ min: 0, max: 0.2, noNaN: true })), { minLength: 10, maxLength: 10 }), fc.nat(1000), fc.constantFrom(0, 1, 3), (rows, seed, habitArm) => {
      const epoch = cells(rows.map((r) => r[0]), rows.map((r) => r[1]), rows.map((r) => r[2]))
      const question = ask({
        segments: 2, epochs: [epoch], roster: Float64Array.from([3000, 500]), lossCost: Float64Array.from([150, 20]), seed, habitArm, allowed: Uint8Array.from([1, 1, 1, 1, 0]), tuning: { draws: 200 },
      })
      const found = decideDose(question)
      expect(decideDose(question)).toEqual(found)
      const holdout = doseTuning.holdout * Math.sqrt(5000 / 3500)
      for (let s = 0; s < 2; s++) {
        const row = s * 5
        const sum = (values: Float64Array): number => values.subarray(row, row + 5).reduce((x, y) => x + y, 0)
        expect(sum(found.share)).toBeCloseTo(1, 9)
        expect(sum(found.probabilityBest)).toBeCloseTo(1, 9)
        expect(found.share[row]).toBeGreaterThanOrEqual(holdout - 1e-12)
        for (let k = 1; k < 4; k++) expect(found.share[row + k]).toBeGreaterThanOrEqual(holdout * doseTuning.explore - 1e-12)
        expect(found.share[row + 4]).toBe(0)
        for (let k = 1; k < 5; k++) expect(found.causedLossMean[row + k]).toBeGreaterThanOrEqual(found.causedLossMean[row + k - 1])
        expect(found.regretOfStopping[s]).toBeGreaterThanOrEqual(0)
        expect(found.regretOfPlaying[s]).toBeGreaterThanOrEqual(0)
      }
    }), { numRuns: 25 })
  })

  it('names the cell that is wrong', () => {
    const bad = cells([10, 10, 10, 10, 10], [1, 1, 1, 1, 1], [0, 0, 0, 0, 0])
    bad.losses[4] = 11
    expect(() => decideDose(ask({ epochs: [bad] }))).toThrow('epochs[0].losses of segment 0, arm 4 is 11, expected 0 to 10')
    bad.losses[4] = 0
    bad.sum[2] = Number.NaN
    expect(() => decideDose(ask({ epochs: [bad] }))).toThrow('epochs[0].sum of segment 0, arm 2 is NaN')
    expect(() => decideDose(ask({ doses: Float64Array.from([1, 2]) }))).toThrow('doses[0] is 1, expected 0')
    expect(() => decideDose(ask({ roster: Float64Array.from([1, 2]) }))).toThrow('roster has 2 elements')
  })
})

describe('fitDosePrior', () => {
  const u = randomStream(9)
  const merchants = Array.from({ length: 40 }, () => {
    const strength = 0.2 + 0.05 * u.normal()
    const base = 10 * Math.exp(u.normal())
    const epochs = [0, 1, 2].map(() => {
      const mean = [...doses].map((d) => base * (1 + strength * Math.log2(1 + d)) + (base * 3 * u.normal()) / Math.sqrt(1000))
      return cells([1000, 1000, 1000, 1000, 1000], mean, [...doses].map((d) => 0.007 + 0.004 * (d / 4) ** 1.5), base * 3)
    })
    return { segments: 1, epochs, scale: Float64Array.from([base]) }
  })

  it('recovers the common curve and the level of caused losses', () => {
    const prior = fitDosePrior(doses, merchants)
    ;[1, 2, 4, 8].forEach((d, i) => expect(prior.gainMean[i]).toBeCloseTo(0.2 * Math.log2(1 + d), 1))
    // The reference dose is 2.
    expect(Math.exp(prior.loss.levelMean)).toBeGreaterThan(0.0007)
    expect(Math.exp(prior.loss.levelMean)).toBeLessThan(0.0028)
  })

  it('gives a newcomer without data a dose from the others’ experience, and a narrower guess than without', () => {
    const prior = fitDosePrior(doses, merchants)
    const scale = Float64Array.from([20])
    const small = cells([60, 60, 60, 60, 60], [20, 20, 20, 20, 20], [0, 0, 0, 0, 0])
    const informed = decideDose(ask({ epochs: [small], prior, scale, lossCost: Float64Array.from([100]) }))
    const alone = decideDose(ask({ epochs: [small], scale, lossCost: Float64Array.from([100]) }))
    expect(informed.gainMean[3]).toBeGreaterThan(4)
    expect(informed.gainSd[3]).toBeLessThan(alone.gainSd[3])
    expect(() => fitDosePrior(doses, merchants.slice(0, 2))).toThrow('2 given, expected at least 3')
  })
})
