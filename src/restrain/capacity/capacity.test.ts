import { expect, test } from 'vitest'
import { capacitySentence, forecast, type Load } from './forecast.ts'

const load = (more: Partial<Load>): Load => ({ corpId: 'corp', staff: 'wang', capacity: 1000, held: 900, friends: 880, oneSided: 20, added: 60, freed: 0, ...more })

test('a member fills up at the pace of the last days, with a span around it', () => {
  const [row] = forecast([load({})], 30)
  expect(row).toMatchObject({ share: 0.9, perDay: 2, fullInDays: 50 })
  expect(row.fullInDaysLow!).toBeLessThan(50)
  expect(row.fullInDaysHigh!).toBeGreaterThan(50)
  expect(capacitySentence([row], 'zh')).toMatch(/^wang 约 50 天后加满（\d+～\d+），现在 900 \/ 1000。$/)
})

test('freed places slow it down; a pace that may be none has no latest day, a falling one no day at all', () => {
  expect(forecast([load({ freed: 30 })], 30)[0].fullInDays).toBe(100)
  expect(forecast([load({ added: 4, freed: 3 })], 30)[0]).toMatchObject({ fullInDays: 3000, fullInDaysHigh: null })
  expect(forecast([load({ added: 0, freed: 30 })], 30)[0]).toMatchObject({ fullInDays: null })
})

test('who is full is named first', () => {
  const rows = forecast([load({}), load({ staff: 'li', held: 1000 })], 30)
  expect(rows[1].fullInDays).toBe(0)
  expect(capacitySentence(rows, 'en')).toMatch(/^li full/)
  expect(capacitySentence(forecast([load({ added: 0 })], 30), 'zh')).toBe('照现在的速度，没有人会加满。')
})
