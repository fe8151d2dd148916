import { z } from 'zod'
import type { CommunityWork } from '../../retain/reader/index.ts'
import { route, type AnyRoute } from '../../kernel/http/index.ts'
import type { Seal } from '../../kernel/seal.ts'
import { answerTicket, readTicket } from './desk.ts'
import { feedbackFault } from './errors.ts'
import { findTicket, listTickets } from './store.ts'
import { numberWords, ticketKinds, ticketStates } from './ticket.ts'

const block = 'community'
const one = z.object({ ticketId: z.uuid() })

export function feedbackRoutes(context: { workOf(tenantId: number): CommunityWork; seal: Seal }): AnyRoute[] {
  return [
    route({
      method: 'GET', path: '/tickets', right: 'moderation.decide', block, what: 'tickets of the feedback door: what waits, the overdue first, then what was answered', query: z.object({ state: z.enum(ticketStates).optional(), kind: z.enum(ticketKinds.map((row) => row.kind)).optional() }),
      async handle({ tx, tenantId, query, clock }) {
        const rows = await listTickets(tx, tenantId, { states: query.state === undefined ? undefined : [query.state], kind: query.kind, limit: 300 })
        return { now: clock.now(), kinds: ticketKinds, rows: rows.map(({ contact, ...row }) => ({ ...row, numberWords: numberWords(row.number), hasContact: contact !== null })) }
      },
    }),
    route({
      method: 'GET', path: '/tickets/:ticketId', right: 'moderation.decide', block, what: 'one ticket with everything said in it', params: one,
      async handle({ tx, tenantId, params }) {
        const ticket = await readTicket(tx, tenantId, params)
        if (!ticket) throw feedbackFault('ticket/not-found', params)
        return { ticket }
      },
    }),
    route({
      method: 'POST', path: '/tickets/:ticketId/contact', right: 'people.personal', block, audit: 'ticket.contact', what: 'how to reach whoever brought it without an account', params: one,
      async handle({ tx, tenantId, params }) {
        const ticket = await findTicket(tx, tenantId, params)
        if (!ticket) throw feedbackFault('ticket/not-found', params)
        return { contact: ticket.contact === null ? null : context.seal.open(ticket.contact, `ticket/${tenantId}/${ticket.ticketId}`).toString() }
      },
    }),
    route({
      method: 'POST', path: '/tickets/:ticketId/answer', right: 'moderation.decide', block, audit: 'ticket.answer', what: 'answer; a copyright notice accepted takes the piece down, a counter-notice accepted puts it back after 15 days', params: one,
      body: z.object({ text: z.string().trim().min(1).max(4_000), outcome: z.enum(['answered', 'accepted', 'refused']) }),
      async handle({ tx, tenantId, params, body, session }) {
        const result = await answerTicket(tx, context.workOf(tenantId), { ticketId: params.ticketId, text: body.text, outcome: body.outcome, by: session.login })
        if (result.kind === 'not-found') throw feedbackFault('ticket/not-found', params)
        if (result.kind !== 'answered') throw feedbackFault(result.kind === 'closed' ? 'ticket/closed' : 'ticket/by-appeal', params)
        return result
      },
    }),
  ]
}
