import type { Instant } from './clock.ts'

/**
 * Calendar rules are Asia/Shanghai's: UTC+8 all year since 1991, so days and weeks need no time-zone library.
 * A `SaleDate` is a calendar day there, "2026-06-25".
 */
export type SaleDate = string

const hourMs = 3_600_000
export const dayMs = 24 * hourMs
const offsetMs = 8 * hourMs

export function saleDate(instant: Instant): SaleDate {
  return new Date(instant + offsetMs).toISOString().slice(0, 10)
}

/** The first instant of that day in Shanghai. */
export function startOfDay(date: SaleDate): Instant {
  return Date.parse(`${date}T00:00:00+08:00`)
}

/** Days since 1970-01-01 in Shanghai: for buckets and decay. */
export function dayNumber(instant: Instant): number {
  return Math.floor((instant + offsetMs) / dayMs)
}

/** Minutes since midnight in Shanghai, 0 to 1439. */
export function minuteOfDay(instant: Instant): number {
  return Math.floor(((instant + offsetMs) % dayMs) / 60_000)
}

/** "2026-06" of the instant in Shanghai. */
export function monthOf(instant: Instant): string {
  return saleDate(instant).slice(0, 7)
}

/** RFC 3339 with +08:00, as WeChat Pay writes times. */
export function shanghaiRfc3339(instant: Instant): string {
  return `${new Date(instant + offsetMs).toISOString().slice(0, 19)}+08:00`
}

/** Reads "YYYY-MM-DD HH:MM:SS" as Shanghai local time; `undefined` when the text is not such a time. */
export function parseLocal(text: string): Instant | undefined {
  const match = /^(\d{4})-(\d{2})-(\d{2})[ T](\d{2}):(\d{2})(?::(\d{2}))?$/.exec(text.trim())
  if (!match) return undefined
  const instant = Date.parse(`${match[1]}-${match[2]}-${match[3]}T${match[4]}:${match[5]}:${match[6] ?? '00'}+08:00`)
  if (Number.isNaN(instant) || saleDate(instant) !== `${match[1]}-${match[2]}-${match[3]}`) return undefined
  return instant
}
