import { defineErrors } from '../../kernel/errors.ts'

export const communityFault = defineErrors({
  'community/signed-out': { status: 401, zh: '要先登录社区：登录过期了，或还没登录。', en: 'no reader is signed in, or the session ended; sign in again' },
  'community/no-article': { status: 404, zh: '没有这篇文章：{slug}。它可能撤下了，回首页看看别的。', en: 'there is no article {slug}' },
  'community/no-phone': { status: 409, zh: '没拿到微信手机号（{reason}）。再点一次按钮，还不行就用验证码。', en: 'WeChat gave no phone number: {reason}' },
})
