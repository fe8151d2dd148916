import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decideCap, type CapCount } from './index.ts'

test('no window of the cap’s length ever holds more calls than the cap, whatever the arrivals', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 6 }), fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 80 }), (count, gaps) => {
      const cap = { count, perMs: 1_200 }
      let state: CapCount | undefined
      let now = 1_000_000
      const made: number[] = []
      for (const gap of gaps) {
        now += gap
        const { waitMs, after } = decideCap(cap, state, now)
        state = after
        if (waitMs === 0) made.push(now)
        else {
          // Waiting as told lets the call through.
          expect(decideCap(cap, after, now + waitMs).waitMs).toBe(0)
        }
      }
      for (const from of made) expect(made.filter((at) => at >= from && at < from + cap.perMs).length).toBeLessThanOrEqual(count)
    }),
    { numRuns: 300, seed: 7 },
  )
})

test('a steady caller gets close to the whole cap', () => {
  const cap = { count: 100, perMs: 60_000 }
  let state: CapCount | undefined
  let made = 0
  for (let now = 0; now < 600_000; now += 100) {
    const { waitMs, after } = decideCap(cap, state, now)
    state = after
    if (waitMs === 0) made++
  }
  expect(made).toBeGreaterThan(900)
  expect(made).toBeLessThanOrEqual(1000)
})

test('the state stays small', () => {
  let state: CapCount | undefined
  for (let now = 0; now < 1e9; now += 9_999_991) state = decideCap({ count: 5, perMs: 1000 }, state, now).after
  expect(state?.counts.length).toBeLessThan(15)
})
