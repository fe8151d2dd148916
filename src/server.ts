import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import cookie from '@fastify/cookie'
import fastifyStatic from '@fastify/static'
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { z } from 'zod'
import { accessFault, may, roles, type Session } from './kernel/access/index.ts'
import { recordAudit } from './kernel/audit/index.ts'
import { Fault } from './kernel/errors.ts'
import { createRateLimit, FileAnswer, httpFault, type AnyPublicRoute, type AnyRoute, type ApiCall, type PublicCall } from './kernel/http/index.ts'
import { readMedia } from './kernel/media/index.ts'
import { blocks, type BlockKey } from './kernel/tenancy/index.ts'
import { callbackServer } from './callback-door.ts'
import type { House } from './house.ts'
import { enterMerchant, merchantLines } from './merchants.ts'
import { mountPages } from './page-door.ts'

/**
 * The web server: callbacks from WeChat, the API of the console, the console itself, health and metrics. Default is no: a route without a session,
 * a page token, a membership and a right answers nothing.
 */
export type ServerOptions = {
  house: House
  /** Folder of the built console; absent: API only. */
  consoleFolder?: string
  /** Folder of the built storefront; absent: no `/shop/<slug>/`. */
  storefrontFolder?: string
  /** Further public routes of the whole installation. */
  publicRoutes?: readonly AnyPublicRoute[]
  /** Further routes of the whole installation (sea, system), each with its right. */
  routes: readonly AnyRoute[]
  metrics: () => Promise<string>
  ready: () => boolean
  /** Cookies only over https when the console is public. */
  secure: boolean
}

const cookieName = 'qz_session'

export async function createServer(options: ServerOptions): Promise<FastifyInstance> {
  const { house } = options
  const app = Fastify({ logger: false, bodyLimit: 8 * 1024 * 1024, routerOptions: { ignoreTrailingSlash: true }, trustProxy: 'loopback', serverFactory: (handler) => callbackServer(house, handler) })
  await app.register(cookie)
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body))

  const language = (request: FastifyRequest): 'zh' | 'en' => ((request.headers['x-language'] as string | undefined) === 'en' ? 'en' : 'zh')

  app.setErrorHandler((error: unknown, request, reply) => {
    if (error instanceof Fault) {
      return reply.status(error.status).send({ error: { code: error.code, message: language(request) === 'en' ? error.message : error.zh, params: error.params } })
    }
    const status = (error as { statusCode?: number }).statusCode
    if (status !== undefined && status < 500) {
      const fault = httpFault('http/bad-request', { reason: (error as Error).message })
      return reply.status(status).send({ error: { code: fault.code, message: language(request) === 'en' ? fault.message : fault.zh, params: fault.params } })
    }
    const id = house.ports.ids.next().slice(-8)
    house.ports.log.error({ id, path: request.routeOptions?.url, error: error instanceof Error ? (error.stack ?? error.message) : String(error) }, 'a request failed')
    const fault = httpFault('http/unexpected', { id })
    return reply.status(500).send({ error: { code: fault.code, message: language(request) === 'en' ? fault.message : fault.zh, params: fault.params } })
  })

  app.addHook('onSend', async (_request, reply, payload) => {
    void reply.header('x-content-type-options', 'nosniff').header('referrer-policy', 'same-origin').header('x-frame-options', 'SAMEORIGIN')
    return payload
  })

  // Callbacks by injection (tests, simulation); over a socket they come through the callback door.
  app.all('/callback/:routeKey', async (request, reply) => {
    const { routeKey } = request.params as { routeKey: string }
    const answer = await house.receive(routeKey, request.method, request.query as Record<string, string>, typeof request.body === 'string' ? request.body : '')
    return reply.status(answer.status).type(answer.contentType).send(answer.body)
  })

  // Notices of WeChat Pay: signed over the exact bytes.
  app.post('/notify/:routeKey', async (request, reply) => {
    const { routeKey } = request.params as { routeKey: string }
    const answer = await house.receiveNotice(routeKey, request.headers, typeof request.body === 'string' ? request.body : '')
    return reply.status(answer.status).type(answer.contentType).send(answer.body === '' ? undefined : answer.body)
  })

  app.get('/healthz', async () => ({ ok: true }))
  app.get('/readyz', async (_request, reply) => (options.ready() ? { ready: true } : reply.status(503).send({ ready: false })))
  app.get('/metrics', async (_request, reply) => reply.type('text/plain; version=0.0.4').send(await options.metrics()))

  // Sign-in.
  const setCookie = (reply: FastifyReply, value: string): FastifyReply =>
    reply.setCookie(cookieName, value, { path: '/', httpOnly: true, sameSite: 'lax', secure: options.secure, maxAge: 14 * 86_400 })
  const readBody = <T extends z.ZodType>(schema: T, request: FastifyRequest): z.output<T> => parse(schema, json(request), '')
  const sessionOf = async (request: FastifyRequest): Promise<Session> => {
    const session = await house.access.session(request.cookies[cookieName])
    if (!session) throw accessFault('access/not-signed-in')
    return session
  }
  app.get('/login/link/:token', async (request, reply) => {
    const { cookie: value } = await house.access.useLink((request.params as { token: string }).token)
    return setCookie(reply, value).redirect('/')
  })
  app.post('/api/sign-in', async (request, reply) => {
    const { login, password } = readBody(z.object({ login: z.string().min(1).max(80), password: z.string().min(1).max(200) }), request)
    const { cookie: value, session } = await house.access.signIn(login, password)
    return setCookie(reply, value).send({ name: session.name })
  })
  app.post('/api/sign-out', async (request, reply) => {
    const session = await sessionOf(request)
    house.access.checkCsrf(session, request.headers['x-csrf'] as string | undefined)
    await house.access.signOut(request.cookies[cookieName]!)
    return reply.clearCookie(cookieName, { path: '/' }).send({ ok: true })
  })
  app.post('/api/password', async (request) => {
    const session = await sessionOf(request)
    house.access.checkCsrf(session, request.headers['x-csrf'] as string | undefined)
    const { password } = readBody(z.object({ password: z.string().max(200) }), request)
    await house.access.setPassword(session.userId, password)
    return { ok: true }
  })
  app.get('/api/me', async (request) => {
    const session = await sessionOf(request)
    const tenants = await house.access.tenantsOf(session.userId)
    return {
      login: session.login, name: session.name, csrf: session.csrf, hasPassword: session.hasPassword,
      tenants: tenants.map((t) => ({
        tenantId: t.tenantId, slug: t.slug, name: t.name, world: t.world, simulated: t.world !== 'real', role: t.role,
        rights: roles[t.role as keyof typeof roles]?.rights ?? [], start: roles[t.role as keyof typeof roles]?.start ?? '/',
        blocks: [...house.blocksOf(t.tenantId)].filter(([, on]) => on !== null).map(([key]) => key),
      })),
    }
  })

  // A service provider's view over all its merchants.
  app.get('/api/merchants', async (request) => ({ rows: await merchantLines(house, house.access, await sessionOf(request)) }))
  app.post('/api/merchants/:slug/enter', async (request) => {
    const session = await sessionOf(request)
    house.access.checkCsrf(session, request.headers['x-csrf'] as string | undefined)
    return enterMerchant(house, house.access, session, (request.params as { slug: string }).slug)
  })

  for (const definition of [...house.routes, ...options.routes]) mount(definition)

  // Storefronts: no console session; one merchant by slug, limited per address.
  const limit = createRateLimit(house.ports.processClock)
  for (const definition of [...house.publicRoutes, ...(options.publicRoutes ?? [])]) mountPublic(definition)
  mountPages(app, { house, secure: options.secure, limit, parse })

  function mountPublic(definition: AnyPublicRoute): void {
    app.route({
      method: definition.method,
      url: `/mall/:slug/api${definition.path}`,
      async handler(request, reply) {
        const raw = request.params as Record<string, string>
        const tenant = house.tenants().find((one) => one.slug === raw.slug)
        if (!tenant || !house.context.blockOn(tenant.tenantId, definition.block as BlockKey)) throw httpFault('http/not-found', { path: request.url.split('?')[0] })
        if (!limit.take(`${request.ip} ${tenant.tenantId} ${definition.method} ${definition.path}`, definition.perMinute)) throw httpFault('http/too-many')
        const { tenantId } = tenant
        const call: PublicCall<unknown, unknown, unknown> = {
          tenantId, slug: tenant.slug, tenantName: tenant.name, bearer: /^Bearer (\S+)$/.exec(request.headers.authorization ?? '')?.[1],
          params: definition.params ? parse(definition.params, raw, 'path') : undefined,
          query: definition.query ? parse(definition.query, request.query, 'query') : undefined,
          body: definition.body ? parse(definition.body, json(request), '') : undefined,
          tx: (work) => house.ports.db.tx({ role: 'app', tenantId }, work), clock: house.context.clockOf(tenantId), ids: house.ports.ids, language: language(request),
        }
        const result = await (definition.handle as (c: typeof call) => Promise<unknown>)(call)
        if (definition.method !== 'GET') house.wake(tenantId)
        return reply.send(result ?? { ok: true })
      },
    })
  }

  function mount(definition: AnyRoute): void {
    app.route({
      method: definition.method,
      url: `/api/t/:tenant${definition.path}`,
      async handler(request, reply) {
        const session = await sessionOf(request)
        if (definition.method !== 'GET') house.access.checkCsrf(session, request.headers['x-csrf'] as string | undefined)
        const raw = request.params as Record<string, string>
        const memberships = await house.access.tenantsOf(session.userId)
        const membership = memberships.find((t) => String(t.tenantId) === raw.tenant || t.slug === raw.tenant)
        if (!membership) throw accessFault('access/no-tenant')
        if (!may(membership.role, definition.right)) throw accessFault('access/no-right', { role: roles[membership.role as keyof typeof roles]?.zh ?? membership.role, right: definition.right })
        const { tenantId } = membership
        if (definition.block !== undefined && !house.context.blockOn(tenantId, definition.block as BlockKey)) {
          throw httpFault('http/block-off', { block: blocks.find((row) => row.key === definition.block)?.zh ?? definition.block })
        }
        const params = definition.params ? parse(definition.params, raw, 'path') : undefined
        const query = definition.query ? parse(definition.query, request.query, 'query') : undefined
        const body = definition.body ? parse(definition.body, json(request), '') : undefined
        const clock = house.context.clockOf(tenantId)
        const actor = `${session.login} · ${session.name}`
        const result = await house.ports.db.tx({ role: 'app', tenantId }, async (tx) => {
          const call: ApiCall<unknown, unknown, unknown> = { tenantId, session, role: membership.role, actor, params, query, body, tx, db: house.ports.db, clock, ids: house.ports.ids, language: language(request), simulated: membership.world !== 'real' }
          const answer = await (definition.handle as (c: typeof call) => Promise<unknown>)(call)
          if (definition.audit !== undefined) {
            // Who did what when is told by the clock on the wall; what it meant for the business, by the clock of the merchant's world.
            const at = house.ports.processClock.now()
            const worldAt = membership.world === 'real' ? at : clock.now()
            await recordAudit(tx, tenantId, [{ auditId: house.ports.ids.next(), at, actor, action: definition.audit, object: auditObject(raw), detail: { params: (params as Record<string, unknown>) ?? {}, ...(worldAt === at ? {} : { worldAt }) } }])
          }
          return answer
        })
        if (definition.method !== 'GET') house.wake(tenantId)
        if (result instanceof FileAnswer) {
          return reply.type(result.contentType).header('content-disposition', `attachment; filename*=UTF-8''${encodeURIComponent(result.name)}`).send(result.content)
        }
        return reply.send(result ?? { ok: true })
      },
    })
  }

  // Images of a merchant: for articles, products and the console. Their name is their content, so they may be kept for ever; nothing in them can run.
  app.get('/media/:slug/:sha256', async (request, reply) => {
    const { slug, sha256 } = request.params as { slug: string; sha256: string }
    const tenant = house.tenants().find((one) => one.slug === slug)
    const found = tenant && /^[0-9a-f]{64}$/.test(sha256) ? await house.ports.db.tx({ role: 'app', tenantId: tenant.tenantId }, (tx) => readMedia(tx, tenant.tenantId, sha256)) : undefined
    if (!found) throw httpFault('http/not-found', { path: request.url.split('?')[0] })
    return reply.type(found.contentType).header('cache-control', 'public, max-age=31536000, immutable').header('content-security-policy', "default-src 'none'; sandbox").send(found.body)
  })

  // The storefront: one built mini program for all merchants; its address says whose shop it is.
  const { storefrontFolder } = options
  if (storefrontFolder !== undefined && existsSync(join(storefrontFolder, 'index.html'))) {
    await app.register(fastifyStatic, { root: storefrontFolder, prefix: '/storefront/', decorateReply: false, cacheControl: true, maxAge: 31_536_000_000, immutable: true, index: false })
    app.get('/shop/:slug', async (request, reply) => {
      const tenant = house.tenants().find((one) => one.slug === (request.params as { slug: string }).slug)
      if (!tenant || !house.context.blockOn(tenant.tenantId, 'mall')) throw httpFault('http/not-found', { path: request.url.split('?')[0] })
      return reply.type('text/html; charset=utf-8').header('cache-control', 'no-cache').send(await readFile(join(storefrontFolder, 'index.html')))
    })
  }

  const hasConsole = options.consoleFolder !== undefined && existsSync(join(options.consoleFolder, 'index.html'))
  if (hasConsole) {
    await app.register(fastifyStatic, { root: options.consoleFolder, wildcard: true, cacheControl: true, maxAge: 31_536_000_000, immutable: true, setHeaders: (response, path) => {
      if (path.endsWith('index.html')) void response.header('cache-control', 'no-cache')
    } })
  }
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?')[0]
    if (request.method === 'GET' && !path.startsWith('/api/') && !path.includes('.') && hasConsole) return reply.header('cache-control', 'no-cache').sendFile('index.html', { maxAge: 0, immutable: false })
    const fault = httpFault('http/not-found', { path })
    return reply.status(404).send({ error: { code: fault.code, message: language(request) === 'en' ? fault.message : fault.zh, params: fault.params } })
  })
  return app
}

function auditObject(params: Record<string, string>): string {
  return Object.entries(params).filter(([key]) => key !== 'tenant').map(([, value]) => value).join('/')
}

function json(request: FastifyRequest): unknown {
  if (typeof request.body !== 'string' || request.body === '') return {}
  try {
    return JSON.parse(request.body)
  } catch {
    throw httpFault('http/bad-input', { where: 'body', found: request.body.slice(0, 40), expected: 'JSON' })
  }
}

/** The first problem in words: where, what was found, what was expected. */
function parse<T extends z.ZodType>(schema: T, value: unknown, prefix: string): z.output<T> {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  const where = [prefix, ...issue.path.map(String)].filter(Boolean).join('.') || 'body'
  const found = issue.path.reduce<unknown>((at, key) => (at === null || at === undefined ? at : (at as Record<PropertyKey, unknown>)[key]), value)
  throw httpFault('http/bad-input', { where, found: JSON.stringify(found)?.slice(0, 60) ?? '（空）', expected: issue.message })
}
