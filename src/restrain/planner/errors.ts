import { defineErrors } from '../../kernel/errors.ts'

export const planFault = defineErrors({
  'plan/not-found': { status: 404, zh: '没有这份计划：{planId}。可以重新排一份。', en: 'there is no plan {planId}; make a new one' },
  'plan/not-a-draft': { status: 409, zh: '这份计划没有批准：它现在是「{status}」。请刷新，看最新的一份。', en: 'the plan was not approved: it is {status} now; look at the newest one' },
  'plan/week-over': { status: 409, zh: '这份计划没有批准：它排的那一周已经过去。请重新排。', en: 'the plan was not approved: its week is over; make a new one' },
  'plan/empty': { status: 409, zh: '这份计划没有批准：里面没有要发的。请看每个人为什么不发。', en: 'the plan was not approved: it holds no message; each contact says why' },
  'plan/nothing-to-stop': { status: 409, zh: '没有可撤的：这份计划是「{status}」。派出后只能停还没确认的同事。', en: 'nothing to stop: the plan is {status}; what was handed over can only be stopped task by task' },
})
