import { minuteOfDay, saleDate } from '../../kernel/calendar.ts'
import type { Instant } from '../../kernel/clock.ts'
import type { GateReason } from './decide-gate.ts'

type Words = { zh: string; en: string }
/** With the figures of one person, and `plain` for totals over many, or where a figure is not known. */
const words: Record<GateReason, Words & { plain?: Words }> = {
  'opted-out': { zh: '不愿收营销消息', en: 'does not want marketing messages' },
  holdout: { zh: '留白组，这一轮不打扰', en: 'in the holdout: left in peace this epoch' },
  'dose-used': { zh: '这一轮该收的 {dose} 条已收满', en: 'has had all {dose} messages of this epoch', plain: { zh: '这一轮该收的已收满', en: 'has had all messages of this epoch' } },
  'platform-cap': { zh: '平台的群发次数已用完', en: "the platform's limit of mass messages is used up" },
  'week-cap': { zh: '7 天内已收 {count} 条', en: 'has had {count} messages within 7 days', plain: { zh: '7 天内该收的已收满', en: 'has had as many messages within 7 days as allowed' } },
  'over-pressure': { zh: '压力 {pressure}，再发会超过上限 {pressureMax}', en: 'pressure is {pressure}; one more would pass the limit of {pressureMax}', plain: { zh: '再发会超过压力上限', en: 'one more would pass the pressure limit' } },
  'quiet-hours': { zh: '免打扰时段', en: 'quiet hours' },
}

/** The words with their figures filled in, or the plain ones while a figure is missing: no gap is ever shown. */
export function fillWords(entry: Words & { plain?: Words }, detail: Record<string, number>, language: 'zh' | 'en', show: (name: string, value: number) => string): string {
  const needed = [...entry[language].matchAll(/\{(\w+)\}/g)].map(([, name]) => name)
  if (!needed.every((name) => name in detail)) return (entry.plain ?? entry)[language]
  return entry[language].replace(/\{(\w+)\}/g, (_, name: string) => show(name, detail[name]))
}

/** "6月26日 08:30" and "26 June 08:30" of an instant in Shanghai. */
export function whenWords(at: Instant, language: 'zh' | 'en'): string {
  const [, month, day] = saleDate(at).split('-').map(Number)
  const minute = minuteOfDay(at)
  const clock = `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`
  const names = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December']
  return language === 'zh' ? `${month}月${day}日 ${clock}` : `${day} ${names[month - 1]} ${clock}`
}

/** Why a message did not go, and when the same would: for the screen. Without details: the reason in words that fit many people. */
export function gateWords(reason: GateReason, detail: Record<string, number>, clearAt: Instant | null | undefined, language: 'zh' | 'en'): string {
  const text = fillWords(words[reason], detail, language, (_, value) => String(Math.round(value * 10) / 10))
  if (clearAt == null) return text
  return language === 'zh' ? `${text}；${whenWords(clearAt, language)} 起可以` : `${text}; possible from ${whenWords(clearAt, language)}`
}
