import { defineErrors } from '../../kernel/errors.ts'

export const journeyFault = defineErrors({
  'journey/not-found': { status: 404, zh: '没有这段旅程（{journeyId}）。', en: 'there is no journey {journeyId}' },
  'journey/no-connection': { status: 409, zh: '还没有连接企业微信，旅程发不出消息。请先在「设置 › 账号」里连接。', en: 'no WeCom account is connected, so a journey cannot send; connect one under Settings > Accounts' },
})
