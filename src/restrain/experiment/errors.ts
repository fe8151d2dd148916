import { defineErrors } from '../../kernel/errors.ts'

export const experimentFault = defineErrors({
  'experiment/not-started': {
    status: 409,
    zh: '这一轮没能开始：能分组的联系人 {roster} 位，至少要 {needed} 位。人够了会自动开始。',
    en: 'the epoch did not start: {roster} contacts can be assigned, at least {needed} are needed; it starts by itself when there are enough',
  },
  'experiment/running': {
    status: 409,
    zh: '这一轮已经在跑，{ends} 结束。新的设置从下一轮起用。',
    en: 'an epoch is running until {ends}; new settings take effect with the next one',
  },
})
