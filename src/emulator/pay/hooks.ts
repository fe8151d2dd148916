import { readPayAuthorization, payRequestMessage, signatureProbePrefix, signPayMessage, verifyPayRequest } from '../../wechat/codec/index.ts'
import { noticeRetryMs, noticeTimeoutMs } from '../../wechat/spec/pay/index.ts'
import { accountOf, randomOf, u, type Delivery, type Namespace } from '../core/namespace.ts'
import { textKey } from '../core/faults.ts'
import { PlatformError } from '../core/platform-error.ts'
import type { Caller, EncodeContext, LineHooks, Outcome, Route } from '../core/registry.ts'
import { readParts, writeBody, type Sealed, type WireAnswer, type WireRequest } from '../core/wire.ts'
import type { PlatformKeys, SigningKey } from './keys.ts'
import { merchantState } from './state.ts'

/** How WeChat Pay travels: signed requests, signed answers (204 included), signed notices. */
export function payHooks(keys: () => PlatformKeys): LineHooks {
  /** What a client may have signed: the path it wrote, with the prefix of the namespace if its base address has one. */
  function paths(request: WireRequest): string[] {
    const name = request.headers['x-qz-namespace']
    return name === undefined ? [request.url] : [request.url, `/ns/${name}${request.url}`]
  }

  function signError(
    request: WireRequest,
    body: string,
    authorization: { timestamp: string; nonce: string } | undefined,
    issue: string,
    message = '签名错误，请检查后再试',
  ): PlatformError {
    const text = payRequestMessage({
      method: request.method,
      path: request.url,
      timestamp: authorization?.timestamp ?? '',
      nonce: authorization?.nonce ?? '',
      body,
    })
    return new PlatformError('SIGN_ERROR', message, {
      status: 401,
      detail: {
        detail: { issue },
        field: 'signature',
        location: 'authorization',
        sign_information: {
          method: request.method,
          url: request.url,
          truncated_sign_message: text.slice(0, 150),
          sign_message_length: Buffer.byteLength(text),
        },
      },
    })
  }

  function authenticate(request: WireRequest, route: Route, ns: Namespace, wireNow: number): Caller {
    if (route.endpoint.credential === 'none') return { account: undefined, app: undefined }
    const uploaded =
      route.endpoint.body === 'multipart' ? readParts(request.headers['content-type'], request.body).find((part) => part.name === 'meta') : undefined
    const body = uploaded ? Buffer.from(uploaded.bytes).toString('utf8') : request.body.toString('utf8')
    const authorization = readPayAuthorization(request.headers.authorization)
    if (!authorization)
      throw signError(request, body, undefined, 'authorization missing', 'Http头Authorization值格式错误，请参考《微信支付商户REST API签名规则》')
    const account = accountOf(ns, 'pay', authorization.mchid)
    if (!account) throw signError(request, body, authorization, 'mchid not found', '商户号不存在')
    if (authorization.serial.toUpperCase() !== account.merchantSerial.toUpperCase())
      throw signError(request, body, authorization, 'serial_no not found', '商户证书序列号有误')
    const key = keys().merchantKey(account.merchantCertificate)
    const results = paths(request).map((path) => verifyPayRequest(authorization, { method: request.method, path, body }, key, wireNow))
    if (results.includes('ok')) return { account, app: undefined }
    if (results.includes('stale'))
      throw signError(request, body, authorization, 'timestamp expired', 'Http头Authorization中的timestamp与发起请求的时间不得超过5分钟')
    throw signError(request, body, authorization, 'sign not match')
  }

  /** The key a merchant's traffic is signed with: the one the request names, else by the merchant's mode. */
  function keyFor(ns: Namespace, mchid: string | undefined, asked: string | undefined): SigningKey {
    const { certificate, certificateNext, publicKey } = keys()
    const state = mchid === undefined ? undefined : merchantState(ns, mchid)
    const current = state?.rotated ? certificateNext : certificate
    if (state?.keyMode === 'public-key') return publicKey
    const wanted = asked?.toUpperCase()
    if (wanted === publicKey.serial.toUpperCase() && state?.keyMode !== 'certificate') return publicKey
    if (wanted === certificate.serial.toUpperCase()) return certificate
    if (wanted === certificateNext.serial.toUpperCase() && state?.rotated) return certificateNext
    return current
  }

  function signed(body: string, key: SigningKey, wireNow: number, nonce: string, probe: boolean): Record<string, string> {
    const headers = signPayMessage({ body, timestamp: Math.floor(wireNow / 1000), nonce }, key)
    // Probing (签名探测): a wrong signature on purpose; who verifies refuses it.
    if (probe) headers['Wechatpay-Signature'] = `${signatureProbePrefix}${headers['Wechatpay-Signature'].slice(signatureProbePrefix.length)}`
    return headers
  }

  function nonceOf(ns: Namespace, ...parts: string[]): string {
    return randomOf(ns)
      .bytes(16, 'pay-nonce', textKey(parts.join('|')))
      .toString('hex')
  }

  function encode(outcome: Outcome, { ns, request, caller, wireNow, faults }: EncodeContext): WireAnswer {
    const id = randomOf(ns)
      .bytes(8, 'pay-request-id', textKey(`${request.headers.authorization ?? ''}|${request.url}|${wireNow}`))
      .toString('hex')
      .toUpperCase()
    if ('binary' in outcome) {
      // Downloads carry no signature: the hash of the bill guards them.
      return {
        status: 200,
        headers: { 'content-type': outcome.binary.contentType, 'request-id': id, ...outcome.binary.headers },
        body: Buffer.from(outcome.binary.bytes),
      }
    }
    let status: number
    let text: string
    if ('error' in outcome) {
      const { error } = outcome
      status = error.status === 200 ? 400 : error.status
      text = writeBody({ code: String(error.errcode), message: error.message, ...(error.detail === undefined ? {} : { detail: error.detail }) })
    } else if (outcome.value === undefined) {
      status = 204
      text = ''
    } else {
      status = 200
      text = writeBody(outcome.value)
    }
    const key = keyFor(ns, caller?.account?.id, request.headers['wechatpay-serial'])
    const headers: Record<string, string> = {
      'request-id': id,
      ...(status === 204 ? {} : { 'content-type': 'application/json; charset=utf-8' }),
      ...signed(text, key, wireNow, nonceOf(ns, request.headers.authorization ?? '', String(wireNow)), faults.includes('probe')),
    }
    return { status, headers, body: Buffer.from(text) }
  }

  function seal(delivery: Delivery, ns: Namespace, stamp: { wireNow: number; nonce: string; prefix: Buffer }): Sealed {
    const state = merchantState(ns, delivery.account.id)
    const { publicKey } = keys()
    const moved = state.keyMode === 'both' && state.noticeShare > 0 && u(ns, 'notice-key', delivery.id) < state.noticeShare
    const key = moved ? publicKey : keyFor(ns, delivery.account.id, undefined)
    const probe = delivery.headers?.['x-probe'] !== undefined
    return {
      method: 'POST',
      url: delivery.url ?? '',
      headers: {
        'content-type': 'application/json',
        accept: '*/*',
        'user-agent': 'Mozilla/4.0',
        'request-id': stamp.prefix.toString('hex').toUpperCase(),
        ...signed(delivery.message, key, stamp.wireNow, nonceOf(ns, delivery.id, String(delivery.attempts), stamp.nonce), probe),
      },
      body: delivery.message,
    }
  }

  return {
    hosts: ['api.mch.weixin.qq.com', 'api2.mch.weixin.qq.com', 'wx.tenpay.com'],
    authenticate,
    encode,
    seal,
    push: {
      kinds: ['pay'],
      policy: { timeLimitMs: noticeTimeoutMs, retryMs: noticeRetryMs, acknowledged: (status) => status === 200 || status === 204 },
    },
    errors: {
      missingToken: () => new PlatformError('SIGN_ERROR', '签名错误', { status: 401 }),
      badInput: (detail) => new PlatformError('PARAM_ERROR', `参数错误：${detail}`, { status: 400 }),
      badJson: () => new PlatformError('PARAM_ERROR', '请求体不是合法的 JSON', { status: 400 }),
      unknownPath: (method, path) => new PlatformError('RESOURCE_NOT_EXISTS', `${method} ${path} 不存在`, { status: 404 }),
      busy: () => new PlatformError('SYSTEM_ERROR', '系统繁忙，请稍后重试', { status: 500 }),
      rateLimited: () => new PlatformError('FREQUENCY_LIMITED', '频率超限', { status: 429 }),
    },
  }
}
