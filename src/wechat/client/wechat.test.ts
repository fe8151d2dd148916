import { createPrivateKey } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { createPayIdentity } from '../../emulator/pay/fixtures/identity.ts'
import { manualClock } from '../../kernel/clock.ts'
import { seededRandom } from '../../kernel/random.ts'
import { readCertificate, readPayAuthorization, sealCertificate, sealResource, signPayMessage, verifyPayRequest } from '../codec/index.ts'
import { endpoint } from '../spec/endpoint.ts'
import { createWechat, memoryTokenStore, WechatError, type AppidAccount, type HttpAnswer, type HttpRequest, type PayAccount, type WechatOptions } from './index.ts'

const start = Date.parse('2026-06-01T00:00:00Z')
const json = (value: unknown, status = 200, headers: Record<string, string> = {}): HttpAnswer => ({ status, headers: { 'content-type': 'application/json', ...headers }, body: Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)) })

const orderGet = endpoint({
  name: 'test.order.get', line: 'shop', method: 'POST', path: '/channels/ec/order/get', credential: 'access_token', effect: 'read',
  request: z.looseObject({ order_id: z.string() }),
  response: z.looseObject({ order: z.looseObject({ order_id: z.string(), status: z.int() }) }),
  errors: { '100': { retry: 'later', en: 'not yet' } }, repeat: 'safe', doc: 'test', verified: 'reading', zh: '测试',
})
const sendOnce = endpoint({ ...orderGet, name: 'test.send', path: '/send', repeat: 'never', response: z.looseObject({}), effect: 'write' })
const capped = endpoint({ ...orderGet, name: 'test.capped', path: '/capped', response: z.looseObject({}), caps: [{ count: 2, perMs: 60_000, per: 'account', source: 'test' }] })

const shop: AppidAccount = { kind: 'appid', line: 'shop', appid: 'wxshop', secret: 's' }

/** A platform of one account: knows its newest token and answers `serve` for the rest. */
function platform(serve: (request: HttpRequest, url: URL) => HttpAnswer | Promise<HttpAnswer>) {
  const state = { tokens: 0, forced: 0, current: '', requests: [] as HttpRequest[] }
  const http = async (request: HttpRequest): Promise<HttpAnswer> => {
    state.requests.push(request)
    const url = new URL(request.url)
    if (url.pathname === '/cgi-bin/stable_token') {
      const body = JSON.parse(String(request.body)) as { force_refresh?: boolean }
      await Promise.resolve()
      if (body.force_refresh) state.forced++
      if (state.current === '' || body.force_refresh) state.current = `T${++state.tokens}`
      return json({ access_token: state.current, expires_in: 7200 })
    }
    const token = url.searchParams.get('access_token')
    if (token !== null && token !== state.current) return json({ errcode: 40001, errmsg: 'invalid credential rid: 6a-1-2' })
    return serve(request, url)
  }
  return { state, http }
}

function client(http: WechatOptions['http'], more: Partial<WechatOptions> = {}) {
  const clock = manualClock(start)
  return { clock, wechat: createWechat({ http, clock, wireClock: clock, random: seededRandom('client'), ...more }) }
}

async function refusal(work: Promise<unknown>): Promise<WechatError> {
  const error = await work.then(
    () => new Error('it went well'),
    (reason: unknown) => reason,
  )
  if (!(error instanceof WechatError)) throw error
  return error
}

describe('tokens', () => {
  test('many calls at once fetch one token; it is kept until a minute before its end', async () => {
    const { state, http } = platform(() => json({ errcode: 0, order: { order_id: '1', status: 10 } }))
    const { wechat, clock } = client(http)
    const calls = () => Promise.all(Array.from({ length: 20 }, () => wechat.call(orderGet, { order_id: '1' }, { account: shop })))
    await calls()
    expect(state.requests.filter((request) => request.url.includes('stable_token'))).toHaveLength(1)
    clock.advance(7_200_000 - 61_000)
    await calls()
    expect(state.requests.filter((request) => request.url.includes('stable_token'))).toHaveLength(1)
    clock.advance(2_000)
    await calls()
    expect(state.requests.filter((request) => request.url.includes('stable_token'))).toHaveLength(2)
  })

  test('a refused token is replaced once for all callers, and the calls are made again', async () => {
    const { state, http } = platform(() => json({ order: { order_id: '1', status: 10 } }))
    const { wechat } = client(http)
    await wechat.token(shop)
    state.current = 'taken over by somebody else'
    const answers = await Promise.all(Array.from({ length: 10 }, () => wechat.call(orderGet, { order_id: '1' }, { account: shop })))
    expect(answers).toHaveLength(10)
    expect(state.requests.filter((request) => request.url.includes('stable_token'))).toHaveLength(2)
    expect(state.forced).toBe(0)
  })

  test('when the stable mode gives the refused token back, a new one is forced once; a second refusal is the caller’s', async () => {
    let refused = 0
    const { state, http } = platform((_, url) => {
      if (url.searchParams.get('access_token') === 'T1' || refused > 5) return json({ errcode: 42001, errmsg: 'access_token expired' })
      return json({ order: { order_id: '1', status: 10 } })
    })
    const { wechat } = client(http)
    await wechat.call(orderGet, { order_id: '1' }, { account: shop })
    expect(state.forced).toBe(1)
    refused = 6
    const before = state.requests.length
    const error = await refusal(wechat.call(orderGet, { order_id: '1' }, { account: shop }))
    expect(error).toMatchObject({ errcode: 42001, retry: 'now', noAnswer: false })
    expect(state.requests.slice(before).filter((request) => request.url.includes('/order/get'))).toHaveLength(2)
  })

  test('two clients with one store share the token', async () => {
    const { state, http } = platform(() => json({ order: { order_id: '1', status: 10 } }))
    const tokenStore = memoryTokenStore()
    await Promise.all([0, 1].map(() => client(http, { tokenStore }).wechat.call(orderGet, { order_id: '1' }, { account: shop })))
    expect(state.tokens).toBe(1)
  })

  test('an authoriser’s refresh token is replaced by the newest one, and a component without a ticket waits', async () => {
    const used: string[] = []
    let ticket: string | undefined
    const http = async (request: HttpRequest): Promise<HttpAnswer> => {
      const body = JSON.parse(String(request.body)) as Record<string, string>
      if (request.url.includes('api_component_token')) return json({ component_access_token: `C-${body.component_verify_ticket}`, expires_in: 7200 })
      if (request.url.includes('api_authorizer_token')) {
        used.push(body.authorizer_refresh_token)
        expect(new URL(request.url).searchParams.get('component_access_token')).toBe('C-ticket')
        return json({ authorizer_access_token: `A${used.length}`, expires_in: 7200, authorizer_refresh_token: `R${used.length}` })
      }
      return json({ order: { order_id: 1, status: 10 } })
    }
    const { wechat, clock } = client(http)
    const component = { kind: 'component', appid: 'wxc', secret: 's', ticket: async () => ticket } as const
    const account = { kind: 'authorizer', line: 'shop', appid: 'wxshop', component, refreshToken: 'R0' } as const
    expect(await refusal(wechat.call(orderGet, { order_id: '1' }, { account }))).toMatchObject({ errcode: 'no-ticket', retry: 'later', noAnswer: false })
    ticket = 'ticket'
    await wechat.call(orderGet, { order_id: '1' }, { account })
    clock.advance(7_200_000)
    await wechat.call(orderGet, { order_id: '1' }, { account })
    expect(used).toEqual(['R0', 'R1'])
  })
})

describe('answers', () => {
  test('a 64-bit id keeps every digit, bare or quoted, in both directions', async () => {
    const { state, http } = platform(() => json('{"errcode":0,"order":{"order_id":3705115058471208928,"status":"20"}}'))
    const { wechat } = client(http)
    const { order } = await wechat.call(orderGet, { order_id: '3705115058471208929' }, { account: shop })
    expect(order).toMatchObject({ order_id: '3705115058471208928', status: 20 })
    expect(String(state.requests.at(-1)?.body)).toBe('{"order_id":"3705115058471208929"}')
  })

  test('the platform’s error carries code, request id and what may be done', async () => {
    const { http } = platform(() => json({ errcode: 100, errmsg: 'not yet rid: 6a7b-11-22' }))
    expect(await refusal(client(http).wechat.call(orderGet, { order_id: '1' }, { account: shop }))).toMatchObject({ line: 'shop', api: 'test.order.get', errcode: 100, requestId: '6a7b-11-22', retry: 'later', noAnswer: false })
    const unknown = platform(() => json({ errcode: 99999, errmsg: '?' }))
    expect((await refusal(client(unknown.http).wechat.call(orderGet, { order_id: '1' }, { account: shop }))).retry).toBe('never')
  })

  test('no answer, a gateway’s page or a 502 say so, and whether a repeat is harmless', async () => {
    for (const broken of [() => Promise.reject(new Error('reset')), () => json('<html>', 502), () => json({}, 502), () => json('null')]) {
      const { http } = platform(broken)
      const { wechat } = client(http)
      expect(await refusal(wechat.call(orderGet, { order_id: '1' }, { account: shop }))).toMatchObject({ errcode: 'no-answer', noAnswer: true, retry: 'now' })
      expect(await refusal(wechat.call(sendOnce, { order_id: '1' }, { account: shop }))).toMatchObject({ noAnswer: true, retry: 'never' })
    }
  })

  test('an answer that does not fit its schema is an error of its own', async () => {
    const { http } = platform(() => json({ errcode: 0 }))
    expect(await refusal(client(http).wechat.call(orderGet, { order_id: '1' }, { account: shop }))).toMatchObject({ errcode: 'unexpected-answer', noAnswer: false, retry: 'never' })
  })
})

test('a used-up cap keeps the call at home and says how long to wait', async () => {
  const { state, http } = platform(() => json({}))
  const { wechat, clock } = client(http)
  const call = () => wechat.call(capped, { order_id: '1' }, { account: shop })
  await call()
  await call()
  const before = state.requests.length
  const error = await refusal(call())
  expect(error).toMatchObject({ errcode: 'cap', retry: 'later', noAnswer: false })
  expect(state.requests).toHaveLength(before)
  clock.advance(error.retryAfterMs!)
  await call()
  const free = client(http, { caps: null })
  for (let i = 0; i < 5; i++) await free.wechat.call(capped, { order_id: '1' }, { account: shop })
})

test('an upload travels as multipart, its input in the query', async () => {
  const upload = endpoint({ ...orderGet, name: 'test.upload', path: '/cgi-bin/media/upload', body: 'multipart', request: z.looseObject({ type: z.string() }), response: z.looseObject({ media_id: z.string() }) })
  const { state, http } = platform(() => json({ media_id: 'M' }))
  await client(http).wechat.call(upload, { type: 'image' }, { account: shop, parts: [{ name: 'media', filename: 'a".png', contentType: 'image/png', bytes: Buffer.from([0, 255, 13, 10]) }] })
  const request = state.requests.at(-1)!
  expect(new URL(request.url).searchParams.get('type')).toBe('image')
  expect(request.headers['content-type']).toMatch(/^multipart\/form-data; boundary=/)
  expect((request.body as Buffer).includes(Buffer.from([0, 255, 13, 10]))).toBe(true)
  expect(String(request.body)).toContain('name="media"; filename="a%22.png"')
})

test('bytes come back as bytes, an error in their place as the platform’s error', async () => {
  const code = endpoint({ ...orderGet, name: 'test.code', path: '/wxa/getwxacodeunlimit', body: 'binary', request: z.looseObject({}), response: z.unknown() })
  let fail = false
  const { http } = platform(() => (fail ? json({ errcode: 41030, errmsg: 'invalid page' }) : { status: 200, headers: { 'content-type': 'image/png' }, body: Buffer.from([1, 2]) }))
  const { wechat } = client(http)
  expect(await wechat.download(code, {}, { account: shop })).toEqual({ contentType: 'image/png', bytes: Buffer.from([1, 2]) })
  fail = true
  expect((await refusal(wechat.download(code, {}, { account: shop }))).errcode).toBe(41030)
})

describe('WeChat Pay', () => {
  const identity = createPayIdentity()
  const prepay = endpoint({
    name: 'test.pay', line: 'pay', method: 'POST', path: '/v3/pay/transactions/out-trade-no/{out_trade_no}/close', credential: 'pay-signature', effect: 'write',
    request: z.looseObject({ out_trade_no: z.string(), mchid: z.string() }), response: z.looseObject({}), errors: { ORDER_CLOSED: { retry: 'never', en: '' } },
    repeat: { keyed: 'out_trade_no' }, doc: 'test', verified: 'reading', zh: '测试',
  })
  const account: PayAccount = { kind: 'pay', mchid: '1900000001', serial: identity.merchant.serial, privateKey: identity.merchant.privateKey, apiV3Key: identity.apiV3Key }
  const publicMode: PayAccount = { ...account, mchid: '1900000002', publicKey: { id: identity.publicKey.serial, pem: identity.publicKey.publicKey } }

  /** Verifies the request as the platform does and signs the answer with the key in force. */
  function pay(clock: { now(): number }) {
    const state = { signer: identity.platform, offered: [identity.platform.certificate], certificateCalls: 0, status: 200, body: '{}' as string, tamper: false, unsigned: false, serialsAsked: [] as Array<string | undefined> }
    const http = async (request: HttpRequest): Promise<HttpAnswer> => {
      const url = new URL(request.url)
      const authorization = readPayAuthorization(request.headers.authorization)!
      const verdict = verifyPayRequest(authorization, { method: request.method, path: url.pathname + url.search, body: String(request.body ?? '') }, readCertificate(identity.merchant.certificate).publicKey, clock.now())
      expect(verdict).toBe('ok')
      state.serialsAsked.push(request.headers['wechatpay-serial'])
      const signer = request.headers['wechatpay-serial'] === identity.publicKey.serial ? identity.publicKey : state.signer
      let { body, status } = state
      if (url.pathname === '/v3/certificates') {
        state.certificateCalls++
        status = 200
        body = JSON.stringify({ data: state.offered.map((pem, i) => sealCertificate(identity.apiV3Key, pem, `nonce000000${i}`)) })
      }
      const headers = state.unsigned ? {} : signPayMessage({ body, timestamp: Math.floor(clock.now() / 1000), nonce: 'n' }, { serial: signer.serial, privateKey: createPrivateKey(signer.privateKey) })
      const lower = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
      return { status, headers: { ...lower, 'request-id': '08F' }, body: Buffer.from(state.tamper ? `${body} ` : body) }
    }
    return { state, http }
  }
  function world() {
    const clock = manualClock(start)
    const { state, http } = pay(clock)
    return { clock, state, wechat: createWechat({ http, clock, wireClock: clock, random: seededRandom(1) }) }
  }
  const call = (wechat: ReturnType<typeof createWechat>, by = account) => wechat.call(prepay, { out_trade_no: 'T 1', mchid: by.mchid }, { account: by })

  test('requests are signed; answers are verified with certificates fetched once, also after a rotation', async () => {
    const { wechat, state, clock } = world()
    await call(wechat)
    await call(wechat)
    expect(state.certificateCalls).toBe(1)
    state.signer = identity.platformNext
    state.offered.push(identity.platformNext.certificate)
    clock.advance(61_000)
    await call(wechat)
    expect(state.certificateCalls).toBe(2)
  })
  test('the public key mode never asks for certificates and says which key it wants', async () => {
    const { wechat, state } = world()
    await call(wechat, publicMode)
    expect(state.certificateCalls).toBe(0)
    expect(state.serialsAsked).toEqual([identity.publicKey.serial])
    expect((await wechat.sensitiveKey(publicMode)).serial).toBe(identity.publicKey.serial)
    expect((await wechat.sensitiveKey(account)).serial).toBe(identity.platform.serial)
  })
  test('204 is a success; a changed or unsigned 2xx is forged, and whether the call took effect stays open', async () => {
    const { wechat, state } = world()
    Object.assign(state, { status: 204, body: '' })
    expect(await call(wechat)).toEqual({})
    Object.assign(state, { status: 200, body: '{}', tamper: true })
    expect(await refusal(call(wechat))).toMatchObject({ errcode: 'forged', noAnswer: true, retry: 'now', requestId: '08F' })
    Object.assign(state, { tamper: false, unsigned: true })
    expect(await refusal(call(wechat))).toMatchObject({ errcode: 'forged', noAnswer: true })
  })
  test('refusals carry Pay’s code, signed or not', async () => {
    const { wechat, state } = world()
    Object.assign(state, { status: 400, body: '{"code":"ORDER_CLOSED","message":"订单已关闭"}' })
    expect(await refusal(call(wechat))).toMatchObject({ errcode: 'ORDER_CLOSED', status: 400, retry: 'never', noAnswer: false })
    Object.assign(state, { status: 500, body: '{"code":"SYSTEM_ERROR","message":"系统异常"}', unsigned: true })
    expect(await refusal(call(wechat))).toMatchObject({ errcode: 'SYSTEM_ERROR', retry: 'now', noAnswer: true })
    Object.assign(state, { status: 429, body: '{"code":"SOMETHING","message":""}' })
    expect(await refusal(call(wechat))).toMatchObject({ retry: 'later' })
    Object.assign(state, { status: 202, body: '{"code":"USERPAYING","message":""}', unsigned: false })
    expect(await refusal(call(wechat))).toMatchObject({ errcode: 'USERPAYING', retry: 'later' })
  })
  test('a notice signed by a new certificate opens after one fetch', async () => {
    const { wechat, clock } = world()
    const body = JSON.stringify({ id: 'E1', event_type: 'TRANSACTION.SUCCESS', resource: sealResource(identity.apiV3Key, '{"out_trade_no":"T1"}', { nonce: 'nonce0000001', associatedData: 'transaction' }) })
    const headers = signPayMessage({ body, timestamp: Math.floor(clock.now() / 1000), nonce: 'n' }, { serial: identity.platform.serial, privateKey: createPrivateKey(identity.platform.privateKey) })
    expect((await wechat.openPayNotice(account, { headers, body })).resource).toEqual({ out_trade_no: 'T1' })
    await expect(wechat.openPayNotice(account, { headers, body: body.replace('E1', 'E2') })).rejects.toMatchObject({ kind: 'signature' })
  })
  test('an account of another kind cannot make the call', async () => {
    const { wechat } = world()
    expect((await refusal(wechat.call(prepay, { out_trade_no: 'T', mchid: '1' }, { account: shop }))).errcode).toBe('wrong-account')
    expect((await refusal(wechat.call(orderGet, { order_id: '1' }, { account }))).errcode).toBe('wrong-account')
    expect((await refusal(wechat.call(prepay, { out_trade_no: '', mchid: '1' }, { account }))).errcode).toBe('wrong-account')
  })
})
