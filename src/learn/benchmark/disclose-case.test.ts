import { describe, expect, test } from 'vitest'
import { start } from '../../../tests/setup/fixtures.ts'
import { coarseCount, discloseCase, outcomeOfEffect, publicSentence, twoDigits } from './disclose-case.ts'
import type { CaseBody } from './measure-case.ts'

const state = { at: start, contacts: 2347, net28Fen: 1_234_567, buyers28: 7, lost28: 0 }
const body: CaseBody = {
  measuredAt: start + 70 * 86_400_000 + 1234, badge: 'with-holdout', start: state, now: { ...state, at: start + 70 * 86_400_000, contacts: 2512 },
  moves: [{ at: start, action: 'segment.create', object: '张三的小群' }, { at: start, action: 'segment.create', object: 'b' }, { at: start, action: 'block.switch', object: 'dosage' }],
  epochs: 3, effect: { enough: true, persons: 2100, holdout: 247, totalFen: 345_678, lowFen: 123_456, highFen: 567_891, p: 0.01 },
  losses: { treatedPersons: 2100, holdoutPersons: 247, treatedLosses: 40, holdoutLosses: 3, caused: 14.4, causedLow: 2.2, causedHigh: 31.7, enough: true },
  cost: { messages: 4321, messagesFen: 4321, minutesPerDay: 12.4 }, light: {} as CaseBody['light'],
}

describe('a case as others see it', () => {
  test('counts and money have two digits, small counts are withheld, intervals only grow, days have no hour', () => {
    const shown = discloseCase('00000000-0000-7000-8000-000000000001', body)
    expect(shown.start).toEqual({ day: Date.parse('2026-03-01T00:00:00+08:00'), contacts: 2300, net28Fen: 1_200_000, buyers28: null, lost28: 0 })
    expect(shown.effect).toEqual({ persons: 2100, holdout: 250, totalFen: 350_000, lowFen: 120_000, highFen: 570_000, perHundredFen: 16_000 })
    expect(shown.losses).toEqual({ caused: 14, low: null, high: 32 })
    expect(shown.moves).toEqual([{ action: 'segment.create', times: 2 }, { action: 'block.switch', times: 1 }])
    expect(shown.weeks).toBe(10)
    expect(publicSentence(shown, 'zh')).toBe('10 周，比留白组多赚约 ¥3,500（¥1,200～¥5,700）。')
  })

  test('nothing that names a thing or a person is in it', () => {
    expect(JSON.stringify(discloseCase('x', body))).not.toContain('张三')
  })

  test('a case that failed says so, one that is unclear or too early claims nothing', () => {
    const failed = { ...body, effect: { enough: true as const, persons: 2100, holdout: 247, totalFen: -300_000, lowFen: -500_000, highFen: -100_000, p: 0.01 } }
    expect(publicSentence(discloseCase('x', failed), 'zh')).toBe('没成：10 周里少赚约 ¥3,000（−¥5,000～−¥1,000）。')
    expect(outcomeOfEffect({ ...failed.effect, highFen: 5 })).toBe('unclear')
    const early = discloseCase('x', { ...body, effect: { enough: false, persons: 9, holdout: 3, missing: 'buyers', found: 4, needed: 200 } })
    expect([early.outcome, publicSentence(early, 'en')]).toEqual(['too-early', 'After 10 weeks there is not enough evidence; nothing is claimed.'])
  })

  test('rounding: the ends of an interval move outwards on both sides of nought', () => {
    expect([twoDigits(-123, 'down'), twoDigits(-123, 'up'), twoDigits(123, 'down'), twoDigits(123, 'up'), twoDigits(0), twoDigits(7)]).toEqual([-130, -120, 120, 130, 0, 7])
    expect([coarseCount(0), coarseCount(9), coarseCount(10), coarseCount(1499)]).toEqual([0, null, 10, 1500])
  })
})
