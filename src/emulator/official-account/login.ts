import { createHash } from 'node:crypto'
import {
  jsTicket,
  menuCreate,
  menuDelete,
  menuGet,
  quotaClear,
  quotaGet,
  webLogin,
  webLoginPage,
  webLoginRefresh,
  webUserInfo,
} from '../../wechat/spec/official-account/index.ts'
import { monthOf } from '../../kernel/calendar.ts'
import { accountOf, freshId, nextNumber, type Namespace } from '../core/namespace.ts'
import { openidOf, personOf, unionidOf } from '../core/people.ts'
import { PlatformError } from '../core/platform-error.ts'
import { BinaryAnswer, serve, type Route } from '../core/registry.ts'
import { officialCaller, officialState, readOfficial, type OfficialState } from './state.ts'

const ok = { errcode: 0, errmsg: 'ok' }
const ticketMs = 7_200_000
const webTokenMs = 7_200_000
const refreshMs = 30 * 86_400_000

function html(body: string): BinaryAnswer {
  return new BinaryAnswer('text/html; charset=utf-8', Buffer.from(`<!doctype html><meta charset="utf-8"><title>微信授权</title>${body}`))
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

type Button = { type?: string; name: string; sub_button?: Button[] }

function checkMenu(buttons: Button[]): void {
  if (buttons.length < 1 || buttons.length > 3) throw new PlatformError(40016, 'invalid button size')
  for (const button of buttons) {
    if (button.name === '' || Buffer.byteLength(button.name) > 60) throw new PlatformError(40018, 'invalid button name size')
    const below = button.sub_button ?? []
    if (below.length > 5) throw new PlatformError(40023, 'invalid sub button size')
    if (below.length === 0 && button.type === undefined) throw new PlatformError(40017, 'invalid button type')
    for (const child of below) if (child.name === '' || child.type === undefined) throw new PlatformError(40017, 'invalid button type')
  }
}

/** The account a secret proves, for the calls that carry appid and secret themselves. */
function bySecret(ns: Namespace, appid: string | undefined, secret: string | undefined) {
  if (!appid) throw new PlatformError(41002, 'appid missing')
  if (!secret) throw new PlatformError(41004, 'appsecret missing')
  const account = accountOf(ns, 'official-account', appid)
  if (!account) throw new PlatformError(40013, 'invalid appid')
  if (account.secret !== secret) throw new PlatformError(40001, 'invalid credential, appsecret is wrong')
  return account
}

function webAnswer(ns: Namespace, appid: string, state: OfficialState, openid: string, scope: string, refresh: string | undefined) {
  const account = accountOf(ns, 'official-account', appid)
  const token = freshId(ns, '8', 110)
  state.webTokens[token] = { openid, scope, expiresAt: ns.now + webTokenMs, refresh: false }
  let refreshToken = refresh
  if (refreshToken === undefined) {
    refreshToken = freshId(ns, '8', 110)
    state.webTokens[refreshToken] = { openid, scope, expiresAt: ns.now + refreshMs, refresh: true }
  }
  if (nextNumber(ns, 'official-account.web-token') % 200 === 0)
    for (const [text, record] of Object.entries(state.webTokens)) if (record.expiresAt < ns.now) delete state.webTokens[text]
  const person = personOf(ns, openid)?.person
  const unionid = scope === 'snsapi_userinfo' && account && person !== undefined ? unionidOf(ns, account, person) : undefined
  return {
    access_token: token,
    expires_in: webTokenMs / 1000,
    refresh_token: refreshToken,
    openid,
    scope,
    ...(unionid === undefined ? {} : { unionid }),
  }
}

export const loginRoutes: Route[] = [
  serve(jsTicket, ({ ns, account, input }) => {
    if (input.type !== undefined && input.type !== 'jsapi' && input.type !== 'wx_card') throw new PlatformError(40097, 'invalid args')
    const state = officialState(ns, officialCaller(account).id)
    const held = state.jsTicket
    if (held && held.expiresAt > ns.now) return { ...ok, ticket: held.ticket, expires_in: Math.floor((held.expiresAt - ns.now) / 1000) }
    const ticket = freshId(ns, 'sM4AOVdWfPE4DxkXGEs8V', 65)
    state.jsTicket = { ticket, expiresAt: ns.now + ticketMs }
    return { ...ok, ticket, expires_in: ticketMs / 1000 }
  }),
  serve(menuCreate, ({ ns, account, input }) => {
    checkMenu(input.button as Button[])
    officialState(ns, officialCaller(account).id).menu = input.button
    return ok
  }),
  serve(menuGet, ({ ns, account }) => {
    const { menu } = readOfficial(ns, officialCaller(account).id)
    if (!menu) throw new PlatformError(46003, 'menu no exist')
    return { menu: { button: menu as Array<{ name: string }> } }
  }),
  serve(menuDelete, ({ ns, account }) => {
    officialState(ns, officialCaller(account).id).menu = null
    return ok
  }),
  serve(webLoginPage, ({ ns, input }) => {
    const account = accountOf(ns, 'official-account', input.appid)
    if (!account || !/^https?:\/\//.test(input.redirect_uri)) return html('<p>redirect_uri 参数错误 (10003)</p>')
    if (input.scope !== 'snsapi_base' && input.scope !== 'snsapi_userinfo') return html('<p>Scope 参数错误或没有 Scope 权限 (10005)</p>')
    // Who looks at the page: the emulator's own parameter; without it the page asks.
    const person = typeof input.qz_person === 'string' && input.qz_person !== '' ? input.qz_person : undefined
    if (person === undefined) {
      const kept = ['appid', 'redirect_uri', 'response_type', 'scope', 'state'] as const
      const fields = kept
        .flatMap((name) => (input[name] === undefined ? [] : [`<input type="hidden" name="${name}" value="${escape(String(input[name]))}">`]))
        .join('')
      return html(
        `<form action="">${fields}<label>模拟的微信用户 <input name="qz_person" value="me" autofocus></label> <button>同意并登录「${escape(account.name)}」</button></form>`,
      )
    }
    const code = freshId(ns, '0', 31)
    officialState(ns, account.id).webCodes[code] = {
      openid: openidOf(ns, account.id, person),
      scope: input.scope,
      snapshot: false,
      expiresAt: ns.now + 300_000,
      used: false,
    }
    const target = new URL(input.redirect_uri)
    target.searchParams.set('code', code)
    target.searchParams.set('state', input.state ?? '')
    return html(
      `<script>location.replace(${JSON.stringify(target.href).replaceAll('<', '\\u003c')})</script><noscript><a href="${escape(target.href)}">继续</a></noscript>`,
    )
  }),
  serve(webLogin, ({ ns, input }) => {
    const account = bySecret(ns, input.appid, input.secret)
    const state = officialState(ns, account.id)
    if (!input.code) throw new PlatformError(41008, 'missing code')
    const code = state.webCodes[input.code]
    if (!code) throw new PlatformError(40029, 'invalid code')
    if (code.used) throw new PlatformError(40163, 'code been used')
    if (code.expiresAt <= ns.now) throw new PlatformError(40029, 'invalid code')
    code.used = true
    return { ...webAnswer(ns, account.id, state, code.openid, code.scope, undefined), ...(code.snapshot ? { is_snapshotuser: 1 } : {}) }
  }),
  serve(webLoginRefresh, ({ ns, input }) => {
    const account = accountOf(ns, 'official-account', input.appid)
    if (!account) throw new PlatformError(40013, 'invalid appid')
    const state = officialState(ns, account.id)
    const held = state.webTokens[input.refresh_token]
    if (!held?.refresh) throw new PlatformError(40030, 'invalid refresh_token')
    if (held.expiresAt <= ns.now) throw new PlatformError(42002, 'refresh_token expired')
    return webAnswer(ns, account.id, state, held.openid, held.scope, input.refresh_token)
  }),
  serve(webUserInfo, ({ ns, input, query }) => {
    // The engine keeps the query's token out of the input.
    const text = query.access_token ?? ''
    if (text === '') throw new PlatformError(41001, 'access_token missing')
    const states = (ns.slices['official-account'] ?? {}) as Record<string, OfficialState>
    const found = Object.entries(states).find(([, state]) => state.webTokens[text]?.refresh === false)
    if (!found) throw new PlatformError(40001, 'invalid credential, access_token is invalid or not latest')
    const [appid, state] = found
    const token = state.webTokens[text]
    if (token.expiresAt <= ns.now) throw new PlatformError(42001, 'access_token expired')
    if (token.openid !== input.openid) throw new PlatformError(40003, 'invalid openid')
    if (token.scope !== 'snsapi_userinfo') throw new PlatformError(48001, 'api unauthorized')
    const account = accountOf(ns, 'official-account', appid)
    const person = personOf(ns, input.openid)?.person
    const unionid = account && person !== undefined ? unionidOf(ns, account, person) : undefined
    const name = createHash('sha256').update(input.openid).digest('hex').slice(0, 6)
    return { openid: input.openid, nickname: `微信用户${name}`, headimgurl: '', privilege: [], ...(unionid === undefined ? {} : { unionid }) }
  }),
  serve(quotaClear, ({ ns, account, input }) => {
    const caller = officialCaller(account)
    if (input.appid !== caller.id) throw new PlatformError(40013, 'invalid appid')
    const { quotaClears } = officialState(ns, caller.id)
    if (quotaClears.month !== monthOf(ns.now)) Object.assign(quotaClears, { month: monthOf(ns.now), count: 0 })
    if (quotaClears.count >= 10) throw new PlatformError(48006, 'forbid to clear quota because of reaching the limit')
    quotaClears.count++
    return ok
  }),
  serve(quotaGet, ({ input }) => {
    if (!input.cgi_path.startsWith('/')) throw new PlatformError(76021, 'cgi_path not found')
    const daily = 10_000_000
    return { ...ok, quota: { daily_limit: daily, used: 0, remain: daily } }
  }),
]
