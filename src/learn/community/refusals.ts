import { html, type Markup } from '../../kernel/http/index.ts'
import type { NotNow } from '../../retain/reader/index.ts'
import { minuteOf, signInUrl, type Room } from './room.ts'

/** Why somebody may not act now: what, until when, what still works, and where to disagree. */
export function notNow(room: Room, answer: NotNow, back: string): Markup {
  const { t, base } = room
  switch (answer.why) {
    case 'convention':
      return html`${t('发言前先看一眼公约，接受一次就好。', 'Read the convention once before you write; accepting it once is enough.')} <a href="${`${base}/convention?back=${encodeURIComponent(back)}`}">${t('去看公约', 'Read it')}</a>`
    case 'phone':
      return html`${t('第一次发言前要验证手机号。', 'Prove a phone number before you write for the first time.')} <a href="${signInUrl(room, back)}">${t('去验证', 'Prove it')}</a>`
    case 'closed':
      return html`${t('这个账号已经注销，不能再发言。', 'This account is closed.')} <a href="${`${base}/feedback`}">${t('有不同意见', 'Disagree')}</a>`
    default:
      return html`${answer.until === null ? t('你现在不能发言，没有期限。', 'You cannot write now, without an end.') : t(`你现在不能发言，${minuteOf(room, answer.until)} 恢复。`, `You cannot write until ${minuteOf(room, answer.until)}.`)}${answer.rule === null ? '' : t(`依据：${answer.rule}。`, ` Rule: ${answer.rule}.`)}${t('还能读、能买。', ' You can still read and buy.')} <a href="${`${base}/me/standing`}">${t('看处罚和申诉', 'Penalty and appeal')}</a>`
  }
}
