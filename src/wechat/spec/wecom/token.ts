import { z } from 'zod'
import { memberErrors, wecomErrors } from './errors.ts'
import { nothing, row } from './row.ts'

/** Tokens (访问令牌) and addresses. One secret per app, one token per app. */

export const tokenGet = row({
  name: 'wecom.token.get',
  method: 'GET',
  path: '/cgi-bin/gettoken',
  credential: 'none',
  effect: 'write',
  request: z.looseObject({ corpid: z.string().optional(), corpsecret: z.string().optional() }),
  response: z.looseObject({ access_token: z.string(), /** Seconds left, 7200 at most. */ expires_in: z.int() }),
  errors: {
    ...wecomErrors,
    '40001': { retry: 'never', en: 'wrong secret (on WeCom this code is about the secret, not the token)' },
    '41002': { retry: 'never', en: 'corpid is missing' },
    '41004': { retry: 'never', en: 'corpsecret is missing' },
  },
  repeat: 'safe',
  doc: 'D91039',
  sample: {
    request: { corpid: 'ww0123456789abcdef', corpsecret: 'SECRET' },
    response: { errcode: 0, errmsg: 'ok', access_token: 'TOKEN', expires_in: 7200 },
  },
  zh: '获取 access_token',
})

const addresses = z.looseObject({ ip_list: z.array(z.string()) })

export const apiDomainIp = row({
  name: 'wecom.address.api',
  method: 'GET',
  path: '/cgi-bin/get_api_domain_ip',
  effect: 'read',
  request: nothing,
  response: addresses,
  repeat: 'safe',
  doc: 'SKIT',
  sample: { response: { errcode: 0, errmsg: 'ok', ip_list: ['203.0.113.10'] } },
  zh: '获取接口 IP 段',
})
export const callbackIp = row({
  name: 'wecom.address.callback',
  method: 'GET',
  path: '/cgi-bin/getcallbackip',
  effect: 'read',
  request: nothing,
  response: addresses,
  repeat: 'safe',
  doc: 'SKIT',
  sample: { response: { ip_list: ['203.0.113.*'] } },
  zh: '获取回调 IP 段',
})

export const jsapiTicket = row({
  name: 'wecom.ticket.corp',
  method: 'GET',
  path: '/cgi-bin/get_jsapi_ticket',
  effect: 'write',
  request: nothing,
  response: z.looseObject({ ticket: z.string(), expires_in: z.int() }),
  caps: [{ count: 400, perMs: 3_600_000, per: 'account', source: 'D90454' }],
  repeat: 'safe',
  doc: 'D90454',
  sample: { response: { errcode: 0, errmsg: 'ok', ticket: 'TICKET', expires_in: 7200 } },
  zh: '获取企业的 jsapi_ticket',
})

export const loginUser = row({
  name: 'wecom.login.user',
  method: 'GET',
  path: '/cgi-bin/auth/getuserinfo',
  effect: 'write',
  request: z.looseObject({ code: z.string().optional() }),
  response: z.looseObject({
    userid: z.string().optional(),
    user_ticket: z.string().optional(),
    openid: z.string().optional(),
    external_userid: z.string().optional(),
  }),
  errors: {
    ...memberErrors,
    '40029': { retry: 'never', en: 'the code is unknown or older than five minutes' },
    '41008': { retry: 'never', en: 'code is missing' },
    '42022': { retry: 'never', en: 'the code was used already' },
  },
  repeat: 'never',
  doc: 'SKIT auth/getuserinfo',
  zh: '获取访问用户身份',
})
