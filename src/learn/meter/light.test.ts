import { expect, test } from 'vitest'
import { day, minute, start } from '../../../tests/setup/fixtures.ts'
import { lightSentence, minutesWorked, stepsLeft, valuesIn } from './light.ts'

test('sittings: acts within five minutes are one, of each person by themselves, added up by day', () => {
  const acts = [0, 3, 7, 20].map((m) => ({ at: start + m * minute, actor: 'a' }))
  expect(minutesWorked(acts)).toEqual({ minutesPerDay: 9, daysWorked: 1 })
  expect(minutesWorked([...acts, { at: start + minute, actor: 'b' }])).toEqual({ minutesPerDay: 10, daysWorked: 1 })
  expect(minutesWorked([...acts, { at: start + 3 * day, actor: 'a' }])).toEqual({ minutesPerDay: 5, daysWorked: 2 })
  expect(minutesWorked([])).toEqual({ minutesPerDay: null, daysWorked: 0 })
})

test('values are counted by what somebody had to decide', () => {
  expect(valuesIn({ a: 1, b: { c: 'x', d: null }, e: [], f: [1, 2] })).toBe(3)
  expect(valuesIn('text')).toBe(1)
})

test('steps left: blocks that are on and miss something, and open checks; a block that is off asks for nothing', () => {
  const blocks = [{ key: 'shop', needs: ['account:shop'], steps: 4 }, { key: 'contacts', needs: ['account:wecom'], steps: 3 }, { key: 'dosage', needs: ['contacts'], steps: 1 }]
  expect(stepsLeft(blocks, new Set(['shop', 'dosage']), new Set(['shop']), 2)).toBe(3)
  expect(stepsLeft(blocks, new Set(['shop', 'contacts', 'dosage']), new Set(['shop', 'wecom']), 0)).toBe(0)
  expect(stepsLeft(blocks, new Set(), new Set(), 0)).toBe(0)
})

test('the sentence says what is there and gives no score', () => {
  const light = { processes: 2, valuesSet: 14, stepsLeft: 9, blocksOn: 5, blocksTotal: 11, minutesPerDay: 19.4, daysWorked: 20 }
  expect(lightSentence(light, 'zh')).toBe('2 个进程、14 个填过的值、5 块积木，还差 9 步；动手的日子一天约 19 分钟。')
  expect(lightSentence({ ...light, stepsLeft: 0, minutesPerDay: null }, 'en')).toBe('2 processes, 14 values set, 5 blocks; nobody has done anything yet.')
})
