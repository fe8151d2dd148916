import { defineErrors } from '../../kernel/errors.ts'

export const pressureFault = defineErrors({
  'pressure/half-quiet': {
    status: 400,
    zh: '打扰规则没有保存：免打扰时段从 {from} 分到 {to} 分，只留下不到两小时能发。请缩短它。',
    en: 'the rules were not saved: quiet hours from minute {from} to {to} leave less than two hours for sending; shorten them',
  },
})
