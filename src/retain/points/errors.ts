import { defineErrors } from '../../kernel/errors.ts'

export const pointsFault = defineErrors({
  'points/not-enough': { status: 409, zh: '羽毛不够：要用 {wanted}，只有 {balance}。没有扣。', en: 'not enough feathers: {wanted} asked, {balance} there; nothing was taken' },
})
