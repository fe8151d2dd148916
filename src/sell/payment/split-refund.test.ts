import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { splitRefund, type Paid } from './split-refund.ts'

const none: Paid = { payFen: 0, storedFen: 0, depositFen: 0 }
const add = (a: Paid, b: Paid): Paid => ({ payFen: a.payFen + b.payFen, storedFen: a.storedFen + b.storedFen, depositFen: a.depositFen + b.depositFen })
const fen = fc.integer({ min: 0, max: 100_000 })

describe('where a refund goes', () => {
  test('all through WeChat Pay, all to the balance, or in proportion', () => {
    expect(splitRefund({ payFen: 1_000, storedFen: 0, depositFen: 0 }, none, 400)).toEqual({ payFen: 400, storedFen: 0, depositFen: 0 })
    expect(splitRefund({ payFen: 0, storedFen: 1_000, depositFen: 0 }, none, 400)).toEqual({ payFen: 0, storedFen: 400, depositFen: 0 })
    expect(splitRefund({ payFen: 600, storedFen: 400, depositFen: 0 }, none, 500)).toEqual({ payFen: 300, storedFen: 200, depositFen: 0 })
  })
  test('several parts add up to what each paid, none is negative, and none gives more than it paid', () => {
    fc.assert(fc.property(fc.record({ payFen: fen, storedFen: fen, depositFen: fen }), fc.array(fc.integer({ min: 1, max: 1_000 }), { minLength: 1, maxLength: 12 }), (paid, weights) => {
      const whole = paid.payFen + paid.storedFen + paid.depositFen
      const sum = weights.reduce((a, b) => a + b, 0)
      let back = none
      let gone = 0
      weights.forEach((weight, n) => {
        const part = n === weights.length - 1 ? whole - gone : Math.floor((whole * weight) / sum)
        gone += part
        const share = splitRefund(paid, back, part)
        for (const amount of Object.values(share)) expect(amount).toBeGreaterThanOrEqual(0)
        expect(share.payFen + share.storedFen + share.depositFen).toBe(part)
        back = add(back, share)
      })
      expect(back).toEqual(paid)
    }), { numRuns: 500 })
  })
  test('one that was refused in between (so that shares jump) still fits', () => {
    fc.assert(fc.property(fc.record({ payFen: fen, storedFen: fen, depositFen: fen }), fc.array(fc.record({ part: fc.double({ min: 0, max: 1, noNaN: true }), refused: fc.boolean() }), { maxLength: 8 }), (paid, steps) => {
      const open: Paid[] = []
      for (const step of steps) {
        const back = open.reduce(add, none)
        const left = paid.payFen + paid.storedFen + paid.depositFen - back.payFen - back.storedFen - back.depositFen
        open.push(splitRefund(paid, back, Math.floor(left * step.part)))
        if (step.refused) open.splice(0, 1)
      }
      const back = open.reduce(add, none)
      for (const key of ['payFen', 'storedFen', 'depositFen'] as const) expect(back[key]).toBeLessThanOrEqual(paid[key])
    }), { numRuns: 300 })
  })
  test('more than is left is a bug, not a refund', () => expect(() => splitRefund({ payFen: 10, storedFen: 0, depositFen: 0 }, { payFen: 8, storedFen: 0, depositFen: 0 }, 3)).toThrow(/to go back/))
  test('control: rounding every part by itself loses money', () => {
    const paid = { payFen: 667, storedFen: 333, depositFen: 0 }
    expect([334, 333, 333].reduce((sum, part) => sum + Math.round((paid.storedFen * part) / 1_000), 0)).not.toBe(334)
    let back = none
    for (const part of [334, 333, 333]) back = add(back, splitRefund(paid, back, part))
    expect(back).toEqual(paid)
  })
})
