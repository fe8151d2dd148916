import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { dayMs, dayNumber, minuteOfDay, monthOf, parseLocal, saleDate, shanghaiRfc3339, startOfDay } from './calendar.ts'

const at = (text: string): number => Date.parse(text)

test('a day in Shanghai begins at 16:00 UTC of the day before', () => {
  expect(saleDate(at('2026-02-28T15:59:59.999Z'))).toBe('2026-02-28')
  expect(saleDate(at('2026-02-28T16:00:00Z'))).toBe('2026-03-01')
  expect(monthOf(at('2026-02-28T16:00:00Z'))).toBe('2026-03')
  expect(startOfDay('2026-03-01')).toBe(at('2026-02-28T16:00:00Z'))
  expect(minuteOfDay(at('2026-02-28T16:00:00Z'))).toBe(0)
  expect(minuteOfDay(at('2026-02-28T15:59:00Z'))).toBe(1439)
  expect(shanghaiRfc3339(at('2026-02-28T16:00:00Z'))).toBe('2026-03-01T00:00:00+08:00')
})

test('date, day number and start of day agree for any instant', () => {
  fc.assert(fc.property(fc.integer({ min: at('1992-01-01T00:00:00Z'), max: at('2100-01-01T00:00:00Z') }), (instant) => {
    const begin = startOfDay(saleDate(instant))
    expect(instant - begin).toBeGreaterThanOrEqual(0)
    expect(instant - begin).toBeLessThan(dayMs)
    expect(dayNumber(begin)).toBe(dayNumber(instant))
    expect(dayNumber(begin - 1)).toBe(dayNumber(instant) - 1)
  }))
})

describe('local time as text', () => {
  test.each([['2010-12-01 08:26:00', '2010-12-01T08:26:00+08:00'], ['2010-12-01T08:26', '2010-12-01T08:26:00+08:00'], ['2024-02-29 23:59:59', '2024-02-29T23:59:59+08:00']])('%s', (text, instant) => expect(parseLocal(text)).toBe(at(instant)))
  test.each(['2023-02-29 00:00:00', '2010-13-01 00:00:00', '2010-12-01 24:30:00', '2010-12-01', '12/1/2010 8:26', ''])('%j is no such time', (text) => expect(parseLocal(text)).toBeUndefined())
})
