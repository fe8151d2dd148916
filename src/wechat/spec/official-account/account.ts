import { z } from 'zod'
import { endpoint } from '../endpoint.ts'
import { officialErrors } from './errors.ts'
import { outcome } from './shapes.ts'

/** Menu (自定义菜单), web login (网页授权), page ticket (jsapi_ticket), call quota (调用额度) and daily figures (数据分析). */

const write = {
  line: 'official-account',
  method: 'POST',
  credential: 'access_token',
  effect: 'write',
  errors: officialErrors,
  repeat: 'safe',
  verified: 'reading',
} as const
const read = {
  line: 'official-account',
  method: 'GET',
  credential: 'access_token',
  effect: 'read',
  errors: officialErrors,
  repeat: 'safe',
  verified: 'reading',
} as const

export const jsTicket = endpoint({
  ...read,
  name: 'official-account.ticket.jsapi',
  // A new ticket is made when the old one has ended.
  effect: 'write',
  path: '/cgi-bin/ticket/getticket',
  request: z.looseObject({ type: z.string().optional() }),
  response: outcome.extend({ ticket: z.string(), expires_in: z.int() }),
  doc: 'SKIT',
  zh: '获取 jsapi_ticket',
})

const menuErrors = {
  ...officialErrors,
  '40016': { retry: 'never', en: 'too many buttons' },
  '40018': { retry: 'never', en: 'a button name is too long' },
  '46003': { retry: 'never', en: 'no menu exists' },
} as const

const button = z.looseObject({
  type: z.string().optional(),
  name: z.string(),
  key: z.string().optional(),
  url: z.string().optional(),
  appid: z.string().optional(),
  pagepath: z.string().optional(),
  sub_button: z.array(z.looseObject({ name: z.string() })).optional(),
})

export const menuCreate = endpoint({
  ...write,
  name: 'official-account.menu.create',
  path: '/cgi-bin/menu/create',
  /** 3 at the first level, 5 below each. */
  request: z.looseObject({ button: z.array(button) }),
  response: outcome,
  errors: menuErrors,
  doc: 'SKIT; F19 menu.ex',
  zh: '创建自定义菜单',
})

export const menuGet = endpoint({
  ...read,
  name: 'official-account.menu.get',
  path: '/cgi-bin/menu/get',
  request: z.looseObject({}),
  response: z.looseObject({ menu: z.looseObject({ button: z.array(button) }) }),
  errors: menuErrors,
  doc: 'SKIT; F19 menu.ex',
  zh: '获取自定义菜单配置',
})

export const menuDelete = endpoint({
  ...write,
  method: 'GET',
  name: 'official-account.menu.delete',
  path: '/cgi-bin/menu/delete',
  request: z.looseObject({}),
  response: outcome,
  errors: menuErrors,
  doc: 'SKIT; F19 menu.ex',
  zh: '删除自定义菜单',
})

const loginErrors = {
  ...officialErrors,
  '40029': { retry: 'never', en: 'the code is wrong (UNCONFIRMED)' },
  '40030': { retry: 'never', en: 'the refresh token is wrong' },
  '40163': { retry: 'never', en: 'the code was used' },
  '41002': { retry: 'never', en: 'appid is missing' },
  '41004': { retry: 'never', en: 'secret is missing' },
  '41008': { retry: 'never', en: 'the code is missing' },
  '42002': { retry: 'never', en: 'the refresh token has expired: the user must agree again' },
} as const
const webToken = z.looseObject({
  access_token: z.string(),
  expires_in: z.int(),
  refresh_token: z.string(),
  openid: z.string(),
  scope: z.string(),
  unionid: z.string().optional(),
  is_snapshotuser: z.int().optional(),
})

/** The page a browser opens (open.weixin.qq.com): after consent it goes to redirect_uri with code and state. */
export const webLoginPage = endpoint({
  ...read,
  name: 'official-account.web-login.page',
  path: '/connect/oauth2/authorize',
  credential: 'none',
  effect: 'write',
  request: z.looseObject({
    appid: z.string(),
    redirect_uri: z.string(),
    response_type: z.string().optional(),
    /** snsapi_base or snsapi_userinfo. */
    scope: z.string(),
    state: z.string().optional(),
  }),
  response: z.unknown(),
  body: 'binary',
  errors: loginErrors,
  doc: 'https://open.weixin.qq.com/connect/oauth2/authorize',
  zh: '网页授权页面',
})

export const webLogin = endpoint({
  ...read,
  name: 'official-account.web-login.token',
  path: '/sns/oauth2/access_token',
  credential: 'none',
  effect: 'write',
  request: z.looseObject({
    appid: z.string().optional(),
    secret: z.string().optional(),
    code: z.string().optional(),
    grant_type: z.string().optional(),
  }),
  response: webToken,
  errors: loginErrors,
  repeat: 'never',
  doc: 'SKIT; F19 web_page.ex',
  zh: '网页授权换取凭据',
})

export const webLoginRefresh = endpoint({
  ...read,
  name: 'official-account.web-login.refresh',
  path: '/sns/oauth2/refresh_token',
  credential: 'none',
  effect: 'write',
  request: z.looseObject({ appid: z.string(), grant_type: z.string().optional(), refresh_token: z.string() }),
  response: webToken,
  errors: loginErrors,
  doc: 'SKIT; F19 web_page.ex',
  zh: '刷新网页授权凭据',
})

export const webUserInfo = endpoint({
  ...read,
  name: 'official-account.web-login.user',
  path: '/sns/userinfo',
  credential: 'none',
  /** access_token is that of the web login, not the account's. */
  request: z.looseObject({ access_token: z.string().optional(), openid: z.string(), lang: z.string().optional() }),
  response: z.looseObject({
    openid: z.string(),
    nickname: z.string().optional(),
    headimgurl: z.string().optional(),
    privilege: z.array(z.string()).optional(),
    unionid: z.string().optional(),
  }),
  errors: loginErrors,
  doc: 'SKIT; F19 web_page.ex',
  zh: '网页授权获取用户信息',
})

const bothLines = { alsoLines: ['mini-program', 'shop'] } as const

export const quotaClear = endpoint({
  ...write,
  ...bothLines,
  name: 'weixin.quota.clear',
  path: '/cgi-bin/clear_quota',
  /** 10 a month (UNCONFIRMED). */
  request: z.looseObject({ appid: z.string() }),
  response: outcome,
  errors: { ...officialErrors, '48006': { retry: 'never', en: 'no clearing left this month' } },
  doc: 'SKIT',
  zh: '重置接口调用次数',
})

export const quotaGet = endpoint({
  ...read,
  ...bothLines,
  method: 'POST',
  name: 'weixin.quota.get',
  path: '/cgi-bin/openapi/quota/get',
  request: z.looseObject({ cgi_path: z.string() }),
  response: outcome.extend({ quota: z.looseObject({ daily_limit: z.int(), used: z.int(), remain: z.int() }) }),
  errors: { ...officialErrors, '76021': { retry: 'never', en: 'no such cgi_path' } },
  doc: 'SKIT',
  zh: '查询接口调用额度',
})

const days = z.looseObject({ begin_date: z.string(), end_date: z.string() })

export const userSummary = endpoint({
  ...read,
  method: 'POST',
  name: 'official-account.figures.user-summary',
  path: '/datacube/getusersummary',
  /** YYYY-MM-DD, 7 days at most (UNCONFIRMED), until yesterday. */
  request: days,
  response: z.looseObject({
    list: z.array(z.looseObject({ ref_date: z.string(), user_source: z.int(), new_user: z.int(), cancel_user: z.int() })),
  }),
  errors: { ...officialErrors, '61501': { retry: 'never', en: 'the range of dates is wrong' } },
  doc: 'SKIT',
  zh: '获取用户增减数据',
})

export const userCumulate = endpoint({
  ...read,
  method: 'POST',
  name: 'official-account.figures.user-cumulate',
  path: '/datacube/getusercumulate',
  request: days,
  response: z.looseObject({ list: z.array(z.looseObject({ ref_date: z.string(), user_source: z.int(), cumulate_user: z.int() })) }),
  errors: { ...officialErrors, '61501': { retry: 'never', en: 'the range of dates is wrong' } },
  doc: 'SKIT',
  zh: '获取累计用户数据',
})
