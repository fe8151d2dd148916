import { z } from 'zod'
import { endpoint, type EndpointRow, type KnownError } from './endpoint.ts'
import { weixinErrors } from './tokens.ts'

/**
 * The third-party platform (第三方平台) of the Open Platform: it acts for Official Accounts, mini programs and Shops that authorised it.
 * Way: ticket pushed every 10 minutes → component token → pre-authorisation code → the merchant authorises → authorisation code →
 * authoriser's token and refresh token → afterwards the same endpoints as the merchant itself, with the authoriser's token.
 */

export const componentErrors = {
  ...weixinErrors,
  '40013': { retry: 'never', en: 'no such appid' },
  '40125': { retry: 'never', en: 'wrong component secret' },
  '41004': { retry: 'never', en: 'the component secret is missing' },
  '61003': { retry: 'never', en: 'the account has not authorised this platform, or took it back' },
  '61004': { retry: 'never', en: 'the caller is not on the platform’s IP allow list' },
  '61005': { retry: 'later', en: 'the ticket has expired: wait for the next push, at most 10 minutes' },
  '61006': { retry: 'later', en: 'not a ticket of this platform: wait for the next push' },
  '61009': { retry: 'never', en: 'no such authorisation code' },
  '61010': { retry: 'never', en: 'the authorisation code has expired or was used' },
  '61011': { retry: 'never', en: 'no such component appid' },
  '61023': { retry: 'never', en: 'no such refresh token: the account must authorise again (code UNCONFIRMED by the sheet)' },
} as const satisfies Record<string, KnownError>

const shared = { line: 'component', method: 'POST', errors: componentErrors } as const

export const componentToken = endpoint({
  ...shared,
  name: 'component.token.get',
  path: '/cgi-bin/component/api_component_token',
  credential: 'none',
  effect: 'write',
  request: z.looseObject({
    component_appid: z.string().optional(),
    component_appsecret: z.string().optional(),
    /** The newest pushed ticket; valid for 12 hours. */
    component_verify_ticket: z.string().optional(),
  }),
  response: z.looseObject({ component_access_token: z.string(), /** Seconds, 7200. */ expires_in: z.int() }),
  repeat: 'safe',
  doc: 'SKIT CgibinComponent',
  sample: {
    request: { component_appid: 'appid_value', component_appsecret: 'appsecret_value', component_verify_ticket: 'ticket_value' },
    response: { component_access_token: '61W3mEpU66027wgNZ_MhGHNQDHnFATkDa9', expires_in: 7200 },
  },
  verified: 'sample',
  zh: '获取第三方平台令牌',
})

export const componentStartTicket = endpoint({
  ...shared,
  name: 'component.ticket.start',
  path: '/cgi-bin/component/api_start_push_ticket',
  credential: 'none',
  effect: 'write',
  request: z.looseObject({ component_appid: z.string().optional(), component_secret: z.string().optional() }),
  response: z.looseObject({ errcode: z.int().optional(), errmsg: z.string().optional() }),
  repeat: 'safe',
  doc: 'SKIT CgibinComponent',
  sample: { request: { component_appid: 'wxd0bfc95064b5bfc1', component_secret: 'SECRET' }, response: { errcode: 0, errmsg: 'ok' } },
  verified: 'sample',
  zh: '启动票据推送服务',
})

const byComponent = { ...shared, credential: 'component_access_token' } as const

export const preAuthCode = endpoint({
  ...byComponent,
  name: 'component.preauth.create',
  path: '/cgi-bin/component/api_create_preauthcode',
  effect: 'write',
  request: z.looseObject({ component_appid: z.string().optional() }),
  response: z.looseObject({ pre_auth_code: z.string(), /** Seconds. */ expires_in: z.int() }),
  repeat: 'safe',
  doc: 'SKIT CgibinComponent',
  sample: { request: { component_appid: 'appid_value' }, response: { pre_auth_code: 'Cx_Dk6qiBE0Dmx4EmlT3oRfArPvwSQ', expires_in: 600 } },
  verified: 'sample',
  zh: '获取预授权码',
})

/** Permission sets granted; Shop ones are listed in the Shop sheet 1 (129 product, 131 order …). */
const funcInfo = z.array(z.looseObject({ funcscope_category: z.looseObject({ id: z.int() }) }))

const authorization = z.looseObject({
  authorizer_appid: z.string(),
  authorizer_access_token: z.string().optional(),
  expires_in: z.int().optional(),
  /** Must be kept: when it is lost the account has to authorise again. */
  authorizer_refresh_token: z.string().optional(),
  func_info: funcInfo.optional(),
})

export const queryAuth = endpoint({
  ...byComponent,
  name: 'component.auth.query',
  path: '/cgi-bin/component/api_query_auth',
  effect: 'write',
  request: z.looseObject({ component_appid: z.string().optional(), authorization_code: z.string().optional() }),
  response: z.looseObject({ authorization_info: authorization }),
  // Each code can be exchanged once; what it gave can be had again from the list of authorisers.
  repeat: { probe: 'component.authorizer.list' },
  doc: 'SKIT CgibinComponent',
  sample: {
    request: { component_appid: 'appid_value', authorization_code: 'auth_code_value' },
    response: {
      authorization_info: {
        authorizer_appid: 'wxf8b4f85f3a794e77',
        authorizer_access_token: 'QXjUqNqfYVH0yBE1iI_7vuN_9gQbpjfK7hYwJ3P7xOa88a89',
        expires_in: 7200,
        authorizer_refresh_token: 'dTo-YCXPL4llX-u1W1pPpnp8Hgm4wpJtlR6iV0doKdY',
        func_info: [{ funcscope_category: { id: 1 } }, { funcscope_category: { id: 2 } }],
      },
    },
  },
  verified: 'sample',
  zh: '使用授权码获取授权信息',
})

export const authorizerToken = endpoint({
  ...byComponent,
  name: 'component.authorizer.token',
  path: '/cgi-bin/component/api_authorizer_token',
  effect: 'write',
  request: z.looseObject({ component_appid: z.string().optional(), authorizer_appid: z.string().optional(), authorizer_refresh_token: z.string().optional() }),
  response: z.looseObject({ authorizer_access_token: z.string(), /** Seconds, 7200. */ expires_in: z.int(), authorizer_refresh_token: z.string() }),
  repeat: 'safe',
  doc: 'SKIT CgibinComponent',
  sample: {
    request: { component_appid: 'appid_value', authorizer_appid: 'auth_appid_value', authorizer_refresh_token: 'refresh_token_value' },
    response: { authorizer_access_token: 'some-access-token', expires_in: 7200, authorizer_refresh_token: 'refresh_token_value' },
  },
  verified: 'sample',
  zh: '获取/刷新接口调用令牌',
})

export const authorizerInfo = endpoint({
  ...byComponent,
  name: 'component.authorizer.info',
  path: '/cgi-bin/component/api_get_authorizer_info',
  effect: 'read',
  request: z.looseObject({ component_appid: z.string().optional(), authorizer_appid: z.string().optional() }),
  response: z.looseObject({
    authorizer_info: z.looseObject({
      nick_name: z.string().optional(),
      /** Original id, gh_… */
      user_name: z.string().optional(),
      principal_name: z.string().optional(),
      service_type_info: z.looseObject({ id: z.int() }).optional(),
      verify_type_info: z.looseObject({ id: z.int() }).optional(),
    }),
    authorization_info: authorization,
  }),
  repeat: 'safe',
  doc: 'SKIT CgibinComponent',
  sample: {
    request: { component_appid: 'appid_value', authorizer_appid: 'auth_appid_value' },
    response: {
      authorizer_info: { nick_name: 'Demo', user_name: 'gh_eb5e3a772040', principal_name: '公司', service_type_info: { id: 2 }, verify_type_info: { id: 0 } },
      authorization_info: { authorizer_appid: 'wxf8b4f85f3a794e77', func_info: [{ funcscope_category: { id: 1 } }] },
    },
  },
  verified: 'sample',
  zh: '获取授权账号详情',
})

export const authorizerList = endpoint({
  ...byComponent,
  name: 'component.authorizer.list',
  path: '/cgi-bin/component/api_get_authorizer_list',
  effect: 'read',
  request: z.looseObject({ component_appid: z.string().optional(), offset: z.int().optional(), /** 500 at most (UNCONFIRMED by the sheet). */ count: z.int().optional() }),
  response: z.looseObject({
    total_count: z.int(),
    list: z.array(z.looseObject({ authorizer_appid: z.string(), refresh_token: z.string(), /** Seconds. */ auth_time: z.int() })),
  }),
  repeat: 'safe',
  doc: 'SKIT CgibinComponent',
  sample: {
    request: { component_appid: 'appid_value', offset: 0, count: 100 },
    response: { total_count: 33, list: [{ authorizer_appid: 'authorizer_appid_1', refresh_token: 'refresh_token_1', auth_time: 1558000607 }] },
  },
  verified: 'sample',
  zh: '拉取已授权的账号列表',
})

export const componentRows: readonly EndpointRow[] = [
  componentToken,
  componentStartTicket,
  preAuthCode,
  queryAuth,
  authorizerToken,
  authorizerInfo,
  authorizerList,
]

/** Messages pushed to the platform's authorisation URL, always XML. `InfoType` tells them apart. */
export const componentTicketPush = z.looseObject({ AppId: z.string(), CreateTime: z.string(), InfoType: z.literal('component_verify_ticket'), ComponentVerifyTicket: z.string() })

/** `authorized`, `updateauthorized`, `unauthorized` (the last without code). */
export const componentAuthPush = z.looseObject({
  AppId: z.string(),
  CreateTime: z.string(),
  InfoType: z.enum(['authorized', 'updateauthorized', 'unauthorized']),
  AuthorizerAppid: z.string(),
  AuthorizationCode: z.string().optional(),
  AuthorizationCodeExpiredTime: z.string().optional(),
  PreAuthCode: z.string().optional(),
})
