import { z } from 'zod'
import { Fault } from '../../kernel/errors.ts'
import { adminPage } from './admin-page.ts'
import type { Emulator } from './emulator.ts'
import { emulatorFault } from './errors.ts'
import { faultPlan } from './faults.ts'
import type { AccountKind } from './account.ts'
import { accountOf } from './namespace.ts'
import type { Act } from './registry.ts'
import { pushSettings } from './seal.ts'
import { jsonAnswer, readBody, type WireAnswer, type WireRequest } from './wire.ts'

/**
 * The admin API (管理接口) under /_emulator/: the contract is docs/emulator-admin.md. The namespace comes from the header `x-qz-namespace`,
 * the prefix `/ns/<name>`, or the query `ns`; `main` otherwise. Answers are JSON; errors are `{ error: { code, zh, en } }`.
 */
export async function handleAdmin(emulator: Emulator, request: WireRequest, acts: ReadonlyMap<string, Act>): Promise<WireAnswer> {
  const url = new URL(request.url, 'http://emulator')
  const name = url.searchParams.get('ns') ?? request.headers['x-qz-namespace'] ?? 'main'
  const path = url.pathname.replace(/\/$/, '')
  try {
    const value = await answer(emulator, acts, request, url, path.slice('/_emulator'.length), name)
    if (typeof value === 'string') return { status: 200, headers: { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' }, body: Buffer.from(value) }
    return jsonAnswer(value)
  } catch (error) {
    if (error instanceof Fault) return jsonAnswer({ error: { code: error.code, zh: error.zh, en: error.message } }, error.status)
    throw error
  }
}

const pushBody = z.object({ kind: z.string(), id: z.string().optional(), agentId: z.string().optional(), url: z.string().nullable().optional(), token: z.string().optional(), aesKey: z.string().optional(), format: z.string().optional() })

async function answer(emulator: Emulator, acts: ReadonlyMap<string, Act>, request: WireRequest, url: URL, path: string, name: string): Promise<unknown> {
  const body = <T extends z.ZodType>(schema: T): z.output<T> => {
    let value: unknown
    try {
      const text = request.body.toString('utf8').trim()
      value = text === '' ? {} : readBody(text)
    } catch {
      throw emulatorFault('emulator/bad-body', { detail: 'JSON' })
    }
    const checked = schema.safeParse(value)
    if (!checked.success) throw emulatorFault('emulator/bad-body', { detail: `${checked.error.issues[0].path.join('.') || 'body'}: ${checked.error.issues[0].message}` })
    return checked.data
  }
  const limit = Number(url.searchParams.get('limit') ?? 200)
  switch (`${request.method} ${path}`) {
    case 'GET ':
      return adminPage()
    case 'GET /state': {
      const ns = emulator.namespace(name)
      const part = url.searchParams.get('slice')
      if (part !== null) return { slice: part, value: ns.slices[part] ?? null }
      return {
        namespace: name, seed: ns.seed, now: ns.now, clock: emulator.clock.kind, counts: emulator.counts(name), nextDue: emulator.nextDue(name) ?? null,
        scheduled: ns.scheduled.length, slices: Object.keys(ns.slices), counters: ns.counters, hash: url.searchParams.has('hash') ? emulator.stateHash(name) : undefined,
      }
    }
    case 'GET /accounts':
      return { accounts: emulator.namespace(name).accounts }
    case 'GET /env':
      return { env: Object.assign({}, ...emulator.modules.map((module) => module.env?.(emulator.namespace(name)) ?? {})) as Record<string, string> }
    case 'GET /acts':
      return { acts: [...acts.values()].map((entry) => ({ name: entry.name, en: entry.en, args: z.toJSONSchema(entry.args, { unrepresentable: 'any', io: 'input' }) })) }
    case 'GET /endpoints':
      return { endpoints: emulator.modules.flatMap((module) => module.routes.map(({ endpoint }) => ({ name: endpoint.name, line: endpoint.line, method: endpoint.method, path: endpoint.path, zh: endpoint.zh, verified: endpoint.verified, doc: endpoint.doc }))) }
    case 'POST /acts': {
      const { act, args } = body(z.object({ act: z.string(), args: z.unknown().optional() }))
      return { result: (await emulator.act(name, act, args)) ?? null }
    }
    case 'POST /push-settings':
      return { push: await emulator.act(name, 'core.setPush', body(pushBody)) }
    case 'POST /check-address': {
      const input = body(z.object({ kind: z.string(), id: z.string().optional(), agentId: z.string().optional() }))
      const account = accountOf(emulator.namespace(name), input.kind as AccountKind, input.id)
      if (!account) throw emulatorFault('emulator/account-unknown', { kind: input.kind, id: input.id ?? '' })
      return { check: (await emulator.checkAddress(name, { kind: account.kind, id: account.id, agentId: input.agentId })) ?? null }
    }
    case 'POST /callbacks': {
      const input = body(z.object({ kind: z.string(), id: z.string().optional(), agentId: z.string().optional(), event: z.string(), message: z.union([z.string(), z.record(z.string(), z.unknown())]) }))
      const account = accountOf(emulator.namespace(name), input.kind as AccountKind, input.id)
      if (!account || !pushSettings(account, input.agentId)) throw emulatorFault('emulator/account-unknown', { kind: input.kind, id: input.id ?? '' })
      const message = typeof input.message === 'string' ? input.message : JSON.stringify(input.message)
      const result = await emulator.act(name, 'core.push', { ...input, id: account.id, message })
      if (url.searchParams.get('wait') !== 'no') await emulator.pump(name)
      return result
    }
    case 'POST /clock': {
      const input = body(z.union([z.object({ to: z.int() }), z.object({ advanceMs: z.int().nonnegative() }), z.object({ next: z.literal(true) })]))
      const ns = emulator.namespace(name)
      const to = 'to' in input ? input.to : 'advanceMs' in input ? ns.now + input.advanceMs : (emulator.nextDue(name) ?? ns.now)
      await emulator.advanceTo(Math.max(to, 'next' in input ? ns.now : to), name)
      return { now: ns.now, nextDue: emulator.nextDue(name) ?? null }
    }
    case 'POST /pump':
      await emulator.pump(name)
      return { counts: emulator.counts(name) }
    case 'POST /reset': {
      const { seed } = body(z.object({ seed: z.string().optional() }))
      const old = emulator.namespace(name).seed
      await emulator.dropNamespace(name)
      await emulator.createNamespace(name, seed ?? old)
      return { namespace: name, accounts: emulator.namespace(name).accounts }
    }
    case 'GET /snapshot':
      return { namespace: name, state: emulator.snapshot(name) }
    case 'POST /restore': {
      const { state } = body(z.object({ state: z.looseObject({ seed: z.string(), now: z.number(), accounts: z.array(z.unknown()), slices: z.record(z.string(), z.unknown()) }) }))
      await emulator.restore(name, state)
      return { namespace: name, hash: emulator.stateHash(name) }
    }
    case 'GET /namespaces':
      return { namespaces: emulator.namespaces().map((known) => ({ name: known, now: emulator.namespace(known).now, seed: emulator.namespace(known).seed })) }
    case 'POST /namespaces': {
      const input = body(z.object({ name: z.string(), seed: z.string().optional() }))
      const ns = await emulator.createNamespace(input.name, input.seed)
      return { name: ns.name, seed: ns.seed, accounts: ns.accounts }
    }
    case 'DELETE /namespaces':
      await emulator.dropNamespace(name)
      return { dropped: name }
    case 'GET /faults':
      return emulator.faults(name)
    case 'PUT /faults':
    case 'POST /faults': {
      await emulator.setFaults(name, body(faultPlan.nullable()))
      return emulator.faults(name)
    }
    case 'DELETE /faults':
      await emulator.setFaults(name, null)
      return emulator.faults(name)
    case 'GET /calls': {
      const endpoint = url.searchParams.get('endpoint')
      const after = Number(url.searchParams.get('after') ?? 0)
      return { calls: emulator.calls(name).filter((call) => call.n > after && (endpoint === null || call.endpoint === endpoint || call.path === endpoint)).slice(-limit) }
    }
    case 'GET /deliveries': {
      const state = url.searchParams.get('state')
      return { counts: emulator.counts(name), deliveries: emulator.deliveries(name).filter((item) => state === null || item.state === state).slice(-limit) }
    }
    default:
      throw emulatorFault('emulator/no-such-page', { method: request.method, path: `/_emulator${path}` })
  }
}
