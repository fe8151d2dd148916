import { expect, test } from 'vitest'
import { cohen, krippendorff, type Look } from './agreement.ts'

/** Krippendorff, "Computing Krippendorff's Alpha-Reliability" (2011), section C: four observers, twelve units, with missing values; nominal alpha 0.743. */
const published: Look[] = ['1 2 3 3 2 1 4 1 2 . . .', '1 2 3 3 2 2 4 1 2 5 . 3', '. 3 3 3 2 3 4 2 2 5 1 .', '1 2 3 3 2 4 4 1 2 5 1 .'].flatMap((row, rater) => row.split(' ').flatMap((value, unit) => (value === '.' ? [] : [{ unit: `u${unit}`, rater: `r${rater}`, value }])))

test("Krippendorff's published example comes to 0.743", () => {
  expect(krippendorff(published).alpha).toBeCloseTo(0.743, 3)
})
test("Cohen's kappa of 20, 5, 10 and 15 cases is 0.4", () => {
  const pairs = [...Array(20).fill(['yes', 'yes']), ...Array(5).fill(['yes', 'no']), ...Array(10).fill(['no', 'yes']), ...Array(15).fill(['no', 'no'])] as Array<[string, string]>
  expect(cohen(pairs)).toBeCloseTo(0.4, 10)
})
test('who always agrees has 1, who answers at random has about 0, and nothing to differ about has no value', () => {
  const looks = (value: (n: number, rater: number) => string): Look[] => Array.from({ length: 200 }, (_, n) => [0, 1].map((rater) => ({ unit: String(n), rater: String(rater), value: value(n, rater) }))).flat()
  expect(krippendorff(looks((n) => String(n % 3))).alpha).toBe(1)
  expect(Math.abs(krippendorff(looks((n, rater) => String((rater === 0 ? n : Math.floor(n / 2)) % 2))).alpha!)).toBeLessThan(0.1)
  expect([krippendorff(looks(() => 'pass')).alpha, krippendorff([]).alpha, cohen([])]).toEqual([null, null, null])
})
