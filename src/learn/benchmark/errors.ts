import { defineErrors } from '../../kernel/errors.ts'

export const caseFault = defineErrors({
  'case/not-found': { status: 404, zh: '没有留存这个案例：{caseId}。', en: 'there is no kept case {caseId}' },
})
