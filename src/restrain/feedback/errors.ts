import { defineErrors } from '../../kernel/errors.ts'

export const feedbackFault = defineErrors({
  'ticket/not-found': { status: 404, zh: '没有这张工单（{ticketId}）。', en: 'there is no ticket {ticketId}' },
  'ticket/closed': { status: 409, zh: '这张工单已经答过了。', en: 'ticket {ticketId} is answered already' },
  'ticket/by-appeal': { status: 409, zh: '申诉由「申诉」页定：定了，工单自己答。', en: 'an appeal is answered by its decision on the Appeals page' },
})
