import { describe, expect, test } from 'vitest'
import { defaultOffers } from '../offer/index.ts'
import { defaultRules, earnSurfaces, ruleOf, ruleSetSchema, termsOf } from './rules.ts'
import { effectOf } from './budget.ts'

describe('default numbers of feathers', () => {
  test.each([
    // rule, per act, once, per person and article, per person and day, vests after hours, free of waiting a day, lives days
    ['order', 1, 'key', null, null, 0, null, null],
    ['quiz', 5, 'article', 5, 100, 0, 15, 365],
    ['recommend', 10, 'reader', 10, 50, 168, null, 365],
    ['comment', 10, 'key', 10, 50, 0, null, 365],
    ['share-read', 3, 'reader', 15, 60, 168, null, 365],
    ['playbook', 10, 'key', null, 200, 24, null, 365],
    ['sale', 0, 'key', null, null, 0, null, null],
  ] as const)('%s: %i', (rule, feathers, once, article, day, vestHours, freeDay, expireDays) => {
    expect(ruleOf(defaultRules, rule)).toMatchObject({ on: true, feathers, once, vestHours, freeDay, expireDays, levels: 1, secondLevel: 0, caps: { personArticle: article, personDay: day, articleDay: null, surfaceDay: null } })
  })

  test('an article gives one person 40 at most, a day 200; a benefit costs 20 to 30', () => {
    const effect = effectOf(defaultRules, defaultRules, defaultOffers.map((offer, n) => ({ ...offer, offerId: String(n), redeemed28: 0, stock: 1 })), { byRule: [], persons28: 0, held: 0 })
    expect(effect).toMatchObject({ articleMost: 5 + 10 + 10 + 15, personDayMost: 200, cheapestBenefit: 20 })
    expect(defaultOffers.map((one) => [one.kind, one.feathers, one.validDays, one.faceFen])).toEqual([['licence', 20, 15, 2900], ['course', 20, 30, 3900], ['coupon', 30, 30, 2000]])
    expect(defaultRules).toMatchObject({ personDay: 200, budgetFen: null, audit: { windowDays: 28, keptPerHour: 20, gapSeconds: 25, hoursPerDay: 18, probationDays: 180, personsPerDevice: 3, ringSize: 8, ringShare: 0.8, ringArticles: 3, captiveArticles: 4, captiveReaders: 2 } })
    expect(defaultRules.rules).toHaveLength(7)
  })

  test('sharing pays on web pages only; what a reader does alone pays everywhere', () => {
    for (const rule of ['recommend', 'share-read']) expect(ruleOf(defaultRules, rule)!.surfaces).toEqual({ web: 'on', mini: 'off', api: 'off', wecom: 'off', moments: 'off' })
    for (const rule of ['quiz', 'comment', 'order']) expect(Object.values(ruleOf(defaultRules, rule)!.surfaces)).toEqual(earnSurfaces.map(() => 'on'))
  })

  test('a third level, a rule that stands twice and a fraction are no rules', () => {
    const change = (more: object) => ruleSetSchema.safeParse({ ...defaultRules, rules: [{ ...defaultRules.rules[4], ...more }, ...defaultRules.rules.slice(0, 4)] }).success
    expect(change({})).toBe(true) // control
    for (const bad of [{ levels: 3 }, { levels: 0 }, { rule: 'quiz' }, { feathers: 1.5 }, { feathers: -1 }, { expireDays: 0 }]) expect(change(bad), JSON.stringify(bad)).toBe(false)
  })
})

test.each([
  ['2026-03-01T00:00:00+08:00', 0, 1, '2026-03-01T00:00:00+08:00', '2026-03-03T00:00:00+08:00'],
  ['2026-03-01T23:59:59+08:00', 24, 1, '2026-03-02T23:59:59+08:00', '2026-03-03T00:00:00+08:00'],
  ['2024-02-28T10:00:00+08:00', 1, 1, '2024-02-28T11:00:00+08:00', '2024-03-01T00:00:00+08:00'],
  ['2023-02-28T10:00:00+08:00', 1, 1, '2023-02-28T11:00:00+08:00', '2023-03-02T00:00:00+08:00'],
  ['2023-12-31T16:30:00Z', 0, 365, '2024-01-01T00:30:00+08:00', '2025-01-01T00:00:00+08:00'],
])('what is earned at %s vests after %i h and lives %i whole days', (at, vestHours, expireDays, vests, expires) => {
  expect(termsOf({ vestHours, expireDays }, Date.parse(at))).toEqual({ vestsAt: Date.parse(vests), expiresAt: Date.parse(expires) })
})

describe('what rules would cost', () => {
  const offers = [{ offerId: 'a', title: 'a', feathers: 20, costFen: 800, redeemed28: 3, stock: 5 }, { offerId: 'b', title: 'b', feathers: 30, costFen: 2000, redeemed28: 1, stock: 5 }]
  const activity = { byRule: [{ rule: 'quiz', acts: 100, persons: 40, feathers: 500 }, { rule: 'comment', acts: 30, persons: 20, feathers: 300 }], persons28: 50, held: 900 }
  test('is told by rule, at what people redeem, and refuses a budget that it breaks', () => {
    const draft = { ...defaultRules, budgetFen: 60_000, rules: defaultRules.rules.map((rule) => (rule.rule === 'quiz' ? { ...rule, feathers: 10 } : rule)) }
    const effect = effectOf(draft, defaultRules, offers, activity)
    // 3 × 800 fen for 60 feathers and 2,000 fen for 30: 4,400 fen for 90 feathers.
    expect(effect.costPerFeather!.mean).toBeCloseTo(4400 / 90, 9)
    expect(effect.costPerFeather).toMatchObject({ low: 40, high: 2000 / 30 })
    expect(effect.rules.find((one) => one.rule === 'quiz')).toMatchObject({ acts28: 100, feathersNow: 500, feathersDraft: 1000, costNowFen: Math.round(500 * 4400 / 90), costDraftFen: Math.round(1000 * 4400 / 90) })
    expect(effect).toMatchObject({ cost28Fen: Math.round(1000 * 4400 / 90) + Math.round(300 * 4400 / 90), liabilityFen: 44_000, liabilityHighFen: 60_000, over: true, most28Fen: Math.round(200 * 28 * 50 * 2000 / 30) })
    expect(effectOf({ ...draft, budgetFen: 70_000 }, defaultRules, offers, activity).over).toBe(false) // control
  })
  test('nothing is made up: no benefit, no price; a rule that was off has no past', () => {
    const off = { ...defaultRules, rules: defaultRules.rules.map((rule) => (rule.rule === 'quiz' ? { ...rule, on: false } : rule)) }
    expect(effectOf(defaultRules, off, [], activity)).toMatchObject({ costPerFeather: null, liabilityFen: null, most28Fen: null })
    expect(effectOf(defaultRules, off, offers, activity).rules.find((one) => one.rule === 'quiz')).toMatchObject({ feathersDraft: null, costDraftFen: null })
    expect(effectOf(off, defaultRules, offers, activity).rules.find((one) => one.rule === 'quiz')).toMatchObject({ feathersDraft: 0, costDraftFen: 0 })
  })
})
