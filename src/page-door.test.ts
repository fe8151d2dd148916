import cookie from '@fastify/cookie'
import Fastify, { type FastifyInstance } from 'fastify'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { createRateLimit, html, pageRoute, type PageSite } from './kernel/http/index.ts'
import type { House } from './house.ts'
import { mountPages } from './page-door.ts'
import { openTestHouse, type TestHouse } from '../tests/setup/test-house.ts'

/** A site of two pages: one shows its form token, one counts what was sent. */
describe('the door of pages', () => {
  let t: TestHouse
  let app: FastifyInstance
  const sent: string[] = []
  const site: PageSite = {
    block: 'shop',
    routes: [
      pageRoute({ method: 'GET', path: '', what: 'home', perMinute: 5, handle: async (call) => ({ kind: 'page', markup: html`<form>${call.csrf}</form>` }) }),
      pageRoute({ method: 'POST', path: '/say', what: 'say', perMinute: 100, form: z.object({ text: z.string().min(1) }), handle: async (call) => {
        sent.push(call.form.text)
        return { kind: 'go', to: `/c/${call.slug}`, cookies: { session: 'abc' } }
      } }),
      pageRoute({ method: 'GET', path: '/broken', what: 'broken', perMinute: 100, handle: async () => { throw new Error('a bug') } }),
    ],
    trouble: async (_call, status, zh) => ({ kind: 'page', status, markup: html`<h1>${zh}</h1>` }),
  }
  beforeAll(async () => {
    t = await openTestHouse()
    const tenantId = await t.merchant('tea')
    await t.merchant('quiet')
    const house: House = { ...t.house, pages: [site], context: { ...t.house.context, blockOn: (id) => id === tenantId } }
    app = Fastify({ routerOptions: { ignoreTrailingSlash: true } })
    await app.register(cookie)
    app.removeAllContentTypeParsers()
    app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body))
    mountPages(app, { house, secure: false, limit: createRateLimit(t.clock), parse: (schema, value) => schema.parse(value) })
  })
  afterAll(async () => {
    await app?.close()
    await t?.close()
  })
  const open = async (): Promise<{ token: string; cookie: string }> => {
    const page = await app.inject({ url: '/c/tea' })
    return { token: /<form>(\w+)<\/form>/.exec(page.body)![1], cookie: page.cookies.map((one) => `${one.name}=${one.value}`).join('; ') }
  }
  const say = (payload: Record<string, string>, headers: Record<string, string>) => app.inject({ method: 'POST', url: '/c/tea/say', payload: new URLSearchParams(payload).toString(), headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers } })

  test('a form with the token of its page is taken, and answers with a page to look at', async () => {
    const { token, cookie: jar } = await open()
    const answer = await say({ text: '你好', _token: token }, { cookie: jar, origin: 'http://localhost', host: 'localhost' })
    expect(answer.statusCode).toBe(303)
    expect(answer.headers.location).toBe('/c/tea')
    expect(answer.cookies.find((one) => one.name === 'qz_reader')).toMatchObject({ value: 'abc', httpOnly: true, sameSite: 'Lax', path: '/c/tea' })
    expect(sent).toEqual(['你好'])
  })

  test('control: without the token, with that of another browser, or from another site nothing is done', async () => {
    const mine = await open()
    const other = await open()
    for (const answer of [
      await say({ text: 'x' }, { cookie: mine.cookie }),
      await say({ text: 'x', _token: other.token }, { cookie: mine.cookie }),
      await say({ text: 'x', _token: mine.token }, { cookie: mine.cookie, origin: 'https://evil.example' }),
      await say({ text: 'x', _token: mine.token }, { cookie: mine.cookie, 'sec-fetch-site': 'cross-site' }),
      // Signed in since: the token belonged to nobody.
      await say({ text: 'x', _token: mine.token }, { cookie: `${mine.cookie}; qz_reader=abc` }),
    ]) expect(answer.statusCode).toBe(403)
    expect(sent).toEqual(['你好'])
  })

  test('no page may run a script of its own or be framed', async () => {
    t.clock.advance(60_000)
    const page = await app.inject({ url: '/c/tea' })
    expect(page.headers['content-security-policy']).toContain("script-src 'self'")
    expect(String(page.headers['content-security-policy'])).not.toContain('unsafe')
    expect(page.headers['x-frame-options']).toBe('DENY')
  })

  test('an unchanged page is not sent again, and who is too fast is told so', async () => {
    t.clock.advance(60_000)
    const first = await app.inject({ url: '/c/tea' })
    const jar = first.cookies.map((one) => `${one.name}=${one.value}`).join('; ')
    const again = await app.inject({ url: '/c/tea', headers: { cookie: jar, 'if-none-match': String(first.headers.etag) } })
    expect([again.statusCode, again.body]).toEqual([304, ''])
    const many = await Promise.all(Array.from({ length: 9 }, () => app.inject({ url: '/c/tea' })))
    expect(many.filter((one) => one.statusCode === 429)).toHaveLength(6)
    expect(many.at(-1)!.body).toContain('来得太快了')
  })

  test('troubles are pages; a bug shows a number and nothing of itself; where the block is off there is nothing', async () => {
    const broken = await app.inject({ url: '/c/tea/broken' })
    expect(broken.statusCode).toBe(500)
    expect(broken.body).not.toContain('a bug')
    expect((await app.inject({ url: '/c/tea/nowhere' })).statusCode).toBe(404)
    expect((await app.inject({ url: '/c/quiet' })).statusCode).toBe(404)
    expect((await app.inject({ url: '/robots.txt' })).body).toContain('/c/tea/sitemap.xml')
    expect((await app.inject({ url: '/robots.txt' })).body).not.toContain('quiet')
  })
})
