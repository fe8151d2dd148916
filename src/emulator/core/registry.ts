import type { z } from 'zod'
import type { EndpointRow, Line } from '../../wechat/spec/endpoint.ts'
import type { Account, AccountKind, CorpApp } from './account.ts'
import type { RequestFault } from './faults.ts'
import type { Delivery, Namespace } from './namespace.ts'
import type { PlatformError } from './platform-error.ts'
import type { Sealed, WireAnswer, WireRequest } from './wire.ts'

/** What a handler is given. `input` is already checked against the row's request schema and has ids as strings where the schema says so. */
export type Call<I = unknown> = {
  ns: Namespace
  /** Owner of the token, or of the Pay signature; undefined for token endpoints (credential none). */
  account: Account | undefined
  /** WeCom: the app whose secret the token came from. */
  app: CorpApp | undefined
  input: I
  query: Record<string, string>
  params: Record<string, string>
  headers: Record<string, string>
  /** Uploads: the parts of a multipart body. */
  parts: Array<{ name: string; filename?: string; contentType?: string; bytes: Uint8Array }>
  /** Source address as the caller shows it, for allow lists. */
  ip: string
  /** Wire time (real unless simulated), for Pay signatures. Business time is `ns.now`. */
  wireNow: number
  /** Faults drawn for this call that the handler must act out: `partial` (leave out part of a list), `unchanged` (say ok, change nothing). */
  faults: readonly RequestFault[]
}

/** Bytes as an answer (QR images, bill files). */
export class BinaryAnswer {
  readonly contentType: string
  readonly bytes: Uint8Array
  readonly headers: Record<string, string>
  constructor(contentType: string, bytes: Uint8Array, headers: Record<string, string> = {}) {
    this.contentType = contentType
    this.bytes = bytes
    this.headers = headers
  }
}

/** Synchronous and deterministic: state and draws come from `call.ns` alone. Throws `PlatformError` for the platform's own errors. */
export type Handler<Req extends z.ZodType, Res extends z.ZodType> = (call: Call<z.output<Req>>) => z.input<Res> | BinaryAnswer

export type Route = { endpoint: EndpointRow; handler: Handler<z.ZodType, z.ZodType> }

/**
 * An act is something people or the platform do by themselves: a buyer pays, a contact scans, an audit passes. Acts are the emulator's own
 * door (admin API, population, tests), not WeChat's. Args and result are JSON.
 */
export type Act<A = unknown, R = unknown> = { name: string; en: string; args: z.ZodType<A>; run: (ns: Namespace, args: A) => R }

/** Who is calling, as the credential shows it. */
export type Caller = { account: Account | undefined; app: CorpApp | undefined }

/** What a call came to, before it is written: the handler's value, its bytes, or the platform's error. */
export type Outcome = { value: unknown } | { binary: BinaryAnswer } | { error: PlatformError }

/** What `encode` knows. `route` is undefined when no endpoint matched; `caller` when the credential did not hold. */
export type EncodeContext = {
  ns: Namespace
  request: WireRequest
  route: Route | undefined
  caller: Caller | undefined
  wireNow: number
  /** Drawn for this call; `probe` asks Pay to sign wrongly (the `WECHATPAY/SIGNTEST/` probe). */
  faults: readonly RequestFault[]
}

/** How long the receiver has, when a push is repeated (waits after each failed attempt), and what counts as received. */
export type PushPolicy = { timeLimitMs: number; retryMs: readonly number[]; acknowledged: (status: number, body: string) => boolean }

/**
 * What a line does in its own way. All fields but `hosts` are optional: the defaults are api.weixin.qq.com's habits
 * (token in the query, HTTP 200 with errcode).
 *
 * WeChat Pay fills `authenticate` (signature of the request; throw `PlatformError(code, message, { status: 401 })`), `encode` (status, JSON
 * and `Wechatpay-*` signature headers on every answer, 204 included: a handler returns `undefined` for 204), `seal` (signed notice headers)
 * and `errors`. Hooks are synchronous; `encode` and `seal` may not change the state.
 */
export type LineHooks = {
  /** Host names the platform serves this line on; used when two lines share a path and there is no token. */
  hosts: readonly string[]
  /** Replaces the token in the query. */
  authenticate?: (request: WireRequest, route: Route, ns: Namespace, wireNow: number) => Caller
  encode?: (outcome: Outcome, context: EncodeContext) => WireAnswer
  /** Makes the envelope of a push of this line; `nonce` and `prefix` are drawn from the world. Default: the callback envelope of the line's account. */
  seal?: (delivery: Delivery, ns: Namespace, stamp: { wireNow: number; nonce: string; prefix: Buffer }) => Sealed
  /** The receiver acknowledged a push with a body that is neither empty nor `success` (a passive reply, still sealed). May change the state. */
  onReply?: (ns: Namespace, delivery: Delivery, body: string) => void
  /** Deliveries of which account kind follow this line's policy. */
  push?: { kinds: readonly AccountKind[]; policy: PushPolicy }
  /** The line's own errors; each returns what to throw. */
  errors?: {
    missingToken?: () => PlatformError
    invalidToken?: () => PlatformError
    expiredToken?: () => PlatformError
    /** The token is good, but belongs to an account of another line. */
    wrongLine?: () => PlatformError
    badInput?: (detail: string, endpoint: EndpointRow) => PlatformError
    badJson?: () => PlatformError
    unknownPath?: (method: string, path: string) => PlatformError
    busy?: () => PlatformError
    rateLimited?: (perMs: number) => PlatformError
  }
  /** True: answers without errcode get `errcode: 0, errmsg: "ok"`. Default: true on wecom, provider, shop and channels, except token endpoints of api.weixin.qq.com. */
  addErrcode?: (endpoint: EndpointRow) => boolean
}

export type LineModule = {
  line: Line | 'core'
  routes: Route[]
  acts: Act[]
  hooks?: LineHooks
  /** Makes the line's default accounts and state in a new namespace. */
  prepare?: (ns: Namespace) => void
  /** Credentials of the line's accounts as environment variables, for a real client. */
  env?: (ns: Namespace) => Record<string, string>
}

export function serve<Req extends z.ZodType, Res extends z.ZodType>(endpoint: EndpointRow<Req, Res>, handler: Handler<Req, Res>): Route {
  return { endpoint: endpoint as EndpointRow, handler: handler as unknown as Handler<z.ZodType, z.ZodType> }
}

export function act<A, R>(definition: Act<A, R>): Act {
  return definition as unknown as Act
}
