import { z } from 'zod'
import { endpoint } from '../endpoint.ts'
import { outcome, wireInt } from '../official-account/index.ts'
import { codeErrors } from './errors.ts'

/** Codes (小程序码) and links (URL Link, URL Scheme, Short Link) that open a page with a scene or query. */

const write = {
  line: 'mini-program',
  method: 'POST',
  credential: 'access_token',
  effect: 'write',
  errors: codeErrors,
  repeat: 'safe',
  verified: 'reading',
} as const
const read = { ...write, effect: 'read' } as const
const dayMs = 86_400_000
const linkCap = { count: 500_000, perMs: dayMs, per: 'account', source: 'MP:framework/open-ability/url-link.md' } as const

const look = {
  env_version: z.string().optional(),
  width: wireInt.optional(),
  auto_color: z.boolean().optional(),
  line_color: z.looseObject({}).optional(),
  is_hyaline: z.boolean().optional(),
}

export const unlimitedCode = endpoint({
  ...write,
  name: 'mini-program.code.unlimited',
  path: '/wxa/getwxacodeunlimit',
  /** scene: 32 visible characters at most (UNCONFIRMED). check_path false allows an unpublished page. */
  request: z.looseObject({ scene: z.string().optional(), page: z.string().optional(), check_path: z.boolean().optional(), ...look }),
  /** PNG bytes, or a JSON error. */
  response: z.unknown(),
  body: 'binary',
  caps: [{ count: 5000, perMs: 60_000, per: 'account', source: 'UNCONFIRMED (official-account sheet 4.2)' }],
  doc: 'SKIT; WXJ WxMaQrcodeService; F19 code.ex',
  zh: '获取不限制的小程序码',
})

export const limitedCode = endpoint({
  ...write,
  name: 'mini-program.code.limited',
  path: '/wxa/getwxacode',
  /** Permanent; with createwxaqrcode 100,000 in all (UNCONFIRMED). */
  request: z.looseObject({ path: z.string(), ...look }),
  response: z.unknown(),
  body: 'binary',
  doc: 'SKIT; F19 code.ex',
  zh: '获取小程序码',
})

export const squareCode = endpoint({
  ...write,
  name: 'mini-program.code.square',
  path: '/cgi-bin/wxaapp/createwxaqrcode',
  request: z.looseObject({ path: z.string(), width: wireInt.optional() }),
  response: z.unknown(),
  body: 'binary',
  doc: 'SKIT; F19 code.ex',
  zh: '获取小程序二维码',
})

const expiry = {
  is_expire: z.boolean().optional(),
  /** 0 by time, 1 by interval. */
  expire_type: wireInt.optional(),
  /** Seconds since 1970. */
  expire_time: wireInt.optional(),
  /** Days, 30 at most. */
  expire_interval: wireInt.optional(),
  env_version: z.string().optional(),
}

export const urlLinkCreate = endpoint({
  ...write,
  name: 'mini-program.link.url-link',
  path: '/wxa/generate_urllink',
  request: z.looseObject({ path: z.string().optional(), query: z.string().optional(), ...expiry }),
  response: outcome.extend({ url_link: z.string() }),
  caps: [linkCap],
  doc: 'MP:framework/open-ability/url-link.md',
  zh: '获取加密 URL Link',
})

export const urlLinkQuery = endpoint({
  ...read,
  name: 'mini-program.link.url-link-query',
  path: '/wxa/query_urllink',
  request: z.looseObject({ url_link: z.string().optional(), query_type: wireInt.optional() }),
  response: outcome.extend({
    url_link_info: z
      .looseObject({ appid: z.string(), path: z.string(), query: z.string(), create_time: z.int(), expire_time: z.int(), env_version: z.string() })
      .optional(),
    quota_info: z.looseObject({ remain_visit_quota: z.int() }).optional(),
  }),
  doc: 'SKIT',
  zh: '查询加密 URL Link',
})

export const schemeCreate = endpoint({
  ...write,
  name: 'mini-program.link.scheme',
  path: '/wxa/generatescheme',
  request: z.looseObject({
    jump_wxa: z.looseObject({ path: z.string().optional(), query: z.string().optional(), env_version: z.string().optional() }).optional(),
    ...expiry,
  }),
  response: outcome.extend({ openlink: z.string() }),
  caps: [linkCap],
  doc: 'SKIT',
  zh: '获取加密 scheme 码',
})

export const schemeQuery = endpoint({
  ...read,
  name: 'mini-program.link.scheme-query',
  path: '/wxa/queryscheme',
  request: z.looseObject({ scheme: z.string().optional(), query_type: wireInt.optional() }),
  response: outcome.extend({
    scheme_info: z
      .looseObject({ appid: z.string(), path: z.string(), query: z.string(), create_time: z.int(), expire_time: z.int(), env_version: z.string() })
      .optional(),
    quota_info: z.looseObject({ remain_visit_quota: z.int() }).optional(),
  }),
  doc: 'SKIT',
  zh: '查询 scheme 码',
})

export const shortLinkCreate = endpoint({
  ...write,
  name: 'mini-program.link.short-link',
  path: '/wxa/genwxashortlink',
  /** Temporary ones live 30 days; permanent ones are 100,000 in all. */
  request: z.looseObject({ page_url: z.string(), page_title: z.string().optional(), is_permanent: z.boolean().optional() }),
  response: outcome.extend({ link: z.string() }),
  caps: [{ count: 10_000_000, perMs: dayMs, per: 'account', source: 'MP:framework/open-ability/shortlink.md' }],
  doc: 'MP:framework/open-ability/shortlink.md; SKIT',
  zh: '获取 Short Link',
})
