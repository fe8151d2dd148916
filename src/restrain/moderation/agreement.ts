/**
 * How far moderators agree: Krippendorff's alpha for nominal values, which takes any number of looks at a case, and Cohen's kappa for two.
 * 1: always, 0: as often as by chance, below: less than that.
 */
export type Look = { unit: string; rater: string; value: string }

/** @returns null when fewer than two values of some unit exist, or nothing could differ. */
export function krippendorff(looks: readonly Look[]): { alpha: number | null; units: number; values: number } {
  const units = new Map<string, string[]>()
  for (const { unit, value } of looks) units.set(unit, [...(units.get(unit) ?? []), value])
  const paired = [...units.values()].filter((values) => values.length >= 2)
  const totals = new Map<string, number>()
  let n = 0
  let disagreed = 0
  for (const values of paired) {
    n += values.length
    const counts = new Map<string, number>()
    for (const value of values) {
      counts.set(value, (counts.get(value) ?? 0) + 1)
      totals.set(value, (totals.get(value) ?? 0) + 1)
    }
    // Ordered pairs of unequal values of this unit, each unit weighed by 1 / (values − 1).
    const unequal = values.length ** 2 - [...counts.values()].reduce((sum, count) => sum + count ** 2, 0)
    disagreed += unequal / (values.length - 1)
  }
  const expected = n ** 2 - [...totals.values()].reduce((sum, count) => sum + count ** 2, 0)
  if (paired.length === 0 || expected === 0) return { alpha: null, units: paired.length, values: n }
  return { alpha: 1 - ((n - 1) * disagreed) / expected, units: paired.length, values: n }
}

/** Of pairs of judgements, first and second rater. @returns null when nothing could differ. */
export function cohen(pairs: ReadonlyArray<readonly [string, string]>): number | null {
  const n = pairs.length
  if (n === 0) return null
  const of = (side: 0 | 1, value: string): number => pairs.filter((pair) => pair[side] === value).length / n
  const values = [...new Set(pairs.flat())]
  const chance = values.reduce((sum, value) => sum + of(0, value) * of(1, value), 0)
  const same = pairs.filter(([a, b]) => a === b).length / n
  return chance === 1 ? null : (same - chance) / (1 - chance)
}
