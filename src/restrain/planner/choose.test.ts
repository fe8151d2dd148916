import { describe, expect, test } from 'vitest'
import { day, hour, start } from '../../../tests/setup/fixtures.ts'
import { gateReasons } from '../pressure/index.ts'
import { choosePlan, dueBy, interpolate, phaseOf, weekEndAfter, type ChooseInput, type PlanPerson } from './choose.ts'
import { limitWords, planSentence, rowWords } from './words.ts'

const campaign = { campaignId: 'c1', name: '新茶', messageKind: 'sell' as const, segments: [], lift: 1 }
const person = (n: number, more: Partial<PlanPerson> = {}): PlanPerson => ({
  personId: `p${n}`, corpId: 'corp', staff: n % 2 === 0 ? 'wang' : 'li', segment: 0, place: { dose: 4, used: 0, startsAt: start, endsAt: start + 28 * day }, lastWeek: 0, ratio: 1, pressure: 0, rhythm: null, gate: { allowed: true, weight: 1 }, ...more,
})
const plan = (persons: readonly PlanPerson[], more: Partial<ChooseInput> = {}) => choosePlan({
  sendAt: start, weekEnd: start + 7 * day, epochDays: 28, segmentKeys: ['repeat'], persons, campaigns: [campaign], doses: [0, 2, 4, 8], value: [0, 1000, 1600, 900], valueSd: [0, 100, 150, 300], chosen: [{ dose: 4, known: true }],
  perWeekMax: 2, settings: { perStaffPerDay: 100, budgetFen: null }, touchCostFen: 1, ...more,
})
const n = (count: number, more?: Partial<PlanPerson>) => Array.from({ length: count }, (_, i) => person(i, more))

describe('choosing the week', () => {
  test('everybody has exactly one reason, in or out, and the totals add up', () => {
    const result = plan([...n(20), person(20, { gate: { allowed: false, reason: 'holdout', clearAt: start + 28 * day, weight: 1, detail: {} } })])
    expect(new Set(result.rows.map((row) => row.personId)).size).toBe(21)
    expect(result.persons + result.left).toBe(21)
    expect(result.rows.filter((row) => row.chosen)).toHaveLength(result.messages)
    expect(result.valueFen).toBeCloseTo(result.rows.filter((row) => row.chosen).reduce((sum, row) => sum + row.valueFen, 0), 6)
    expect(result.rows.find((row) => row.personId === 'p20')).toMatchObject({ chosen: false, reason: 'holdout', clearAt: start + 28 * day })
    expect(result.lowFen).toBeLessThan(result.valueFen)
  })

  test('a dose is spread over the epoch and used up exactly', () => {
    for (const id of ['a', 'b', 'c']) {
      const place = { dose: 4, startsAt: start, endsAt: start + 28 * day }
      const weeks = [0, 1, 2, 3, 4].map((w) => dueBy(place, phaseOf(id), start + w * 7 * day))
      expect(weeks[4]).toBe(4)
      for (let w = 1; w < 5; w++) expect(weeks[w] - weeks[w - 1]).toBeLessThanOrEqual(1)
    }
    expect(plan(n(200)).messages).toBe(200)
    expect(plan(n(200, { place: { dose: 2, used: 0, startsAt: start, endsAt: start + 28 * day } })).messages).toBeGreaterThan(60)
    expect(plan(n(200, { place: { dose: 2, used: 0, startsAt: start, endsAt: start + 28 * day } })).messages).toBeLessThan(140)
  })

  test('control: who has had the dose gets nothing', () => {
    const result = plan(n(10, { place: { dose: 4, used: 4, startsAt: start, endsAt: start + 28 * day } }))
    expect(result.messages).toBe(0)
    expect(new Set(result.rows.map((row) => row.reason))).toEqual(new Set(['not-due']))
  })

  test('a member who can confirm five a day gets twenty-five, the most valuable ones, earliest first; the limit has its worth', () => {
    const persons = Array.from({ length: 60 }, (_, i) => person(i, { staff: 'wang', ratio: 0.5 + i / 40 }))
    const result = plan(persons, { settings: { perStaffPerDay: 5, budgetFen: null } })
    expect(result.messages).toBe(25)
    const chosen = result.rows.filter((row) => row.chosen)
    expect(Math.min(...chosen.map((row) => row.valueFen))).toBeGreaterThanOrEqual(Math.max(...result.rows.filter((row) => !row.chosen).map((row) => row.valueFen)))
    expect(chosen.filter((row) => row.offsetDays === 0)).toHaveLength(5)
    expect(Math.min(...chosen.filter((row) => row.offsetDays === 0).map((row) => row.valueFen))).toBeGreaterThan(Math.max(...chosen.filter((row) => row.offsetDays === 4).map((row) => row.valueFen)))
    expect(result.rows.filter((row) => !row.chosen).every((row) => row.reason === 'staff-full')).toBe(true)
    expect(result.limits).toMatchObject([{ kind: 'staff', name: 'wang', capacity: 25, used: 25 }])
    // One more would be the best of those left out.
    expect(result.limits[0].worthFen).toBeCloseTo(Math.max(...result.rows.filter((row) => !row.chosen).map((row) => row.valueFen)), 6)
    expect(limitWords(result.limits[0], 'zh')).toMatch(/^wang 这周 25 条用满，再多确认 1 条值 ¥/)
  })

  test('money is a limit too', () => {
    const result = plan(n(50), { settings: { perStaffPerDay: 100, budgetFen: 300 }, touchCostFen: 10 })
    expect(result.messages).toBe(30)
    expect(result.rows.filter((row) => !row.chosen)[0].reason).toBe('budget')
  })

  test('an arm that loses money is sent all the same while it is an experiment, and its cost is told', () => {
    const result = plan(n(100, { place: { dose: 8, used: 5, startsAt: start - 14 * day, endsAt: start + 14 * day } }))
    expect(result.messages).toBeGreaterThan(50)
    expect(result.valueFen).toBeLessThan(0)
    expect(result.learningFen).toBeCloseTo(-result.valueFen, 6)
    expect(result.rows.find((row) => row.chosen)!.reason).toBe('explore')
  })

  test('control: off the roster, a touch that loses money is left out', () => {
    const result = plan(n(100, { place: null }), { value: [0, -500, -900, -2000] })
    expect(result.messages).toBe(0)
    expect(result.rows.filter((row) => row.reason === 'no-value').length).toBeGreaterThan(50)
  })

  test('without anything to say nobody is written to', () => {
    expect(new Set(plan(n(10), { campaigns: [] }).rows.map((row) => row.reason))).toEqual(new Set(['no-campaign']))
    expect(plan(n(10), { campaigns: [{ ...campaign, segments: ['never'] }] }).messages).toBe(0)
  })

  test('a second message of the week goes days after the first, with another campaign', () => {
    const result = plan(n(30, { place: { dose: 8, used: 0, startsAt: start, endsAt: start + 28 * day } }), { campaigns: [campaign, { ...campaign, campaignId: 'c2', lift: 0.8 }], value: [0, 1000, 2000, 4000] })
    const two = result.rows.filter((row) => row.personId === result.rows.find((r) => r.detail.n === 2)!.personId)
    expect(two.map((row) => row.campaignId)).toEqual(['c1', 'c2'])
    expect(two[1].offsetDays - two[0].offsetDays).toBe(3)
  })

  test('late in the week there are fewer days, and nothing is planned beyond it', () => {
    const late = { sendAt: start + 5.5 * day, settings: { perStaffPerDay: 5, budgetFen: null } }
    const result = plan(n(80, { staff: 'wang' }), late)
    expect(result.messages).toBe(10)
    expect(Math.max(...result.rows.filter((row) => row.chosen).map((row) => row.offsetDays))).toBe(1)
    const twice = plan(n(30, { place: { dose: 8, used: 0, startsAt: start, endsAt: start + 28 * day } }), { ...late, campaigns: [campaign, { ...campaign, campaignId: 'c2', lift: 0.8 }] })
    expect(new Set(twice.rows.filter((row) => row.chosen).map((row) => row.personId)).size).toBe(twice.messages)
  })

  test('the same input gives the same plan', () => {
    expect(plan(n(80))).toEqual(plan(n(80)))
  })
})

test('values between measured doses lie on log of one plus dose', () => {
  expect(interpolate([0, 1, 3], [0, 10, 20], 0, 1)).toBe(10)
  expect(interpolate([0, 1, 3], [0, 10, 20], 0, 2)).toBeCloseTo(10 + 10 * Math.log2(1.5), 9)
  expect(interpolate([0, 1, 3], [0, 10, 20], 0, 9)).toBe(20)
})

test('weeks end on Monday at midnight in Shanghai', () => {
  const monday = Date.parse('2026-03-02T00:00:00+08:00')
  expect(weekEndAfter(start)).toBe(monday)
  expect(weekEndAfter(monday)).toBe(monday + 7 * day)
  expect(weekEndAfter(monday - hour)).toBe(monday)
})

test('words: every reason reads whole in both languages', () => {
  const row = { detail: { dose: 4, used: 2, n: 3, count: 2, pressure: 7, pressureMax: 8, shortFen: 320, valueFen: 10 }, clearAt: start }
  for (const reason of ['value', 'explore', 'habit', 'not-due', 'no-value', 'no-campaign', 'staff-full', 'budget', 'holdout', 'over-pressure'] as const) {
    for (const language of ['zh', 'en'] as const) expect(rowWords({ ...row, reason }, language)).not.toMatch(/[{}]|undefined/)
  }
  // Totals know no single person's figures: whole sentences all the same, without gaps.
  for (const reason of [...gateReasons, 'value', 'explore', 'habit', 'not-due', 'no-value', 'no-campaign', 'staff-full', 'budget'] as const) {
    for (const language of ['zh', 'en'] as const) expect(rowWords({ reason, detail: {}, clearAt: null }, language)).toMatch(/^[^{}]{2,}[^{}：:；;,，、\s]$/)
  }
  expect(['week-cap', 'dose-used'].map((reason) => rowWords({ reason: reason as 'week-cap', detail: {}, clearAt: null }, 'zh'))).toEqual(['7 天内该收的已收满', '这一轮该收的已收满'])
  expect(rowWords({ reason: 'value', detail: { gapDays: 40, sinceDays: 38 }, clearAt: null }, 'zh')).toBe('常隔 40 天回来，已 38 天')
  expect(planSentence({ persons: 412, messages: 436, left: 1906, valueFen: 318_000, lowFen: 190_000, highFen: 440_000 }, true, 'zh')).toBe('本周给 412 人发 436 条，预计多赚 ¥3,180（¥1,900～¥4,400）；1906 人不打扰。')
})
