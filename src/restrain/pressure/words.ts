import { minuteOfDay, saleDate } from '../../kernel/calendar.ts'
import type { Instant } from '../../kernel/clock.ts'
import type { GateReason } from './decide-gate.ts'

const words: Record<GateReason, { zh: string; en: string }> = {
  'opted-out': { zh: '不愿收营销消息', en: 'does not want marketing messages' },
  holdout: { zh: '留白组，这一轮不打扰', en: 'in the holdout: left in peace this epoch' },
  'dose-used': { zh: '这一轮该收的 {dose} 条已收满', en: 'has had all {dose} messages of this epoch' },
  'platform-cap': { zh: '平台的群发次数已用完', en: "the platform's limit of mass messages is used up" },
  'week-cap': { zh: '7 天内已收 {count} 条', en: 'has had {count} messages within 7 days' },
  'over-pressure': { zh: '压力 {pressure}，再发会超过上限 {pressureMax}', en: 'pressure is {pressure}; one more would pass the limit of {pressureMax}' },
  'quiet-hours': { zh: '免打扰时段', en: 'quiet hours' },
}

/** "6月26日 08:30" and "26 June 08:30" of an instant in Shanghai. */
export function whenWords(at: Instant, language: 'zh' | 'en'): string {
  const [, month, day] = saleDate(at).split('-').map(Number)
  const minute = minuteOfDay(at)
  const clock = `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`
  const names = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December']
  return language === 'zh' ? `${month}月${day}日 ${clock}` : `${day} ${names[month - 1]} ${clock}`
}

/** Why a message did not go, and when the same would: for the screen. */
export function gateWords(reason: GateReason, detail: Record<string, number>, clearAt: Instant | null | undefined, language: 'zh' | 'en'): string {
  const text = words[reason][language].replace(/\{(\w+)\}/g, (whole, name: string) => (name in detail ? String(Math.round(detail[name] * 10) / 10) : whole))
  if (clearAt == null) return text
  return language === 'zh' ? `${text}；${whenWords(clearAt, language)} 起可以` : `${text}; possible from ${whenWords(clearAt, language)}`
}
