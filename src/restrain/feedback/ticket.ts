import { dayMs } from '../../kernel/calendar.ts'
import type { Instant } from '../../kernel/clock.ts'

/** The feedback door (建议反馈): what can be brought, and within how many days it is answered. */
export const ticketKinds = [
  { kind: 'suggestion', zh: '建议', en: 'suggestion', answerDays: 15 },
  { kind: 'bug', zh: '出错了', en: 'something is broken', answerDays: 7 },
  { kind: 'complaint', zh: '投诉', en: 'complaint', answerDays: 3 },
  // Civil Code of the PRC, articles 1195 and 1196: after a notice with evidence the content is taken down in time, after a counter-notice it comes back
  // unless the other side goes to court or complains; the 15 days are those of article 43 of the E-Commerce Law.
  { kind: 'copyright', zh: '版权通知', en: 'copyright notice', answerDays: 1 },
  { kind: 'counter-notice', zh: '不侵权声明', en: 'counter-notice', answerDays: 1 },
  { kind: 'appeal', zh: '申诉', en: 'appeal', answerDays: 3 },
] as const
export type TicketKind = (typeof ticketKinds)[number]['kind']
export const counterNoticeDays = 15
/** So many a day from one reader; more is no feedback. */
export const ticketsPerDay = 10

/** open → answered | accepted | refused; escalated when nobody answered in time; restored: the counter-notice's days are over. */
export const ticketStates = ['open', 'escalated', 'answered', 'accepted', 'refused', 'restored'] as const
export type TicketState = (typeof ticketStates)[number]

export const dueOf = (kind: TicketKind, openedAt: Instant): Instant => openedAt + ticketKinds.find((one) => one.kind === kind)!.answerDays * dayMs

/** The number people quote: F1024. */
export const numberWords = (number: number): string => `F${number}`

/** What a take-down notice must say: whose work, where it is, that the notice is true. */
export type Notice = { work: string; owner: string; evidence: string; statement: boolean }
export type About = { pieceKind?: 'article' | 'comment' | 'profile'; pieceId?: string; penaltyId?: string; caseId?: string; notice?: Notice }

export type TicketProblem = 'notice-incomplete' | 'no-piece' | 'no-parent' | 'no-contact' | 'too-many' | 'empty'
/** What is missing before a ticket can be taken; undefined: nothing. */
export function problemOf(wish: { kind: TicketKind; subject: string; text: string; about: About; readerId: string | null; contact: string | null; parentId: string | null }): TicketProblem | undefined {
  if (wish.text.trim() === '' && wish.kind !== 'copyright') return 'empty'
  if (wish.readerId === null && (wish.contact ?? '').trim() === '') return 'no-contact'
  if (wish.kind === 'copyright') {
    if (wish.about.pieceId === undefined || wish.about.pieceKind === undefined) return 'no-piece'
    const { notice } = wish.about
    if (notice === undefined || notice.work.trim() === '' || notice.owner.trim() === '' || notice.evidence.trim() === '' || !notice.statement) return 'notice-incomplete'
  }
  if (wish.kind === 'counter-notice' && wish.parentId === null) return 'no-parent'
  return undefined
}
