/**
 * Feedback (建议反馈): suggestions, faults, complaints, copyright notices and counter-notices, appeals; each with a number, a day by which it is answered,
 * and an answer.
 *
 * Owns: ticket_head, ticket, ticket_entry.  Hears: appeal.decided.  Emits: nothing.
 *
 * Invariants
 * - Numbers are given once and without gaps; what nobody answered in time goes up by itself.
 * - A silence or a closed account never stops a ticket.
 * - A notice takes content down without punishing anybody; a counter-notice puts it back when its days are over.
 */
export { counterNoticeDays, dueOf, numberWords, ticketKinds, ticketStates, ticketsPerDay, type About, type Notice, type TicketKind, type TicketProblem, type TicketState } from './ticket.ts'
export { addToTicket, answerTicket, counterNotice, feedbackSubscriber, openTicket, readTicket, takeDownOf, ticketDue, ticketRetention, ticketsOf, type Answered, type FeedbackParts, type Opened, type TicketView, type TicketWish } from './desk.ts'
export { forgetTickets, listTickets, ticketFigures, ticketsWaiting, type Ticket, type TicketEntry, type TicketFigures } from './store.ts'
export { feedbackRoutes } from './routes.ts'
export { feedbackFault } from './errors.ts'
