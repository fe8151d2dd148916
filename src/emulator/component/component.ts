import { z } from 'zod'
import { sealCallback, writeXml } from '../../wechat/codec/index.ts'
import {
  authorizerInfo,
  authorizerList,
  authorizerToken,
  componentStartTicket,
  componentToken,
  preAuthCode,
  queryAuth,
} from '../../wechat/spec/component.ts'
import type { ComponentAccount, PushSettings, WeixinAccount } from '../core/account.ts'
import { makePush } from '../core/core-module.ts'
import { accountOf, freshId, randomOf, slice, type Namespace, type Slice } from '../core/namespace.ts'
import { PlatformError } from '../core/platform-error.ts'
import { push, schedule } from '../core/push.ts'
import { act, serve, type LineModule } from '../core/registry.ts'
import { expireTokens, issueToken } from '../core/tokens.ts'

const tokenMs = 7_200_000
const ticketEveryMs = 600_000
const ticketLivesMs = 12 * 3_600_000
const preAuthMs = 600_000
/** Life of an authorisation code; the sheet has no figure: UNCONFIRMED. */
const codeMs = 3_600_000

/** Permission sets granted when none are named: product, order and after-sale, coupon of a Shop (Shop sheet 1); 1 to 3 elsewhere. */
const shopSets = [129, 131, 132]
const otherSets = [1, 2, 3]

type Authorizer = { refreshToken: string; authAt: number; sets: number[]; active: boolean; /** The account's own push settings while its messages go to the platform. */ ownPush: PushSettings | null }
type ComponentState = {
  /** Newest last. */
  tickets: Array<{ ticket: string; at: number }>
  pushing: boolean
  preAuth: Record<string, number>
  codes: Record<string, { appid: string; expiresAt: number; used: boolean }>
  authorizers: Record<string, Authorizer>
  /** Where the messages of authorised accounts go (消息与事件接收URL); `$APPID$` stands for the account's appid. */
  messageUrl: string | null
}
const componentSlice: Slice<Record<string, ComponentState>> = { name: 'component', init: () => ({}) }

function stateOf(ns: Namespace, id: string): ComponentState {
  const all = slice(ns, componentSlice)
  return (all[id] ??= { tickets: [], pushing: false, preAuth: {}, codes: {}, authorizers: {}, messageUrl: null })
}

function componentBySecret(ns: Namespace, appid: string | undefined, secret: string | undefined): ComponentAccount {
  const account = appid === undefined ? undefined : accountOf(ns, 'component', appid)
  if (!account) throw new PlatformError(61011, 'invalid component')
  if (!secret) throw new PlatformError(41004, 'appsecret missing')
  if (account.secret !== secret) throw new PlatformError(40125, 'invalid appsecret')
  return account
}

/** The component whose token was used; a body that names another one is refused. */
function caller(account: unknown, appid: string | undefined): ComponentAccount {
  const component = account as ComponentAccount
  if (appid !== undefined && appid !== component.id) throw new PlatformError(61011, 'invalid component')
  return component
}

function weixinAccount(ns: Namespace, appid: string | undefined): WeixinAccount | undefined {
  return ns.accounts.find((item): item is WeixinAccount => 'originalId' in item && item.id === appid)
}

function activeAuthorizer(state: ComponentState, appid: string | undefined): Authorizer {
  const authorizer = appid === undefined ? undefined : state.authorizers[appid]
  if (!authorizer?.active) throw new PlatformError(61003, 'component is not authorized by this account')
  return authorizer
}

const seconds = (ms: number): number => Math.floor(ms / 1000)
const funcInfo = (sets: readonly number[]) => sets.map((id) => ({ funcscope_category: { id } }))

function issueAuthorizer(ns: Namespace, component: ComponentAccount, appid: string): string {
  const account = weixinAccount(ns, appid)
  if (!account) throw new PlatformError(40013, 'invalid appid')
  return issueToken(ns, { line: account.kind, accountId: appid, kind: 'authorizer', ttlMs: tokenMs, extra: { component: component.id } }).token
}

function pushTicket(ns: Namespace, component: ComponentAccount): string {
  const state = stateOf(ns, component.id)
  const ticket = `ticket@@@${freshId(ns, '', 64)}`
  state.tickets.push({ ticket, at: ns.now })
  state.tickets = state.tickets.filter((one) => one.at + ticketLivesMs > ns.now)
  tell(ns, component, 'component_verify_ticket', { AppId: component.id, CreateTime: seconds(ns.now), InfoType: 'component_verify_ticket', ComponentVerifyTicket: ticket })
  return ticket
}

function tell(ns: Namespace, component: ComponentAccount, event: string, fields: Record<string, string | number | undefined>): void {
  push(ns, { account: { kind: 'component', id: component.id }, event, message: writeXml(fields), envelope: 'weixin' })
}

/** Messages of an authorised account go to the platform, in an envelope with the platform's keys and appid; afterwards to its own address again. */
function routeMessages(ns: Namespace, component: ComponentAccount, account: WeixinAccount): void {
  const { messageUrl, authorizers } = stateOf(ns, component.id)
  const authorizer = authorizers[account.id]
  if (authorizer.active && messageUrl !== null) {
    authorizer.ownPush ??= account.push
    const { token, aesKey } = component.push
    account.push = { url: messageUrl.replaceAll('$APPID$', account.id), token, aesKey, format: account.push.format, receiveId: component.id }
  } else if (authorizer.ownPush !== null) {
    account.push = authorizer.ownPush
    authorizer.ownPush = null
  }
}

function startPushing(ns: Namespace, component: ComponentAccount): void {
  const state = stateOf(ns, component.id)
  if (state.pushing) return
  state.pushing = true
  pushTicket(ns, component)
  schedule(ns, ns.now + ticketEveryMs, 'component.ticketDue', { id: component.id })
}

const routes = [
  serve(componentToken, ({ ns, input }) => {
    const component = componentBySecret(ns, input.component_appid, input.component_appsecret)
    const ticket = stateOf(ns, component.id).tickets.find((one) => one.ticket === input.component_verify_ticket)
    if (!ticket) throw new PlatformError(61006, 'component ticket is invalid')
    if (ticket.at + ticketLivesMs <= ns.now) throw new PlatformError(61005, 'component ticket is expired')
    return { component_access_token: issueToken(ns, { line: 'component', accountId: component.id, kind: 'component', ttlMs: tokenMs }).token, expires_in: seconds(tokenMs) }
  }),
  serve(componentStartTicket, ({ ns, input }) => {
    startPushing(ns, componentBySecret(ns, input.component_appid, input.component_secret))
    return { errcode: 0, errmsg: 'ok' }
  }),
  serve(preAuthCode, ({ ns, account, input }) => {
    const component = caller(account, input.component_appid)
    const code = freshId(ns, 'preauthcode@@@', 48)
    const state = stateOf(ns, component.id)
    for (const [old, expiresAt] of Object.entries(state.preAuth)) if (expiresAt <= ns.now) delete state.preAuth[old]
    state.preAuth[code] = ns.now + preAuthMs
    return { pre_auth_code: code, expires_in: seconds(preAuthMs) }
  }),
  serve(queryAuth, ({ ns, account, input }) => {
    const component = caller(account, input.component_appid)
    const state = stateOf(ns, component.id)
    const code = input.authorization_code === undefined ? undefined : state.codes[input.authorization_code]
    if (!code) throw new PlatformError(61009, 'code is invalid')
    if (code.used || code.expiresAt <= ns.now) throw new PlatformError(61010, 'code is expired')
    const authorizer = activeAuthorizer(state, code.appid)
    code.used = true
    return {
      authorization_info: {
        authorizer_appid: code.appid,
        authorizer_access_token: issueAuthorizer(ns, component, code.appid),
        expires_in: seconds(tokenMs),
        authorizer_refresh_token: authorizer.refreshToken,
        func_info: funcInfo(authorizer.sets),
      },
    }
  }),
  serve(authorizerToken, ({ ns, account, input }) => {
    const component = caller(account, input.component_appid)
    const state = stateOf(ns, component.id)
    const authorizer = activeAuthorizer(state, input.authorizer_appid)
    if (authorizer.refreshToken !== input.authorizer_refresh_token) throw new PlatformError(61023, 'refresh_token is invalid')
    return {
      authorizer_access_token: issueAuthorizer(ns, component, input.authorizer_appid ?? ''),
      expires_in: seconds(tokenMs),
      authorizer_refresh_token: authorizer.refreshToken,
    }
  }),
  serve(authorizerInfo, ({ ns, account, input }) => {
    const component = caller(account, input.component_appid)
    const authorizer = activeAuthorizer(stateOf(ns, component.id), input.authorizer_appid)
    const found = weixinAccount(ns, input.authorizer_appid)
    if (!found) throw new PlatformError(40013, 'invalid appid')
    return {
      authorizer_info: { nick_name: found.name, user_name: found.originalId, principal_name: found.name, service_type_info: { id: 2 }, verify_type_info: { id: 0 } },
      authorization_info: { authorizer_appid: found.id, authorizer_refresh_token: authorizer.refreshToken, func_info: funcInfo(authorizer.sets) },
    }
  }),
  serve(authorizerList, ({ ns, account, input }) => {
    const component = caller(account, input.component_appid)
    const all = Object.entries(stateOf(ns, component.id).authorizers).filter(([, one]) => one.active)
    const offset = input.offset ?? 0
    return {
      total_count: all.length,
      list: all.slice(offset, offset + Math.min(input.count ?? 100, 500)).map(([appid, one]) => ({ authorizer_appid: appid, refresh_token: one.refreshToken, auth_time: seconds(one.authAt) })),
    }
  }),
]

function find(ns: Namespace, id: string | undefined): ComponentAccount {
  const component = accountOf(ns, 'component', id)
  if (!component) throw new PlatformError('NOT_FOUND', `there is no third-party platform ${id ?? ''}`)
  return component
}

const which = z.object({ id: z.string().optional() })

export const componentModule: LineModule = {
  line: 'component',
  routes,
  acts: [
    act({
      name: 'component.pushTicket',
      en: 'Push a component_verify_ticket now',
      args: which,
      run: (ns, { id }) => ({ ticket: pushTicket(ns, find(ns, id)) }),
    }),
    act({
      name: 'component.startTickets',
      en: 'Push a ticket now and every 10 minutes from now on, as the platform does once a platform is approved',
      args: which,
      run(ns, { id }) {
        startPushing(ns, find(ns, id))
        return { ok: true }
      },
    }),
    act({
      name: 'component.ticketDue',
      en: 'The ten-minute ticket; scheduled by component.startTickets',
      args: z.object({ id: z.string() }),
      run(ns, { id }) {
        const component = accountOf(ns, 'component', id)
        if (!component || !stateOf(ns, id).pushing) return { ok: false }
        pushTicket(ns, component)
        schedule(ns, ns.now + ticketEveryMs, 'component.ticketDue', { id })
        return { ok: true }
      },
    }),
    act({
      name: 'component.authorize',
      en: 'An account’s administrator authorises the third-party platform (again: changes the permission sets)',
      args: which.extend({ authorizerAppid: z.string(), sets: z.array(z.int()).optional(), preAuthCode: z.string().optional() }),
      run(ns, args) {
        const component = find(ns, args.id)
        const account = weixinAccount(ns, args.authorizerAppid)
        if (!account) throw new PlatformError('NOT_FOUND', `there is no account ${args.authorizerAppid}`)
        const state = stateOf(ns, component.id)
        if (args.preAuthCode !== undefined && !((state.preAuth[args.preAuthCode] ?? 0) > ns.now)) throw new PlatformError(61010, 'code is expired')
        const before = state.authorizers[account.id]
        const sets = args.sets ?? (account.kind === 'shop' ? shopSets : otherSets)
        const again = before?.active === true
        state.authorizers[account.id] = { refreshToken: again ? before.refreshToken : freshId(ns, 'refreshtoken@@@', 43), authAt: ns.now, sets, active: true, ownPush: before?.ownPush ?? null }
        routeMessages(ns, component, account)
        const code = freshId(ns, 'queryauthcode@@@', 48)
        state.codes[code] = { appid: account.id, expiresAt: ns.now + codeMs, used: false }
        const event = again ? 'updateauthorized' : 'authorized'
        tell(ns, component, event, {
          AppId: component.id,
          CreateTime: seconds(ns.now),
          InfoType: event,
          AuthorizerAppid: account.id,
          AuthorizationCode: code,
          AuthorizationCodeExpiredTime: seconds(ns.now + codeMs),
          PreAuthCode: args.preAuthCode,
        })
        return { authorizationCode: code, expiresIn: seconds(codeMs) }
      },
    }),
    act({
      name: 'component.setMessageUrl',
      en: 'Where the messages of authorised accounts are pushed; $APPID$ stands for the account’s appid; null: to the accounts’ own addresses',
      args: which.extend({ url: z.string().nullable() }),
      run(ns, args) {
        const component = find(ns, args.id)
        const state = stateOf(ns, component.id)
        state.messageUrl = args.url
        for (const appid of Object.keys(state.authorizers)) {
          const account = weixinAccount(ns, appid)
          if (account) routeMessages(ns, component, account)
        }
        return { url: args.url }
      },
    }),
    act({
      name: 'component.unauthorize',
      en: 'An account takes its authorisation back: its tokens for the platform end at once',
      args: which.extend({ authorizerAppid: z.string() }),
      run(ns, args) {
        const component = find(ns, args.id)
        const authorizer = stateOf(ns, component.id).authorizers[args.authorizerAppid]
        if (!authorizer?.active) throw new PlatformError(61003, 'component is not authorized by this account')
        authorizer.active = false
        const account = weixinAccount(ns, args.authorizerAppid)
        if (account) routeMessages(ns, component, account)
        expireTokens(ns, { accountId: args.authorizerAppid, kind: 'authorizer' })
        tell(ns, component, 'unauthorized', { AppId: component.id, CreateTime: seconds(ns.now), InfoType: 'unauthorized', AuthorizerAppid: args.authorizerAppid })
        return { ok: true }
      },
    }),
  ],
  hooks: {
    hosts: [],
    // The retry schedule of these pushes is not in the sheet: the habit of api.weixin.qq.com, three attempts (UNCONFIRMED).
    push: { kinds: ['component'], policy: { timeLimitMs: 5_000, retryMs: [0, 0], acknowledged: (status) => status === 200 } },
    seal(delivery, ns, stamp) {
      const component = find(ns, delivery.account.id)
      const keys = { token: component.push.token, aesKey: component.push.aesKey, receiveId: component.id }
      const sealed = sealCallback(keys, delivery.message, {
        flavour: 'weixin',
        format: 'xml',
        timestamp: seconds(stamp.wireNow),
        nonce: stamp.nonce,
        random16: stamp.prefix,
        toUserName: '',
        componentAppid: component.id,
      })
      const { url } = component.push
      // No address: the engine then records the push without sending it.
      return { method: 'POST', url: url === null ? '' : `${url}${url.includes('?') ? '&' : '?'}${new URLSearchParams(sealed.query).toString()}`, headers: { 'content-type': sealed.contentType }, body: sealed.body }
    },
  },
  prepare(ns) {
    ns.accounts.push({
      kind: 'component',
      id: `wx${randomOf(ns).bytes(8, 'component-appid').toString('hex')}`,
      secret: randomOf(ns).bytes(16, 'component-secret').toString('hex'),
      push: makePush(ns, 'xml'),
    })
  },
  env(ns): Record<string, string> {
    const component = accountOf(ns, 'component')
    if (!component) return {}
    return {
      WECHAT_COMPONENT_APPID: component.id,
      WECHAT_COMPONENT_SECRET: component.secret,
      WECHAT_COMPONENT_TOKEN: component.push.token,
      WECHAT_COMPONENT_AES_KEY: component.push.aesKey,
    }
  },
}
