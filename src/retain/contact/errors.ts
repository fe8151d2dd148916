import { defineErrors } from '../../kernel/errors.ts'

export const contactFault = defineErrors({
  'contact/no-staff': { status: 404, zh: '没有找到同事「{staff}」，或他没有开通客户联系。先在企业微信后台开通，再补拉一次。', en: 'there is no member {staff} with customer contact; switch it on in the WeCom console, then back-fill' },
  'contact/no-connection': { status: 409, zh: '还没有连接企业微信。请先在「设置 › 账号」里连接。', en: 'no WeCom account is connected; connect one under Settings > Accounts' },
})
