import { z } from 'zod'
import { writeXml } from '../../wechat/codec/index.ts'
import {
  adminList,
  authInfo,
  corpToken,
  customizedAuthUrl,
  permanentCode,
  permanentCodeV2,
  providerToken,
  sessionInfoSet,
  suitePreAuthCode,
  suiteToken,
} from '../../wechat/spec/provider.ts'
import type { Corp, CorpApp, SuiteAccount } from '../core/account.ts'
import { makePush } from '../core/core-module.ts'
import { accountOf, freshId, nextNumber, randomOf, slice, type Namespace, type Slice } from '../core/namespace.ts'
import { PlatformError } from '../core/platform-error.ts'
import { push, schedule } from '../core/push.ts'
import { act, serve, type LineModule } from '../core/registry.ts'
import { expireTokens, issueToken, lookupToken } from '../core/tokens.ts'

const tokenMs = 7_200_000
const ticketEveryMs = 600_000
const ticketLivesMs = 1_800_000
const preAuthMs = 1_200_000
const authUrlMs = 864_000_000
/** Life of an auth code; the sheet has no figure: UNCONFIRMED. */
const authCodeMs = 600_000

type Authorization = { permanentCode: string; agentId: string; adminUserId: string; active: boolean }
type SuiteState = {
  tickets: Array<{ ticket: string; at: number }>
  pushing: boolean
  preAuth: Record<string, { expiresAt: number; authType: number }>
  codes: Record<string, { corpId: string; expiresAt: number; used: boolean }>
  corps: Record<string, Authorization>
}
const suiteSlice: Slice<Record<string, SuiteState>> = { name: 'provider', init: () => ({}) }

function stateOf(ns: Namespace, suiteId: string): SuiteState {
  const all = slice(ns, suiteSlice)
  return (all[suiteId] ??= { tickets: [], pushing: false, preAuth: {}, codes: {}, corps: {} })
}

const seconds = (ms: number): number => Math.floor(ms / 1000)

function tell(ns: Namespace, suite: SuiteAccount, event: string, fields: Record<string, string | number | undefined>): void {
  push(ns, { account: { kind: 'provider', id: suite.id }, event, message: writeXml({ SuiteId: suite.id, InfoType: event, TimeStamp: seconds(ns.now), ...fields }), envelope: 'wecom' })
}

function pushTicket(ns: Namespace, suite: SuiteAccount): string {
  const state = stateOf(ns, suite.id)
  const ticket = freshId(ns, '', 64)
  state.tickets = [...state.tickets.filter((one) => one.at + ticketLivesMs > ns.now), { ticket, at: ns.now }]
  tell(ns, suite, 'suite_ticket', { SuiteTicket: ticket })
  return ticket
}

function startPushing(ns: Namespace, suite: SuiteAccount): void {
  const state = stateOf(ns, suite.id)
  if (state.pushing) return
  state.pushing = true
  pushTicket(ns, suite)
  schedule(ns, ns.now + ticketEveryMs, 'provider.ticketDue', { id: suite.id })
}

function corpOf(ns: Namespace, corpId: string): Corp {
  const corp = accountOf(ns, 'wecom', corpId)
  if (!corp) throw new PlatformError(40013, 'invalid corpid')
  return corp
}

function authorizationOf(ns: Namespace, suite: SuiteAccount, corpId: string | undefined, code: string | undefined): { corp: Corp; authorization: Authorization } {
  const authorization = corpId === undefined ? undefined : stateOf(ns, suite.id).corps[corpId]
  if (!authorization || authorization.permanentCode !== code) throw new PlatformError(40084, 'invalid permanent_code')
  if (!authorization.active) throw new PlatformError(48004, 'api forbidden: authorization cancelled')
  return { corp: corpOf(ns, corpId ?? ''), authorization }
}

const corpInfo = (corp: Corp) => ({ corpid: corp.id, corp_name: corp.name, corp_type: 'verified', corp_user_max: 200, subject_type: 1 })
const agentInfo = (suite: SuiteAccount, authorization: Authorization) => ({
  agent: [{ agentid: Number(authorization.agentId), name: `suite ${suite.id}`, auth_mode: 0, privilege: { level: 1, allow_user: [], allow_party: [1] } }],
})

function corpAccess(ns: Namespace, suite: SuiteAccount, corp: Corp, authorization: Authorization) {
  return {
    access_token: issueToken(ns, { line: 'wecom', accountId: corp.id, agentId: authorization.agentId, kind: 'suite-corp', ttlMs: tokenMs, extra: { suite: suite.id } }).token,
    expires_in: seconds(tokenMs),
  }
}

const exchange = ({ ns, account, input }: { ns: Namespace; account: unknown; input: { auth_code?: string } }) => {
  const suite = account as SuiteAccount
  const state = stateOf(ns, suite.id)
  const code = input.auth_code === undefined ? undefined : state.codes[input.auth_code]
  if (!code || code.used || code.expiresAt <= ns.now) throw new PlatformError(40086, 'invalid auth code')
  code.used = true
  const authorization = state.corps[code.corpId]
  const corp = corpOf(ns, code.corpId)
  return {
    ...corpAccess(ns, suite, corp, authorization),
    permanent_code: authorization.permanentCode,
    auth_corp_info: corpInfo(corp),
    auth_info: agentInfo(suite, authorization),
    auth_user_info: { userid: authorization.adminUserId, name: authorization.adminUserId },
  }
}

const routes = [
  serve(providerToken, ({ ns, input }) => {
    const suite = ns.accounts.find((item): item is SuiteAccount => item.kind === 'provider' && item.corpId === input.corpid)
    if (!suite) throw new PlatformError(40013, 'invalid corpid')
    if (suite.providerSecret !== input.provider_secret) throw new PlatformError(40001, 'invalid credential')
    return { provider_access_token: issueToken(ns, { line: 'provider', accountId: suite.id, kind: 'provider', ttlMs: tokenMs }).token, expires_in: seconds(tokenMs) }
  }),
  serve(suiteToken, ({ ns, input }) => {
    const suite = input.suite_id === undefined ? undefined : accountOf(ns, 'provider', input.suite_id)
    if (!suite) throw new PlatformError(40083, 'invalid suite_id')
    if (suite.secret !== input.suite_secret) throw new PlatformError(40080, 'invalid suite secret')
    const ticket = stateOf(ns, suite.id).tickets.find((one) => one.ticket === input.suite_ticket)
    if (!ticket || ticket.at + ticketLivesMs <= ns.now) throw new PlatformError(40085, 'invalid suite ticket')
    return { suite_access_token: issueToken(ns, { line: 'provider', accountId: suite.id, kind: 'suite', ttlMs: tokenMs }).token, expires_in: seconds(tokenMs) }
  }),
  serve(suitePreAuthCode, ({ ns, account }) => {
    const suite = account as SuiteAccount
    const code = freshId(ns, '', 64)
    stateOf(ns, suite.id).preAuth[code] = { expiresAt: ns.now + preAuthMs, authType: 0 }
    return { pre_auth_code: code, expires_in: seconds(preAuthMs) }
  }),
  serve(sessionInfoSet, ({ ns, account, input }) => {
    const known = input.pre_auth_code === undefined ? undefined : stateOf(ns, (account as SuiteAccount).id).preAuth[input.pre_auth_code]
    if (!known || known.expiresAt <= ns.now) throw new PlatformError(42007, 'pre_auth_code expired')
    known.authType = input.session_info?.auth_type ?? 0
    return {}
  }),
  serve(permanentCode, exchange),
  serve(permanentCodeV2, exchange),
  serve(corpToken, ({ ns, account, input }) => {
    const suite = account as SuiteAccount
    const { corp, authorization } = authorizationOf(ns, suite, input.auth_corpid, input.permanent_code)
    return corpAccess(ns, suite, corp, authorization)
  }),
  serve(authInfo, ({ ns, account, input }) => {
    const suite = account as SuiteAccount
    const { corp, authorization } = authorizationOf(ns, suite, input.auth_corpid, input.permanent_code)
    return { auth_corp_info: corpInfo(corp), auth_info: agentInfo(suite, authorization) }
  }),
  serve(adminList, ({ ns, account, input }) => {
    const authorization = input.auth_corpid === undefined ? undefined : stateOf(ns, (account as SuiteAccount).id).corps[input.auth_corpid]
    if (!authorization?.active) throw new PlatformError(48004, 'api forbidden: not authorized')
    return { admin: [{ userid: authorization.adminUserId, auth_type: 1 }] }
  }),
  serve(customizedAuthUrl, ({ ns, input }) => ({
    qrcode_url: `https://open.work.weixin.qq.com/3rdservice/wework/emulated?code=${freshId(ns, '', 24)}&state=${encodeURIComponent(input.state ?? '')}`,
    expires_in: seconds(authUrlMs),
  })),
]

function find(ns: Namespace, id: string | undefined): SuiteAccount {
  const suite = accountOf(ns, 'provider', id)
  if (!suite) throw new PlatformError('NOT_FOUND', `there is no suite ${id ?? ''}`)
  return suite
}

const which = z.object({ id: z.string().optional() })
const tokenName = { suite_access_token: 'suite', provider_access_token: 'provider' } as const

export const providerModule: LineModule = {
  line: 'provider',
  routes,
  acts: [
    act({ name: 'provider.pushTicket', en: 'Push a suite_ticket now', args: which, run: (ns, { id }) => ({ ticket: pushTicket(ns, find(ns, id)) }) }),
    act({
      name: 'provider.startTickets',
      en: 'Push a suite ticket now and every 10 minutes from now on',
      args: which,
      run(ns, { id }) {
        startPushing(ns, find(ns, id))
        return { ok: true }
      },
    }),
    act({
      name: 'provider.ticketDue',
      en: 'The ten-minute ticket; scheduled by provider.startTickets',
      args: z.object({ id: z.string() }),
      run(ns, { id }) {
        const suite = accountOf(ns, 'provider', id)
        if (!suite || !stateOf(ns, id).pushing) return { ok: false }
        pushTicket(ns, suite)
        schedule(ns, ns.now + ticketEveryMs, 'provider.ticketDue', { id })
        return { ok: true }
      },
    }),
    act({
      name: 'provider.install',
      en: 'A corp’s administrator installs the suite; again: authorises anew with the same permanent code',
      args: which.extend({ corpId: z.string().optional(), adminUserId: z.string().optional(), preAuthCode: z.string().optional(), state: z.string().optional() }),
      run(ns, args) {
        const suite = find(ns, args.id)
        const corp = accountOf(ns, 'wecom', args.corpId)
        if (!corp) throw new PlatformError('NOT_FOUND', `there is no corp ${args.corpId ?? ''}`)
        const state = stateOf(ns, suite.id)
        if (args.preAuthCode !== undefined && !((state.preAuth[args.preAuthCode]?.expiresAt ?? 0) > ns.now)) throw new PlatformError(42007, 'pre_auth_code expired')
        const before = state.corps[corp.id]
        if (before?.active) before.adminUserId = args.adminUserId ?? before.adminUserId
        else {
          const authorization: Authorization = {
            permanentCode: freshId(ns, '', 43),
            agentId: before?.agentId ?? String(1_000_100 + nextNumber(ns, `agent:${corp.id}`)),
            adminUserId: args.adminUserId ?? 'admin',
            active: true,
          }
          state.corps[corp.id] = authorization
          // For an app developed on behalf the permanent code is the app's secret (WeCom sheet 5.14).
          const app: CorpApp = { agentId: authorization.agentId, kind: 'app', secret: authorization.permanentCode, push: { ...suite.push, url: null } }
          corp.apps = [...corp.apps.filter((known) => known.agentId !== app.agentId), app]
        }
        const code = freshId(ns, '', 64)
        state.codes[code] = { corpId: corp.id, expiresAt: ns.now + authCodeMs, used: false }
        tell(ns, suite, 'create_auth', { AuthCode: code, State: args.state })
        return { authCode: code, corpId: corp.id, agentId: state.corps[corp.id].agentId }
      },
    }),
    act({
      name: 'provider.change',
      en: 'A corp changes what the suite may see',
      args: which.extend({ corpId: z.string() }),
      run(ns, args) {
        const suite = find(ns, args.id)
        if (!stateOf(ns, suite.id).corps[args.corpId]?.active) throw new PlatformError('NOT_FOUND', `corp ${args.corpId} has not installed the suite`)
        tell(ns, suite, 'change_auth', { AuthCorpId: args.corpId })
        return { ok: true }
      },
    }),
    act({
      name: 'provider.uninstall',
      en: 'A corp takes the authorisation back: its tokens for the suite end at once',
      args: which.extend({ corpId: z.string() }),
      run(ns, args) {
        const suite = find(ns, args.id)
        const authorization = stateOf(ns, suite.id).corps[args.corpId]
        if (!authorization?.active) throw new PlatformError('NOT_FOUND', `corp ${args.corpId} has not installed the suite`)
        authorization.active = false
        expireTokens(ns, { line: 'wecom', accountId: args.corpId, agentId: authorization.agentId })
        const corp = corpOf(ns, args.corpId)
        corp.apps = corp.apps.filter((app) => app.agentId !== authorization.agentId)
        tell(ns, suite, 'cancel_auth', { AuthCorpId: args.corpId })
        return { ok: true }
      },
    }),
  ],
  hooks: {
    hosts: [],
    push: { kinds: ['provider'], policy: { timeLimitMs: 5_000, retryMs: [0, 0], acknowledged: (status) => status === 200 } },
    authenticate(request, route, ns) {
      const { credential } = route.endpoint
      if (credential === 'none') return { account: undefined, app: undefined }
      const wanted = tokenName[credential as keyof typeof tokenName]
      const text = new URLSearchParams(request.url.split('?')[1] ?? '').get(credential)
      if (!text) throw new PlatformError(41001, `${credential} missing`)
      const known = lookupToken(ns, text)
      if (!known || known.record.kind !== wanted) throw wanted === 'suite' ? new PlatformError(40082, 'invalid suite_token') : new PlatformError(40014, 'invalid provider_access_token')
      if (known.state === 'expired') throw wanted === 'suite' ? new PlatformError(42009, 'suite_access_token expired') : new PlatformError(42001, 'provider_access_token expired')
      return { account: accountOf(ns, 'provider', known.record.accountId), app: undefined }
    },
  },
  prepare(ns) {
    const hex = (what: string): string => randomOf(ns).bytes(8, what).toString('hex')
    ns.accounts.push({
      kind: 'provider',
      id: `ww${hex('suite-id')}`,
      corpId: `ww${hex('provider-corp')}`,
      providerSecret: randomOf(ns).bytes(32, 'provider-secret').toString('base64url'),
      secret: randomOf(ns).bytes(32, 'suite-secret').toString('base64url'),
      push: makePush(ns, 'xml'),
    })
  },
  env(ns): Record<string, string> {
    const suite = accountOf(ns, 'provider')
    if (!suite) return {}
    return {
      WECOM_PROVIDER_CORPID: suite.corpId,
      WECOM_PROVIDER_SECRET: suite.providerSecret,
      WECOM_SUITE_ID: suite.id,
      WECOM_SUITE_SECRET: suite.secret,
      WECOM_SUITE_TOKEN: suite.push.token,
      WECOM_SUITE_AES_KEY: suite.push.aesKey,
    }
  },
}
