import { createHmac } from 'node:crypto'
import { codeToSession, paidUnionid, phoneNumber, riskRank, sessionCheck, sessionReset } from '../../wechat/spec/mini-program/index.ts'
import { accountOf, freshId } from '../core/namespace.ts'
import { PlatformError } from '../core/platform-error.ts'
import { serve, type Route } from '../core/registry.ts'
import { unionidOf } from '../core/people.ts'
import { miniCaller, miniState, readMini, userOf, type MiniUser } from './state.ts'

const ok = { errcode: 0, errmsg: 'ok' }
const perMinute = 100

function checkSignature(user: MiniUser, input: { signature: string; sig_method: string }): void {
  const expected = createHmac('sha256', user.sessionKey).update('').digest('hex')
  if (input.sig_method !== 'hmac_sha256' || input.signature !== expected) throw new PlatformError(87009, 'invalid signature')
}

export const loginRoutes: Route[] = [
  serve(codeToSession, ({ ns, input }) => {
    if (!input.appid) throw new PlatformError(41002, 'appid missing')
    const account = accountOf(ns, 'mini-program', input.appid)
    if (!account) throw new PlatformError(40013, 'invalid appid')
    if (!input.secret) throw new PlatformError(41004, 'appsecret missing')
    if (account.secret !== input.secret) throw new PlatformError(40001, 'invalid credential, appsecret is wrong')
    if (!input.js_code) throw new PlatformError(41008, 'missing code')
    const state = miniState(ns, account.id)
    const code = state.jsCodes[input.js_code]
    if (!code || code.expiresAt <= ns.now) throw new PlatformError(40029, 'invalid code')
    if (code.used) throw new PlatformError(40163, 'code been used')
    const user = state.users[code.openid]
    if (user.riskRank >= 4) throw new PlatformError(40226, 'code blocked')
    const minute = Math.floor(ns.now / 60_000)
    if (user.minute !== minute) Object.assign(user, { minute, logins: 0 })
    if (user.logins >= perMinute) throw new PlatformError(45011, 'api minute-quota reach limit  mustslower  retry next minute')
    user.logins++
    code.used = true
    user.sessionKey = Buffer.from(freshId(ns, '', 16), 'latin1').toString('base64')
    const unionid = unionidOf(ns, account, user.person)
    return { session_key: user.sessionKey, openid: user.openid, ...(unionid === undefined ? {} : { unionid }) }
  }),
  serve(sessionCheck, ({ ns, account, input }) => {
    checkSignature(userOf(ns, miniCaller(account), input.openid), input)
    return ok
  }),
  serve(sessionReset, ({ ns, account, input }) => {
    const user = userOf(ns, miniCaller(account), input.openid)
    checkSignature(user, input)
    user.sessionKey = Buffer.from(freshId(ns, '', 16), 'latin1').toString('base64')
    return { ...ok, openid: user.openid, session_key: user.sessionKey }
  }),
  serve(phoneNumber, ({ ns, account, input }) => {
    const caller = miniCaller(account)
    const code = miniState(ns, caller.id).phoneCodes[input.code]
    if (!code || code.expiresAt <= ns.now) throw new PlatformError(40029, 'invalid code')
    if (code.used) throw new PlatformError(40163, 'code been used')
    code.used = true
    const pure = code.phone.replace(/^\+86/, '')
    return {
      ...ok,
      phone_info: {
        phoneNumber: pure,
        purePhoneNumber: pure,
        countryCode: '86',
        watermark: { timestamp: Math.floor(ns.now / 1000), appid: caller.id },
      },
    }
  }),
  serve(riskRank, ({ ns, account, input }) => {
    const caller = miniCaller(account)
    if (input.appid !== caller.id) throw new PlatformError(40013, 'invalid appid')
    return { ...ok, risk_rank: userOf(ns, caller, input.openid).riskRank }
  }),
  serve(paidUnionid, ({ ns, account, input }) => {
    const caller = miniCaller(account)
    const user = userOf(ns, caller, input.openid)
    const paid = Object.values(readMini(ns, caller.id).shipping).some(
      (order) =>
        order.openid === input.openid &&
        order.paidAt > ns.now - 300_000 &&
        (input.transaction_id === undefined
          ? input.out_trade_no === undefined || (order.outTradeNo === input.out_trade_no && order.mchid === input.mch_id)
          : order.transactionId === input.transaction_id),
    )
    const unionid = unionidOf(ns, caller, user.person)
    if (!paid || unionid === undefined) throw new PlatformError(89300, 'no such payment')
    return { ...ok, unionid }
  }),
]
