import { createHmac } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { day, start } from '../../../tests/setup/fixtures.ts'
import { randomStream } from '../../math/random/index.ts'
import { armsFor, defaultDosageSettings } from '../steering/index.ts'
import { assignRoster, segmentOf, segments, type RosterPerson } from './design.ts'
import { judgeDosage, lossesOf, type JudgeInput } from './judge.ts'
import { outcomeOf, type PersonOutcome } from './outcome.ts'
import { valuePersons } from './person-value.ts'
import { dosageSentence } from './words.ts'

const digest = (key: string, message: string): Uint8Array => createHmac('sha256', key).update(message).digest()
const weights = segments.map(() => [100, 300, 300, 300])

describe('design', () => {
  test('arms follow the size of the roster, the habit and the highest dose', () => {
    const long = { ...defaultDosageSettings, epochDays: 28 as const }
    expect(armsFor(10_000, long)).toEqual({ doses: [0, 1, 2, 4, 8], habitArm: 3 })
    expect(armsFor(500, long)).toEqual({ doses: [0, 2, 4], habitArm: 2 })
    expect(armsFor(10_000, { ...long, doseMax: 2 })).toEqual({ doses: [0, 1, 2], habitArm: 2 })
    expect(armsFor(10_000, { ...defaultDosageSettings, epochDays: 14 })).toEqual({ doses: [0, 1, 2, 4], habitArm: 2 })
    expect(armsFor(500, { ...long, habitDose: 0 })).toEqual({ doses: [0, 1, 2], habitArm: 0 })
  })

  test('segments: by orders, and asleep after ninety days', () => {
    const at = (orders: number, days: number | null) => segments[segmentOf(orders, days === null ? null : start - days * day, start)].key
    expect([at(0, null), at(1, 3), at(2, 3), at(5, 90), at(5, 89)]).toEqual(['never', 'first', 'repeat', 'dormant', 'repeat'])
  })

  const roster = (size: number): RosterPerson[] => Array.from({ length: size }, (_, i) => ({ personId: `p${String(i).padStart(5, '0')}`, segment: i % 4, previousArm: -1, preFen: (i % 7) * 1000 }))

  test('the assignment is the same in any order, another one in the next epoch, and keeps the shares of each segment', () => {
    const persons = roster(4000)
    const assign = (list: readonly RosterPerson[], epoch: string) => new Map(assignRoster({ digest, key: 'k', epoch, persons: list, weights }).map((a) => [a.personId, a.arm]))
    const first = assign(persons, 'epoch 1')
    expect(assign([...persons].reverse(), 'epoch 1')).toEqual(first)
    const second = assign(persons, 'epoch 2')
    expect([...first].filter(([id, arm]) => second.get(id) !== arm).length).toBeGreaterThan(2000)
    for (let s = 0; s < 4; s++) {
      const arms = persons.filter((p) => p.segment === s).map((p) => first.get(p.personId))
      expect(arms.filter((arm) => arm === 0).length).toBeGreaterThan(95)
      expect(arms.filter((arm) => arm === 0).length).toBeLessThan(105)
    }
  })
})

/** A world with a known truth: each dose brings `lift` fen per person, drives `lossPer` of them away. */
function world(seed: number, perSegment: number, lift: readonly number[], loss: readonly number[]): PersonOutcome[] {
  const draw = randomStream(seed)
  const persons = Array.from({ length: perSegment * 4 }, (_, i): RosterPerson => ({ personId: `p${i}`, segment: i % 4, previousArm: -1, preFen: Math.round(20_000 * draw.uniform()) }))
  return assignRoster({ digest, key: `k${seed}`, epoch: 'e', persons, weights }).map((a) => ({
    segment: a.segment, arm: a.arm, preFen: a.preFen, touches: a.arm, lost: draw.uniform() < loss[a.arm], netFen: Math.max(0, Math.round(a.preFen / 3 + lift[a.arm] + 3000 * draw.normal())),
  }))
}

const judge = (rows: readonly PersonOutcome[], more: Partial<JudgeInput> = {}) => {
  const { cells, largest } = outcomeOf(rows, weights, 4, 0)
  return judgeDosage({
    settings: { ...defaultDosageSettings, epochDays: 28, margin: 1 }, doses: [0, 2, 4, 8], habitArm: 2, closed: [{ cells, largest }], roster: [rows.length / 4, rows.length / 4, rows.length / 4, rows.length / 4],
    usualFen: [4000, 4000, 4000, 4000], spreadFen: [4000, 4000, 4000, 4000], valueFen: [20_000, 20_000, 20_000, 20_000], valueLogSd: 0.1, seed: 1, ...more,
  })
}

describe('outcome and judgement', () => {
  test('cells count by the arm that was assigned; adjusted sums keep the segment total', () => {
    const rows = world(1, 500, [0, 0, 0, 0], [0, 0, 0, 0])
    const { cells, ratio } = outcomeOf(rows, weights, 4, 0)
    expect(cells.persons.reduce((a, b) => a + b)).toBe(2000)
    expect(ratio.alarm).toBe(false)
    for (let s = 0; s < 4; s++) {
      const total = rows.filter((row) => row.segment === s).reduce((sum, row) => sum + row.netFen, 0)
      expect(cells.sum.subarray(s * 4, s * 4 + 4).reduce((a, b) => a + b)).toBeCloseTo(total, 3)
    }
  })

  test('control: when people vanish from one arm the sample ratio raises the alarm', () => {
    const rows = world(2, 800, [0, 0, 0, 0], [0, 0, 0, 0])
    expect(outcomeOf(rows.filter((row) => row.arm !== 3 || row.netFen > 2500), weights, 4, 0).ratio.alarm).toBe(true)
  })

  test('a dose that earns is found, claimed with an interval that holds the truth, and losses it caused are counted', () => {
    const { segments: views, losses, basis } = judge(world(3, 4000, [0, 800, 1600, 1600], [0.02, 0.02, 0.03, 0.09]))
    expect(basis).toBe('closed')
    expect(views.map((v) => v.verdict)).toEqual(['dose', 'dose', 'dose', 'dose'])
    for (const view of views) {
      expect(view.chosenDose).toBe(4)
      // 1,600 fen per person and epoch (a little more, since money does not go below 0), shown per 100 persons.
      expect(view.claim!.low).toBeLessThan(160_000)
      expect(view.claim!.high).toBeGreaterThan(120_000)
      expect(view.claim!.low).toBeGreaterThan(0)
      expect(view.tooMuchFrom).toBe(5)
      expect(dosageSentence(view, 'zh')).toMatch(/每轮 4 次最好，比留白组每百人每 28 天多赚 ¥[\d,]+（¥[\d,]+～¥[\d,]+）；第 5 次起每多发一次都少赚。$/)
    }
    const truth = 16_000 * 0.3 * (0.01 + 0.07)
    expect(losses.causedLow!).toBeLessThan(truth)
    expect(losses.causedHigh!).toBeGreaterThan(truth)
    expect(losses.enough).toBe(true)
  })

  test('control: where messages do nothing, nothing is claimed and no loss is called caused', () => {
    const { segments: views, losses } = judge(world(4, 1500, [0, 0, 0, 0], [0.03, 0.03, 0.03, 0.03]))
    for (const view of views) expect(view.claim === null || view.claim.low < 0).toBe(true)
    expect(losses.causedLow!).toBeLessThan(0)
  })

  test('before anything was seen the habit stays, and the page says that it is too early', () => {
    const { segments: views, basis } = judge(world(5, 100, [0, 0, 0, 0], [0, 0, 0, 0]), { closed: [] })
    expect(basis).toBe('nothing')
    for (const view of views) {
      expect(view).toMatchObject({ verdict: 'not-enough-evidence', chosenDose: 4, claim: null, missing: { what: 'time' }, provisional: true })
      expect(dosageSentence(view, 'en')).toMatch(/too early to tell/)
    }
  })

  test('few buyers: money is judged but no sentence about it is made', () => {
    const rows = world(6, 200, [0, 500, 1000, 1000], [0, 0, 0, 0])
    const { segments: views } = judge(rows)
    expect(views[0]).toMatchObject({ claim: null, missing: { what: 'buyers', needed: 200 } })
  })

  test('segments with other shares do not fake a caused loss', () => {
    // Segment 0 loses 20% whatever is sent and is mostly treated; segment 1 loses 1% and is mostly holdout.
    const view = lossesOf({ persons: Float64Array.from([100, 900, 900, 100]), losses: Float64Array.from([20, 180, 9, 1]) }, 2)
    expect(Math.abs(view.caused!)).toBeLessThan(1)
    expect(view.causedLow!).toBeLessThan(0)
  })
})

test('value of a year: a young shop gets a plain rate, an older one a model; those who buy often are worth more', () => {
  const history = (weeks: number, orders: number, i: number) => ({ personId: `p${i}`, orders, firstPaidAt: start - weeks * 7 * day, lastPaidAt: orders === 1 ? start - weeks * 7 * day : start - Math.round((weeks * 7 * day) / (orders + 1)), totalFen: orders * 10_000, firstFen: 10_000 })
  expect(valuePersons(Array.from({ length: 50 }, (_, i) => history(6, 1 + (i % 3), i)), 0.4, start).model).toBe('plain-rate')
  const old = valuePersons(Array.from({ length: 300 }, (_, i) => history(20 + (i % 20), 1 + (i % 4), i)), 0.4, start)
  expect(['bg-nbd', 'cells']).toContain(old.model)
  expect(old.valueFen.get('p3')!).toBeGreaterThan(old.valueFen.get('p0')!)
  expect(valuePersons([], 0.4, start).valueFen.size).toBe(0)
})
