import { defineErrors } from '../../kernel/errors.ts'

export const codeFault = defineErrors({
  'code/not-found': { status: 404, zh: '没有这个渠道活码（{codeId}）。', en: 'there is no channel code {codeId}' },
  'code/not-live': { status: 409, zh: '渠道活码「{name}」现在是 {status}，还不能改。等它可用后再试。', en: 'the channel code {name} is {status} and cannot be changed yet' },
  'code/no-connection': { status: 409, zh: '还没有连接企业微信，做不了活码。请先在「设置 › 账号」里连接。', en: 'no WeCom account is connected, so no code can be made; connect one under Settings > Accounts' },
})
