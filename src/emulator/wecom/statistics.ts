import { dayMs, dayNumber } from '../../kernel/calendar.ts'
import type { Instant } from '../../kernel/clock.ts'
import { behaviorData } from '../../wechat/spec/wecom/index.ts'
import type { Namespace } from '../core/namespace.ts'
import { PlatformError } from '../core/platform-error.ts'
import { listAtMost, wecom } from './call.ts'
import { memberOf, peopleBehind, seconds, type CorpState, type DayCount } from './state.ts'

const zero: DayCount = { chats: 0, messages: 0, asked: 0, replied: 0, replyMinutes: 0, negative: 0, applied: 0, added: 0 }

export function count(ns: Namespace, corp: CorpState, userid: string, field: keyof DayCount, by = 1): void {
  const days = (corp.days[userid] ??= {})
  const day = (days[dayNumber(ns.now)] ??= { ...zero })
  day[field] += by
}

export const startOfDayNumber = (day: number): Instant => day * dayMs - 8 * 3_600_000

/** Days from start to end, both in seconds; at most `spanDays` of them, at most `backDays` back, and only finished ones. */
export function daysOf(ns: Namespace, startTime: number | undefined, endTime: number | undefined, spanDays: number, backDays: number): number[] {
  if (startTime === undefined || !(startTime > 0)) throw new PlatformError(40058, 'invalid parameter: start_time')
  const first = dayNumber(startTime * 1000)
  const last = endTime === undefined || endTime === 0 ? first : dayNumber(endTime * 1000)
  const today = dayNumber(ns.now)
  if (last < first || last - first > spanDays) throw new PlatformError(40058, `invalid parameter: at most ${spanDays} days a call`)
  if (today - first > backDays) throw new PlatformError(40058, `invalid parameter: at most ${backDays} days back`)
  const days: number[] = []
  for (let day = first; day <= Math.min(last, today - 1); day++) days.push(day)
  return days
}

export const statisticsRoutes = [
  wecom(behaviorData, ({ ns, corp, input }) => {
    const users = input.userid === undefined ? [] : typeof input.userid === 'string' ? [input.userid] : input.userid
    if (users.length === 0 && (input.partyid ?? []).length === 0) throw new PlatformError(40063, 'userid and partyid are both empty')
    listAtMost(users, 100, 'userid')
    listAtMost(input.partyid, 100, 'partyid')
    for (const userid of users) memberOf(corp, userid)
    const who = peopleBehind(corp, users, input.partyid ?? [])
    return {
      behavior_data: daysOf(ns, input.start_time, input.end_time, 30, 180).map((day) => {
        const sum = { ...zero }
        for (const userid of who) {
          const found = corp.days[userid]?.[day]
          if (found) for (const field of Object.keys(sum) as Array<keyof DayCount>) sum[field] += found[field]
        }
        return {
          stat_time: seconds(startOfDayNumber(day)),
          chat_cnt: sum.chats,
          message_cnt: sum.messages,
          ...(sum.asked > 0 ? { reply_percentage: Math.round((10_000 * sum.replied) / sum.asked) / 100 } : {}),
          ...(sum.replied > 0 ? { avg_reply_time: Math.round(sum.replyMinutes / sum.replied) } : {}),
          negative_feedback_cnt: sum.negative,
          new_apply_cnt: sum.applied,
          new_contact_cnt: sum.added,
        }
      }),
    }
  }),
]
