import { createAccess, type Access } from './kernel/access/index.ts'
import type { Clock, Timers } from './kernel/clock.ts'
import type { Config } from './kernel/config.ts'
import type { Db, Tx } from './kernel/db/index.ts'
import { emit, type DomainEvent } from './kernel/event/index.ts'
import { createEngine, listeners, type Engine, type Handlers, type PlatformAnswer } from './kernel/engine/index.ts'
import type { AnyPublicRoute, AnyRoute, PageSite } from './kernel/http/index.ts'
import type { Ids } from './kernel/ids.ts'
import { createIntake, type Intake } from './kernel/inbox/index.ts'
import { parseJson } from './kernel/json.ts'
import type { Log } from './kernel/log.ts'
import type { Random } from './kernel/random.ts'
import type { Seal } from './kernel/seal.ts'
import { listBlocks, listRoutes, listTenants, tenantsWithWork, type BlockKey, type Tenant } from './kernel/tenancy/index.ts'
import { CodecError, openCallback, openEcho, type CallbackKeys, type PayHeaders, type PayNotice } from './wechat/codec/index.ts'
import type { UploadPart } from './wechat/client/index.ts'
import { listConnections, type Connection } from './wechat/connection/index.ts'
import type { StageParts } from './stages.ts'

/**
 * The house (composition root of the product): kernel, wire and stages joined, without HTTP and without a command line, so that the server, the
 * simulator and the tests build the same thing from different ports.
 */
export type HousePorts = {
  config: Config
  db: Db
  /** Time of sign-in, leases and logs. */
  processClock: Clock
  /** The clock of a world ('real' or the name of an emulated namespace). */
  worldClock(world: string): Clock
  timers: Timers
  random: Random
  ids: Ids
  log: Log
  seal: Seal
  /** Sends one call to WeChat or to an emulator. */
  call: (tenant: Tenant, connection: Connection, endpoint: string, request: unknown, parts?: readonly UploadPart[]) => Promise<PlatformAnswer>
  repeatOf: (endpoint: string) => 'safe' | 'never' | { keyed: string } | { probe: string }
  /** Verifies and decrypts a notice of WeChat Pay. Absent: such notices are refused. @throws CodecError */
  openNotice?: (tenant: Tenant, connection: Connection, message: { headers: PayHeaders; body: string }) => Promise<PayNotice>
  /** Under which address WeChat (or the emulator) reaches this server; no slash at the end. Absent: the configured one. */
  publicUrl?: () => string
  /** How callbacks are stored; benches put anchors here. The combining intake when absent. */
  intake?: Intake
  /** Handlers and routes of the stages. */
  stages: (context: StageContext) => StageParts
}

/** What stages may use of the house. */
export type StageContext = {
  db: Db
  ids: Ids
  random: Random
  log: Log
  seal: Seal
  /** `parts` of an upload; the request then travels beside them. */
  call(tenantId: number, connectionId: string, endpoint: string, request: unknown, parts?: readonly UploadPart[]): Promise<PlatformAnswer>
  accountOf(tenantId: number, connectionId: string): string
  connectionsOf(tenantId: number): readonly Connection[]
  blockOn(tenantId: number, block: BlockKey): boolean
  clockOf(tenantId: number): Clock
  /** Not a merchant's time: for what is kept in memory and read again after a while. */
  processClock: Clock
  /** All merchants of this installation. */
  tenants(): readonly Tenant[]
  wake(tenantId: number): void
  /** Reads this merchant's connections and blocks again, after a change of them. */
  refresh(tenantId: number): Promise<void>
  /** Stores events with their deliveries, for code that runs outside the engine. */
  emit(tx: Tx, tenantId: number, events: readonly DomainEvent[]): Promise<void>
  publicUrl(): string
  /** Processes of this installation: the server, and the database where it is ours to run. */
  processes: number
  /** Folder of what this installation keeps beside its database. */
  dataDir: string
}

export type CallbackAnswer = { status: number; contentType: string; body: string }

export type House = {
  readonly access: Access
  readonly engine: Engine
  readonly intake: Intake
  readonly routes: readonly AnyRoute[]
  readonly publicRoutes: readonly AnyPublicRoute[]
  readonly pages: readonly PageSite[]
  readonly context: StageContext
  readonly ports: HousePorts
  tenant(tenantId: number): Tenant | undefined
  tenants(): Tenant[]
  connectionsOf(tenantId: number): readonly Connection[]
  blocksOf(tenantId: number): ReadonlyMap<string, number | null>
  /** Reads tenants, connections, routes and blocks again; after any change of them. */
  refresh(tenantId?: number): Promise<void>
  /** A callback as it came in over HTTP. Verified before it is parsed, stored before it is answered. */
  receive(routeKey: string, method: string, query: Record<string, string | undefined>, body: string): Promise<CallbackAnswer>
  /** A notice of WeChat Pay as it came in over HTTP; stored like a callback, answered with 204 or with FAIL. */
  receiveNotice(routeKey: string, headers: PayHeaders, body: string): Promise<CallbackAnswer>
  /** There may be work for this tenant. */
  wake(tenantId: number): void
  /** Starts working in the background; in simulation `engine.drain` is called instead. */
  run(): void
  /** No callback waits to be stored and nothing due is unworked for tenants of this world. */
  quiet(world: string): Promise<boolean>
  counters: { callbacks: number; refused: number; worked: number }
  close(): Promise<void>
}

type Opened = { tenant: Tenant; connection: Connection; keys: CallbackKeys[]; flavour: 'wecom' | 'weixin' }

export async function createHouse(ports: HousePorts): Promise<House> {
  const { db, log, seal } = ports
  let tenants = new Map<number, Tenant>()
  const connections = new Map<number, Connection[]>()
  const blocks = new Map<number, Map<string, number | null>>()
  const doors = new Map<string, Opened>()
  const payDoors = new Map<string, { tenant: Tenant; connection: Connection }>()
  const counters = { callbacks: 0, refused: 0, worked: 0 }

  const clockOf = (tenantId: number): Clock => ports.worldClock(tenants.get(tenantId)?.world ?? 'real')
  const find = (tenantId: number, connectionId: string): Connection | undefined => connections.get(tenantId)?.find((c) => c.connectionId === connectionId)

  async function refresh(only?: number): Promise<void> {
    const list = await db.tx({ role: 'auth' }, (tx) => listTenants(tx))
    tenants = new Map(list.map((tenant) => [tenant.tenantId, tenant]))
    for (const tenant of list) {
      if (only !== undefined && tenant.tenantId !== only && connections.has(tenant.tenantId)) continue
      await db.tx({ role: 'app', tenantId: tenant.tenantId }, async (tx) => {
        connections.set(tenant.tenantId, await listConnections(tx, tenant.tenantId, seal))
        blocks.set(tenant.tenantId, new Map((await listBlocks(tx, tenant.tenantId)).map((row) => [row.block, row.onSince])))
      })
    }
    doors.clear()
    payDoors.clear()
    for (const route of await db.tx({ role: 'auth' }, (tx) => listRoutes(tx))) {
      const tenant = tenants.get(route.tenantId)
      const connection = find(route.tenantId, route.connectionId)
      if (tenant && connection?.line === 'pay') payDoors.set(route.routeKey, { tenant, connection })
      if (!tenant || !connection?.secrets.token || !connection.secrets.aesKey) continue
      const keys: CallbackKeys = { token: connection.secrets.token, aesKey: connection.secrets.aesKey, receiveId: connection.accountId }
      doors.set(route.routeKey, { tenant, connection, keys: [keys], flavour: connection.line === 'wecom' || connection.line === 'provider' ? 'wecom' : 'weixin' })
    }
  }

  const call: StageContext['call'] = async (tenantId, connectionId, endpoint, request, parts) => {
    const tenant = tenants.get(tenantId)
    const connection = find(tenantId, connectionId)
    if (!tenant || !connection) return { kind: 'refused', retry: 'never', code: 'no-connection', text: `connection ${connectionId} is gone` }
    return ports.call(tenant, connection, endpoint, request, parts)
  }

  const hot = new Set<number>()
  let pumping = false
  let stopped = false
  let running: Promise<void> = Promise.resolve()
  const wake = (tenantId: number): void => {
    hot.add(tenantId)
    if (loop && !pumping && !stopped) running = pump()
  }
  let loop = false

  const context: StageContext = {
    db, ids: ports.ids, random: ports.random, log, seal, call, clockOf, processClock: ports.processClock, tenants: () => [...tenants.values()], wake, refresh,
    accountOf: (tenantId, connectionId) => find(tenantId, connectionId)?.accountId ?? '',
    connectionsOf: (tenantId) => connections.get(tenantId) ?? [],
    emit: (tx, tenantId, events) => emit(tx, tenantId, events, (name) => listeners(handlers.subscribers, tenantId, name)),
    publicUrl: () => ports.publicUrl?.() ?? ports.config.publicUrl,
    processes: ports.config.backend === 'embedded' ? 2 : 1, dataDir: ports.config.dataDir,
    blockOn: (tenantId, block) => (blocks.get(tenantId)?.get(block) ?? null) !== null,
  }
  const parts = ports.stages(context)
  const handlers: Handlers = parts.handlers
  const intake = ports.intake ?? createIntake(db, ports.ids, clockOf)
  const engine = createEngine({
    db, ids: ports.ids, random: ports.random, log, clockOf, call, repeatOf: ports.repeatOf,
    lineOf: (tenantId, connectionId) => find(tenantId, connectionId)?.line,
    arriving: () => !intake.idle(),
  }, handlers)

  /** Works hot tenants round-robin, one batch each, until nothing is due. */
  async function pump(): Promise<void> {
    pumping = true
    try {
      while (hot.size > 0 && !stopped) {
        for (const tenantId of Array.from(hot)) {
          if (stopped) break
          hot.delete(tenantId)
          try {
            const count = await engine.tick(tenantId)
            counters.worked += count
            if (count > 0) hot.add(tenantId)
          } catch (error) {
            log.error({ tenantId, error: String(error) }, 'the engine stopped at an error; it goes on in a second')
          }
        }
        await ports.timers.turn()
      }
    } finally {
      pumping = false
    }
  }

  let cancelPoll: (() => void) | undefined
  async function poll(): Promise<void> {
    try {
      for (const { tenantId, world, dueAt } of await tenantsWithWork(db)) if (dueAt <= ports.worldClock(world).now()) wake(tenantId)
    } catch (error) {
      log.warn({ error: String(error) }, 'looking for due work failed')
    }
  }

  await refresh()

  return {
    access: createAccess(db, ports.processClock, ports.random, ports.ids),
    engine, intake, context, ports, counters, wake, refresh,
    routes: parts.routes,
    publicRoutes: parts.publicRoutes ?? [],
    pages: parts.pages ?? [],
    tenant: (tenantId) => tenants.get(tenantId),
    tenants: () => [...tenants.values()],
    connectionsOf: (tenantId) => connections.get(tenantId) ?? [],
    blocksOf: (tenantId) => blocks.get(tenantId) ?? new Map(),
    async receive(routeKey, method, query, body) {
      const door = doors.get(routeKey)
      if (!door) return { status: 404, contentType: 'text/plain', body: 'unknown' }
      if (method === 'GET') {
        try {
          return { status: 200, contentType: 'text/plain', body: openEcho(door.keys[0], query, door.flavour) }
        } catch (error) {
          return refuse(error, door)
        }
      }
      let opened
      try {
        opened = openCallback(door.keys[0], { query, body }, door.flavour)
      } catch (error) {
        return refuse(error, door)
      }
      counters.callbacks++
      await intake.store({ tenantId: door.tenant.tenantId, connectionId: door.connection.connectionId, digest: opened.digest, event: eventName(opened.value), message: opened.format === 'json' ? opened.message : JSON.stringify(opened.value) })
      wake(door.tenant.tenantId)
      return { status: 200, contentType: 'text/plain', body: 'success' }
    },
    async receiveNotice(routeKey, headers, body) {
      const door = payDoors.get(routeKey)
      const fail = (status: number, message: string): CallbackAnswer => ({ status, contentType: 'application/json', body: JSON.stringify({ code: 'FAIL', message }) })
      if (!door || !ports.openNotice) return fail(404, 'unknown')
      let notice: PayNotice
      try {
        notice = await ports.openNotice(door.tenant, door.connection, { headers, body })
      } catch (error) {
        counters.refused++
        log.warn({ connectionId: door.connection.connectionId, error: String(error) }, 'a payment notice was refused')
        return error instanceof CodecError ? fail(error.kind === 'malformed' ? 400 : 401, error.kind) : fail(500, 'later')
      }
      counters.callbacks++
      await intake.store({ tenantId: door.tenant.tenantId, connectionId: door.connection.connectionId, digest: notice.digest, event: notice.eventType, message: notice.plaintext })
      wake(door.tenant.tenantId)
      return { status: 204, contentType: 'text/plain', body: '' }
    },
    run() {
      loop = true
      cancelPoll = ports.timers.every(500, () => void poll())
      void poll()
    },
    async quiet(world) {
      if (!intake.idle() || pumping || hot.size > 0) return false
      const now = ports.worldClock(world).now()
      return !(await tenantsWithWork(db)).some((row) => row.world === world && row.dueAt <= now)
    },
    async close() {
      stopped = true
      cancelPoll?.()
      await running.catch(() => {})
    },
  }

  function refuse(error: unknown, door: Opened): CallbackAnswer {
    counters.refused++
    if (!(error instanceof CodecError)) throw error
    log.warn({ connectionId: door.connection.connectionId, kind: error.kind }, 'a callback was refused')
    return { status: error.kind === 'signature' ? 401 : 400, contentType: 'text/plain', body: 'refused' }
  }
}

/** One name per kind of callback, as the sheets write them: `channels_ec_order_pay`, `change_external_contact/add_external_contact`, `text`. */
function eventName(value: Record<string, unknown>): string {
  const event = value.Event ?? value.MsgType ?? value.InfoType ?? 'unknown'
  const change = value.ChangeType
  return typeof change === 'string' && change !== '' ? `${String(event)}/${change}` : String(event)
}

/** The stored text of a callback as an object again, long ids as text. */
export function readMessage(message: string): Record<string, unknown> {
  return parseJson(message) as Record<string, unknown>
}
