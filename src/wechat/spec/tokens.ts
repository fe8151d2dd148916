import { z } from 'zod'
import { endpoint, type KnownError } from './endpoint.ts'

/**
 * Access tokens (访问令牌) of the accounts on api.weixin.qq.com: Official Account, mini program, Shop and Channels assistant share these
 * paths; the appid says whose token it is.
 */

/** Error codes every call on api.weixin.qq.com may answer. */
export const weixinErrors = {
  '-1': { retry: 'now', en: 'the platform is busy' },
  '40001': { retry: 'now', en: 'wrong secret, or not the latest access token' },
  '40013': { retry: 'never', en: 'no such appid' },
  '40014': { retry: 'now', en: 'not a valid access token' },
  '41001': { retry: 'now', en: 'the access token is missing' },
  '42001': { retry: 'now', en: 'the access token has expired' },
  '45009': { retry: 'later', en: 'the daily quota of this endpoint is used up' },
  '47001': { retry: 'never', en: 'the body is malformed or a field is missing' },
  '48001': { retry: 'never', en: 'the endpoint is not granted to this account' },
} as const satisfies Record<string, KnownError>

export const tokenErrors = {
  '-1': weixinErrors['-1'],
  '40001': { retry: 'never', en: 'wrong secret' },
  '40002': { retry: 'never', en: 'grant_type is not client_credential' },
  '40013': weixinErrors['40013'],
  '40125': { retry: 'never', en: 'wrong secret (code UNCONFIRMED by the sheet)' },
  '40164': { retry: 'never', en: 'the caller is not on the IP allow list (code UNCONFIRMED by the sheet)' },
  '41002': { retry: 'never', en: 'appid is missing' },
  '41004': { retry: 'never', en: 'secret is missing' },
  '45009': weixinErrors['45009'],
} as const satisfies Record<string, KnownError>

const tokenAnswer = z.looseObject({
  access_token: z.string(),
  /** Seconds left; 7200 at most, never below 300 in the stable mode. */
  expires_in: z.int(),
})

const minuteMs = 60_000
const dayMs = 86_400_000

export const tokenGet = endpoint({
  name: 'weixin.token.get',
  line: 'official-account',
  alsoLines: ['mini-program', 'shop', 'channels'],
  method: 'GET',
  path: '/cgi-bin/token',
  credential: 'none',
  effect: 'write',
  request: z.looseObject({ grant_type: z.string().optional(), appid: z.string().optional(), secret: z.string().optional() }),
  response: tokenAnswer,
  caps: [{ count: 2000, perMs: dayMs, per: 'account', source: 'about 2,000 a day: official-account sheet 1' }],
  errors: tokenErrors,
  repeat: 'safe',
  doc: 'OA:api/base/api_getaccesstoken',
  sample: {
    request: { grant_type: 'client_credential', appid: 'APPID', secret: 'SECRET' },
    response: { access_token: 'ACCESS_TOKEN', expires_in: 7200 },
  },
  verified: 'sample',
  zh: '获取接口调用凭据',
})

export const stableTokenPost = endpoint({
  name: 'weixin.token.stable',
  line: 'official-account',
  alsoLines: ['mini-program', 'shop', 'channels'],
  method: 'POST',
  path: '/cgi-bin/stable_token',
  credential: 'none',
  effect: 'write',
  request: z.looseObject({
    grant_type: z.string().optional(),
    appid: z.string().optional(),
    secret: z.string().optional(),
    /** At most 20 a day and 30 s apart; otherwise the valid token comes back unchanged. */
    force_refresh: z.boolean().optional(),
  }),
  response: tokenAnswer,
  caps: [
    { count: 10_000, perMs: minuteMs, per: 'account', source: 'OA:api/base/api_getstableaccesstoken' },
    { count: 500_000, perMs: dayMs, per: 'account', source: 'OA:api/base/api_getstableaccesstoken' },
  ],
  errors: tokenErrors,
  repeat: 'safe',
  doc: 'OA:api/base/api_getstableaccesstoken',
  sample: {
    request: { grant_type: 'client_credential', appid: 'APPID', secret: 'SECRET', force_refresh: false },
    response: { access_token: 'ACCESS_TOKEN', expires_in: 7200 },
  },
  verified: 'sample',
  zh: '获取稳定版接口调用凭据',
})

export const tokenRows = [tokenGet, stableTokenPost]
