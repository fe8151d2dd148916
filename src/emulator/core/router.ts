import type { EndpointRow, Line } from '../../wechat/spec/endpoint.ts'
import type { Account, CorpApp } from './account.ts'
import { accountOf, type Namespace } from './namespace.ts'
import { PlatformError } from './platform-error.ts'
import type { Caller, LineHooks, LineModule, Route } from './registry.ts'
import { lookupToken } from './tokens.ts'
import { readBody, readParts, withoutNulls, type Part, type WireRequest } from './wire.ts'

type Pattern = { segments: string[]; byMethod: Map<string, Route[]> }

/** Finds the endpoint a request means: by path and method; where lines share a path, by the token's owner, then by Host. */
export type Router = {
  hooksOf(line: Line): LineHooks
  /** Throws `PlatformError` with the line attached when the call cannot reach a handler. */
  resolve(ns: Namespace, request: WireRequest, wireNow: number): Resolved | Unresolved
}

export type Resolved = {
  route: Route
  caller: Caller
  input: unknown
  query: Record<string, string>
  params: Record<string, string>
  parts: Part[]
  token: string | undefined
}
export type Unresolved = { error: PlatformError; route: Route | undefined; line: Line; caller: Caller | undefined }

const weixinLines: readonly Line[] = ['official-account', 'mini-program', 'shop', 'channels', 'component']
const accountKindOf: Record<Line, Account['kind']> = {
  wecom: 'wecom',
  provider: 'provider',
  'official-account': 'official-account',
  'mini-program': 'mini-program',
  shop: 'shop',
  channels: 'channels',
  component: 'component',
  pay: 'pay',
}

export function createRouter(modules: readonly LineModule[]): Router {
  const exact = new Map<string, Map<string, Route[]>>()
  const patterns: Pattern[] = []
  const hooks = new Map<Line, LineHooks>()
  for (const module of modules) {
    if (module.hooks && module.line !== 'core') hooks.set(module.line, module.hooks)
    for (const route of module.routes) {
      const { method, path } = route.endpoint
      let byMethod: Map<string, Route[]>
      if (path.includes('{')) {
        let pattern = patterns.find((known) => known.segments.join('/') === path)
        if (!pattern) patterns.push((pattern = { segments: path.split('/'), byMethod: new Map() }))
        byMethod = pattern.byMethod
      } else {
        byMethod = exact.get(path) ?? new Map<string, Route[]>()
        exact.set(path, byMethod)
      }
      byMethod.set(method, [...(byMethod.get(method) ?? []), route])
    }
  }

  const hooksOf = (line: Line): LineHooks => hooks.get(line) ?? (weixinLines.includes(line) ? weixinHooks : line === 'pay' ? payHooks : wecomHooks)

  function find(path: string): { byMethod: Map<string, Route[]>; params: Record<string, string> } | undefined {
    const found = exact.get(path)
    if (found) return { byMethod: found, params: {} }
    const segments = path.split('/')
    for (const pattern of patterns) {
      if (pattern.segments.length !== segments.length) continue
      const params: Record<string, string> = {}
      const fits = pattern.segments.every((segment, index) => {
        if (!segment.startsWith('{')) return segment === segments[index]
        params[segment.slice(1, -1)] = safeDecode(segments[index])
        return segments[index] !== ''
      })
      if (fits) return { byMethod: pattern.byMethod, params }
    }
    return undefined
  }

  function lineOfHost(host: string): Line | undefined {
    for (const [line, hook] of hooks) if (hook.hosts.includes(host)) return line
    if (wecomHooks.hosts.includes(host)) return 'wecom'
    if (payHooks.hosts.includes(host)) return 'pay'
    return undefined
  }

  function resolve(ns: Namespace, request: WireRequest, wireNow: number): Resolved | Unresolved {
    const cut = request.url.indexOf('?')
    const path = cut < 0 ? request.url : request.url.slice(0, cut)
    const query: Record<string, string> = cut < 0 ? {} : Object.fromEntries(new URLSearchParams(request.url.slice(cut + 1)))
    const host = (request.headers['x-forwarded-host'] ?? request.headers.host ?? '').split(':')[0]
    const found = find(path)
    if (!found) {
      const line = lineOfHost(host) ?? (path.startsWith('/v3/') ? 'pay' : 'official-account')
      return { error: errorOf(hooksOf(line), line, 'unknownPath', request.method, path), route: undefined, line, caller: undefined }
    }
    const candidates = found.byMethod.get(request.method)
    if (!candidates) {
      const known = [...found.byMethod.values()][0][0]
      const error =
        known.endpoint.line === 'pay'
          ? new PlatformError('METHOD_NOT_ALLOWED', `method ${request.method} is not allowed here`, { status: 405 })
          : new PlatformError(request.method === 'GET' ? 43002 : 43001, request.method === 'GET' ? 'require POST method' : 'require GET method')
      return { error, route: known, line: known.endpoint.line, caller: undefined }
    }

    const token = candidates.map((route) => tokenIn(query, route.endpoint)).find((text) => text !== undefined && text !== '')
    const known = token === undefined ? undefined : lookupToken(ns, token)
    let route = candidates[0]
    if (candidates.length > 1) {
      const byOwner = known && candidates.find((candidate) => serves(candidate.endpoint, known.record.line))
      const hostLine = lineOfHost(host)
      const byHost = hostLine && candidates.find((candidate) => serves(candidate.endpoint, hostLine))
      route = byOwner ?? byHost ?? route
    }
    const { line } = route.endpoint
    const hook = hooksOf(line)
    const refuse = (error: PlatformError, caller?: Caller): Unresolved => ({ error, route, line, caller })

    let caller: Caller = { account: undefined, app: undefined }
    if (hook.authenticate) {
      try {
        caller = hook.authenticate(request, route, ns, wireNow)
      } catch (error) {
        if (error instanceof PlatformError) return refuse(error)
        throw error
      }
    } else if (route.endpoint.credential !== 'none') {
      if (token === undefined) return refuse(errorOf(hook, line, 'missingToken'))
      if (!known) return refuse(errorOf(hook, line, 'invalidToken'))
      if (!serves(route.endpoint, known.record.line)) {
        const related = weixinLines.includes(line) && weixinLines.includes(known.record.line)
        return refuse(errorOf(hook, line, related ? 'wrongLine' : 'invalidToken'))
      }
      if (known.state === 'expired') return refuse(errorOf(hook, line, 'expiredToken'))
      const account = accountOf(ns, accountKindOf[known.record.line], known.record.accountId)
      if (!account) return refuse(errorOf(hook, line, 'invalidToken'))
      caller = { account, app: appOf(account, known.record.agentId) }
    }

    const parts = route.endpoint.body === 'multipart' ? readParts(request.headers['content-type'], request.body) : []
    let body: unknown = {}
    if (request.method !== 'GET' && route.endpoint.body !== 'multipart') {
      const text = request.body.toString('utf8').trim()
      if (text !== '' && text !== 'null') {
        try {
          body = withoutNulls(readBody(text))
        } catch {
          return refuse(errorOf(hook, line, 'badJson'), caller)
        }
      }
    } else {
      const { access_token: _, ...rest } = query
      body = rest
    }
    if (typeof body === 'object' && body !== null && !Array.isArray(body) && Object.keys(found.params).length > 0) body = { ...body, ...found.params }
    const checked = route.endpoint.request.safeParse(body)
    if (!checked.success) {
      const issue = checked.error.issues[0]
      return refuse(errorOf(hook, line, 'badInput', `${issue.path.join('.') || 'body'}: ${issue.message}`, route.endpoint), caller)
    }
    return { route, caller, input: checked.data, query, params: found.params, parts, token }
  }

  return { hooksOf, resolve }
}

function serves(endpoint: EndpointRow, line: Line): boolean {
  return endpoint.line === line || endpoint.alsoLines?.includes(line) === true
}

function tokenIn(query: Record<string, string>, endpoint: EndpointRow): string | undefined {
  if (endpoint.credential === 'none' || endpoint.credential === 'pay-signature') return undefined
  return query[endpoint.credential] ?? query.access_token
}

function appOf(account: Account, agentId: string | undefined): CorpApp | undefined {
  return account.kind === 'wecom' ? account.apps.find((app) => app.agentId === agentId) : undefined
}

function safeDecode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

type ErrorMakers = Required<NonNullable<LineHooks['errors']>>

/** The line's own error, else the habit of its family. */
export function errorOf<K extends keyof ErrorMakers>(hook: LineHooks, line: Line, name: K, ...args: Parameters<ErrorMakers[K]>): PlatformError {
  const make = (hook.errors?.[name] ?? (line === 'pay' ? payErrors : weixinLines.includes(line) ? weixinErrors : wecomErrors)[name]) as (
    ...list: Parameters<ErrorMakers[K]>
  ) => PlatformError
  return make(...args)
}

const weixinErrors: ErrorMakers = {
  missingToken: () => new PlatformError(41001, 'access_token missing'),
  invalidToken: () => new PlatformError(40001, 'invalid credential, access_token is invalid or not latest'),
  expiredToken: () => new PlatformError(42001, 'access_token expired'),
  wrongLine: () => new PlatformError(48001, 'api unauthorized'),
  badInput: (detail) => new PlatformError(40097, `invalid args: ${detail}`),
  badJson: () => new PlatformError(47001, 'data format error'),
  unknownPath: (_, path) => new PlatformError(40066, `invalid url: ${path}`),
  busy: () => new PlatformError(-1, 'system error'),
  rateLimited: (perMs) => (perMs >= 3_600_000 ? new PlatformError(45009, 'reach max api daily quota limit') : new PlatformError(45011, 'api minute-quota reach limit, must slower, retry next minute')),
}
const wecomErrors: ErrorMakers = {
  ...weixinErrors,
  invalidToken: () => new PlatformError(40014, 'invalid access_token'),
  wrongLine: () => new PlatformError(40014, 'invalid access_token'),
  badInput: (detail) => new PlatformError(40058, `invalid parameter: ${detail}`),
  rateLimited: () => new PlatformError(45009, 'api freq out of limit'),
}
const payErrors: ErrorMakers = {
  missingToken: () => new PlatformError('SIGN_ERROR', 'the request carries no signature', { status: 401 }),
  invalidToken: () => new PlatformError('SIGN_ERROR', 'the signature does not hold', { status: 401 }),
  expiredToken: () => new PlatformError('SIGN_ERROR', 'the signature is too old', { status: 401 }),
  wrongLine: () => new PlatformError('NO_AUTH', 'no permission', { status: 403 }),
  badInput: (detail) => new PlatformError('PARAM_ERROR', detail, { status: 400 }),
  badJson: () => new PlatformError('PARAM_ERROR', 'the body is not JSON', { status: 400 }),
  unknownPath: (method, path) => new PlatformError('RESOURCE_NOT_EXISTS', `${method} ${path} does not exist`, { status: 404 }),
  busy: () => new PlatformError('SYSTEM_ERROR', 'system error', { status: 500 }),
  rateLimited: () => new PlatformError('FREQUENCY_LIMITED', 'too many requests', { status: 429 }),
}

const weixinHooks: LineHooks = { hosts: ['api.weixin.qq.com'] }
const wecomHooks: LineHooks = { hosts: ['qyapi.weixin.qq.com'] }
const payHooks: LineHooks = { hosts: ['api.mch.weixin.qq.com', 'api2.mch.weixin.qq.com'] }
