import { createHash } from 'node:crypto'
import { assert } from '../../kernel/assert.ts'
import type { Clock, Instant, Timers } from '../../kernel/clock.ts'
import { Fault } from '../../kernel/errors.ts'
import { canonicalJson } from '../../kernel/json.ts'
import type { AccountKind } from './account.ts'
import { handleAdmin } from './admin.ts'
import { createNamespace, randomOf, type Delivery, type Namespace } from './namespace.ts'
import { coreModule } from './core-module.ts'
import { emulatorFault } from './errors.ts'
import { drawRequestFaults, planOf, pushFaultCounts, textKey, type FaultPlan, type RequestFault } from './faults.ts'
import { popDue, pushDue } from './heap.ts'
import { copyPacked } from './packed.ts'
import type { Command, Journal, JournalEntry } from './journal.ts'
import { PlatformError } from './platform-error.ts'
import { BinaryAnswer, type Act, type Call, type EncodeContext, type LineModule, type Outcome, type PushPolicy } from './registry.ts'
import { takeScheduled } from './push.ts'
import { createRouter, errorOf, type Resolved, type Router } from './router.ts'
import { sealAddressCheck, sealPush } from './seal.ts'
import { writeBody, type Send, type WireAnswer, type WireRequest } from './wire.ts'

/**
 * The engine: worlds (namespaces) changed by commands, one after another, synchronously. A command is a writing request, an act, a clock
 * move, or the result of a delivery; each is journaled before its answer leaves, so (seed, commands) rebuilds every world exactly.
 * Reads are not journaled. Nothing in here waits except for the journal and for `send`.
 */

/** `real`: the world's time is the clock's. `queue`: it stands still until `advanceTo` moves it from one due instant to the next. */
export type WorldClock = { kind: 'real'; clock: Clock } | { kind: 'queue' }

export type EmulatorOptions = {
  /** Lines to serve; the core module (tokens of api.weixin.qq.com, acts on accounts) is always there. */
  modules: readonly LineModule[]
  seed: string
  /** World time at which namespaces begin (queue clock), or are prepared (real clock). */
  start: Instant
  clock: WorldClock
  /** Signature timestamps: real when a peer is another process, the world's in simulation. */
  wireClock: Clock
  send: Send
  /** Absent: memory only. */
  journal?: Journal
  /** Given: pushes leave by themselves as they become due. Absent: only `pump` and `advanceTo` send. */
  timers?: Timers
  /** Pushes on their way at once per namespace; 1 gives one order for one seed. 64 when absent. */
  concurrency?: number
  /** Rate caps of `wechat/spec` are enforced; true when absent. */
  limits?: boolean
  /** Made at the start besides `main`. */
  namespaces?: readonly string[]
}

export type CallRecord = {
  n: number
  at: Instant
  method: string
  path: string
  query: string
  endpoint: string | undefined
  account: string | undefined
  body: string
  status: number
  answer: string
  errcode: number | string | undefined
  faults: readonly string[]
}

export type DeliveryRecord = {
  id: string
  event: string
  account: string
  message: string
  createdAt: Instant
  state: 'waiting' | 'acknowledged' | 'given-up' | 'no-address'
  attempts: Array<{ at: Instant; status: number; outcome: string }>
}

export type Emulator = {
  readonly modules: readonly LineModule[]
  readonly clock: WorldClock
  /** The in-memory door: everything the HTTP front serves, admin API included. Status 0 means that no answer is sent. */
  handle(request: WireRequest): Promise<WireAnswer>
  /** Does an act of people or of the platform. Faults: `emulator/act-unknown`, `emulator/act-args`, `emulator/act-refused`. */
  act(namespace: string, name: string, args?: unknown): Promise<unknown>
  namespace(name?: string): Namespace
  namespaces(): string[]
  /** `start`: world time at which it begins, with a queue clock. */
  createNamespace(name: string, seed?: string, start?: Instant): Promise<Namespace>
  dropNamespace(name: string): Promise<void>
  /** The earliest instant at which scheduled work or a push becomes due; undefined when the world has nothing left to do. */
  nextDue(namespace?: string): Instant | undefined
  /** Moves a queue clock, doing on the way everything that becomes due, in order; waits for each delivery. */
  advanceTo(to: Instant, namespace?: string): Promise<void>
  /**
   * Moves a queue clock in one go: everything that becomes due on the way is done first, then all its pushes leave together. For replaying a
   * long past quickly; the receiver sees them with the clock already at `to`.
   */
  leapTo(to: Instant, namespace?: string): Promise<void>
  /** Sends every push that is due now and waits for the answers. Of all namespaces when none is named. */
  pump(namespace?: string): Promise<void>
  setFaults(namespace: string, plan: FaultPlan | null): Promise<void>
  /** Checks a configured callback address as the platform does when it is saved: GET with echostr. `undefined`: no address. */
  checkAddress(namespace: string, which: { kind: AccountKind; id: string; agentId?: string }): Promise<{ ok: boolean; status: number; expected: string; found: string } | undefined>
  faults(namespace?: string): { plan: FaultPlan | null; injected: Record<string, number> }
  calls(namespace?: string): CallRecord[]
  deliveries(namespace?: string): DeliveryRecord[]
  counts(namespace?: string): { calls: number; acknowledged: number; failedAttempts: number; givenUp: number; waiting: number; inFlight: number }
  /** JSON-able. `packed`: what is kept as bytes comes as base64, a tenth of the size; `restore` takes both. */
  snapshot(namespace?: string, packed?: boolean): unknown
  restore(namespace: string, state: unknown): Promise<void>
  /** SHA-256 over the canonical state: equal states, equal text. */
  stateHash(namespace?: string): string
  /** Resolves when everything done so far is in the journal. */
  settled(): Promise<void>
  /** Number of the last command. */
  sequence(): number
  /** Stops sending; what is on its way is waited for. */
  close(): Promise<void>
}

/** What is kept beside a world and is not part of its state: lost at a restart, never decides anything that is journaled. */
type Lane = {
  ns: Namespace
  due: Array<{ dueAt: Instant; n: number; id: string }>
  inFlight: Set<string>
  waiters: Array<() => void>
  calls: CallRecord[]
  callCount: number
  log: Map<string, DeliveryRecord>
  faultCounts: Record<string, number>
  callTimes: Map<string, number>
  usedRules: number[]
  plan: FaultPlan | null
  windows: Map<string, { window: number; count: number }>
  acknowledged: number
  failedAttempts: number
  givenUp: number
  wakeAt: Instant | undefined
  cancelWake: (() => void) | undefined
}

const keptCalls = 1_000
const keptDeliveries = 2_000
const keptBytes = 4_096

const defaultPolicy: PushPolicy = { timeLimitMs: 5_000, retryMs: [0, 0], acknowledged: (status) => status === 200 }

export function createEmulator(options: EmulatorOptions): Emulator {
  const { emulator, begin } = build(options)
  begin()
  return emulator
}

/** As `createEmulator`, after rebuilding all worlds from the journal. */
export async function openEmulator(options: EmulatorOptions & { journal: Journal }): Promise<Emulator> {
  const { emulator, begin, replay } = build(options)
  for await (const entry of options.journal.read()) replay(entry)
  begin()
  await emulator.settled()
  return emulator
}

function build(options: EmulatorOptions): { emulator: Emulator; begin: () => void; replay: (entry: JournalEntry) => void } {
  const { clock, wireClock, send, journal, timers } = options
  const modules: readonly LineModule[] = [coreModule, ...options.modules.filter((module) => module !== coreModule)]
  const router: Router = createRouter(modules)
  const acts = new Map<string, Act>()
  for (const module of modules) {
    for (const entry of module.acts) {
      assert(!acts.has(entry.name), `act ${entry.name} is declared twice`)
      acts.set(entry.name, entry)
    }
  }
  const policies = new Map(modules.flatMap((module) => (module.hooks?.push ? module.hooks.push.kinds.map((kind) => [kind, module.hooks?.push?.policy] as const) : [])))
  const concurrency = options.concurrency ?? 64
  const lanes = new Map<string, Lane>()
  let closed = false

  // ---- journal ----
  let seq = 0
  let pending: JournalEntry[] = []
  let flushing: Promise<void> | undefined
  let broken: unknown

  function record(name: string, command: Command): void {
    seq++
    if (!journal) return
    pending.push({ seq, ns: name, command })
    flushing ??= flush()
  }

  async function flush(): Promise<void> {
    try {
      while (pending.length > 0) {
        // Waiting one turn lets commands of the same turn share one write.
        await (timers ? timers.turn() : Promise.resolve())
        const batch = pending
        pending = []
        await journal?.append(batch)
      }
    } catch (error) {
      broken = error
    } finally {
      flushing = undefined
    }
  }

  async function settled(): Promise<void> {
    while (flushing) await flushing
    if (broken !== undefined) throw emulatorFault('emulator/journal-lost', { detail: broken instanceof Error ? broken.message : String(broken) }, broken)
  }

  // ---- worlds ----
  function laneOf(name: string): Lane {
    const lane = lanes.get(name)
    if (!lane) throw emulatorFault('emulator/namespace-unknown', { name, known: [...lanes.keys()].join(', ') })
    return lane
  }

  function addLane(ns: Namespace): Lane {
    const lane: Lane = {
      ns, due: [], inFlight: new Set(), waiters: [], calls: [], callCount: 0, log: new Map(), faultCounts: {}, callTimes: new Map(), usedRules: [],
      plan: null, windows: new Map(), acknowledged: 0, failedAttempts: 0, givenUp: 0, wakeAt: undefined, cancelWake: undefined,
    }
    lanes.set(ns.name, lane)
    ns.queued = Object.keys(ns.deliveries)
    collectQueued(lane)
    return lane
  }

  function collectQueued(lane: Lane): void {
    for (const id of lane.ns.queued) {
      const delivery = lane.ns.deliveries[id]
      if (!delivery) continue
      pushDue(lane.due, { dueAt: delivery.dueAt, n: Number(id.slice(1)), id }, byDue)
      if (delivery.attempts === 0) note(lane, delivery)
    }
    lane.ns.queued = []
  }

  function note(lane: Lane, delivery: Delivery): DeliveryRecord {
    const found = lane.log.get(delivery.id)
    if (found) return found
    const made: DeliveryRecord = {
      id: delivery.id, event: delivery.event, account: delivery.account.id, message: delivery.message, createdAt: delivery.createdAt, state: 'waiting', attempts: [],
    }
    lane.log.set(delivery.id, made)
    if (lane.log.size > keptDeliveries) for (const id of lane.log.keys()) {
      lane.log.delete(id)
      if (lane.log.size <= keptDeliveries) break
    }
    return made
  }

  const worldNow = (lane: Lane): Instant => (clock.kind === 'real' ? Math.max(lane.ns.now, clock.clock.now()) : lane.ns.now)

  /** Runs what the platform does by itself up to `to`. With `stopAtPush` it stands still where something was told to somebody. */
  function runDue(ns: Namespace, to: Instant, stopAtPush: boolean): void {
    for (;;) {
      const work = takeScheduled(ns, to)
      if (!work) break
      ns.now = Math.max(ns.now, work.dueAt)
      const entry = acts.get(work.act)
      assert(entry, `scheduled act ${work.act} exists`)
      try {
        entry.run(ns, entry.args.parse(work.args))
      } catch (error) {
        if (!(error instanceof PlatformError)) throw error
      }
      if (stopAtPush && ns.queued.length > 0) return
    }
    ns.now = Math.max(ns.now, to)
  }

  /** Does one command. The only place that changes a world; used alike for live commands and for the journal's. */
  function execute(name: string, command: Command): unknown {
    if (command.kind === 'create') {
      const ns = createNamespace(name, command.seed, command.now)
      ns.wireNow = command.wireNow
      for (const module of modules) module.prepare?.(ns)
      return addLane(ns).ns
    }
    const lane = laneOf(name)
    const { ns } = lane
    ns.wireNow = command.wireNow
    if (command.kind !== 'clock' && command.now > ns.now) runDue(ns, command.now, false)
    try {
      switch (command.kind) {
        case 'request': {
          const request: WireRequest = { method: command.method, url: command.url, headers: command.headers, body: Buffer.from(command.body, 'base64'), ip: command.ip }
          const resolved = router.resolve(ns, request, command.wireNow)
          return 'error' in resolved ? { error: resolved.error } : run(ns, request, resolved, command.wireNow, command.faults as RequestFault[])
        }
        case 'act': {
          const entry = acts.get(command.name)
          assert(entry, `act ${command.name} exists`)
          return entry.run(ns, command.args)
        }
        case 'clock':
          return runDue(ns, command.to, command.leap !== true)
        case 'delivered':
          return delivered(lane, command)
        case 'restore': {
          const state = structuredClone(command.state) as Namespace
          lanes.delete(name)
          cancelWake(lane)
          return addLane({ ...createNamespace(name, state.seed, state.now), ...state, name, queued: [] })
        }
        case 'drop':
          lanes.delete(name)
          return cancelWake(lane)
      }
    } finally {
      const current = lanes.get(name)
      if (current) {
        collectQueued(current)
        if (current.plan !== planOf(current.ns)) {
          current.plan = planOf(current.ns)
          current.usedRules = []
        }
      }
    }
  }

  function perform(name: string, command: Command): unknown {
    if (broken !== undefined) throw emulatorFault('emulator/journal-lost', { detail: String(broken) })
    record(name, command)
    const result = execute(name, command)
    const lane = lanes.get(name)
    if (lane) wake(lane)
    return result
  }

  function run(ns: Namespace, request: WireRequest, resolved: Resolved, wireNow: number, faults: readonly RequestFault[]): Outcome {
    const call: Call = {
      ns,
      account: resolved.caller.account,
      app: resolved.caller.app,
      input: resolved.input,
      query: resolved.query,
      params: resolved.params,
      headers: request.headers,
      parts: resolved.parts,
      ip: request.ip,
      wireNow,
      faults,
    }
    try {
      const value: unknown = resolved.route.handler(call as Call<never>)
      return value instanceof BinaryAnswer ? { binary: value } : { value }
    } catch (error) {
      if (error instanceof PlatformError) return { error }
      throw error
    }
  }

  // ---- pushes ----
  function policyOf(delivery: Delivery): PushPolicy {
    return policies.get(delivery.account.kind) ?? defaultPolicy
  }

  function delivered(lane: Lane, command: Command & { kind: 'delivered' }): void {
    const { ns } = lane
    const delivery = ns.deliveries[command.id]
    if (!delivery) return
    delivery.attempts++
    if (command.reply !== undefined) modules.find((module) => module.hooks?.push?.kinds.includes(delivery.account.kind))?.hooks?.onReply?.(ns, delivery, command.reply)
    const { retryMs } = policyOf(delivery)
    if (command.outcome === 'acknowledged' || command.status === -1 || delivery.attempts > retryMs.length) {
      delete ns.deliveries[command.id]
      return
    }
    delivery.dueAt = ns.now + retryMs[delivery.attempts - 1]
    ns.queued.push(delivery.id)
  }

  function fill(lane: Lane): void {
    if (closed || broken !== undefined) return
    const now = worldNow(lane)
    while (lane.inFlight.size < concurrency && lane.due.length > 0 && lane.due[0].dueAt <= now) {
      const next = popDue(lane.due, byDue)
      const delivery = next && lane.ns.deliveries[next.id]
      if (!delivery || delivery.dueAt !== next.dueAt || lane.inFlight.has(delivery.id)) continue
      lane.inFlight.add(delivery.id)
      void deliver(lane, delivery).finally(() => {
        if (lanes.get(lane.ns.name) === lane) {
          fill(lane)
          wake(lane)
        }
        if (lane.inFlight.size === 0) for (const resolve of lane.waiters.splice(0)) resolve()
      })
    }
  }

  async function deliver(lane: Lane, delivery: Delivery): Promise<void> {
    const { ns } = lane
    let status = 0
    let outcome: 'acknowledged' | 'failed' = 'failed'
    let words = ''
    let reply: string | undefined
    try {
      if (journal) await settled()
      const policy = policyOf(delivery)
      const hook = modules.find((module) => module.hooks?.push?.kinds.includes(delivery.account.kind))?.hooks
      const stamp = {
        wireNow: delivery.signedAt ?? wireClock.now(),
        nonce: randomOf(ns).bytes(5, 'nonce', delivery.id, delivery.attempts).readUIntBE(0, 5).toString(10).slice(0, 10),
        prefix: randomOf(ns).bytes(16, 'prefix', delivery.id, delivery.attempts),
      }
      const sealed = hook?.seal ? hook.seal(delivery, ns, stamp) : sealPush(delivery, ns, stamp)
      if (!sealed || sealed.url === '') {
        status = -1
        words = 'no-address'
      } else {
        const answer = await send(sealed, policy.timeLimitMs)
        status = answer.status
        outcome = policy.acknowledged(answer.status, answer.body) ? 'acknowledged' : 'failed'
        words = outcome
        if (outcome === 'acknowledged' && answer.body !== '' && answer.body !== 'success' && answer.body.length < 65_536) reply = answer.body
      }
    } catch (error) {
      words = error instanceof Error ? error.message : String(error)
    }
    // Before the result is booked: the next attempt may be due at once.
    lane.inFlight.delete(delivery.id)
    if (closed || lanes.get(ns.name) !== lane || ns.deliveries[delivery.id] === undefined || broken !== undefined) return
    const known = note(lane, delivery)
    perform(ns.name, { kind: 'delivered', id: delivery.id, outcome, status, reply, now: worldNow(lane), wireNow: wireClock.now() })
    known.attempts.push({ at: ns.now, status, outcome: words })
    if (status === -1) known.state = 'no-address'
    else if (outcome === 'acknowledged') {
      known.state = 'acknowledged'
      lane.acknowledged++
    } else {
      lane.failedAttempts++
      if (ns.deliveries[delivery.id] === undefined) {
        known.state = 'given-up'
        lane.givenUp++
      }
    }
  }

  async function pump(name?: string): Promise<void> {
    const chosen = name === undefined ? [...lanes.values()] : [laneOf(name)]
    await Promise.all(
      chosen.map(async (lane) => {
        if (clock.kind === 'real') catchUp(lane)
        fill(lane)
        while (lane.inFlight.size > 0) await new Promise<void>((resolve) => lane.waiters.push(resolve))
      }),
    )
  }

  function cancelWake(lane: Lane): void {
    lane.cancelWake?.()
    lane.cancelWake = undefined
    lane.wakeAt = undefined
  }

  /** With timers: sends what is due and sets the alarm for what comes next. */
  function wake(lane: Lane): void {
    if (!timers || closed) return
    fill(lane)
    if (clock.kind !== 'real') return
    const due = earliest(lane)
    if (due === undefined || (lane.wakeAt !== undefined && lane.wakeAt <= due && lane.cancelWake)) return
    cancelWake(lane)
    lane.wakeAt = due
    // A timer of the event loop holds at most 2^31 ms.
    lane.cancelWake = timers.after(Math.min(Math.max(0, due - worldNow(lane)), 2_000_000_000), () => {
      lane.cancelWake = undefined
      lane.wakeAt = undefined
      if (closed || lanes.get(lane.ns.name) !== lane) return
      catchUp(lane)
      wake(lane)
    })
  }

  /** Real clock: does what became due since the last command. */
  function catchUp(lane: Lane): void {
    if (clock.kind !== 'real') return
    const now = worldNow(lane)
    while (lane.ns.scheduled.length > 0 && lane.ns.scheduled[0].dueAt <= now) {
      perform(lane.ns.name, { kind: 'clock', to: now, now: lane.ns.now, wireNow: wireClock.now() })
    }
    lane.ns.now = Math.max(lane.ns.now, now)
  }

  function earliest(lane: Lane): Instant | undefined {
    while (lane.due.length > 0 && lane.ns.deliveries[lane.due[0].id]?.dueAt !== lane.due[0].dueAt) popDue(lane.due, byDue)
    const delivery = lane.due.at(0)?.dueAt
    const work = lane.ns.scheduled.at(0)?.dueAt
    if (delivery === undefined) return work
    return work === undefined ? delivery : Math.min(delivery, work)
  }

  async function advanceTo(to: Instant, name = 'main'): Promise<void> {
    if (clock.kind === 'real') throw emulatorFault('emulator/clock-real')
    const lane = laneOf(name)
    if (to < lane.ns.now) throw emulatorFault('emulator/clock-back', { now: lane.ns.now, to })
    await pump(name)
    while (lane.ns.now < to || (earliest(lane) ?? Infinity) <= to) {
      const delivery = earliestDelivery(lane)
      perform(name, { kind: 'clock', to: Math.max(lane.ns.now, Math.min(to, delivery ?? to)), now: lane.ns.now, wireNow: wireClock.now() })
      await pump(name)
      if (closed) return
    }
    if (journal) await settled()
  }

  async function leapTo(to: Instant, name = 'main'): Promise<void> {
    if (clock.kind === 'real') throw emulatorFault('emulator/clock-real')
    const lane = laneOf(name)
    if (to < lane.ns.now) throw emulatorFault('emulator/clock-back', { now: lane.ns.now, to })
    perform(name, { kind: 'clock', to, leap: true, now: lane.ns.now, wireNow: wireClock.now() })
    await pump(name)
    if (journal) await settled()
  }

  function earliestDelivery(lane: Lane): Instant | undefined {
    earliest(lane)
    return lane.due.at(0)?.dueAt
  }

  // ---- calls ----
  async function handle(incoming: WireRequest): Promise<WireAnswer> {
    const { request, name } = chooseNamespace(incoming)
    if (request.url.startsWith('/_emulator')) return handleAdmin(emulator, request, acts)
    const lane = lanes.get(name)
    if (!lane) return { status: 404, headers: { 'content-type': 'application/json; charset=utf-8' }, body: Buffer.from(faultBody(emulatorFault('emulator/namespace-unknown', { name, known: [...lanes.keys()].join(', ') }))) }
    let answer: WireAnswer
    try {
      answer = answerCall(lane, request)
      if (journal) await settled()
    } catch (error) {
      if (!(error instanceof Fault)) throw error
      return { status: error.status, headers: { 'content-type': 'application/json; charset=utf-8' }, body: Buffer.from(faultBody(error)) }
    }
    return answer
  }

  function chooseNamespace(incoming: WireRequest): { request: WireRequest; name: string } {
    const prefixed = /^\/ns\/([^/?]+)(\/.*)?$/.exec(incoming.url)
    if (prefixed) return { name: prefixed[1], request: { ...incoming, url: prefixed[2] ?? '/', headers: { ...incoming.headers, 'x-qz-namespace': prefixed[1] } } }
    return { name: incoming.headers['x-qz-namespace'] ?? 'main', request: incoming }
  }

  function answerCall(lane: Lane, request: WireRequest): WireAnswer {
    const { ns } = lane
    catchUp(lane)
    lane.callCount++
    const wireNow = wireClock.now()
    const resolved = router.resolve(ns, request, wireNow)
    if ('error' in resolved) {
      return finish(lane, request, { error: resolved.error }, { ns, request, route: resolved.route, caller: resolved.caller, wireNow, faults: [] }, resolved.line, [])
    }
    const { endpoint } = resolved.route
    const hook = router.hooksOf(endpoint.line)
    const faults = draw(lane, request, resolved)
    const context: EncodeContext = { ns, request, route: resolved.route, caller: resolved.caller, wireNow, faults }
    const refuse = (error: PlatformError): WireAnswer => finish(lane, request, { error }, context, endpoint.line, faults)
    for (const fault of faults) lane.faultCounts[fault] = (lane.faultCounts[fault] ?? 0) + 1
    if (faults.includes('no-answer-before')) return finish(lane, request, undefined, context, endpoint.line, faults)
    if (faults.includes('busy')) return refuse(errorOf(hook, endpoint.line, 'busy'))
    if (faults.includes('rate-limited')) return refuse(errorOf(hook, endpoint.line, 'rateLimited', 60_000))
    if (faults.includes('token-expired') && resolved.token !== undefined) {
      perform(ns.name, { kind: 'act', name: 'core.expireTokens', args: { token: resolved.token }, now: worldNow(lane), wireNow })
      return refuse(errorOf(hook, endpoint.line, 'expiredToken'))
    }
    if (options.limits !== false) {
      const over = overCap(lane, request, resolved)
      if (over !== undefined) return refuse(errorOf(hook, endpoint.line, 'rateLimited', over))
    }
    let outcome: Outcome
    if (endpoint.effect === 'read') {
      ns.wireNow = wireNow
      const slices = Object.keys(ns.slices).length
      outcome = run(ns, request, resolved, wireNow, faults)
      // A slice that a read made by looking at it is not in the journal: it goes again.
      if (Object.keys(ns.slices).length > slices) for (const made of Object.keys(ns.slices).slice(slices)) delete ns.slices[made]
      assert(ns.queued.length === 0, `${endpoint.name} is declared a read and pushes nothing`)
    } else {
      const command: Command = {
        kind: 'request', method: request.method, url: request.url, headers: request.headers, body: request.body.toString('base64'), ip: request.ip,
        faults: [...faults], now: worldNow(lane), wireNow,
      }
      outcome = journal ? (perform(ns.name, command) as Outcome) : performDirect(lane, command, request, resolved)
    }
    return finish(lane, request, faults.includes('no-answer-after') ? undefined : outcome, context, endpoint.line, faults)
  }

  /** As `perform`, without resolving a second time what was just resolved; nothing else differs. */
  function performDirect(lane: Lane, command: Command & { kind: 'request' }, request: WireRequest, resolved: Resolved): Outcome {
    seq++
    const { ns } = lane
    ns.wireNow = command.wireNow
    if (command.now > ns.now) runDue(ns, command.now, false)
    const outcome = run(ns, request, resolved, command.wireNow, command.faults as RequestFault[])
    collectQueued(lane)
    wake(lane)
    return outcome
  }

  function draw(lane: Lane, request: WireRequest, resolved: Resolved): RequestFault[] {
    const asked = request.headers['x-qz-fault']
    if (asked === undefined && lane.plan === null) return []
    const key = textKey(`${resolved.route.endpoint.name}|${request.body.length > 0 ? request.body.toString('latin1') : JSON.stringify(resolved.input)}`)
    const label = `${resolved.route.endpoint.name}|${key}`
    const times = lane.callTimes.get(label) ?? 0
    if (lane.callTimes.size > 200_000) lane.callTimes.clear()
    lane.callTimes.set(label, times + 1)
    return drawRequestFaults(lane.ns, { endpoint: resolved.route.endpoint.name, key, times, asked }, lane.usedRules)
  }

  /** Counts the call against the row's caps; returns the window of the cap it breaks. Caps per member or object are the handler's. */
  function overCap(lane: Lane, request: WireRequest, resolved: Resolved): number | undefined {
    const { endpoint } = resolved.route
    if (!endpoint.caps) return undefined
    const input = resolved.input as Record<string, unknown> | null
    const owner = resolved.caller.account?.id ?? String(input?.appid ?? input?.corpid ?? input?.component_appid ?? '')
    for (const [index, cap] of endpoint.caps.entries()) {
      if (cap.per !== 'account' && cap.per !== 'ip') continue
      const key = `${endpoint.name}|${index}|${cap.per === 'ip' ? request.ip : owner}`
      const window = Math.floor(lane.ns.now / cap.perMs)
      const seen = lane.windows.get(key)
      if (!seen || seen.window !== window) lane.windows.set(key, { window, count: 1 })
      else if (seen.count >= cap.count) return cap.perMs
      else seen.count++
    }
    return undefined
  }

  function finish(lane: Lane, request: WireRequest, outcome: Outcome | undefined, context: EncodeContext, line: Parameters<Router['hooksOf']>[0], faults: readonly string[]): WireAnswer {
    const hook = router.hooksOf(line)
    const answer = outcome === undefined ? noAnswer : hook.encode ? hook.encode(outcome, context) : encodeDefault(outcome, context, hook.addErrcode, lane.callCount)
    const cut = request.url.indexOf('?')
    lane.calls.push({
      n: lane.callCount,
      at: lane.ns.now,
      method: request.method,
      path: cut < 0 ? request.url : request.url.slice(0, cut),
      query: cut < 0 ? '' : request.url.slice(cut + 1),
      endpoint: context.route?.endpoint.name,
      account: context.caller?.account?.id,
      body: request.body.length > keptBytes ? request.body.toString('utf8', 0, keptBytes) : request.body.toString('utf8'),
      status: answer.status,
      answer: outcome && 'binary' in outcome ? `(${answer.body.length} bytes)` : answer.body.toString('utf8', 0, Math.min(answer.body.length, keptBytes)),
      errcode: outcome && 'error' in outcome ? outcome.error.errcode : undefined,
      faults,
    })
    if (lane.calls.length > keptCalls * 2) lane.calls.splice(0, keptCalls)
    return answer
  }

  async function doAct(name: string, actName: string, args: unknown): Promise<unknown> {
    const lane = laneOf(name)
    const entry = acts.get(actName)
    if (!entry) throw emulatorFault('emulator/act-unknown', { name: actName })
    const checked = entry.args.safeParse(args ?? {})
    if (!checked.success) {
      const issue = checked.error.issues[0]
      throw emulatorFault('emulator/act-args', { name: actName, detail: `${issue.path.join('.') || 'arguments'}: ${issue.message}` })
    }
    catchUp(lane)
    let result: unknown
    try {
      result = perform(name, { kind: 'act', name: actName, args: checked.data, now: worldNow(lane), wireNow: wireClock.now() })
    } catch (error) {
      if (!(error instanceof PlatformError)) throw error
      throw emulatorFault('emulator/act-refused', { name: actName, detail: `${error.errcode} ${error.message}` }, error)
    } finally {
      if (journal) await settled()
    }
    return result
  }

  async function create(name: string, seed = options.seed, start = options.start): Promise<Namespace> {
    if (!/^[a-z0-9-]{1,40}$/.test(name)) throw emulatorFault('emulator/namespace-name', { name })
    if (lanes.has(name)) throw emulatorFault('emulator/namespace-exists', { name })
    const ns = perform(name, { kind: 'create', seed, now: clock.kind === 'real' ? clock.clock.now() : start, wireNow: wireClock.now() }) as Namespace
    if (journal) await settled()
    return ns
  }

  const emulator: Emulator = {
    modules,
    clock,
    handle,
    act: doAct,
    namespace: (name = 'main') => laneOf(name).ns,
    namespaces: () => [...lanes.keys()],
    createNamespace: create,
    async dropNamespace(name) {
      const lane = laneOf(name)
      perform(name, { kind: 'drop', now: worldNow(lane), wireNow: wireClock.now() })
      if (journal) await settled()
    },
    nextDue: (name = 'main') => earliest(laneOf(name)),
    advanceTo,
    leapTo,
    pump,
    async setFaults(name, plan) {
      await doAct(name, 'core.setFaults', { plan })
    },
    async checkAddress(name, which) {
      const { ns } = laneOf(name)
      const count = Object.keys(ns.deliveries).length
      const stamp = { wireNow: wireClock.now(), nonce: String(textKey(`${which.id}|${wireClock.now()}`) % 1e10), prefix: randomOf(ns).bytes(16, 'check-address', which.id, wireClock.now(), count) }
      const check = sealAddressCheck(ns, which, stamp)
      if (!check) return undefined
      const answer = await send(check.sealed, 5_000).catch((error: unknown) => ({ status: 0, body: error instanceof Error ? error.message : String(error) }))
      return { ok: answer.status === 200 && answer.body === check.expected, status: answer.status, expected: check.expected, found: answer.body.slice(0, 200) }
    },
    faults(name = 'main') {
      const lane = laneOf(name)
      return { plan: planOf(lane.ns), injected: { ...pushFaultCounts(lane.ns), ...lane.faultCounts } }
    },
    calls: (name = 'main') => laneOf(name).calls.slice(-keptCalls),
    deliveries: (name = 'main') => [...laneOf(name).log.values()],
    counts(name = 'main') {
      const lane = laneOf(name)
      const { callCount: calls, acknowledged, failedAttempts, givenUp } = lane
      return { calls, acknowledged, failedAttempts, givenUp, waiting: Object.keys(lane.ns.deliveries).length, inFlight: lane.inFlight.size }
    },
    snapshot(name = 'main', packed = false) {
      const state = stateOf(laneOf(name).ns)
      return packed ? copyPacked(state) : (JSON.parse(JSON.stringify(state)) as unknown)
    },
    async restore(name, state) {
      const lane = laneOf(name)
      perform(name, { kind: 'restore', state, now: lane.ns.now, wireNow: wireClock.now() })
      if (journal) await settled()
    },
    stateHash: (name = 'main') => createHash('sha256').update(canonicalJson(JSON.parse(JSON.stringify(stateOf(laneOf(name).ns))))).digest('hex'),
    settled,
    sequence: () => seq,
    async close() {
      closed = true
      for (const lane of lanes.values()) {
        cancelWake(lane)
        while (lane.inFlight.size > 0) await new Promise<void>((resolve) => lane.waiters.push(resolve))
      }
      await settled()
    },
  }

  function begin(): void {
    for (const name of ['main', ...(options.namespaces ?? [])]) {
      if (lanes.has(name)) continue
      const now = clock.kind === 'real' ? clock.clock.now() : options.start
      perform(name, { kind: 'create', seed: options.seed, now, wireNow: wireClock.now() })
    }
    for (const lane of lanes.values()) wake(lane)
  }

  function replay(entry: JournalEntry): void {
    // A compacted journal begins later than 1; from there on nothing may be missing.
    if (seq !== 0 && entry.seq !== seq + 1) throw emulatorFault('emulator/journal-seed', { seq: entry.seq, detail: `expected entry ${seq + 1}` })
    seq = entry.seq
    try {
      execute(entry.ns, entry.command)
    } catch (error) {
      // An act that the platform refused was journaled before it was refused; it refuses again and changes nothing.
      if (!(error instanceof PlatformError)) throw emulatorFault('emulator/journal-seed', { seq: entry.seq, detail: String(error) }, error)
    }
  }

  return { emulator, begin, replay }
}

const noAnswer: WireAnswer = { status: 0, headers: {}, body: Buffer.alloc(0) }

const byDue = (a: { dueAt: Instant; n: number }, b: { dueAt: Instant; n: number }): number => a.dueAt - b.dueAt || a.n - b.n

function stateOf(ns: Namespace): Omit<Namespace, 'queued' | 'wireNow'> {
  const { queued: _, wireNow: __, ...state } = ns
  return state
}

function encodeDefault(outcome: Outcome, context: EncodeContext, addErrcode: ((endpoint: Resolved['route']['endpoint']) => boolean) | undefined, n: number): WireAnswer {
  if ('binary' in outcome) {
    return { status: 200, headers: { 'content-type': outcome.binary.contentType, ...outcome.binary.headers }, body: Buffer.from(outcome.binary.bytes) }
  }
  const headers = { 'content-type': 'application/json; charset=utf-8' }
  if ('error' in outcome) {
    const { error } = outcome
    const rid = `${(0x6000_0000 + n).toString(16)}-${textKey(context.request.url).toString(16).slice(-8).padStart(8, '0')}-${n.toString(16).padStart(8, '0')}`
    const extra = error.detail !== null && typeof error.detail === 'object' ? error.detail : {}
    return { status: error.status, headers, body: Buffer.from(writeBody({ errcode: error.errcode, errmsg: `${error.message} rid: ${rid}`, ...extra })) }
  }
  const endpoint = context.route?.endpoint
  const value = (outcome.value ?? {}) as Record<string, unknown>
  const own = ['wecom', 'provider', 'shop', 'channels'].includes(endpoint?.line ?? '')
  const add = endpoint !== undefined && (addErrcode ? addErrcode(endpoint) : own) && !('errcode' in value)
  return { status: 200, headers, body: Buffer.from(writeBody(add ? { errcode: 0, errmsg: 'ok', ...value } : value)) }
}

function faultBody(fault: Fault): string {
  return JSON.stringify({ error: { code: fault.code, zh: fault.zh, en: fault.message } })
}
