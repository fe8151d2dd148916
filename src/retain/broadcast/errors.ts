import { defineErrors } from '../../kernel/errors.ts'

export const broadcastFault = defineErrors({
  'broadcast/not-found': { status: 404, zh: '没有这次群发（{broadcastId}）。', en: 'there is no broadcast {broadcastId}' },
  'broadcast/not-now': { status: 409, zh: '群发「{name}」现在是「{status}」，不能{act}。', en: 'the broadcast {name} is {status}; {act} is not possible now' },
  'broadcast/no-connection': { status: 409, zh: '还没有连接企业微信，不能群发。请先在「设置 › 账号」里连接。', en: 'no WeCom account is connected, so nothing can be sent; connect one under Settings > Accounts' },
})
