import { z } from 'zod'
import { endpoint } from '../endpoint.ts'
import { outcome, wireInt } from '../official-account/index.ts'
import { loginErrors, miniErrors } from './errors.ts'

/** Login (登录), phone (手机号) and risk of a mini program's user. */

const read = { line: 'mini-program', credential: 'access_token', effect: 'read', errors: loginErrors, repeat: 'safe', verified: 'reading' } as const

export const codeToSession = endpoint({
  ...read,
  name: 'mini-program.login.code-to-session',
  method: 'GET',
  path: '/sns/jscode2session',
  credential: 'none',
  effect: 'write',
  request: z.looseObject({
    appid: z.string().optional(),
    secret: z.string().optional(),
    js_code: z.string().optional(),
    grant_type: z.string().optional(),
  }),
  /** unionid only when the mini program is bound to an Open Platform account. */
  response: outcome.extend({ openid: z.string(), session_key: z.string(), unionid: z.string().optional() }),
  caps: [{ count: 100, perMs: 60_000, per: 'object', source: 'SKIT; WXJ: 45011' }],
  repeat: 'never',
  doc: 'SKIT; WXJ',
  sample: {
    request: { appid: 'APPID', secret: 'SECRET', js_code: 'JSCODE', grant_type: 'authorization_code' },
    response: { openid: 'xxxxxx', session_key: 'xxxxx', unionid: 'xxxxx' },
  },
  verified: 'sample',
  zh: '小程序登录',
})

export const sessionCheck = endpoint({
  ...read,
  name: 'mini-program.login.check-session',
  method: 'GET',
  path: '/wxa/checksession',
  request: z.looseObject({ openid: z.string(), signature: z.string(), sig_method: z.string() }),
  response: outcome,
  doc: 'SKIT',
  zh: '检验登录态',
})

export const sessionReset = endpoint({
  ...read,
  name: 'mini-program.login.reset-session',
  method: 'GET',
  path: '/wxa/resetusersessionkey',
  effect: 'write',
  request: z.looseObject({ openid: z.string(), signature: z.string(), sig_method: z.string() }),
  response: outcome.extend({ openid: z.string(), session_key: z.string() }),
  doc: 'SKIT',
  zh: '重置登录态',
})

export const phoneNumber = endpoint({
  ...read,
  name: 'mini-program.phone.get',
  method: 'POST',
  path: '/wxa/business/getuserphonenumber',
  effect: 'write',
  request: z.looseObject({ code: z.string() }),
  response: outcome.extend({
    phone_info: z.looseObject({
      phoneNumber: z.string(),
      purePhoneNumber: z.string(),
      countryCode: z.union([z.string(), z.int()]),
      watermark: z.looseObject({ timestamp: z.int(), appid: z.string() }),
    }),
  }),
  repeat: 'never',
  doc: 'SKIT; MP:framework/open-ability/getRealtimePhoneNumber',
  zh: '获取手机号',
})

export const riskRank = endpoint({
  ...read,
  name: 'mini-program.risk.rank',
  method: 'POST',
  path: '/wxa/getuserriskrank',
  request: z.looseObject({ appid: z.string(), openid: z.string(), scene: wireInt, mobile_no: z.string().optional(), client_ip: z.string() }),
  response: outcome.extend({ risk_rank: z.int(), unoin_id: z.union([z.int(), z.string()]).optional() }),
  errors: miniErrors,
  doc: 'SKIT',
  zh: '获取用户安全等级',
})

export const paidUnionid = endpoint({
  ...read,
  name: 'mini-program.login.paid-unionid',
  method: 'GET',
  path: '/wxa/getpaidunionid',
  request: z.looseObject({
    openid: z.string(),
    transaction_id: z.string().optional(),
    mch_id: z.string().optional(),
    out_trade_no: z.string().optional(),
  }),
  response: outcome.extend({ unionid: z.string() }),
  errors: { ...miniErrors, '89300': { retry: 'never', en: 'no such payment of this user in the last minutes' } },
  doc: 'SKIT',
  zh: '支付后获取 UnionId',
})
