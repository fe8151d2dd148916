import {
  limitedCode,
  schemeCreate,
  schemeQuery,
  shortLinkCreate,
  squareCode,
  unlimitedCode,
  urlLinkCreate,
  urlLinkQuery,
} from '../../wechat/spec/mini-program/index.ts'
import { freshId, type Namespace } from '../core/namespace.ts'
import { PlatformError } from '../core/platform-error.ts'
import { BinaryAnswer, serve, type Route } from '../core/registry.ts'
import { codePicture } from './picture.ts'
import { checkPage, miniCaller, miniState, readMini, type MiniCode, type MiniLink, type MiniState } from './state.ts'

const ok = { errcode: 0, errmsg: 'ok' }
const dayMs = 86_400_000
const maxLimited = 100_000
const maxUnpublished = 60_000

function picture(state: MiniState, code: Omit<MiniCode, 'createdAt'>, now: number, width: number | undefined): BinaryAnswer {
  if (width !== undefined && (width < 280 || width > 1280)) throw new PlatformError(40097, 'invalid width')
  state.codes[code.key] ??= { ...code, createdAt: now }
  return new BinaryAnswer('image/png', codePicture(code.key, width))
}

function limited(state: MiniState, path: string, now: number, width: number | undefined): BinaryAnswer {
  if (path === '' || path.length > 1024) throw new PlatformError(40159, 'path invalid or longer than 1024')
  checkPage(state, path)
  if (!state.codes[`path:${path}`]) {
    if (state.limitedCodes >= maxLimited) throw new PlatformError(45029, 'qrcode count out of limit')
    state.limitedCodes++
  }
  return picture(state, { key: `path:${path}`, scene: null, path }, now, width)
}

type Expiry = { is_expire?: boolean; expire_type?: number; expire_time?: number; expire_interval?: number }

function expiresAt(ns: Namespace, input: Expiry): number {
  const limit = ns.now + 30 * dayMs
  const at =
    input.expire_type === 1 ? ns.now + (input.expire_interval ?? 30) * dayMs : input.expire_time === undefined ? limit : input.expire_time * 1000
  if (at <= ns.now) throw new PlatformError(85401, 'expire_time is past')
  if (at > limit) throw new PlatformError(85400, 'expire_time is more than 30 days ahead')
  return at
}

function makeLink(ns: Namespace, appid: string, url: string, page: { path?: string; query?: string; env_version?: string }, expiry: Expiry): string {
  const state = miniState(ns, appid)
  if (!state.published) throw new PlatformError(85079, 'miniprogram has no online release')
  const path = (page.path ?? '').replace(/^\//, '')
  checkPage(state, path)
  if ((page.query ?? '').length > 1024) throw new PlatformError(40212, 'invalid query')
  state.links[url] = {
    url,
    path,
    query: page.query ?? '',
    createdAt: ns.now,
    expiresAt: expiresAt(ns, expiry),
    envVersion: page.env_version ?? 'release',
    visits: 0,
  }
  return url
}

function linkOf(ns: Namespace, appid: string, url: string | undefined): MiniLink {
  const link = url === undefined ? undefined : readMini(ns, appid).links[url]
  if (!link) throw new PlatformError(85402, 'invalid link')
  return link
}

const info = (appid: string, link: MiniLink) => ({
  appid,
  path: link.path,
  query: link.query,
  create_time: Math.floor(link.createdAt / 1000),
  expire_time: Math.floor(link.expiresAt / 1000),
  env_version: link.envVersion,
})

/** Opens a day: 6,000,000 for all links of the app (url-link.md). The emulator counts opens per app and world. */
const quota = (state: MiniState) => ({ remain_visit_quota: 6_000_000 - Object.values(state.links).reduce((sum, link) => sum + link.visits, 0) })

export const codeRoutes: Route[] = [
  serve(unlimitedCode, ({ ns, account, input }) => {
    const state = miniState(ns, miniCaller(account).id)
    const scene = input.scene ?? ''
    if (scene === '' || scene.length > 32 || !/^[0-9A-Za-z!#$&'()*+,/:;=?@\-._~]+$/.test(scene)) throw new PlatformError(40129, 'invalid scene')
    const page = input.page ?? ''
    if (input.check_path === false) {
      if (state.unpublishedPages >= maxUnpublished) throw new PlatformError(45029, 'qrcode count out of limit')
      state.unpublishedPages++
    } else checkPage(state, page)
    return picture(state, { key: `scene:${page}?${scene}`, scene, path: page }, ns.now, input.width)
  }),
  serve(limitedCode, ({ ns, account, input }) => limited(miniState(ns, miniCaller(account).id), input.path, ns.now, input.width)),
  serve(squareCode, ({ ns, account, input }) => limited(miniState(ns, miniCaller(account).id), input.path, ns.now, input.width)),
  serve(urlLinkCreate, ({ ns, account, input }) => ({
    ...ok,
    url_link: makeLink(ns, miniCaller(account).id, `https://wxaurl.cn/${freshId(ns, '', 11)}`, input, input),
  })),
  serve(urlLinkQuery, ({ ns, account, input }) => {
    const caller = miniCaller(account)
    const state = readMini(ns, caller.id)
    if (input.query_type === 1) return { ...ok, quota_info: quota(state) }
    return { ...ok, url_link_info: info(caller.id, linkOf(ns, caller.id, input.url_link)), quota_info: quota(state) }
  }),
  serve(schemeCreate, ({ ns, account, input }) => ({
    ...ok,
    openlink: makeLink(ns, miniCaller(account).id, `weixin://dl/business/?t=${freshId(ns, '', 11)}`, input.jump_wxa ?? {}, input),
  })),
  serve(schemeQuery, ({ ns, account, input }) => {
    const caller = miniCaller(account)
    const state = readMini(ns, caller.id)
    if (input.query_type === 1) return { ...ok, quota_info: quota(state) }
    return { ...ok, scheme_info: info(caller.id, linkOf(ns, caller.id, input.scheme)), quota_info: quota(state) }
  }),
  serve(shortLinkCreate, ({ ns, account, input }) => {
    const caller = miniCaller(account)
    const state = miniState(ns, caller.id)
    if (input.is_permanent === true && state.shortLinks >= 100_000) throw new PlatformError(45029, 'permanent short link count out of limit')
    if (input.is_permanent === true) state.shortLinks++
    const [path, query] = input.page_url.split('?')
    return { ...ok, link: makeLink(ns, caller.id, `#小程序://${caller.name}/${freshId(ns, '', 15)}`, { path, query }, {}) }
  }),
]
