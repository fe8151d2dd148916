import { z } from 'zod'
import { apiDomainIp, callbackIp, jsapiTicket, loginUser, tokenGet } from '../../wechat/spec/wecom/index.ts'
import { accountOf, freshId } from '../core/namespace.ts'
import { PlatformError } from '../core/platform-error.ts'
import { act, serve } from '../core/registry.ts'
import { currentToken, issueToken } from '../core/tokens.ts'
import { wecom } from './call.ts'
import { corpOf, customerOf, memberOf, seconds, stateOf } from './state.ts'

const ttlMs = 7_200_000
const loginCodeMs = 300_000

export const tokenRoutes = [
  serve(tokenGet, ({ ns, input }) => {
    if (!input.corpid) throw new PlatformError(41002, 'corpid missing')
    if (!input.corpsecret) throw new PlatformError(41004, 'corpsecret missing')
    const account = accountOf(ns, 'wecom', input.corpid)
    if (!account) throw new PlatformError(40013, 'invalid corpid')
    if (stateOf(ns, account).settings.closed) throw new PlatformError(301007, 'corp unavailable')
    const app = account.apps.find(({ secret }) => secret === input.corpsecret)
    if (!app) throw new PlatformError(40001, 'invalid credential')
    // Asking again before the end gives the same token (UNCONFIRMED; the Official Account differs).
    const which = { line: 'wecom' as const, accountId: account.id, agentId: app.agentId, kind: 'corp' }
    const current = currentToken(ns, which)
    if (current) return { access_token: current.token, expires_in: seconds(current.record.expiresAt - ns.now) }
    const { token } = issueToken(ns, { ...which, ttlMs, length: 213 })
    return { access_token: token, expires_in: seconds(ttlMs) }
  }),
  // Documentation addresses (RFC 5737): the emulator sends from wherever it runs.
  wecom(apiDomainIp, () => ({ ip_list: ['203.0.113.10', '203.0.113.11'] })),
  wecom(callbackIp, () => ({ ip_list: ['203.0.113.*'] })),
  wecom(jsapiTicket, ({ ns, corp, app }) => {
    const which = { line: 'wecom' as const, accountId: corp.id, agentId: app.agentId, kind: 'jsapi-ticket' }
    const current = currentToken(ns, which)
    const { token, expiresAt } = current
      ? { token: current.token, expiresAt: current.record.expiresAt }
      : issueToken(ns, { ...which, ttlMs, length: 86 })
    return { ticket: token, expires_in: seconds(expiresAt - ns.now) }
  }),
  wecom(loginUser, ({ ns, corp, input }) => {
    if (!input.code) throw new PlatformError(41008, 'missing auth code')
    const code = corp.loginCodes[input.code]
    if (!code || code.expiresAt <= ns.now) throw new PlatformError(40029, 'invalid code')
    if (code.used) throw new PlatformError(42022, 'code has been used')
    code.used = true
    if (code.userid !== undefined) return { userid: code.userid, user_ticket: freshId(ns, 'ticket', 40) }
    return { openid: code.openid, ...(code.externalUserid === undefined ? {} : { external_userid: code.externalUserid }) }
  }),
]

export const tokenActs = [
  act({
    name: 'wecom.login',
    en: 'A member or a customer opens a page of the corp and is sent back with a login code (5 minutes, once)',
    args: z.object({ corpid: z.string().optional(), userid: z.string().optional(), external_userid: z.string().optional() }),
    run(ns, args) {
      const { corp } = corpOf(ns, args.corpid)
      if (args.userid !== undefined) memberOf(corp, args.userid)
      const customer = args.external_userid === undefined ? undefined : customerOf(corp, args.external_userid)
      for (const [text, { expiresAt }] of Object.entries(corp.loginCodes)) if (expiresAt + ttlMs < ns.now) delete corp.loginCodes[text]
      const code = freshId(ns, 'code', 28)
      corp.loginCodes[code] = {
        userid: args.userid,
        externalUserid: customer?.id,
        openid: customer?.openid,
        expiresAt: ns.now + loginCodeMs,
        used: false,
      }
      return { code }
    },
  }),
]
