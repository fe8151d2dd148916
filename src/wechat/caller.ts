import type { EndpointRow, Line } from './spec/endpoint.ts'
import type { Clock } from '../kernel/clock.ts'
import type { PlatformAnswer } from '../kernel/engine/index.ts'
import type { Random } from '../kernel/random.ts'
import { createWechat, WechatError, type HttpPort, type TokenStore, type UploadPart, type Wechat, type WechatAccount } from './client/index.ts'
import type { Connection } from './connection/index.ts'

/**
 * Calls by endpoint name on a connection (a file comes as `{ contentType, bytes }`): finds the row, makes the account from the connection's secrets, and turns the outcome into what the
 * engine decides on. One client per base address and clock, so that tokens are shared.
 */
export type Caller = {
  call(connection: Connection, endpoint: string, request: unknown, world: Clock, tenantId: number, parts?: readonly UploadPart[]): Promise<PlatformAnswer>
  client(connection: Connection, world: Clock, tenantId: number): Wechat
  accountOf(connection: Connection, agent?: 'contact' | 'app'): WechatAccount
}

export function createCaller(options: { rows: ReadonlyMap<string, EndpointRow>; http: HttpPort; wireClock: Clock; random: Random; tokenStore?: (connection: Connection, tenantId: number) => TokenStore | undefined }): Caller {
  const clients = new Map<string, Wechat>()
  const client = (connection: Connection, world: Clock, tenantId: number): Wechat => {
    const key = `${connection.connectionId} ${connection.baseUrl ?? ''}`
    let found = clients.get(key)
    if (!found) {
      const base = connection.baseUrl ?? undefined
      const baseUrls = base === undefined ? undefined : (Object.fromEntries(['wecom', 'provider', 'official-account', 'mini-program', 'shop', 'channels', 'component', 'pay'].map((line) => [line, base])) as Record<Line, string>)
      found = createWechat({ baseUrls, http: options.http, clock: world, wireClock: options.wireClock, random: options.random, tokenStore: options.tokenStore?.(connection, tenantId) })
      clients.set(key, found)
    }
    return found
  }
  // A client keeps tokens and keys by account, so one connection is one account as long as it is not read again.
  const accounts = { contact: new WeakMap<Connection, WechatAccount>(), app: new WeakMap<Connection, WechatAccount>() }
  const accountOf = (c: Connection, agent: 'contact' | 'app' = 'contact'): WechatAccount => {
    let known = accounts[agent].get(c)
    if (!known) accounts[agent].set(c, (known = makeAccount(c, agent)))
    return known
  }
  const makeAccount = (c: Connection, agent: 'contact' | 'app'): WechatAccount => {
    if (c.line === 'wecom') return { kind: 'wecom', corpId: c.accountId, agentId: agent === 'app' ? 'app' : (c.secrets.agentId ?? 'contact'), secret: (agent === 'app' ? c.secrets.appSecret : undefined) ?? c.secrets.secret ?? '' }
    if (c.line === 'pay') {
      return {
        kind: 'pay', mchid: c.accountId, serial: c.secrets.merchantSerial ?? '', privateKey: c.secrets.merchantPrivateKey ?? '', apiV3Key: c.secrets.apiV3Key ?? '',
        ...(c.secrets.payPublicKeyId && c.secrets.payPublicKey ? { publicKey: { id: c.secrets.payPublicKeyId, pem: c.secrets.payPublicKey } } : {}),
      }
    }
    return { kind: 'appid', line: c.line as Line, appid: c.accountId, secret: c.secrets.secret ?? '' }
  }
  return {
    client, accountOf,
    async call(connection, endpoint, request, world, tenantId, parts) {
      const row = options.rows.get(endpoint)
      if (!row) return { kind: 'refused', retry: 'never', code: 'no-endpoint', text: `there is no endpoint ${endpoint}` }
      try {
        const wechat = client(connection, world, tenantId)
        const options = { account: accountOf(connection), ...(parts === undefined ? {} : { parts: [...parts] }) }
        const result = row.body === 'binary' ? await wechat.download(row, request as never, options) : await wechat.call(row, request as never, options)
        return { kind: 'ok', result }
      } catch (error) {
        if (!(error instanceof WechatError)) throw error
        if (error.noAnswer) return { kind: 'no-answer', text: error.message }
        return { kind: 'refused', retry: error.retry, code: String(error.errcode), text: error.errmsg }
      }
    },
  }
}
