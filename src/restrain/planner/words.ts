import { fillWords, gateReasons, gateWords, whenWords, type GateReason } from '../pressure/index.ts'
import type { Chosen, PlanLimit, PlanRow } from './choose.ts'

export const yuan = (fen: number): string => `${fen < 0 ? '−' : ''}¥${(Math.abs(fen) / 100).toLocaleString('en-US', { minimumFractionDigits: Math.abs(fen) < 10_000 ? 2 : 0, maximumFractionDigits: Math.abs(fen) < 10_000 ? 2 : 0 })}`

const words: Record<string, { zh: string; en: string; plain?: { zh: string; en: string } }> = {
  value: { zh: '发了多赚', en: 'earns more than it costs' },
  explore: { zh: '这一轮分到 {dose} 次，这是第 {n} 次：发了才看得出来', en: 'assigned {dose} this epoch, this is number {n}: only sending shows', plain: { zh: '按抽签该发：发了才看得出来', en: 'assigned by the draw: only sending shows' } },
  habit: { zh: '照旧发，还没有证据说少发更好', en: 'as before: nothing shows yet that less is better' },
  'not-due': { zh: '这周不到时候：一轮 {dose} 次，已收 {used} 次', en: 'not due this week: {dose} an epoch, {used} received', plain: { zh: '这周不到时候', en: 'not due this week' } },
  'no-value': { zh: '发了也不赚', en: 'would not earn anything' },
  'no-campaign': { zh: '没有合适的活动可说', en: 'nothing suitable to say' },
  'staff-full': { zh: '同事这周确认不过来，差 {shortFen}', en: "the colleague's week is full; short by {shortFen}", plain: { zh: '同事这周确认不过来', en: "the colleague's week is full" } },
  budget: { zh: '预算用完，差 {shortFen}', en: 'the budget is used up; short by {shortFen}', plain: { zh: '预算用完', en: 'the budget is used up' } },
}

/** Why this contact is in the plan, or why not and when it clears. Without details: the reason in words that fit many people. */
export function rowWords(row: Pick<PlanRow, 'reason' | 'detail' | 'clearAt'>, language: 'zh' | 'en'): string {
  if ((gateReasons as readonly string[]).includes(row.reason)) return gateWords(row.reason as GateReason, row.detail, row.clearAt, language)
  const { gapDays, sinceDays } = row.detail
  if (row.reason === 'value' && gapDays !== undefined) return language === 'zh' ? `常隔 ${gapDays} 天回来，已 ${sinceDays} 天` : `comes back about every ${gapDays} days, ${sinceDays} have gone`
  const text = fillWords(words[row.reason], row.detail, language, (name, value) => (name.endsWith('Fen') ? yuan(value) : String(Math.round(value))))
  if (row.clearAt === null) return text
  return language === 'zh' ? `${text}；${whenWords(row.clearAt, language)} 起再看` : `${text}; looked at again from ${whenWords(row.clearAt, language)}`
}

export function limitWords(limit: PlanLimit, language: 'zh' | 'en'): string {
  if (limit.kind === 'staff') return language === 'zh' ? `${limit.name} 这周 ${limit.capacity} 条用满，再多确认 1 条值 ${yuan(limit.worthFen)}` : `one more confirmation by ${limit.name} (${limit.capacity} this week) is worth ${yuan(limit.worthFen)}`
  return language === 'zh' ? `预算 ${yuan(limit.capacity)} 用完，再多发 1 条值 ${yuan(limit.worthFen)}` : `one more message beyond the budget of ${yuan(limit.capacity)} is worth ${yuan(limit.worthFen)}`
}

export function planSentence(plan: Pick<Chosen, 'persons' | 'messages' | 'left' | 'valueFen' | 'lowFen' | 'highFen'>, known: boolean, language: 'zh' | 'en'): string {
  const money = known
    ? language === 'zh' ? `预计多赚 ${yuan(plan.valueFen)}（${yuan(plan.lowFen)}～${yuan(plan.highFen)}）` : `expected to earn ${yuan(plan.valueFen)} more (${yuan(plan.lowFen)} to ${yuan(plan.highFen)})`
    : language === 'zh' ? '还看不出能多赚多少' : 'too early to tell what it earns'
  return language === 'zh' ? `本周给 ${plan.persons} 人发 ${plan.messages} 条，${money}；${plan.left} 人不打扰。` : `${plan.messages} messages to ${plan.persons} people this week, ${money}; ${plan.left} are left in peace.`
}
