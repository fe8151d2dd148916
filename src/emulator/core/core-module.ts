import { z } from 'zod'
import { stableTokenPost, tokenGet } from '../../wechat/spec/tokens.ts'
import type { Account, AccountKind, PushSettings, WeixinAccount } from './account.ts'
import { faultPlan, setPlan } from './faults.ts'
import { accountOf, freshDigits, nextNumber, randomOf, slice, type Namespace, type Slice } from './namespace.ts'
import { PlatformError } from './platform-error.ts'
import { push } from './push.ts'
import { act, serve, type LineModule } from './registry.ts'
import { pushSettings } from './seal.ts'
import { currentToken, expireTokens, issueToken } from './tokens.ts'

/** What all lines share: the tokens of api.weixin.qq.com, and acts on accounts, tokens and faults. */

const tokenTtlMs = 7_200_000
const graceMs = 300_000

/** Forced refreshes of stable tokens per appid: at most 20 a day, 30 s apart (official-account sheet 1). */
const forcedSlice: Slice<Record<string, { day: number; count: number; at: number }>> = { name: 'core.forcedRefresh', init: () => ({}) }

/** Addresses that may ask for a token with the AppSecret (IP 白名单), by appid; no entry: everybody. */
const allowSlice: Slice<Record<string, string[]>> = { name: 'core.ipAllowList', init: () => ({}) }

function weixinAccount(ns: Namespace, ip: string, input: { grant_type?: string; appid?: string; secret?: string }): WeixinAccount {
  if (!input.appid) throw new PlatformError(41002, 'appid missing')
  if (!input.secret) throw new PlatformError(41004, 'appsecret missing')
  if (input.grant_type !== 'client_credential') throw new PlatformError(40002, 'invalid grant_type')
  const account = ns.accounts.find((item): item is WeixinAccount => isWeixin(item) && item.id === input.appid)
  if (!account) throw new PlatformError(40013, 'invalid appid')
  const allowed = (ns.slices[allowSlice.name] as Record<string, string[]> | undefined)?.[account.id]
  if (allowed && !allowed.includes(ip)) throw new PlatformError(40164, `invalid ip ${ip}, not in whitelist`)
  if (account.secret !== input.secret) throw new PlatformError(40001, 'AppSecret error or the secret is reset')
  return account
}

function isWeixin(account: Account): account is WeixinAccount {
  return account.kind === 'official-account' || account.kind === 'mini-program' || account.kind === 'shop' || account.kind === 'channels'
}

const seconds = (ms: number): number => Math.floor(ms / 1000)

const classicToken = serve(tokenGet, ({ ns, input, ip }) => {
  const account = weixinAccount(ns, ip, input)
  // A new classic token ends the former one, which lives about five more minutes.
  expireTokens(ns, { line: account.kind, accountId: account.id, kind: 'classic' }, graceMs)
  const { token } = issueToken(ns, { line: account.kind, accountId: account.id, kind: 'classic', ttlMs: tokenTtlMs })
  return { access_token: token, expires_in: seconds(tokenTtlMs) }
})

const stableToken = serve(stableTokenPost, ({ ns, input, ip }) => {
  const account = weixinAccount(ns, ip, input)
  const which = { line: account.kind, accountId: account.id, kind: 'stable' }
  const current = currentToken(ns, which)
  let forced = input.force_refresh === true
  if (forced) {
    const all = slice(ns, forcedSlice)
    const day = Math.floor((ns.now + 8 * 3_600_000) / 86_400_000)
    const seen = all[account.id]
    if (seen && seen.day === day && seen.count >= 20) throw new PlatformError(45009, 'reach max api daily quota limit')
    if (seen && ns.now - seen.at < 30_000) forced = false
    else all[account.id] = { day, count: seen && seen.day === day ? seen.count + 1 : 1, at: ns.now }
  }
  if (current && !forced && current.record.expiresAt - ns.now > graceMs) return { access_token: current.token, expires_in: seconds(current.record.expiresAt - ns.now) }
  // A forced refresh ends the old token at once; a normal one leaves both valid until the old one's end.
  if (forced) expireTokens(ns, which)
  const { token } = issueToken(ns, { ...which, ttlMs: tokenTtlMs })
  return { access_token: token, expires_in: seconds(tokenTtlMs) }
})

const which = z.object({ kind: z.enum(['wecom', 'official-account', 'mini-program', 'shop', 'channels', 'component', 'provider', 'pay']), id: z.string().optional(), agentId: z.string().optional() })

export const coreModule: LineModule = {
  line: 'core',
  routes: [classicToken, stableToken],
  acts: [
    act({
      name: 'core.setPush',
      en: 'Configure where the platform pushes an account\'s messages, and the keys of the envelope',
      args: which.extend({ url: z.string().nullable().optional(), token: z.string().optional(), aesKey: z.string().length(43).optional(), format: z.enum(['xml', 'json']).optional() }),
      run(ns, args) {
        const account = accountOf(ns, args.kind, args.id)
        if (!account || account.kind === 'pay') throw new PlatformError('NOT_FOUND', `there is no ${args.kind} account ${args.id ?? ''} with a push address`)
        const change = (old: PushSettings): PushSettings => ({
          url: args.url === undefined ? old.url : args.url,
          token: args.token ?? old.token,
          aesKey: args.aesKey ?? old.aesKey,
          format: args.format ?? old.format,
        })
        if (account.kind === 'wecom') {
          // Without an agent id every app of the corp gets the address.
          const apps = account.apps.filter((app) => args.agentId === undefined || app.agentId === args.agentId)
          if (apps.length === 0) throw new PlatformError('NOT_FOUND', `corp ${account.id} has no app ${args.agentId}`)
          for (const app of apps) app.push = change(app.push)
          return apps[0].push
        }
        account.push = change(account.push)
        return account.push
      },
    }),
    act({
      name: 'core.push',
      en: 'Send any message to an account as the platform would: for trying a receiver',
      args: which.extend({ id: z.string(), event: z.string(), message: z.string() }),
      run(ns, args) {
        const account = accountOf(ns, args.kind, args.id)
        if (!account || !pushSettings(account, args.agentId)) throw new PlatformError('NOT_FOUND', `there is no ${args.kind} account ${args.id} with a push address`)
        return { id: push(ns, { account: { kind: args.kind, id: args.id, agentId: args.agentId }, event: args.event, message: args.message, envelope: args.kind === 'wecom' || args.kind === 'provider' ? 'wecom' : 'weixin' }) ?? null }
      },
    }),
    act({
      name: 'core.setFaults',
      en: 'Set the fault plan of the namespace, or take it away with null',
      args: z.object({ plan: faultPlan.nullable() }),
      run(ns, { plan }) {
        setPlan(ns, plan)
        return { ok: true }
      },
    }),
    act({
      name: 'core.expireTokens',
      en: 'End tokens early; without a filter, all of them',
      args: z.object({ token: z.string().optional(), accountId: z.string().optional(), agentId: z.string().optional(), kind: z.string().optional() }),
      run: (ns, filter) => ({ expired: expireTokens(ns, filter) }),
    }),
    act({
      name: 'core.setIpAllowList',
      en: 'Only these addresses may ask for a token with the AppSecret (40164 otherwise); null lets everybody',
      args: z.object({ id: z.string(), ips: z.array(z.string()).nullable() }),
      run(ns, args) {
        const all = slice(ns, allowSlice)
        if (args.ips === null) delete all[args.id]
        else all[args.id] = args.ips
        return { id: args.id, ips: args.ips }
      },
    }),
    act({
      name: 'core.addAccount',
      en: 'Add one more Official Account, mini program, Shop or Channels assistant',
      args: z.object({ kind: z.enum(['official-account', 'mini-program', 'shop', 'channels']), name: z.string(), openPlatform: z.string().nullable().optional(), id: z.string().optional() }),
      run(ns, args) {
        const account = makeWeixinAccount(ns, args.kind, args.name, args.openPlatform === undefined ? 'main' : args.openPlatform, args.id)
        ns.accounts.push(account)
        return account
      },
    }),
    act({
      name: 'core.bindOpenPlatform',
      en: 'Bind an account to an Open Platform account (unionids from then on), or unbind it with null',
      args: z.object({ kind: z.enum(['official-account', 'mini-program', 'shop', 'channels']), id: z.string().optional(), openPlatform: z.string().nullable() }),
      run(ns, args) {
        const account = accountOf(ns, args.kind as AccountKind, args.id)
        if (!account || !isWeixin(account)) throw new PlatformError('NOT_FOUND', `there is no ${args.kind} account ${args.id ?? ''}`)
        account.openPlatform = args.openPlatform
        return { id: account.id, openPlatform: account.openPlatform }
      },
    }),
  ],
}

const hexDigits = '0123456789abcdef'

/** A fresh account with an appid, a secret and envelope keys, drawn from the world's seed. */
export function makeWeixinAccount(ns: Namespace, kind: WeixinAccount['kind'], name: string, openPlatform: string | null, id?: string): WeixinAccount {
  const n = nextNumber(ns, 'account')
  return {
    kind,
    id: id ?? `wx${randomOf(ns).bytes(8, 'appid', kind, n).toString('hex')}`,
    originalId: `gh_${randomOf(ns).bytes(6, 'original', kind, n).toString('hex')}`,
    name,
    secret: randomOf(ns).bytes(16, 'secret', kind, n).toString('hex'),
    push: makePush(ns, kind === 'official-account' ? 'xml' : 'json'),
    openPlatform,
  }
}

/** Fresh envelope keys without an address. */
export function makePush(ns: Namespace, format: 'xml' | 'json'): PushSettings {
  const n = nextNumber(ns, 'push-settings')
  let token = ''
  for (const byte of randomOf(ns).bytes(16, 'push-token', n)) token += hexDigits[byte & 15]
  return { url: null, token, aesKey: randomOf(ns).bytes(32, 'aes-key', n).toString('base64').slice(0, 43), format }
}

/** A WeChat Pay transaction number: 28 digits starting with 42. */
export function freshTransactionId(ns: Namespace): string {
  return freshDigits(ns, 'transaction', 28, '4200')
}

