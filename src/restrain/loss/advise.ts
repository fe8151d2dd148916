import { dayMs } from '../../kernel/calendar.ts'
import type { Instant } from '../../kernel/clock.ts'

/** A follow as the advice sees it. */
export type Follow = {
  personId: string
  corpId: string
  staff: string
  followedAt: Instant
  /** The contact deleted the member: only we still hold it. */
  oneSidedSince: Instant | null
  /** Last reply, click, scan or the like; null: never. */
  lastSignAt: Instant | null
  orders: number
  lastOrderAt: Instant | null
  /** Marketing and other messages since the last sign. */
  touchesSince: number
  /** Expected contribution of a year, fen. */
  valueFen: number
  /** Another member holds the same person. */
  elsewhere: boolean
}

export type AdviceReason = 'one-sided' | 'never-answered' | 'silent' | 'held-by-colleague'
export type Advice = {
  personId: string; corpId: string; staff: string
  reasons: Array<{ reason: AdviceReason; detail: Record<string, number> }>
  /** What removing is expected to cost within a year, fen. */
  costFen: number
  /** Handing the contact to a colleague instead keeps what it is worth; not for somebody who has gone already. */
  transferTo: string | null
}

export const silentDays = 180

/**
 * Whom a member might let go, cheapest first. Advice only: there is no deletion API, a colleague does it by hand or decides not to, and nothing here
 * ever writes to people to find out whether they are still there.
 */
export function advise(follows: readonly Follow[], relationShare: number, room: ReadonlyArray<{ corpId: string; staff: string; free: number }>, now: Instant): Advice[] {
  const advice: Advice[] = []
  for (const follow of follows) {
    const reasons: Advice['reasons'] = []
    const lastSign = Math.max(follow.lastSignAt ?? 0, follow.lastOrderAt ?? 0)
    const days = (at: Instant): number => Math.floor((now - at) / dayMs)
    if (follow.oneSidedSince !== null) reasons.push({ reason: 'one-sided', detail: { days: days(follow.oneSidedSince) } })
    else if (lastSign === 0 && days(follow.followedAt) >= silentDays && follow.touchesSince >= 3) reasons.push({ reason: 'never-answered', detail: { days: days(follow.followedAt), touches: follow.touchesSince } })
    else if (lastSign > 0 && days(lastSign) >= silentDays && follow.touchesSince >= 3) reasons.push({ reason: 'silent', detail: { days: days(lastSign), touches: follow.touchesSince } })
    if (reasons.length === 0) continue
    if (follow.elsewhere) reasons.push({ reason: 'held-by-colleague', detail: {} })
    // Who has gone, or stays with a colleague, is not lost by this; the rest loses the part of its value that hangs on the contact.
    const costFen = follow.oneSidedSince !== null || follow.elsewhere ? 0 : Math.round(follow.valueFen * relationShare)
    const colleague = room.filter((row) => row.corpId === follow.corpId && row.staff !== follow.staff && row.free > 0).sort((a, b) => b.free - a.free || (a.staff < b.staff ? -1 : 1))[0]
    advice.push({ personId: follow.personId, corpId: follow.corpId, staff: follow.staff, reasons, costFen, transferTo: follow.oneSidedSince === null && !follow.elsewhere ? (colleague?.staff ?? null) : null })
  }
  const oneSided = (one: Advice): number => (one.reasons[0].reason === 'one-sided' ? 0 : 1)
  return advice.sort((a, b) => oneSided(a) - oneSided(b) || a.costFen - b.costFen || (a.personId < b.personId ? -1 : 1))
}

const words: Record<AdviceReason, { zh: string; en: string }> = {
  'one-sided': { zh: '{days} 天前已经删了你，只剩你这边还在', en: 'deleted you {days} days ago; only you still hold the contact' },
  'never-answered': { zh: '加了 {days} 天，{touches} 条都没回过、没点过、没买过', en: 'added {days} days ago; {touches} messages without an answer, a click or an order' },
  silent: { zh: '{days} 天没有动静，这期间收了 {touches} 条', en: 'no sign for {days} days, through {touches} messages' },
  'held-by-colleague': { zh: '同事那边也有', en: 'a colleague holds the same person' },
}
export function adviceWords(row: Advice['reasons'][number], language: 'zh' | 'en'): string {
  return words[row.reason][language].replace(/\{(\w+)\}/g, (whole, name: string) => (name in row.detail ? String(row.detail[name]) : whole))
}
