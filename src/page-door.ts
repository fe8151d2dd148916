import { createHash } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { z } from 'zod'
import { assert } from './kernel/assert.ts'
import { Fault } from './kernel/errors.ts'
import { httpFault, pagePolicy, type AnyPageCall, type AnyPageRoute, type PageAnswer, type PageSite, type RateLimit } from './kernel/http/index.ts'
import { randomText } from './kernel/random.ts'
import type { BlockKey } from './kernel/tenancy/index.ts'
import type { House } from './house.ts'

/** Where pages for readers come in: cookies, form tokens, limits, cache and content policy, in one place for all of them. */
const cookies = { session: 'qz_reader', device: 'qz_device', language: 'qz_lang', theme: 'qz_theme' } as const
const year = 365 * 86_400
/** How long a reader stays signed in on a browser that they use. */
const sessionDays = 90

export type PageDoor = { house: House; secure: boolean; limit: RateLimit; parse: <T extends z.ZodType>(schema: T, value: unknown, where: string) => z.output<T> }

export function mountPages(app: FastifyInstance, door: PageDoor): void {
  const { house } = door
  let devices = 0
  const sites = house.pages
  const originOf = (request: FastifyRequest): string => house.ports.config.publicUrl || `${request.protocol}://${request.host}`
  const tenantOf = (slug: string) => house.tenants().find((one) => one.slug === slug)

  const callOf = (request: FastifyRequest, reply: FastifyReply, tenant: NonNullable<ReturnType<typeof tenantOf>>): AnyPageCall => {
    let deviceKey = request.cookies[cookies.device]
    if (deviceKey === undefined || !/^[0-9A-Za-z]{22}$/.test(deviceKey)) {
      deviceKey = randomText(house.ports.random, 22, 'device', devices++)
      setCookie(reply, tenant.slug, cookies.device, deviceKey, year)
    }
    const session = request.cookies[cookies.session]
    const theme = request.cookies[cookies.theme]
    const asked = (request.query as Record<string, unknown>).lang
    const language = (asked === 'en' || asked === 'zh' ? asked : request.cookies[cookies.language]) === 'en' ? 'en' : 'zh'
    return {
      tenantId: tenant.tenantId, slug: tenant.slug, tenantName: tenant.name, simulated: tenant.world !== 'real', params: undefined, query: undefined, form: undefined,
      session, deviceKey, csrf: house.ports.seal.blindIndex(`form ${tenant.tenantId} ${deviceKey} ${session ?? ''}`).slice(0, 40), language, theme: theme === 'light' || theme === 'dark' ? theme : undefined,
      path: request.url, origin: originOf(request), userAgent: String(request.headers['user-agent'] ?? '').slice(0, 300),
      tx: (work) => house.ports.db.tx({ role: 'app', tenantId: tenant.tenantId }, work), clock: house.context.clockOf(tenant.tenantId), ids: house.ports.ids,
    }
  }

  function setCookie(reply: FastifyReply, slug: string, name: string, value: string, maxAge: number): void {
    void reply.setCookie(name, value, { path: `/c/${slug}`, httpOnly: true, sameSite: 'lax', secure: door.secure, maxAge })
  }

  function send(request: FastifyRequest, reply: FastifyReply, slug: string, answer: PageAnswer): FastifyReply {
    const set = (name: string, value: string | null | undefined, maxAge: number): void => {
      if (value === null) void reply.clearCookie(name, { path: `/c/${slug}` })
      else if (value !== undefined) setCookie(reply, slug, name, value, maxAge)
    }
    set(cookies.session, answer.cookies?.session, sessionDays * 86_400)
    set(cookies.language, answer.cookies?.language, year)
    set(cookies.theme, answer.cookies?.theme, year)
    void reply.header('content-security-policy', pagePolicy).header('x-frame-options', 'DENY').header('cross-origin-opener-policy', 'same-origin').header('permissions-policy', 'camera=(), microphone=(), geolocation=(), payment=()')
    if (answer.kind === 'go') return reply.header('cache-control', 'no-store').redirect(answer.to, 303)
    if (answer.kind === 'file') {
      return reply.type(answer.contentType).header('cache-control', answer.maxAge === 'forever' ? 'public, max-age=31536000, immutable' : answer.maxAge === 0 ? 'private, no-store' : `public, max-age=${answer.maxAge}`).send(answer.content)
    }
    const body = `<!doctype html>${answer.markup.text}`
    // A page is its reader's own; it may be kept, but is asked for again each time, and most of the time the answer is "as before".
    void reply.type('text/html; charset=utf-8').header('cache-control', 'private, no-cache').header('vary', 'cookie')
    if ((answer.status ?? 200) === 200) {
      const tag = `W/"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`
      void reply.header('etag', tag)
      if (request.headers['if-none-match'] === tag) return reply.status(304).send()
    }
    return reply.status(answer.status ?? 200).send(body)
  }

  async function answer(site: PageSite, definition: AnyPageRoute | undefined, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const raw = request.params as Record<string, string>
    const tenant = tenantOf(raw.slug)
    if (!tenant || !house.context.blockOn(tenant.tenantId, site.block as BlockKey)) throw httpFault('http/not-found', { path: request.url.split('?')[0] })
    const call = callOf(request, reply, tenant)
    try {
      if (definition === undefined) throw httpFault('http/not-found', { path: request.url.split('?')[0] })
      if (!door.limit.take(`${request.ip} ${tenant.tenantId} ${definition.method} page ${definition.path}`, definition.perMinute)) throw httpFault('http/too-many')
      const form = definition.method === 'POST' ? readForm(request.body) : {}
      if (definition.method === 'POST' && !fromHere(request, form._token, call.csrf)) throw httpFault('http/stale-form')
      const given = definition.form === undefined ? undefined : door.parse(definition.form, form, 'form')
      const params = definition.params === undefined ? undefined : door.parse(definition.params, raw, 'path')
      const query = definition.query === undefined ? undefined : door.parse(definition.query, request.query, 'query')
      const result = await (definition.handle as (c: AnyPageCall) => Promise<PageAnswer>)({ ...call, params, query, form: given })
      if (definition.method === 'POST') house.wake(tenant.tenantId)
      return send(request, reply, tenant.slug, result)
    } catch (error) {
      if (error instanceof Fault) return send(request, reply, tenant.slug, await site.trouble(call, error.status, error.zh, error.message))
      const id = house.ports.ids.next().slice(-8)
      house.ports.log.error({ id, path: request.routeOptions?.url, error: error instanceof Error ? (error.stack ?? error.message) : String(error) }, 'a page failed')
      const fault = httpFault('http/unexpected', { id })
      return send(request, reply, tenant.slug, await site.trouble(call, 500, fault.zh, fault.message))
    }
  }

  for (const site of sites) {
    for (const definition of site.routes) {
      assert(!definition.path.includes('/:slug'), `a page may not call a part of its path slug: ${definition.path}`)
      app.route({ method: definition.method, url: `/c/:slug${definition.path}`, handler: (request, reply) => answer(site, definition, request, reply) })
    }
    app.get('/c/:slug/*', (request, reply) => answer(site, undefined, request, reply))
  }

  app.get('/robots.txt', async (request, reply) => {
    const open = house.tenants().filter((tenant) => sites.some((site) => house.context.blockOn(tenant.tenantId, site.block as BlockKey)))
    const rows = ['User-agent: *', 'Disallow: /api/', 'Disallow: /login/', ...open.map((tenant) => `Sitemap: ${originOf(request)}/c/${tenant.slug}/sitemap.xml`)]
    return reply.type('text/plain; charset=utf-8').header('cache-control', 'public, max-age=3600').send(`${rows.join('\n')}\n`)
  })
}

/** A field that occurs once is text, one that occurs more often a list. */
function readForm(body: unknown): Record<string, string | string[]> {
  const form: Record<string, string | string[]> = {}
  for (const [name, value] of new URLSearchParams(typeof body === 'string' ? body : '')) {
    const before = form[name]
    form[name] = before === undefined ? value : Array.isArray(before) ? [...before, value] : [before, value]
  }
  return form
}

/** A form of this site, sent from this site by the browser that got it. Old browsers send neither header; the token is asked of everybody. */
function fromHere(request: FastifyRequest, token: unknown, expected: string): boolean {
  const site = request.headers['sec-fetch-site']
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return false
  const origin = request.headers.origin
  if (origin !== undefined && origin !== 'null' && !sameHost(origin, request.host)) return false
  return typeof token === 'string' && token === expected
}

function sameHost(origin: string, host: string): boolean {
  return URL.canParse(origin) && new URL(origin).host === host
}
