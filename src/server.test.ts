import type { FastifyInstance, InjectOptions } from 'fastify'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { day, start } from '../tests/setup/fixtures.ts'
import { openTestHouse, type TestHouse } from '../tests/setup/test-house.ts'
import { FileAnswer, route } from './kernel/http/index.ts'
import { countFacts } from './kernel/inbox/index.ts'
import { addRoute, switchBlock } from './kernel/tenancy/index.ts'
import { listAudit } from './kernel/audit/index.ts'
import { sealCallback, sealEcho, type CallbackKeys } from './wechat/codec/index.ts'
import { putConnection } from './wechat/connection/index.ts'

let t: TestHouse
let app: FastifyInstance
let tenantId = 0
let other = 0
const keys: CallbackKeys = { token: 'callback-token', aesKey: 'a'.repeat(43), receiveId: 'wx-shop' }
const routeKey = 'door-1'

beforeAll(async () => {
  t = await openTestHouse()
  tenantId = await t.merchant('tea')
  other = await t.merchant('other')
  const connectionId = t.ids.next()
  await t.app(tenantId, (tx) => putConnection(tx, tenantId, {
    connectionId, line: 'shop', accountId: keys.receiveId, name: 'Shop', baseUrl: null, routeKey, status: 'connected', checks: [], createdAt: start, updatedAt: start, secrets: { token: keys.token, aesKey: keys.aesKey, secret: 's' },
  }, t.seal))
  await t.db.tx({ role: 'auth' }, (tx) => addRoute(tx, { routeKey, tenantId, connectionId }))
  await t.house.refresh()
  app = await t.server([
    route({ method: 'POST', path: '/test/echo', right: 'settings.write', audit: 'test.echo', what: 'test', body: z.object({ amountFen: z.number().int(), nested: z.object({ name: z.string().min(2) }).optional() }), handle: async ({ body, actor }) => ({ body, actor }) }),
    route({ method: 'GET', path: '/test/block', right: 'chain.read', block: 'codes', what: 'test', handle: async () => ({ on: true }) }),
    route({ method: 'GET', path: '/test/file', right: 'chain.read', what: 'test', handle: async () => new FileAnswer('订单.csv', 'text/csv', 'a') }),
    route({ method: 'GET', path: '/test/break', right: 'chain.read', what: 'test', handle: () => Promise.reject(new Error('internal detail with openid o-1')) }),
    route({ method: 'POST', path: '/test/half', right: 'chain.read', audit: 'test.half', what: 'test', async handle({ tx, tenantId: id }) {
      await switchBlock(tx, id, 'live', true, start)
      throw new Error('after a write')
    } }),
    route({ method: 'GET', path: '/test/rows', right: 'chain.read', what: 'test', handle: async ({ tx }) => tx.query('/* citus: what row-level security leaves */ select tenant_id from block') }),
  ])
})
afterAll(() => t.close())

let people = 0
/** Somebody signed in with a role at the tea merchant. */
async function signedIn(role: string): Promise<{ cookie: string; csrf: string }> {
  const userId = await t.house.access.createUser(`person-${++people}`, 'Person', null)
  await t.house.access.addMember(tenantId, userId, role)
  const { cookie, session } = await t.house.access.useLink(await t.house.access.createLink(userId))
  return { cookie, csrf: session.csrf }
}
const call = (options: InjectOptions, who?: { cookie: string; csrf?: string }) =>
  app.inject({ ...options, headers: { ...(who ? { cookie: `qz_session=${who.cookie}`, ...(who.csrf === undefined ? {} : { 'x-csrf': who.csrf }) } : {}), ...options.headers } })
const codeOf = (answer: { json(): unknown }): string => (answer.json() as { error?: { code: string } }).error?.code ?? 'none'

describe('callbacks', () => {
  let sent = 0
  const sealed = (message: unknown, by: CallbackKeys = keys) => sealCallback(by, JSON.stringify(message), { flavour: 'weixin', format: 'json', timestamp: Math.floor(start / 1000), nonce: `n${++sent}`, random16: t.random.bytes(16, 'callback', sent), toUserName: 'gh' })
  const push = (query: Record<string, string>, body: string, key = routeKey) => app.inject({ method: 'POST', url: `/callback/${key}`, query, payload: body, headers: { 'content-type': 'application/json' } })
  const stored = () => t.app(tenantId, (tx) => countFacts(tx, tenantId))
  const message = { Event: 'channels_ec_order_pay', order_info: { order_id: '3705115058471208928' }, n: 0 }

  test('one that verifies is answered success once it is stored; again it is counted, not stored', async () => {
    const first = sealed(message)
    const before = await stored()
    const answers = [await push(first.query, first.body), await push(first.query, first.body)]
    const again = sealed(message) // sealed anew, as the platform's retry is
    answers.push(await push(again.query, again.body))
    expect(answers.map((a) => [a.statusCode, a.body])).toEqual([[200, 'success'], [200, 'success'], [200, 'success']])
    expect(await stored()).toEqual({ stored: before.stored + 1, repeats: before.repeats + 2 })
  })

  test('one that was tampered with anywhere is refused, and nothing is stored', async () => {
    const before = await stored()
    const { query, body } = sealed({ ...message, n: 1 })
    const flip = (text: string): string => `${text.slice(0, 40)}${text[40] === 'A' ? 'B' : 'A'}${text.slice(41)}`
    const attempts: Array<[string, Record<string, string>, string]> = [
      ['the signature', { ...query, msg_signature: query.msg_signature.replace(/^./, (c) => (c === '0' ? '1' : '0')) }, body],
      ['no signature', { ...query, msg_signature: '' }, body],
      ['the time', { ...query, timestamp: String(Number(query.timestamp) + 1) }, body],
      ['the message', query, flip(body)],
      ['no message', query, ''],
      ['no JSON', query, 'hello'],
    ]
    for (const [what, q, b] of attempts) expect((await push(q, b)).statusCode, what).toBeGreaterThanOrEqual(400)
    const stranger = sealed({ ...message, n: 1 }, { ...keys, token: 'another' })
    expect((await push(stranger.query, stranger.body)).statusCode).toBe(401)
    const wrongReceiver = sealed({ ...message, n: 1 }, { ...keys, receiveId: 'wx-other' })
    expect((await push(wrongReceiver.query, wrongReceiver.body)).statusCode).toBeGreaterThanOrEqual(400)
    expect(await stored()).toEqual(before)
  })

  test('control: the same message untouched is taken', async () => {
    const { query, body } = sealed({ ...message, n: 1 })
    expect((await push(query, body)).body).toBe('success')
  })

  test('an unknown address says nothing', async () => {
    const { query, body } = sealed({ ...message, n: 2 })
    expect((await push(query, body, 'no-such-door')).statusCode).toBe(404)
  })

  test('the knock of the platform when the address is saved is answered with what it sent', async () => {
    const { query, expected } = sealEcho(keys, 'knock knock', { flavour: 'weixin', timestamp: 1, nonce: 'n', random16: Buffer.alloc(16) })
    const answer = await app.inject({ method: 'GET', url: `/callback/${routeKey}`, query })
    expect([answer.statusCode, answer.body]).toEqual([200, expected])
    expect((await app.inject({ method: 'GET', url: `/callback/${routeKey}`, query: { echostr: 'x', signature: 'bad', timestamp: '1', nonce: 'n' } })).statusCode).toBe(401)
  })
})

describe('the API refuses by default', () => {
  const echo = { method: 'POST' as const, url: '/api/t/tea/test/echo', payload: { amountFen: 1 } }

  test('without a session, with a made-up one, and after signing out', async () => {
    const who = await signedIn('owner')
    expect(codeOf(await call(echo))).toBe('access/not-signed-in')
    expect(codeOf(await call(echo, { cookie: 'made up', csrf: who.csrf }))).toBe('access/not-signed-in')
    expect((await call(echo, who)).statusCode).toBe(200)
    expect((await call({ method: 'POST', url: '/api/sign-out' }, who)).statusCode).toBe(200)
    expect(codeOf(await call(echo, who))).toBe('access/not-signed-in')
  })
  test('a write without the page token, or with that of another session', async () => {
    const [who, stranger] = [await signedIn('owner'), await signedIn('owner')]
    expect(codeOf(await call(echo, { cookie: who.cookie }))).toBe('access/csrf')
    expect(codeOf(await call(echo, { cookie: who.cookie, csrf: stranger.csrf }))).toBe('access/csrf')
    expect((await call({ method: 'GET', url: '/api/t/tea/test/file' }, { cookie: who.cookie })).statusCode).toBe(200) // reading needs none
  })
  test('a merchant one is not a member of looks like one that is not there', async () => {
    const who = await signedIn('owner')
    expect(codeOf(await call({ ...echo, url: '/api/t/other/test/echo' }, who))).toBe('access/no-tenant')
    expect(codeOf(await call({ ...echo, url: `/api/t/${other}/test/echo` }, who))).toBe('access/no-tenant')
    expect(codeOf(await call({ ...echo, url: '/api/t/none/test/echo' }, who))).toBe('access/no-tenant')
    expect((await call({ ...echo, url: `/api/t/${tenantId}/test/echo` }, who)).statusCode).toBe(200)
  })
  test('a role without the right, on the platform\'s own routes and on every declared one', async () => {
    expect(codeOf(await call(echo, await signedIn('viewer')))).toBe('access/no-right')
    const nobody = await signedIn('no such role')
    for (const declared of t.house.routes) {
      const url = `/api/t/tea${declared.path.replace(/:shelf/, 'shop').replace(/:\w+Id/, '00000000-0000-7000-8000-000000000000').replace(/:\w+/, 'x')}`
      expect(codeOf(await call({ method: declared.method, url, payload: {} }, nobody)), `${declared.method} ${declared.path}`).toBe('access/no-right')
    }
  })
  test('a route of a block that is off is not there; switched on it is', async () => {
    const who = await signedIn('owner')
    const get = () => call({ method: 'GET', url: '/api/t/tea/test/block' }, who)
    const off = await get()
    expect([off.statusCode, codeOf(off)]).toEqual([404, 'http/block-off'])
    await t.app(tenantId, (tx) => switchBlock(tx, tenantId, 'codes', true, start))
    await t.house.refresh()
    expect((await get()).json()).toEqual({ on: true })
  })
})

describe('answers', () => {
  test('wrong input is named with what was found and expected, in the language asked for', async () => {
    const who = await signedIn('owner')
    const send = (payload: unknown, language = 'en') => call({ method: 'POST', url: '/api/t/tea/test/echo', payload: payload as object, headers: { 'x-language': language } }, who)
    expect((await send({ amountFen: 1.5 })).json()).toMatchObject({ error: { code: 'http/bad-input', params: { where: 'amountFen', found: '1.5' } } })
    expect((await send({ amountFen: 1, nested: { name: 'x' } })).json()).toMatchObject({ error: { params: { where: 'nested.name' } } })
    expect(((await send({}, 'zh')).json() as { error: { message: string } }).error.message).toContain('填得不对')
    const broken = await call({ method: 'POST', url: '/api/t/tea/test/echo', payload: '{"amountFen":', headers: { 'content-type': 'application/json' } }, who)
    expect([broken.statusCode, codeOf(broken)]).toEqual([400, 'http/bad-input'])
  })
  test('an unexpected error shows a reference and no inside; what the request wrote is gone and not audited', async () => {
    const who = await signedIn('owner')
    const answer = await call({ method: 'GET', url: '/api/t/tea/test/break' }, who)
    expect([answer.statusCode, codeOf(answer)]).toEqual([500, 'http/unexpected'])
    expect(answer.body).not.toContain('openid')
    expect((await call({ method: 'POST', url: '/api/t/tea/test/half' }, who)).statusCode).toBe(500)
    expect(await t.app(tenantId, (tx) => tx.query(`select 1 from block where tenant_id = $1 and block = 'live'`, [tenantId]))).toEqual([])
    expect((await t.app(tenantId, (tx) => listAudit(tx, tenantId, start + day, 100))).map((row) => row.action)).not.toContain('test.half')
  })
  test('a privileged act that succeeds is in the audit trail, with who did it', async () => {
    await call({ method: 'POST', url: '/api/t/tea/test/echo', payload: { amountFen: 1 } }, await signedIn('owner'))
    expect(await t.app(tenantId, (tx) => listAudit(tx, tenantId, start + day, 1))).toMatchObject([{ action: 'test.echo', actor: `person-${people} · Person` }])
  })
  test('a handler that names no tenant still sees its own rows only', async () => {
    await t.app(other, (tx) => switchBlock(tx, other, 'shop', true, start))
    const rows = (await call({ method: 'GET', url: '/api/t/tea/test/rows' }, await signedIn('owner'))).json() as Array<{ tenant_id: number }>
    expect(new Set(rows.map((row) => row.tenant_id))).toEqual(new Set([tenantId]))
  })
  test('a download has its name and type', async () => {
    const answer = await call({ method: 'GET', url: '/api/t/tea/test/file' }, await signedIn('owner'))
    expect(answer.headers).toMatchObject({ 'content-type': 'text/csv', 'content-disposition': `attachment; filename*=UTF-8''${encodeURIComponent('订单.csv')}` })
  })
  test('what is not there is 404 with a code; health, readiness and metrics answer without a session', async () => {
    expect(codeOf(await app.inject('/api/nothing'))).toBe('http/not-found')
    expect((await app.inject('/healthz')).json()).toEqual({ ok: true })
    expect((await app.inject('/readyz')).json()).toEqual({ ready: true })
    expect((await app.inject('/metrics')).body).toContain('#')
  })
  test('browsers are told not to guess types and not to be framed', async () => {
    expect((await app.inject('/healthz')).headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'x-frame-options': 'SAMEORIGIN', 'referrer-policy': 'same-origin' })
  })
})

describe('signing in over HTTP', () => {
  test('a login link opens a session in a cookie that scripts cannot read, once', async () => {
    const userId = await t.house.access.createUser('linked', 'Linked', null)
    await t.house.access.addMember(tenantId, userId, 'viewer')
    const link = `/login/link/${await t.house.access.createLink(userId)}`
    const first = await app.inject(link)
    expect([first.statusCode, first.headers.location]).toEqual([302, '/'])
    expect(first.headers['set-cookie']).toMatch(/^qz_session=\w{43}; .*HttpOnly; SameSite=Lax/)
    expect((await app.inject(link)).statusCode).toBe(410)
    const cookie = first.cookies[0].value
    const me = (await call({ method: 'GET', url: '/api/me' }, { cookie })).json() as { tenants: Array<{ slug: string; rights: string[] }>; hasPassword: boolean }
    expect(me).toMatchObject({ hasPassword: false, tenants: [{ slug: 'tea', role: 'viewer', simulated: false }] })
    expect(me.tenants[0].rights).not.toContain('orders.refund')
  })
  test('a password is set with the page token, and then signs in', async () => {
    const who = await signedIn('owner')
    const set = (password: string, csrf?: string) => call({ method: 'POST', url: '/api/password', payload: { password } }, { cookie: who.cookie, csrf })
    expect(codeOf(await set('long enough password'))).toBe('access/csrf')
    expect(codeOf(await set('short', who.csrf))).toBe('access/weak-password')
    expect((await set('long enough password', who.csrf)).statusCode).toBe(200)
    const signIn = (password: string) => app.inject({ method: 'POST', url: '/api/sign-in', payload: { login: `person-${people}`, password } })
    expect(codeOf(await signIn('wrong'))).toBe('access/wrong-password')
    expect((await signIn('long enough password')).cookies[0]).toMatchObject({ name: 'qz_session', httpOnly: true })
  })
})
