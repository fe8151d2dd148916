import { defineErrors } from '../../kernel/errors.ts'

export const whatIfFault = defineErrors({
  'what-if/not-found': { status: 404, zh: '没有这次「如果」，可能重启过；再点一次就有。', en: 'there is no what-if {runId}; it may have been lost in a restart, ask again' },
  'what-if/no-evidence': { status: 409, zh: '还没有一轮实验走完，没有估出来的曲线，说不了「如果」。', en: 'no epoch has closed yet: without estimated curves there is no what-if' },
  'what-if/no-contacts': { status: 409, zh: '还没有联系人，「如果」没有人可算。', en: 'there are no contacts yet for a what-if' },
})
