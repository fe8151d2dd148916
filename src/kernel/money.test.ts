import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fenToYuan, roundHalfUp, splitFen, yuanToFen } from './money.ts'

describe('yuan as text becomes fen', () => {
  test.each([
    ['0', 0, false], ['1', 100, false], ['1.', 100, false], ['1.1', 110, false], ['12.34', 1234, false], ['-12.30', -1230, false], ['+0.01', 1, false], [' 7.00 ', 700, false],
    ['0.005', 1, true], ['0.0049', 0, true], ['0.0050000', 1, true], ['1.000', 100, false], ['-0.005', -1, true], ['-0.004', 0, true], ['1.005', 101, true], ['2.675', 268, true], ['0.999', 100, true],
  ])('%s is %d fen (rounded: %s)', (text, fen, rounded) => {
    const result = yuanToFen(text)
    expect(result).toEqual({ fen, rounded })
    expect(Object.is(result!.fen, -0)).toBe(false)
  })
  test.each(['', '.', '.5', '1,5', '1e3', '0x10', '--1', '1.2.3', '¥1', 'NaN', '99999999999999999.00'])('%j is no amount', (text) => expect(yuanToFen(text)).toBeUndefined())

  test('reading what was written gives the same fen', () => {
    fc.assert(fc.property(fc.maxSafeInteger(), (fen) => {
      expect(yuanToFen(fenToYuan(fen))).toEqual({ fen, rounded: false })
    }))
  })
  test('control: floating point would round 1.005 down', () => expect(Math.round(1.005 * 100)).toBe(100))
})

test.each([[0.5, 1], [-0.5, -1], [1.5, 2], [-1.5, -2], [0.49, 0], [2.4, 2], [-2.6, -3]])('half up, away from zero: %d becomes %d', (value, fen) => expect(roundHalfUp(value)).toBe(fen))

describe('splitting an amount', () => {
  test.each([
    [100, [1, 1, 1], [34, 33, 33]], [-100, [1, 1, 1], [-34, -33, -33]], [5, [0, 0], [5, 0]], [0, [1, 2], [0, 0]], [1, [1, 1], [1, 0]], [7, [], []], [10, [3, 0, 7], [3, 0, 7]],
  ])('%d over %j is %j', (total, weights, parts) => expect(splitFen(total, weights)).toEqual(parts))

  test('the parts always add up, and none is a whole fen from its share', () => {
    fc.assert(fc.property(fc.integer({ min: -1e9, max: 1e9 }), fc.array(fc.integer({ min: 0, max: 1e6 }), { minLength: 1, maxLength: 20 }), (total, weights) => {
      const parts = splitFen(total, weights)
      const sum = weights.reduce((a, b) => a + b, 0)
      expect(parts.reduce((a, b) => a + b, 0)).toBe(total)
      if (sum > 0) for (const [n, part] of parts.entries()) expect(Math.abs(part - (total * weights[n]) / sum)).toBeLessThan(1)
    }))
  })
})
