import { sealCallback, sealEcho, type CallbackKeys } from '../../wechat/codec/index.ts'
import type { Account, AccountKind, PushSettings } from './account.ts'
import { accountOf, type Delivery, type Namespace } from './namespace.ts'
import type { Sealed } from './wire.ts'

type Stamp = { wireNow: number; nonce: string; prefix: Buffer }

// A cache of prepared keys, not state: push settings are replaced, never edited.
const keysOf = new WeakMap<PushSettings, CallbackKeys>()

function callbackKeys(push: PushSettings, receiveId: string): CallbackKeys {
  let keys = keysOf.get(push)
  if (!keys || keys.receiveId !== receiveId) keysOf.set(push, (keys = { token: push.token, aesKey: push.aesKey, receiveId }))
  return keys
}

/** Where an account's pushes go. WeCom: the app's own address, else that of the customer-contact app. */
export function pushSettings(account: Account, agentId?: string): PushSettings | undefined {
  if (account.kind === 'pay') return undefined
  if (account.kind !== 'wecom') return account.push
  return (account.apps.find((app) => app.agentId === agentId) ?? account.apps.find((app) => app.kind === 'contact'))?.push
}

function toUserName(account: Account): string {
  return 'originalId' in account ? account.originalId : account.id
}

/** The callback envelope of the account a push is for; undefined when the account is gone or has no address. */
export function sealPush(delivery: Delivery, ns: Namespace, stamp: Stamp): Sealed | undefined {
  const account = accountOf(ns, delivery.account.kind, delivery.account.id)
  const push = account && pushSettings(account, delivery.account.agentId)
  if (!account || !push || push.url === null) return undefined
  const flavour = delivery.envelope === 'wecom' ? 'wecom' : 'weixin'
  const sealed = sealCallback(callbackKeys(push, push.receiveId ?? account.id), delivery.message, {
    flavour,
    format: push.format,
    timestamp: Math.floor(stamp.wireNow / 1000),
    nonce: stamp.nonce,
    random16: stamp.prefix,
    toUserName: toUserName(account),
    agentId: delivery.account.agentId,
  })
  return { method: 'POST', url: withQuery(delivery.url ?? push.url, sealed.query), headers: { 'content-type': sealed.contentType, ...delivery.headers }, body: sealed.body }
}

/** The platform's check of a callback address (GET with echostr); `expected` is what a right receiver writes back. */
export function sealAddressCheck(ns: Namespace, which: { kind: AccountKind; id: string; agentId?: string }, stamp: Stamp): { sealed: Sealed; expected: string } | undefined {
  const account = accountOf(ns, which.kind, which.id)
  const push = account && pushSettings(account, which.agentId)
  if (!account || !push || push.url === null) return undefined
  const flavour = account.kind === 'wecom' || account.kind === 'provider' ? 'wecom' : 'weixin'
  const echo = stamp.prefix.toString('hex').replace(/\D/g, '').padEnd(19, '7').slice(0, 19)
  const { query, expected } = sealEcho(callbackKeys(push, push.receiveId ?? account.id), echo, {
    flavour,
    timestamp: Math.floor(stamp.wireNow / 1000),
    nonce: stamp.nonce,
    random16: stamp.prefix,
  })
  return { sealed: { method: 'GET', url: withQuery(push.url, query), headers: {}, body: '' }, expected }
}

function withQuery(url: string, query: Record<string, string>): string {
  return `${url}${url.includes('?') ? '&' : '?'}${new URLSearchParams(query).toString()}`
}
