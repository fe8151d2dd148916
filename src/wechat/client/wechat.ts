import type { z } from 'zod'
import type { Clock, Instant } from '../../kernel/clock.ts'
import { parseJson, writeJson } from '../../kernel/json.ts'
import { randomText, type Random } from '../../kernel/random.ts'
import {
  CodecError,
  openCertificates,
  openPayNotice as openNotice,
  payPlatformKeys,
  payPrivateKey,
  platformCertificate,
  platformPublicKey,
  signPayRequest,
  verifyPayMessage,
  type PayHeaders,
  type PayNotice,
  type PayPlatformKey,
  type PayPlatformKeys,
  type PaySigner,
  type SealedCertificate,
} from '../codec/index.ts'
import { authorizerToken, componentToken } from '../spec/component.ts'
import type { EndpointRow, KnownError, Line, Retry } from '../spec/endpoint.ts'
import { certificatesGet } from '../spec/pay/certificate.ts'
import { corpToken, providerToken, suiteToken } from '../spec/provider.ts'
import { stableTokenPost, tokenGet as classicTokenGet } from '../spec/tokens.ts'
import { tokenGet as corpAppTokenGet } from '../spec/wecom/token.ts'
import { capOwner, tokenKey, type PayAccount, type WechatAccount } from './account.ts'
import { fitAnswer } from './answer.ts'
import { memoryCapStore, type CapStore } from './caps.ts'
import type { HttpAnswer, HttpPort } from './http.ts'
import { memoryTokenStore, type StoredToken, type TokenStore } from './token-store.ts'
import { WechatError, type ClientErrorCode, type WechatErrorDetails } from './wechat-error.ts'

export const realBaseUrls: Readonly<Record<Line, string>> = {
  wecom: 'https://qyapi.weixin.qq.com',
  provider: 'https://qyapi.weixin.qq.com',
  'official-account': 'https://api.weixin.qq.com',
  'mini-program': 'https://api.weixin.qq.com',
  shop: 'https://api.weixin.qq.com',
  channels: 'https://api.weixin.qq.com',
  component: 'https://api.weixin.qq.com',
  pay: 'https://api.mch.weixin.qq.com',
}

export type WechatOptions = {
  /** Without trailing slash; a line that is left out talks to the real platform. */
  baseUrls?: Partial<Record<Line, string>>
  http: HttpPort
  /** The world's clock: token lifetimes, caps. */
  clock: Clock
  /** For signatures: real when the peer is another process. */
  wireClock: Clock
  /** Nonces and boundaries. */
  random: Random
  /** Memory of this client when absent. */
  tokenStore?: TokenStore
  /** Memory of this client when absent; `null` switches our own counting off. */
  caps?: CapStore | null
  userAgent?: string
}

/** One part of an upload; without `filename` it is a text field. */
export type UploadPart = { name: string; filename?: string; contentType?: string; bytes: Uint8Array | string }

export type CallOptions = {
  account: WechatAccount
  /** For rows whose body is multipart; the input then travels in the query, or for Pay as the signed `meta` part. */
  parts?: readonly UploadPart[]
  /** Pay: personal fields of the input are encrypted with this platform key (see `sensitiveKey`). */
  sensitiveSerial?: string
}

export type Wechat = {
  /**
   * Makes one call. The token is fetched, renewed and, when the platform refuses it, replaced once; nothing else is repeated here.
   * @throws WechatError
   */
  call<Req extends z.ZodType, Res extends z.ZodType>(endpoint: EndpointRow<Req, Res>, input: z.input<Req>, options: CallOptions): Promise<z.output<Res>>
  /** As `call`, for rows whose body is `binary`. Pay files carry no signature: check their hash. */
  download<Req extends z.ZodType, Res extends z.ZodType>(endpoint: EndpointRow<Req, Res>, input: z.input<Req>, options: CallOptions): Promise<{ contentType: string; bytes: Buffer }>
  /** The account's token, from the store or freshly fetched. */
  token(account: WechatAccount): Promise<string>
  /** Verifies and decrypts a notice, fetching platform certificates when a new one signed it. @throws CodecError, WechatError */
  openPayNotice(account: PayAccount, message: { headers: PayHeaders; body: string | Buffer }): Promise<PayNotice>
  /** The platform key for personal fields: the public key in that mode, else the newest platform certificate. */
  sensitiveKey(account: PayAccount): Promise<PayPlatformKey>
}

/** Codes that say: this token is no longer good. 40082 and 42009 are the suite's. */
const tokenCodes = new Set([40001, 40014, 42001, 40082, 42009])
/** A token is renewed this long before its end, so that it does not expire on the way. */
const marginMs = 60_000
const certificateRestMs = 60_000

export function createWechat(options: WechatOptions): Wechat {
  const { http, clock, wireClock, random } = options
  const tokens = options.tokenStore ?? memoryTokenStore()
  const caps = options.caps === undefined ? memoryCapStore() : options.caps
  const payStates = new Map<string, PayState>()
  let nonces = 0

  const nonce = (): string => randomText(random, 32, 'wechat-nonce', wireClock.now(), nonces++)
  const baseUrl = (line: Line): string => options.baseUrls?.[line] ?? realBaseUrls[line]

  // ---- one request ----
  async function send(row: EndpointRow, input: Record<string, unknown>, callOptions: CallOptions, token: string | undefined): Promise<HttpAnswer> {
    const { account } = callOptions
    const rest = { ...input }
    const path = row.path.replace(/\{(\w+)\}/g, (_, name: string) => {
      const value = rest[name]
      delete rest[name]
      if (value === undefined || value === '') throw failure(row, 'wrong-account', `the path parameter ${name} is missing`)
      return encodeURIComponent(String(value))
    })
    const query = new URLSearchParams()
    if (token !== undefined) query.set(row.credential, token)
    const multipart = row.body === 'multipart'
    const hasBody = row.method !== 'GET' && row.method !== 'DELETE'
    if (!hasBody || (multipart && row.line !== 'pay')) {
      for (const [name, value] of Object.entries(rest)) {
        if (value !== undefined && value !== null) query.set(name, typeof value === 'object' ? writeJson(value) : String(value))
      }
    }
    const headers: Record<string, string> = { accept: 'application/json', 'user-agent': options.userAgent ?? 'Qingzhou/0.1' }
    let body: string | Buffer | undefined
    let signed = ''
    if (multipart) {
      const parts: UploadPart[] = [...(callOptions.parts ?? [])]
      if (row.line === 'pay') {
        signed = writeJson(rest)
        parts.unshift({ name: 'meta', contentType: 'application/json', bytes: signed })
      }
      const form = writeMultipart(parts, `qingzhou${randomText(random, 24, 'boundary', nonces++)}`)
      headers['content-type'] = form.contentType
      body = form.body
    } else if (hasBody) {
      headers['content-type'] = 'application/json'
      body = writeJson(rest)
      signed = body
    }
    const queryText = query.toString()
    const pathAndQuery = queryText === '' ? path : `${path}?${queryText}`
    if (row.credential === 'pay-signature') {
      const state = payState(row, account)
      const parts = { method: row.method, path: pathAndQuery, timestamp: Math.floor(wireClock.now() / 1000), nonce: nonce(), body: signed }
      headers.authorization = signPayRequest(parts, state.signer)
      const serial = callOptions.sensitiveSerial ?? state.account.publicKey?.id
      if (serial !== undefined) headers['wechatpay-serial'] = serial
    }
    if (caps && row.caps) {
      const own = row.caps.filter((cap) => cap.per === 'account')
      const byIp = row.caps.filter((cap) => cap.per === 'ip')
      const now = clock.now()
      const waitMs = Math.max(
        own.length === 0 ? 0 : await caps.reserve(`${row.name}/${capOwner(account)}`, own, now),
        byIp.length === 0 ? 0 : await caps.reserve(`${row.name}/ip`, byIp, now),
      )
      if (waitMs > 0) throw failure(row, 'cap', `not sent: the cap of ${row.name} is used up, ${waitMs} ms to wait`, { retry: 'later', retryAfterMs: waitMs })
    }
    try {
      return await http({ method: row.method, url: `${baseUrl(row.line)}${pathAndQuery}`, headers, body })
    } catch (cause) {
      throw failure(row, 'no-answer', `no answer from ${baseUrl(row.line)}${path}`, { retry: retryUnknown(row), noAnswer: true }, cause)
    }
  }

  // ---- answers with errcode ----
  function readAnswer(row: EndpointRow, answer: HttpAnswer): unknown {
    let value: unknown
    try {
      value = parseJson(answer.body.toString('utf8'))
    } catch (cause) {
      throw failure(row, 'no-answer', `HTTP ${answer.status} with a body that is not JSON`, { status: answer.status, retry: retryUnknown(row), noAnswer: true }, cause)
    }
    if (typeof value !== 'object' || value === null) throw failure(row, 'no-answer', `HTTP ${answer.status} with JSON that is not an object`, { status: answer.status, retry: retryUnknown(row), noAnswer: true })
    const { errcode, errmsg } = value as { errcode?: unknown; errmsg?: unknown }
    const code = typeof errcode === 'string' ? Number(errcode) : errcode
    if (typeof code === 'number' && code !== 0) throw platformError(row, code, typeof errmsg === 'string' ? errmsg : '', answer.status)
    if (answer.status >= 400) throw failure(row, 'no-answer', `HTTP ${answer.status} without an errcode`, { status: answer.status, retry: retryUnknown(row), noAnswer: true })
    return value
  }

  async function once(row: EndpointRow, input: Record<string, unknown>, callOptions: CallOptions, token: string | undefined): Promise<unknown> {
    const answer = await send(row, input, callOptions, token)
    return row.line === 'pay' ? readPayAnswer(row, answer, callOptions) : readAnswer(row, answer)
  }

  function fitted<Res extends z.ZodType>(row: EndpointRow<z.ZodType, Res>, value: unknown): z.output<Res> {
    let fit = fitAnswer(row.response, value)
    if (!fit.ok && value === undefined) fit = fitAnswer(row.response, {})
    if (!fit.ok) throw failure(row, 'unexpected-answer', `the answer does not fit: ${fit.reason}`, { detail: value })
    return fit.value as z.output<Res>
  }

  /** Runs `work` with the token the row asks for; a token the platform refuses is replaced once. */
  async function withToken<T>(row: EndpointRow, account: WechatAccount, work: (token: string | undefined) => Promise<T>): Promise<T> {
    const holder = tokenHolder(row, account)
    if (!holder) return work(undefined)
    const token = await currentToken(holder, undefined)
    try {
      return await work(token)
    } catch (error) {
      if (!(error instanceof WechatError) || error.noAnswer || !tokenCodes.has(Number(error.errcode))) throw error
      return work(await currentToken(holder, token))
    }
  }

  function tokenHolder(row: EndpointRow, account: WechatAccount): WechatAccount | undefined {
    switch (row.credential) {
      case 'none':
      case 'pay-signature':
        return undefined
      case 'access_token':
        if (account.kind === 'pay' || account.kind === 'component' || account.kind === 'suite') break
        return account
      case 'component_access_token':
        if (account.kind === 'authorizer') return account.component
        if (account.kind === 'component') return account
        break
      case 'suite_access_token':
        if (account.kind === 'suite-corp') return account.suite
        if (account.kind === 'suite') return account
        break
      case 'provider_access_token':
        if (account.kind === 'provider') return account
        break
    }
    throw failure(row, 'wrong-account', `an account of kind ${account.kind} has no ${row.credential}`)
  }

  /** The kept token, or a new one, fetched by one caller at a time. @param refused the token the platform no longer takes */
  async function currentToken(account: WechatAccount, refused: string | undefined): Promise<string> {
    const key = tokenKey(account)
    const usable = (kept: StoredToken | undefined): kept is StoredToken => kept !== undefined && kept.token !== '' && kept.token !== refused && kept.expiresAt - marginMs > clock.now()
    const kept = await tokens.get(key)
    if (usable(kept)) return kept.token
    return tokens.lock(key, async () => {
      // Somebody else may have renewed it while we waited for the lock.
      const again = await tokens.get(key)
      if (usable(again)) return again.token
      const fresh = await fetchToken(account, refused, again)
      await tokens.put(key, fresh)
      return fresh.token
    })
  }

  async function fetchToken(account: WechatAccount, refused: string | undefined, kept: StoredToken | undefined): Promise<StoredToken> {
    const until = (seconds: number): Instant => clock.now() + seconds * 1000
    switch (account.kind) {
      case 'wecom': {
        const answer = await call(corpAppTokenGet, { corpid: account.corpId, corpsecret: account.secret }, { account })
        return { token: answer.access_token, expiresAt: until(answer.expires_in) }
      }
      case 'appid': {
        const request = { grant_type: 'client_credential', appid: account.appid, secret: account.secret }
        if (account.tokenMode === 'classic') {
          const answer = await call(classicTokenGet, request, { account })
          return { token: answer.access_token, expiresAt: until(answer.expires_in) }
        }
        let answer = await call(stableTokenPost, { ...request, force_refresh: false }, { account })
        // The stable mode gives the valid token back; only when that very token was refused is a new one forced.
        if (answer.access_token === refused) answer = await call(stableTokenPost, { ...request, force_refresh: true }, { account })
        return { token: answer.access_token, expiresAt: until(answer.expires_in) }
      }
      case 'component': {
        const ticket = await account.ticket()
        if (ticket === undefined) throw failure(componentToken, 'no-ticket', 'the platform has not pushed a component_verify_ticket yet; it comes every 10 minutes', { retry: 'later', retryAfterMs: 600_000 })
        const answer = await call(componentToken, { component_appid: account.appid, component_appsecret: account.secret, component_verify_ticket: ticket }, { account })
        return { token: answer.component_access_token, expiresAt: until(answer.expires_in) }
      }
      case 'authorizer': {
        const answer = await call(
          authorizerToken,
          { component_appid: account.component.appid, authorizer_appid: account.appid, authorizer_refresh_token: kept?.refreshToken ?? account.refreshToken },
          { account },
        )
        return { token: answer.authorizer_access_token, expiresAt: until(answer.expires_in), refreshToken: answer.authorizer_refresh_token }
      }
      case 'suite': {
        const ticket = await account.ticket()
        if (ticket === undefined) throw failure(suiteToken, 'no-ticket', 'the platform has not pushed a suite_ticket yet; it comes every 10 minutes', { retry: 'later', retryAfterMs: 600_000 })
        const answer = await call(suiteToken, { suite_id: account.suiteId, suite_secret: account.secret, suite_ticket: ticket }, { account })
        return { token: answer.suite_access_token, expiresAt: until(answer.expires_in) }
      }
      case 'suite-corp': {
        const answer = await call(corpToken, { auth_corpid: account.corpId, permanent_code: account.permanentCode }, { account })
        return { token: answer.access_token, expiresAt: until(answer.expires_in) }
      }
      case 'provider': {
        const answer = await call(providerToken, { corpid: account.corpId, provider_secret: account.secret }, { account })
        return { token: answer.provider_access_token, expiresAt: until(answer.expires_in) }
      }
      case 'pay':
        throw new TypeError('a WeChat Pay merchant has no token')
    }
  }

  async function call<Req extends z.ZodType, Res extends z.ZodType>(row: EndpointRow<Req, Res>, input: z.input<Req>, callOptions: CallOptions): Promise<z.output<Res>> {
    const value = await withToken(row as EndpointRow, callOptions.account, (token) => once(row as EndpointRow, (input ?? {}) as Record<string, unknown>, callOptions, token))
    return fitted(row, value)
  }

  // ---- WeChat Pay ----
  function payState(row: EndpointRow, account: WechatAccount): PayState {
    if (account.kind !== 'pay') throw failure(row, 'wrong-account', `an account of kind ${account.kind} cannot sign WeChat Pay calls`)
    const known = payStates.get(account.mchid)
    if (known && known.account === account) return known
    const fixed: PayPlatformKey[] = (account.certificates ?? []).map(platformCertificate)
    if (account.publicKey) fixed.push(platformPublicKey(account.publicKey.id, account.publicKey.pem))
    const state: PayState = {
      account,
      signer: { mchid: account.mchid, serial: account.serial, privateKey: payPrivateKey(account.privateKey) },
      fixed,
      keys: payPlatformKeys(fixed),
      fetchedAt: undefined,
      refusal: undefined,
      fetching: undefined,
    }
    payStates.set(account.mchid, state)
    return state
  }

  /** Fetches the platform certificates, once at a time and not twice a minute: called when a key we do not know has signed. */
  async function fetchCertificates(state: PayState): Promise<void> {
    if (state.fetchedAt !== undefined && wireClock.now() - state.fetchedAt < certificateRestMs) {
      // Asking on and on would slow the merchant's switch to the public key (pay sheet 3.1): the refusal holds for a minute.
      if (state.refusal) throw state.refusal
      return
    }
    state.fetching ??= (async () => {
      const answer = await send(certificatesGet, {}, { account: state.account }, undefined)
      if (answer.status !== 200) {
        const refusal = payRefusal(certificatesGet, answer)
        if (!refusal.noAnswer) Object.assign(state, { refusal, fetchedAt: wireClock.now() })
        throw refusal
      }
      let fetched: PayPlatformKey[]
      try {
        // This answer proves itself: only the platform knows the APIv3 key. Then its signature must hold under what it brought.
        const { data } = parseJson(answer.body.toString('utf8')) as { data: SealedCertificate[] }
        fetched = openCertificates(state.account.apiV3Key, data)
        verifyPayMessage({ headers: answer.headers, body: answer.body, status: 200 }, payPlatformKeys([...state.fixed, ...fetched]), wireClock.now())
      } catch (cause) {
        throw failure(certificatesGet, 'forged', 'the list of platform certificates cannot be believed', { noAnswer: true }, cause)
      }
      state.keys = payPlatformKeys([...state.fixed, ...fetched])
      state.fetchedAt = wireClock.now()
      state.refusal = undefined
    })().finally(() => {
      state.fetching = undefined
    })
    await state.fetching
  }

  /** Runs `work` with the known platform keys; when it meets an unknown one, fetches the certificates and runs it once more. */
  async function withPlatformKeys<T>(state: PayState, work: (keys: PayPlatformKeys) => T): Promise<T> {
    try {
      return work(state.keys)
    } catch (error) {
      if (!(error instanceof CodecError) || error.kind !== 'unknown-key') throw error
      await fetchCertificates(state)
      return work(state.keys)
    }
  }

  async function readPayAnswer(row: EndpointRow, answer: HttpAnswer, callOptions: CallOptions): Promise<unknown> {
    const state = payState(row, callOptions.account)
    const message = { headers: answer.headers, body: answer.body, status: answer.status }
    try {
      await withPlatformKeys(state, (keys) => verifyPayMessage(message, keys, wireClock.now()))
    } catch (cause) {
      if (!(cause instanceof CodecError)) throw cause
      throw failure(row, 'forged', `the answer's signature does not hold (${cause.kind}): ${cause.message}`, { status: answer.status, retry: retryUnknown(row), noAnswer: true, requestId: payRequestId(answer) }, cause)
    }
    if (answer.status < 200 || answer.status > 299) throw payRefusal(row, answer)
    if (answer.body.length === 0) return undefined
    const value = parsePay(row, answer)
    if (answer.status === 202 && typeof value === 'object' && value !== null && 'code' in value) throw payRefusal(row, answer)
    return value
  }

  function parsePay(row: EndpointRow, answer: HttpAnswer): unknown {
    try {
      return parseJson(answer.body.toString('utf8'))
    } catch (cause) {
      throw failure(row, 'no-answer', `HTTP ${answer.status} with a body that is not JSON`, { status: answer.status, retry: retryUnknown(row), noAnswer: true }, cause)
    }
  }

  function payRefusal(row: EndpointRow, answer: HttpAnswer): WechatError {
    let parsed: { code?: unknown; message?: unknown; detail?: unknown } = {}
    try {
      parsed = parseJson(answer.body.toString('utf8')) as typeof parsed
    } catch {
      // A gateway's page: the status alone counts.
    }
    const code = typeof parsed?.code === 'string' ? parsed.code : ''
    const known = row.errors?.[code]
    const { status } = answer
    const retry: Retry = known?.retry ?? (status === 429 || status === 202 ? 'later' : status >= 500 ? 'now' : 'never')
    return new WechatError({
      line: 'pay', api: row.name, errcode: code === '' ? 'no-answer' : code, errmsg: typeof parsed?.message === 'string' ? parsed.message : `HTTP ${status}`,
      retry: status >= 500 && code === '' ? retryUnknown(row) : retry,
      // SYSTEM_ERROR and its like do not say whether the call took effect: repeat with the same numbers, or ask.
      noAnswer: status >= 500, status, requestId: payRequestId(answer), detail: parsed?.detail,
    })
  }

  return {
    call,
    async download(row, input, callOptions) {
      return withToken(row as EndpointRow, callOptions.account, async (token) => {
        const answer = await send(row as EndpointRow, (input ?? {}) as Record<string, unknown>, callOptions, token)
        const contentType = String(answer.headers['content-type'] ?? '')
        if (row.line === 'pay') {
          if (answer.status < 200 || answer.status > 299) throw payRefusal(row as EndpointRow, answer)
          return { contentType, bytes: answer.body }
        }
        // An error comes as JSON where bytes were asked for.
        if (contentType.includes('json') || answer.body[0] === 0x7b) readAnswer(row as EndpointRow, answer)
        if (answer.status >= 400) throw failure(row as EndpointRow, 'no-answer', `HTTP ${answer.status}`, { status: answer.status, retry: retryUnknown(row as EndpointRow), noAnswer: true })
        return { contentType, bytes: answer.body }
      })
    },
    token: (account) => currentToken(account, undefined),
    openPayNotice: (account, message) => {
      const state = payState(certificatesGet, account)
      return withPlatformKeys(state, (keys) => openNotice(message, keys, account.apiV3Key, wireClock.now()))
    },
    async sensitiveKey(account) {
      const state = payState(certificatesGet, account)
      const pick = (): PayPlatformKey | undefined => {
        const byId = account.publicKey && state.keys.find(account.publicKey.id)
        if (byId) return byId
        const now = wireClock.now()
        return state.keys.all().filter((key) => (key.effectiveAt ?? 0) <= now && (key.expiresAt ?? Infinity) > now).sort((a, b) => (b.expiresAt ?? 0) - (a.expiresAt ?? 0))[0]
      }
      const known = pick()
      if (known) return known
      await fetchCertificates(state)
      const fetched = pick()
      if (!fetched) throw failure(certificatesGet, 'wrong-account', `merchant ${account.mchid} has no platform certificate; configure the WeChat Pay public key`)
      return fetched
    },
  }
}

type PayState = {
  account: PayAccount
  signer: PaySigner
  fixed: PayPlatformKey[]
  keys: PayPlatformKeys
  fetchedAt: Instant | undefined
  refusal: WechatError | undefined
  fetching: Promise<void> | undefined
}

function payRequestId(answer: HttpAnswer): string | undefined {
  const value = answer.headers['request-id']
  return Array.isArray(value) ? value[0] : value
}

/** After a call without an answer: a repeat is harmless, or another endpoint must be asked first, or a person must look. */
function retryUnknown(row: EndpointRow): Retry {
  if (row.repeat === 'never') return 'never'
  return row.repeat === 'safe' || 'keyed' in row.repeat ? 'now' : 'later'
}

function failure(row: EndpointRow, errcode: ClientErrorCode, errmsg: string, more: Partial<WechatErrorDetails> = {}, cause?: unknown): WechatError {
  return new WechatError({ line: row.line, api: row.name, errcode, errmsg, retry: 'never', ...more }, cause)
}

/** Codes whose meaning is the same on every line with errcode; a row's own list goes first. */
const commonErrors: Readonly<Record<string, KnownError>> = {
  '-1': { retry: 'now', en: 'the platform is busy' },
  '40014': { retry: 'now', en: 'not a valid token' },
  '42001': { retry: 'now', en: 'the token has expired' },
  '45009': { retry: 'later', en: 'the quota is used up' },
  '45011': { retry: 'later', en: 'called too often in this minute' },
  '45033': { retry: 'later', en: 'too many calls at once' },
}

function platformError(row: EndpointRow, errcode: number, errmsg: string, status: number): WechatError {
  const known = row.errors?.[String(errcode)] ?? commonErrors[String(errcode)]
  const requestId = /rid: *([\w-]+)/.exec(errmsg)?.[1] ?? /hint: *\[([^\]]+)\]/.exec(errmsg)?.[1]
  // WeCom blocks for the length of the window that was exceeded, one minute at least (D90454).
  const retryAfterMs = errcode === 45011 || errcode === 45009 ? 60_000 : undefined
  return new WechatError({ line: row.line, api: row.name, errcode, errmsg, status, requestId, retry: known?.retry ?? 'never', retryAfterMs: known?.retry === 'later' ? retryAfterMs : undefined })
}

function writeMultipart(parts: readonly UploadPart[], boundary: string): { contentType: string; body: Buffer } {
  const pieces: Buffer[] = []
  for (const part of parts) {
    const bytes = typeof part.bytes === 'string' ? Buffer.from(part.bytes, 'utf8') : Buffer.from(part.bytes)
    const named = (text: string): string => text.replaceAll('"', '%22').replace(/[\r\n]+/g, ' ')
    const file = part.filename === undefined ? '' : `; filename="${named(part.filename)}"`
    const length = part.filename === undefined ? '' : `; filelength=${bytes.length}`
    const type = part.contentType ?? (part.filename === undefined ? undefined : 'application/octet-stream')
    // `filelength` is WeCom's own; the others ignore it.
    pieces.push(Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; name="${named(part.name)}"${file}${length}\r\n${type === undefined ? '' : `Content-Type: ${type}\r\n`}\r\n`), bytes, Buffer.from('\r\n'))
  }
  pieces.push(Buffer.from(`--${boundary}--\r\n`))
  return { contentType: `multipart/form-data; boundary=${boundary}`, body: Buffer.concat(pieces) }
}
