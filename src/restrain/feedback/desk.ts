import { dayMs } from '../../kernel/calendar.ts'
import type { Instant } from '../../kernel/clock.ts'
import type { Tx } from '../../kernel/db/index.ts'
import type { JobHandler, Subscriber } from '../../kernel/engine/index.ts'
import { putJobs } from '../../kernel/job/index.ts'
import type { Seal } from '../../kernel/seal.ts'
import { payloadOf } from '../../events.ts'
import type { CommunityWork } from '../../retain/reader/index.ts'
import { copyrightRule, decidersOf, putUpAgain, takeDown, type Conventions } from '../moderation/index.ts'
import { appeal, findPenalty, type AppealMade } from '../penalty/index.ts'
import { addEntry, changeTicket, countSince, entriesOf, findTicket, insertTicket, listTickets, lockTicket, nextNumber, purgeTickets, type Ticket, type TicketEntry } from './store.ts'
import { counterNoticeDays, dueOf, numberWords, problemOf, ticketsPerDay, type About, type TicketKind, type TicketProblem } from './ticket.ts'

export const ticketDueKind = 'ticket.due'
export const counterKind = 'ticket.counter'
export const ticketRetentionKind = 'ticket.retention'
/** Closed tickets keep their texts for two years. */
const keptMs = 730 * dayMs

export type FeedbackParts = { seal: Seal; conventions: Conventions }
export type TicketWish = {
  kind: TicketKind; readerId: string | null; personId: string | null
  /** How to reach somebody without an account. */
  contact: string | null
  subject: string; text: string; about: About; parentId: string | null
}
export type Opened = { kind: 'opened'; ticketId: string; number: number; dueAt: Instant; appealId: string | null } | { kind: 'problem'; problem: TicketProblem } | { kind: 'not-appealed'; why: Exclude<AppealMade, { kind: 'made' }> }

/** Takes a ticket: it gets its number and the day by which it is answered. An appeal is also put before another reviewer. */
export async function openTicket(tx: Tx, work: CommunityWork, parts: FeedbackParts, wish: TicketWish): Promise<Opened> {
  // Who was closed out has no session: the number of the penalty, which only they were told, stands for the account.
  if (wish.kind === 'appeal' && wish.readerId === null && wish.about.penaltyId !== undefined) {
    const penalty = await findPenalty(tx, work.tenantId, wish.about.penaltyId)
    if (penalty?.kind === 'closure') return openTicket(tx, work, parts, { ...wish, readerId: penalty.readerId, personId: penalty.personId })
  }
  const problem = problemOf(wish)
  if (problem !== undefined) return { kind: 'problem', problem }
  if (wish.readerId !== null && (await countSince(tx, work.tenantId, wish.readerId, work.now - dayMs)) >= ticketsPerDay) return { kind: 'problem', problem: 'too-many' }
  if (wish.parentId !== null) {
    const parent = await findTicket(tx, work.tenantId, { ticketId: wish.parentId })
    if (parent === undefined || parent.kind !== 'copyright' || parent.state !== 'accepted') return { kind: 'problem', problem: 'no-parent' }
  }
  const ticketId = work.ids.next()
  let dueAt = dueOf(wish.kind, work.now)
  let appealId: string | null = null
  if (wish.kind === 'appeal') {
    if (wish.readerId === null || (wish.about.penaltyId === undefined && wish.about.caseId === undefined)) return { kind: 'problem', problem: 'no-piece' }
    const { ladder } = await parts.conventions.at(tx, work.tenantId, work.now)
    const decided = wish.about.penaltyId !== undefined ? null : await decidersOf(tx, work.tenantId, wish.about.caseId!, wish.readerId)
    if (wish.about.penaltyId === undefined && decided === undefined) return { kind: 'not-appealed', why: { kind: 'not-found' } }
    const made = await appeal(tx, work, ladder, { readerId: wish.readerId, text: wish.text, ticketId, against: wish.about.penaltyId !== undefined ? { penaltyId: wish.about.penaltyId } : { caseId: wish.about.caseId!, ...decided! } })
    if (made.kind !== 'made') return { kind: 'not-appealed', why: made }
    dueAt = made.dueAt
    appealId = made.appealId
  }
  const number = await nextNumber(tx, work.tenantId)
  await insertTicket(tx, work.tenantId, {
    ticketId, number, kind: wish.kind, readerId: wish.readerId, personId: wish.personId, contact: wish.contact === null || wish.contact === '' ? null : parts.seal.seal(wish.contact, `ticket/${work.tenantId}/${ticketId}`), subject: wish.subject, body: wish.text, about: wish.about,
    parentId: wish.parentId, state: 'open', openedAt: work.now, dueAt, escalatedAt: null, closedAt: null, closedBy: null,
  })
  await putJobs(tx, work.tenantId, [...(wish.kind === 'appeal' ? [] : [{ kind: ticketDueKind, key: ticketId, dueAt, state: {} }]), { kind: ticketRetentionKind, key: 'daily', dueAt: work.now + dayMs, state: {} }])
  return { kind: 'opened', ticketId, number, dueAt, appealId }
}

export type Answered = { kind: 'answered'; tookDown: boolean } | { kind: 'not-found' } | { kind: 'closed' } | { kind: 'by-appeal' }

/**
 * Answers a ticket. A copyright notice accepted takes the piece down at once; a counter-notice accepted puts it back after its days, unless it is refused
 * before (the other side has gone to court). An appeal is answered by its decision only.
 */
export async function answerTicket(tx: Tx, work: CommunityWork, wish: { ticketId: string; text: string; outcome: 'answered' | 'accepted' | 'refused'; by: string }): Promise<Answered> {
  const { tenantId, now } = work
  const ticket = await lockTicket(tx, tenantId, wish.ticketId)
  if (ticket === undefined) return { kind: 'not-found' }
  if (ticket.kind === 'appeal') return { kind: 'by-appeal' }
  const reopening = ticket.kind === 'counter-notice' && ticket.state === 'accepted' && wish.outcome === 'refused'
  if (!['open', 'escalated'].includes(ticket.state) && !reopening) return { kind: 'closed' }
  await addEntry(tx, tenantId, ticket.ticketId, { byWhom: 'staff', actor: wish.by, body: wish.text, at: now })
  await changeTicket(tx, tenantId, ticket.ticketId, { state: wish.outcome, at: now, by: wish.by })
  let tookDown = false
  if (ticket.kind === 'copyright' && wish.outcome === 'accepted' && ticket.about.pieceKind !== undefined && ticket.about.pieceId !== undefined) {
    tookDown = await takeDown(tx, work, { kind: ticket.about.pieceKind, id: ticket.about.pieceId }, copyrightRule)
  }
  if (ticket.kind === 'counter-notice' && wish.outcome === 'accepted') {
    const parent = ticket.parentId === null ? undefined : await findTicket(tx, tenantId, { ticketId: ticket.parentId })
    if (parent !== undefined) await addEntry(tx, tenantId, parent.ticketId, { byWhom: 'house', actor: '', body: `对方声明不侵权（${numberWords(ticket.number)}）：${ticket.body}\n${counterNoticeDays} 天内没有收到你已投诉或起诉的通知，内容会恢复。`, at: now })
    await putJobs(tx, tenantId, [{ kind: counterKind, key: ticket.ticketId, dueAt: now + counterNoticeDays * dayMs, state: {} }])
  }
  return { kind: 'answered', tookDown }
}

/** Whoever brought it adds something; an answered one stays answered, and the new words are seen. */
export async function addToTicket(tx: Tx, work: CommunityWork, wish: { ticketId: string; readerId: string; text: string }): Promise<boolean> {
  const ticket = await lockTicket(tx, work.tenantId, wish.ticketId)
  if (ticket === undefined || ticket.readerId !== wish.readerId || wish.text.trim() === '') return false
  await addEntry(tx, work.tenantId, ticket.ticketId, { byWhom: 'reader', actor: '', body: wish.text, at: work.now })
  if (ticket.state === 'answered') {
    const dueAt = dueOf(ticket.kind, work.now)
    await changeTicket(tx, work.tenantId, ticket.ticketId, { state: 'open', at: work.now, by: null, dueAt })
    await putJobs(tx, work.tenantId, [{ kind: ticketDueKind, key: ticket.ticketId, dueAt, state: {} }])
  }
  return true
}

export type TicketView = Omit<Ticket, 'contact'> & { numberWords: string; entries: TicketEntry[] }
const view = (ticket: Ticket, entries: TicketEntry[]): TicketView => {
  const { contact: _sealed, ...rest } = ticket
  return { ...rest, numberWords: numberWords(ticket.number), entries }
}
/** One ticket of a reader, or any one for the staff. */
export async function readTicket(tx: Tx, tenantId: number, by: { ticketId: string } | { number: number }, readerId?: string): Promise<TicketView | undefined> {
  const ticket = await findTicket(tx, tenantId, by)
  if (ticket === undefined || (readerId !== undefined && ticket.readerId !== readerId)) return undefined
  return view(ticket, await entriesOf(tx, tenantId, ticket.ticketId))
}
export async function ticketsOf(tx: Tx, tenantId: number, readerId: string, limit = 100): Promise<TicketView[]> {
  const rows = await listTickets(tx, tenantId, { readerId, limit })
  return Promise.all(rows.map(async (row) => view(row, await entriesOf(tx, tenantId, row.ticketId))))
}
/** The take-down that hit a piece, for its author: what a counter-notice answers. */
export async function takeDownOf(tx: Tx, tenantId: number, piece: { kind: string; id: string }): Promise<{ ticketId: string; number: number } | undefined> {
  const found = (await listTickets(tx, tenantId, { kind: 'copyright', states: ['accepted'], limit: 500 })).find((one) => one.about.pieceKind === piece.kind && one.about.pieceId === piece.id)
  return found === undefined ? undefined : { ticketId: found.ticketId, number: found.number }
}

/** Past its day a ticket goes up to the owner; it is counted as missed. */
export const ticketDue: JobHandler = {
  kind: ticketDueKind,
  async run(work, tx, job) {
    const ticket = await lockTicket(tx, work.tenantId, job.key)
    if (ticket === undefined || !['open', 'escalated'].includes(ticket.state)) return null
    if (ticket.dueAt > work.now) return { dueAt: ticket.dueAt }
    const dueAt = dueOf(ticket.kind, work.now)
    await changeTicket(tx, work.tenantId, ticket.ticketId, { state: 'escalated', at: work.now, by: null, dueAt })
    return { dueAt }
  },
}

/** A counter-notice's days are over and nobody went to court: the piece is back. */
export const counterNotice: JobHandler = {
  kind: counterKind,
  async run(work, tx, job) {
    const ticket = await lockTicket(tx, work.tenantId, job.key)
    if (ticket === undefined || ticket.state !== 'accepted' || ticket.parentId === null) return null
    const parent = await findTicket(tx, work.tenantId, { ticketId: ticket.parentId })
    if (parent?.about.pieceKind !== undefined && parent.about.pieceId !== undefined) await putUpAgain(tx, work, { kind: parent.about.pieceKind, id: parent.about.pieceId })
    await changeTicket(tx, work.tenantId, ticket.ticketId, { state: 'restored', at: work.now, by: 'time' })
    await addEntry(tx, work.tenantId, ticket.ticketId, { byWhom: 'house', actor: '', body: `${counterNoticeDays} 天已过，内容恢复了。`, at: work.now })
    return null
  },
}

export const ticketRetention: JobHandler = {
  kind: ticketRetentionKind,
  async run(work, tx) {
    await purgeTickets(tx, work.tenantId, work.now - keptMs, work.now)
    return { dueAt: work.now + dayMs }
  },
}

const decisionWords = { uphold: '维持', reduce: '减轻', overturn: '撤销' } as const
/** The answer to an appeal is its decision, with the reason and, where one reviewer looked twice, the note that says so. */
export const feedbackSubscriber = (blockOn: (tenantId: number, block: 'community') => boolean): Subscriber => ({
  name: 'restrain/feedback', hears: ['appeal.decided'], on: (tenantId) => blockOn(tenantId, 'community'),
  async handle(work, tx, events) {
    for (const event of events) {
      const { ticketId, decision, reason, publicNote } = payloadOf('appeal.decided', event)
      if (ticketId === null) continue
      const ticket = await lockTicket(tx, work.tenantId, ticketId)
      if (ticket === undefined || !['open', 'escalated'].includes(ticket.state)) continue
      await addEntry(tx, work.tenantId, ticketId, { byWhom: 'staff', actor: '', body: `结果：${decisionWords[decision]}。${reason}${publicNote === null ? '' : `\n${publicNote}`}`, at: work.now })
      await changeTicket(tx, work.tenantId, ticketId, { state: 'answered', at: work.now, by: 'appeal' })
    }
  },
})
