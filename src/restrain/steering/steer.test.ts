import { describe, expect, test } from 'vitest'
import { randomStream } from '../../math/random/index.ts'
import { armsFor, defaultDosageSettings } from './arms.ts'
import { expectedOrders, fitPurchases, orderWorth, spansAYear, type OrderPast } from './expect.ts'
import { leaverWorth, steer, steerCells, type RosterFacts } from './steer.ts'

const doses = [0, 1, 2, 4]
/** A shop whose truth is known: arm k brings `gain[k]` more of what each person was expected to bring and drives `loss[k]` away. */
function roster(seed: number, size: number, gain: readonly number[], loss: readonly number[], season = 1): RosterFacts {
  const draw = randomStream(seed)
  const make = (): Float64Array => new Float64Array(size)
  const facts = { segment: make(), arm: make(), on: make().fill(1), expected: make(), brought: make(), lost: make() }
  for (let i = 0; i < size; i++) {
    const worth = 5000 + 15_000 * draw.uniform()
    facts.segment[i] = i % 2
    facts.arm[i] = Math.floor(i / 2) % 4
    facts.expected[i] = (i % 2 === 0 ? 0.6 : 0.2) * worth
    const mean = (facts.expected[i] / worth) * (1 + gain[facts.arm[i]]) * season
    let orders = 0
    for (let n = 0; n < 4; n++) if (draw.uniform() < mean / 4) orders++
    facts.brought[i] = orders * worth
    facts.lost[i] = draw.uniform() < loss[facts.arm[i]] ? 1 : 0
  }
  return facts
}
const ask = (epochs: ReturnType<typeof steerCells>[], more = {}) => steer({
  segments: 2, doses, habitArm: 2, epochs: epochs.map((one) => one.cells), leavers: epochs.map((one) => one.leavers), roster: [10_000, 10_000], spansAYear: [20, 20], relationShare: 0.5, valueLogSd: 0.1, touchCost: [0.0001, 0.0001], seed: 1, ...more,
})

describe('steering', () => {
  test('cells are shares of what was expected: a season that lifts everybody alike changes nothing, and nobody off the roster counts', () => {
    const facts = roster(1, 8000, [0, 0, 0, 0], [0, 0, 0, 0])
    const { cells } = steerCells(facts, 2, 4)
    expect(cells.persons.reduce((a, b) => a + b)).toBe(8000)
    for (let c = 0; c < 8; c++) expect(cells.sum[c] / cells.persons[c]).toBeGreaterThan(0.85)
    const double = steerCells({ ...facts, brought: Array.from(facts.brought, (x) => 2 * x) }, 2, 4)
    cells.sum.forEach((x, c) => expect(double.cells.sum[c]).toBeCloseTo(x, 6))
    const half = steerCells({ ...facts, on: Array.from(facts.on, (_, i) => (i < 4000 ? 1 : 0)) }, 2, 4)
    expect(half.cells.persons.reduce((a, b) => a + b)).toBe(4000)
  })

  test('the dose that pays is found and gets the next epoch; the same shares whatever the season', () => {
    const gain = [0, 0.1, 0.3, 0.2]
    const loss = [0.002, 0.003, 0.005, 0.02]
    const epochs = [1, 2, 3, 4].map((seed) => steerCells(roster(seed, 20_000, gain, loss, seed % 2 === 0 ? 1.5 : 0.8), 2, 4))
    const { decision, lossCost } = ask(epochs)
    expect([...decision.chosen]).toEqual([2, 2])
    for (let s = 0; s < 2; s++) {
      expect(decision.share[s * 4 + 2]).toBeGreaterThan(0.7)
      // A share of what everybody brought, the arms' mean lift of 15% included.
      const truth = 0.3 / 1.15 - 0.003 * lossCost[s]
      expect(decision.valueLow[s * 4 + 2]).toBeLessThan(truth)
      expect(decision.valueHigh[s * 4 + 2]).toBeGreaterThan(truth)
      // What messages would still have added belongs to what a leaver costs.
      expect(lossCost[s]).toBeGreaterThan(20 * 0.5 * leaverWorth(epochs.map((one) => one.leavers)))
    }
  })

  test('control: where messages do nothing and drive people away, hardly anybody is written to', () => {
    const epochs = [5, 6, 7, 8, 9, 10].map((seed) => steerCells(roster(seed, 20_000, [0, 0, 0, 0], [0.002, 0.006, 0.012, 0.03]), 2, 4))
    const { decision } = ask(epochs)
    for (let s = 0; s < 2; s++) expect(decision.share[s * 4]).toBeGreaterThan(0.6)
  })

  test('leavers are worth what they were expected to bring, shrunk by twenty', () => {
    expect(leaverWorth([])).toBeCloseTo(0.8, 12)
    expect(leaverWorth([{ count: 20, worth: 40 }])).toBeCloseTo(1.4, 12)
  })

  test('few contacts bear all arms once other merchants have taught', () => {
    expect(armsFor(500, { ...defaultDosageSettings, epochDays: 14 }, true).doses).toEqual([0, 1, 2, 4])
    expect(armsFor(500, { ...defaultDosageSettings, epochDays: 14 }).doses).toEqual([0, 1, 2])
  })
})

test('what was expected of people: buyers by their rhythm, the never-bought less, worth shrunken and capped', () => {
  const draw = randomStream(4)
  const size = 400
  const repeats = Int32Array.from({ length: size }, (_, i) => (i % 8 === 0 ? 0 : 1 + Math.floor(6 * draw.uniform())))
  const past: OrderPast = {
    first: Int32Array.from({ length: size }, (_, i) => (i % 10 === 9 ? -1 : 100 + (i % 150))), repeats: Int32Array.from(repeats, (x, i) => (i % 10 === 9 ? 0 : x)),
    last: Int32Array.from({ length: size }, (_, i) => (repeats[i] === 0 ? 100 + (i % 150) : 260 + (i % 30))), spend: Float64Array.from(repeats, (x) => x * (2000 + 20_000 * draw.uniform() ** 6)),
  }
  const purchases = fitPurchases(past, 300)
  const expected = new Float64Array(size)
  expectedOrders(purchases, past, 300, 14, expected)
  const mean = (pick: (i: number) => boolean): number => {
    const chosen = Array.from(expected).filter((_, i) => pick(i))
    return chosen.reduce((a, b) => a + b, 0) / chosen.length
  }
  expect(mean((i) => past.repeats[i] >= 4)).toBeGreaterThan(2 * mean((i) => past.first[i] >= 0 && past.repeats[i] <= 1))
  expect(mean((i) => past.first[i] < 0)).toBeCloseTo(0.3 * mean((i) => past.first[i] >= 0), 9)
  const worth = orderWorth(past, 5000)
  expect(Math.max(...worth)).toBeLessThan(Math.max(...repeats.map((x, i) => past.spend[i] / Math.max(1, x))))
  const spans = spansAYear(purchases, past, worth, new Uint8Array(size), new Uint8Array(size).fill(1), 1, 300, expected)
  // 26 fortnights, less for those who drop out on the way.
  expect(spans[0]).toBeGreaterThan(10)
  expect(spans[0]).toBeLessThan(27)
  expect(orderWorth({ first: [1], last: [1], repeats: [0], spend: [0] }, 4321)[0]).toBe(4321)
})
