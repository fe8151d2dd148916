import { dayMs, saleDate } from '../../kernel/calendar.ts'

/**
 * Season: weekday × festivals, each with a build-up, a peak and a hangover, raised to the preset's exponent and normalised so that a calendar
 * year's mean is 1. Days are days since 1970-01-01 in Shanghai.
 */
/** Monday to Sunday. */
const weekdays = [0.97, 0.97, 0.98, 0.99, 1.03, 1.05, 1.01]

const at = (year: number, month: number, day: number): number => Math.round(Date.UTC(year, month - 1, day) / dayMs)

const yearOf = (day: number): number => Number(saleDate(day * dayMs).slice(0, 4))

/** First day of the lunar year; beyond the table the mean lunar date stands in. */
const springFestivals: Record<number, number> = { 2024: at(2024, 2, 10), 2025: at(2025, 1, 29), 2026: at(2026, 2, 17), 2027: at(2027, 2, 6), 2028: at(2028, 1, 26), 2029: at(2029, 2, 13), 2030: at(2030, 2, 3) }
const midAutumns: Record<number, number> = { 2024: at(2024, 9, 17), 2025: at(2025, 10, 6), 2026: at(2026, 9, 25), 2027: at(2027, 9, 15), 2028: at(2028, 10, 3), 2029: at(2029, 9, 22), 2030: at(2030, 9, 12) }
const qixis: Record<number, number> = { 2024: at(2024, 8, 10), 2025: at(2025, 8, 29), 2026: at(2026, 8, 19), 2027: at(2027, 8, 8), 2028: at(2028, 8, 26), 2029: at(2029, 8, 16), 2030: at(2030, 8, 5) }

export const springFestival = (year: number): number => springFestivals[year] ?? at(year, 2, 5)

/** Product of the festivals' factors on a day (before exponent and normalisation), and whether other senders shout too. */
export function festivals(day: number): { factor: number; crowded: boolean } {
  const year = yearOf(day)
  let factor = 1
  let crowded = false
  const span = (from: number, to: number, by: number, loud = false): void => {
    if (day < from || day > to) return
    factor *= by
    if (loud) crowded = true
  }
  if (day === at(year, 6, 1) || day === at(year, 6, 18)) span(day, day, 2.5, true)
  else span(at(year, 5, 31), at(year, 6, 18), 1.5, true)
  span(at(year, 5, 20), at(year, 5, 30), 0.85)
  span(at(year, 6, 19), at(year, 6, 30), 0.85)
  if (day === at(year, 10, 31) || day === at(year, 11, 11)) span(day, day, 3, true)
  else span(at(year, 10, 21), at(year, 11, 11), 1.6, true)
  span(at(year, 10, 10), at(year, 10, 20), 0.85)
  span(at(year, 11, 12), at(year, 11, 30), 0.8)
  span(at(year, 12, 10), at(year, 12, 12), 1.4, true)
  for (const spring of [springFestival(year), springFestival(year + 1)]) {
    span(spring - 25, spring - 8, 1.4, true)
    span(spring - 7, spring + 6, 0.5)
    span(spring + 7, spring + 15, 0.9)
  }
  for (const peak of [at(year, 3, 8), at(year, 5, 20), qixis[year] ?? at(year, 8, 15), midAutumns[year] ?? at(year, 9, 22)]) span(peak - 5, peak, 1.25, true)
  return { factor, crowded }
}

export type Season = {
  first: number
  /** Multiplier of the purchase hazard per day from `first`. */
  factor: Float64Array
  crowded: Uint8Array
}

/** Season of `days` days from day `first`. */
export function makeSeason(first: number, days: number, exponent: number): Season {
  const raw = (day: number): number => weekdays[(((day + 3) % 7) + 7) % 7] * Math.exp(exponent * Math.log(festivals(day).factor))
  const means = new Map<number, number>()
  const meanOf = (year: number): number => {
    const known = means.get(year)
    if (known !== undefined) return known
    let sum = 0
    const start = at(year, 1, 1)
    const end = at(year + 1, 1, 1)
    for (let day = start; day < end; day++) sum += raw(day)
    means.set(year, sum / (end - start))
    return sum / (end - start)
  }
  const factor = new Float64Array(days)
  const crowded = new Uint8Array(days)
  for (let i = 0; i < days; i++) {
    const day = first + i
    factor[i] = raw(day) / meanOf(yearOf(day))
    crowded[i] = festivals(day).crowded ? 1 : 0
  }
  return { first, factor, crowded }
}

/** A season that is always 1, for calibrations. */
export const flatSeason = (first: number, days: number): Season => ({ first, factor: new Float64Array(days).fill(1), crowded: new Uint8Array(days) })
