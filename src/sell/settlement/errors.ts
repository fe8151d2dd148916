import { defineErrors } from '../../kernel/errors.ts'

export const settlementFault = defineErrors({
  'settlement/no-difference': { status: 404, zh: '没有这条差异。', en: 'there is no such difference {number}' },
  'settlement/no-account': { status: 409, zh: '还没有接微信支付或小店，没有账单可对。', en: 'neither WeChat Pay nor a Shop is connected, so there are no bills' },
  'settlement/bad-amount': { status: 422, zh: '一笔转账要在 0.1 元到 1,999.99 元之间（更大的金额微信要求实名姓名，这里不存）。', en: 'a transfer is between {least} and {most} fen' },
  'settlement/no-openid': { status: 409, zh: '这个人没有在小程序里登录过，微信转不到。', en: 'person {personId} has no openid in the mini program' },
  'settlement/transfer-open': { status: 409, zh: '这笔转账现在不能撤：{state}。', en: 'transfer {transferId} cannot be cancelled: {state}' },
  'settlement/bad-partner': { status: 422, zh: '分账接收方写得不对：{problem}。', en: 'the partner is wrong: {problem}' },
})
