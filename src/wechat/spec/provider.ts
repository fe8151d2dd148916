import { z } from 'zod'
import { endpoint, type EndpointRow, type KnownError } from './endpoint.ts'

/**
 * A WeCom service provider (服务商) and its suites (第三方应用 / 代开发). Way: suite ticket pushed every 10 minutes → suite token →
 * pre-authorisation code → the corp's administrator installs → `create_auth` push with a one-time code → permanent code → corp token →
 * the same endpoints as the corp itself. For an app developed on behalf the permanent code also works as the app's secret.
 */

export const providerErrors = {
  '-1': { retry: 'now', en: 'the platform is busy; three repeats at most' },
  '40001': { retry: 'never', en: 'wrong provider secret' },
  '40013': { retry: 'never', en: 'no such corp id' },
  '40014': { retry: 'now', en: 'not a valid provider token' },
  '40080': { retry: 'never', en: 'wrong suite secret' },
  '40082': { retry: 'now', en: 'not a valid suite token' },
  '40083': { retry: 'never', en: 'no such suite id' },
  '40084': { retry: 'never', en: 'not a valid permanent code: the corp must authorise again' },
  '40085': { retry: 'later', en: 'the suite ticket is wrong or older than 30 minutes: wait for the next push' },
  '40086': { retry: 'never', en: 'not a valid auth code (code UNCONFIRMED by the sheet)' },
  '41001': { retry: 'now', en: 'the token is missing' },
  '42001': { retry: 'now', en: 'the provider token has expired' },
  '42007': { retry: 'never', en: 'the pre-authorisation code has expired' },
  '42009': { retry: 'now', en: 'the suite token has expired' },
  '45009': { retry: 'later', en: 'called too often' },
  '48004': { retry: 'never', en: 'the corp took the authorisation back' },
} as const satisfies Record<string, KnownError>

const shared = { line: 'provider', method: 'POST', errors: providerErrors } as const

export const providerToken = endpoint({
  ...shared,
  name: 'provider.token.get',
  path: '/cgi-bin/service/get_provider_token',
  credential: 'none',
  effect: 'write',
  request: z.looseObject({ corpid: z.string().optional(), provider_secret: z.string().optional() }),
  response: z.looseObject({ provider_access_token: z.string(), /** Seconds, 7200. */ expires_in: z.int() }),
  repeat: 'safe',
  doc: 'SKIT CgibinService; ZSM',
  sample: { request: { corpid: 'ww1', provider_secret: 'SECRET' }, response: { provider_access_token: 'enLSZ5xxxxxxJRL', expires_in: 7200 } },
  verified: 'sample',
  zh: '获取服务商凭证',
})

export const suiteToken = endpoint({
  ...shared,
  name: 'provider.suite.token',
  path: '/cgi-bin/service/get_suite_token',
  credential: 'none',
  effect: 'write',
  request: z.looseObject({ suite_id: z.string().optional(), suite_secret: z.string().optional(), suite_ticket: z.string().optional() }),
  response: z.looseObject({ suite_access_token: z.string(), /** Seconds, 7200. */ expires_in: z.int() }),
  repeat: 'safe',
  doc: 'SKIT CgibinService; ZSM',
  sample: { request: { suite_id: 'wwddddccc7775555aaa', suite_secret: 'SECRET', suite_ticket: 'TICKET' }, response: { errcode: 0, errmsg: 'ok', suite_access_token: 'TOKEN', expires_in: 7200 } },
  verified: 'sample',
  zh: '获取第三方应用凭证',
})

const bySuite = { ...shared, credential: 'suite_access_token' } as const

export const suitePreAuthCode = endpoint({
  ...bySuite,
  name: 'provider.preauth.get',
  method: 'GET',
  path: '/cgi-bin/service/get_pre_auth_code',
  effect: 'write',
  request: z.looseObject({}),
  response: z.looseObject({ pre_auth_code: z.string(), /** Seconds, 1200. */ expires_in: z.int() }),
  repeat: 'safe',
  doc: 'SKIT CgibinService',
  sample: { request: {}, response: { errcode: 0, errmsg: 'ok', pre_auth_code: 'Cx_Dk6qiBE0Dmx4EmlT3oRfArPvwSQ', expires_in: 1200 } },
  verified: 'sample',
  zh: '获取预授权码',
})

export const sessionInfoSet = endpoint({
  ...bySuite,
  name: 'provider.session.set',
  path: '/cgi-bin/service/set_session_info',
  effect: 'write',
  request: z.looseObject({
    pre_auth_code: z.string().optional(),
    /** auth_type 0 live, 1 test. */
    session_info: z.looseObject({ appid: z.array(z.int()).optional(), auth_type: z.int().optional() }).optional(),
  }),
  response: z.looseObject({}),
  repeat: 'safe',
  doc: 'SKIT CgibinService',
  sample: { request: { pre_auth_code: 'xxxxx', session_info: { appid: [1, 2, 3], auth_type: 1 } }, response: { errcode: 0, errmsg: 'ok' } },
  verified: 'sample',
  zh: '设置授权配置',
})

const corpInfo = z.looseObject({ corpid: z.string(), corp_name: z.string().optional(), corp_type: z.string().optional(), corp_user_max: z.int().optional(), subject_type: z.int().optional() })
const agents = z.looseObject({
  agent: z.array(
    z.looseObject({
      agentid: z.int(),
      name: z.string().optional(),
      auth_mode: z.int().optional(),
      privilege: z.looseObject({ level: z.int().optional(), allow_user: z.array(z.string()).optional(), allow_party: z.array(z.int()).optional() }).optional(),
    }),
  ),
})

const corpSample = { corpid: 'xxxx', corp_name: 'name', corp_type: 'verified', corp_user_max: 50, subject_type: 1 }
const agentSample = { agent: [{ agentid: 1, name: 'NAME', auth_mode: 1, privilege: { level: 1, allow_party: [1, 2, 3], allow_user: ['zhansan', 'lisi'] } }] }

const permanent = {
  ...bySuite,
  effect: 'write',
  request: z.looseObject({ auth_code: z.string().optional() }),
  response: z.looseObject({
    /** Token of the corp for this app. */
    access_token: z.string().optional(),
    expires_in: z.int().optional(),
    /** Must be kept: it is the only way to further tokens. */
    permanent_code: z.string(),
    auth_corp_info: corpInfo,
    auth_info: agents.optional(),
    auth_user_info: z.looseObject({ userid: z.string().optional(), open_userid: z.string().optional(), name: z.string().optional() }).optional(),
    register_code_info: z.looseObject({ state: z.string().optional() }).optional(),
  }),
  // The code works once: after a lost answer the corp must authorise again or reset the permanent code.
  repeat: 'never',
  doc: 'SKIT CgibinService; OWS wecom-isv-core',
  sample: {
    request: { auth_code: 'auth_code_value' },
    response: { errcode: 0, errmsg: 'ok', access_token: 'xxxxxx', expires_in: 7200, permanent_code: 'xxxx', auth_corp_info: corpSample, auth_info: agentSample },
  },
  verified: 'sample',
} as const

export const permanentCode = endpoint({ ...permanent, name: 'provider.permanent.get', path: '/cgi-bin/service/get_permanent_code', zh: '获取企业永久授权码' })
export const permanentCodeV2 = endpoint({ ...permanent, name: 'provider.permanent.get-v2', path: '/cgi-bin/service/v2/get_permanent_code', zh: '获取企业永久授权码（新）' })

const byCode = { auth_corpid: z.string().optional(), permanent_code: z.string().optional() }

export const corpToken = endpoint({
  ...bySuite,
  name: 'provider.corp.token',
  path: '/cgi-bin/service/get_corp_token',
  effect: 'write',
  request: z.looseObject(byCode),
  response: z.looseObject({ access_token: z.string(), /** Seconds, 7200. */ expires_in: z.int() }),
  repeat: 'safe',
  doc: 'SKIT CgibinService; ZSM; OWS',
  sample: { request: { auth_corpid: 'auth_corpid_value', permanent_code: 'code_value' }, response: { errcode: 0, errmsg: 'ok', access_token: 'xxxxxx', expires_in: 7200 } },
  verified: 'sample',
  zh: '获取企业凭证',
})

export const authInfo = endpoint({
  ...bySuite,
  name: 'provider.auth.info',
  path: '/cgi-bin/service/get_auth_info',
  effect: 'read',
  request: z.looseObject(byCode),
  response: z.looseObject({ auth_corp_info: corpInfo, auth_info: agents.optional() }),
  repeat: 'safe',
  doc: 'SKIT CgibinService',
  sample: { request: { auth_corpid: 'auth_corpid_value', permanent_code: 'code_value' }, response: { errcode: 0, errmsg: 'ok', auth_corp_info: corpSample, auth_info: agentSample } },
  verified: 'sample',
  zh: '获取企业授权信息',
})

export const adminList = endpoint({
  ...bySuite,
  name: 'provider.admin.list',
  path: '/cgi-bin/service/get_admin_list',
  effect: 'read',
  request: z.looseObject({ auth_corpid: z.string().optional(), agentid: z.union([z.int(), z.string()]).optional() }),
  response: z.looseObject({ admin: z.array(z.looseObject({ userid: z.string().optional(), open_userid: z.string().optional(), auth_type: z.int() })) }),
  repeat: 'safe',
  doc: 'SKIT CgibinService',
  sample: {
    request: { auth_corpid: 'auth_corpid_value', agentid: 1000046 },
    response: { errcode: 0, errmsg: 'ok', admin: [{ userid: 'zhangsan', open_userid: 'xxxxx', auth_type: 1 }] },
  },
  verified: 'sample',
  zh: '获取应用的管理员列表',
})

export const customizedAuthUrl = endpoint({
  ...shared,
  name: 'provider.custom.auth-url',
  path: '/cgi-bin/service/get_customized_auth_url',
  credential: 'provider_access_token',
  effect: 'write',
  request: z.looseObject({ state: z.string().optional(), templateid_list: z.array(z.string()).optional() }),
  response: z.looseObject({ qrcode_url: z.string(), /** Seconds, 864000. */ expires_in: z.int() }),
  repeat: 'safe',
  doc: 'SKIT CgibinService',
  sample: { request: { state: 'test', templateid_list: ['dk1', 'dk2'] }, response: { errcode: 0, errmsg: 'ok', qrcode_url: 'xxxxx', expires_in: 864000 } },
  verified: 'sample',
  zh: '获取带参授权链接（代开发）',
})

export const providerRows: readonly EndpointRow[] = [
  providerToken,
  suiteToken,
  suitePreAuthCode,
  sessionInfoSet,
  permanentCode,
  permanentCodeV2,
  corpToken,
  authInfo,
  adminList,
  customizedAuthUrl,
]

/** Messages to the suite's instruction URL (指令回调), XML. */
export const suiteTicketPush = z.looseObject({ SuiteId: z.string(), InfoType: z.literal('suite_ticket'), TimeStamp: z.string(), SuiteTicket: z.string() })
export const suiteAuthPush = z.looseObject({
  SuiteId: z.string(),
  InfoType: z.enum(['create_auth', 'change_auth', 'cancel_auth', 'reset_permanent_code']),
  TimeStamp: z.string(),
  AuthCode: z.string().optional(),
  State: z.string().optional(),
  AuthCorpId: z.string().optional(),
})
