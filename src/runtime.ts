import { mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import pg from 'pg'
import { systemClock, systemTimers, type Clock, type Instant } from './kernel/clock.ts'
import type { Config } from './kernel/config.ts'
import { migrate, openDb, readMigrations, startPostgres, type PostgresServer, type StatementHook } from './kernel/db/index.ts'
import { uuidIds } from './kernel/ids.ts'
import type { Log } from './kernel/log.ts'
import { createMetrics, type Metrics } from './kernel/metrics.ts'
import { systemRandom } from './kernel/random.ts'
import { createSeal, masterKey } from './kernel/seal.ts'
import { createHttpPort } from './wechat/client/index.ts'
import { createCaller, type Caller } from './wechat/caller.ts'
import { connectionTokenStore } from './wechat/connection/index.ts'
import { allRows } from './wechat/spec/index.ts'
import { emulatorLines, httpSend, openEmulator, serveHttp, type Emulator } from './emulator/index.ts'
import { openPostgresJournal, type PostgresJournal } from './emulator/journal/index.ts'
import { createHouse, type House } from './house.ts'
import { createServer } from './server.ts'
import { stages } from './stages.ts'
import { createSea, type Sea } from './sea.ts'
import { visitorRoutes } from './visitor.ts'
import { repoint } from './onboard.ts'
import { installationRoutes } from './installation.ts'
import { packageRoot } from './root.ts'
import { whatIfRoutes } from './simulation/policy/index.ts'

/**
 * The running system: database, emulator, house, web server, sea; started in that order and stopped in reverse. `npm start`, the tests of whole
 * flows, replay and the benches all run this, with different options.
 */
export type RuntimeOptions = {
  config: Config
  log: Log
  say: (line: string) => void
  /** Disposable: a database of its own under the temp folder, gone at the end; nothing touches the data folder. */
  disposable?: boolean
  /** Free ports instead of the configured ones. */
  anyPort?: boolean
  /** World time at which the emulated world begins when it is new. */
  seaStart?: Instant
  /** Keep the emulator in memory without a journal (benches of the product alone). */
  journal?: boolean
  /** Pushes under way at once per namespace. */
  pushConcurrency?: number
  consoleFolder?: string
  storefrontFolder?: string
  /** Sees every statement of the product: tests hold them to the rules of a distributed PostgreSQL. */
  statementHook?: StatementHook
}

export type Runtime = {
  config: Config
  house: House
  emulator: Emulator | undefined
  sea: Sea | undefined
  caller: Caller
  metrics: Metrics
  url: string
  emulatorUrl: string | undefined
  postgres: PostgresServer | undefined
  databaseConfig: pg.ClientConfig
  close(): Promise<void>
}

export async function openRuntime(options: RuntimeOptions): Promise<Runtime> {
  const { config, log, say } = options
  const dataDir = resolve(config.dataDir)
  if (!options.disposable) mkdirSync(dataDir, { recursive: true })
  const closers: Array<() => Promise<unknown> | unknown> = []
  const close = async (): Promise<void> => {
    for (const closer of closers.splice(0).reverse()) {
      try {
        await closer()
      } catch (error) {
        log.warn({ error: String(error) }, 'something did not stop cleanly')
      }
    }
  }
  try {
    // Database.
    let postgres: PostgresServer | undefined
    let ownerConfig: pg.ClientConfig
    let serviceConfig: pg.ClientConfig
    if (config.backend === 'embedded' || options.disposable) {
      say('starting the database')
      postgres = await startPostgres({ folder: join(dataDir, 'postgres'), profile: options.disposable ? 'disposable' : 'durable', say })
      const server = postgres
      closers.push(() => server.stop())
      await createDatabases(server.config('postgres'), ['qingzhou', 'qz_emulator'])
      ownerConfig = server.config('qingzhou')
      serviceConfig = server.config('qingzhou', 'qz_service')
    } else {
      ownerConfig = { connectionString: config.databaseUrl }
      serviceConfig = ownerConfig
    }
    const applied = await migrate(ownerConfig, readMigrations(join(packageRoot, 'migrations')), systemClock.now())
    if (applied.length > 0) say(`database schema is up to date (${applied.length} migrations applied)`)
    const db = openDb(serviceConfig, options.statementHook)
    closers.push(() => db.close())

    // The sea: emulator and its world clock.
    let emulator: Emulator | undefined
    let emulatorUrl: string | undefined
    let journal: PostgresJournal | undefined
    const worldClock = (world: string): Clock => (world === 'real' || emulator === undefined ? systemClock : { now: () => emulator!.namespace(world).now })
    if (config.sea === 'on') {
      say('starting the emulator')
      if (options.journal !== false && postgres !== undefined) {
        await restrictEmulatorDatabase(postgres.config('qz_emulator'))
        journal = await openPostgresJournal(postgres.config('qz_emulator', 'qz_emulator'))
        const opened = journal
        closers.push(() => opened.close())
        // At a graceful end, after the emulator has stopped, a long journal is folded into the states it led to.
        closers.push(async () => {
          if (emulator === undefined || options.disposable || (await opened.count()) < 2_000) return
          const worlds = emulator.namespaces().map((name) => emulator!.namespace(name))
          if (emulator.sequence() < worlds.length * 2) return
          await opened.compact(worlds.map((ns) => ({ ns: ns.name, seed: ns.seed, now: ns.now, state: emulator!.snapshot(ns.name, true) })), emulator.sequence())
        })
      }
      const send = httpSend(systemTimers)
      closers.push(() => send.close())
      const emulatorOptions = {
        modules: emulatorLines, seed: 'qingzhou', start: options.seaStart ?? startOfToday(systemClock.now()) - historyDays * 86_400_000, clock: { kind: 'queue' as const }, wireClock: systemClock, send,
        timers: undefined, concurrency: options.pushConcurrency,
      }
      const running = await openEmulator({ ...emulatorOptions, journal: journal ?? { append: async () => {}, async *read() {} } })
      emulator = running
      closers.push(() => running.close())
      const front = await listen(options.anyPort ? 0 : config.emulatorPort, (port) => serveHttp(running, { port, log: (line) => log.warn(line) }))
      closers.push(() => front.close())
      emulatorUrl = front.url
    }

    // The house.
    const ids = uuidIds(systemClock, systemRandom)
    const seal = createSeal(options.disposable ? systemRandom.bytes(32) : masterKey(dataDir, config.masterKey, systemRandom), systemRandom)
    const http = createHttpPort({ timeoutMs: 10_000 })
    closers.push(() => http.close())
    const caller = createCaller({ rows: allRows, http, wireClock: systemClock, random: systemRandom, tokenStore: (connection, tenantId) => connectionTokenStore(db, seal, tenantId, connection.connectionId) })
    let url = ''
    const house: House = await createHouse({
      config, db, processClock: systemClock, worldClock, timers: systemTimers, random: systemRandom, ids, log, seal, stages,
      call: (tenant, connection, endpoint, request, parts) => caller.call(connection, endpoint, request, worldClock(tenant.world), tenant.tenantId, parts),
      openNotice: (tenant, connection, message) => {
        const account = caller.accountOf(connection)
        if (account.kind !== 'pay') throw new TypeError('only a WeChat Pay merchant receives notices')
        return caller.client(connection, worldClock(tenant.world), tenant.tenantId).openPayNotice(account, message)
      },
      publicUrl: () => config.publicUrl || url,
      repeatOf: (endpoint) => allRows.get(endpoint)?.repeat ?? 'never',
    })
    closers.push(() => house.close())

    const metrics = createMetrics()
    metrics.gauge('qz_callbacks_total', 'callbacks stored since start', () => house.counters.callbacks)
    metrics.gauge('qz_callbacks_refused_total', 'callbacks refused since start', () => house.counters.refused)
    metrics.gauge('qz_worked_total', 'items worked by the engine since start', () => house.counters.worked)

    let ready = false
    const sea = emulator === undefined ? undefined : createSea({ emulator, house, timers: systemTimers, log })
    if (sea) closers.push(() => sea.close())
    const app = await createServer({
      house, consoleFolder: options.consoleFolder, storefrontFolder: options.storefrontFolder, publicRoutes: visitorRoutes({ house, emulator, sea }), metrics: () => metrics.text(), ready: () => ready, secure: config.publicUrl.startsWith('https://'),
      routes: [
        ...installationRoutes({ house, sea, caller, config, emulator, emulatorUrl: () => emulatorUrl }),
        ...whatIfRoutes({
          log, onClose: (stop) => void closers.push(stop),
          worldOf(tenantId) {
            const world = house.tenant(tenantId)?.world ?? 'real'
            return world === 'real' || emulator === undefined ? undefined : emulator.namespace(world)
          },
        }),
      ],
    })
    closers.push(() => app.close())
    const port = await listen(options.anyPort ? 0 : config.port, async (candidate) => {
      await app.listen({ host: config.host, port: candidate })
      return (app.server.address() as { port: number }).port
    })
    url = `http://${config.host === '0.0.0.0' ? '127.0.0.1' : config.host}:${port}`
    if (emulator !== undefined) await repoint({ house, emulator, emulatorUrl: emulatorUrl!, productUrl: url })
    house.run()
    ready = true

    return { config, house, emulator, sea, caller, metrics, url, emulatorUrl, postgres, databaseConfig: ownerConfig, close }
  } catch (error) {
    await close()
    throw error
  }
}

/** A new emulated world begins this long ago, so that a demo merchant has a past to look at. */
const historyDays = 90

/** Midnight of the current day in Shanghai. */
function startOfToday(now: Instant): Instant {
  const day = 86_400_000
  return Math.floor((now + 28_800_000) / day) * day - 28_800_000
}

async function createDatabases(config: pg.ClientConfig, names: readonly string[]): Promise<void> {
  const client = new pg.Client(config)
  client.on('error', () => {})
  await client.connect()
  try {
    for (const name of names) {
      const { rowCount } = await client.query('select 1 from pg_database where datname = $1', [name])
      if (rowCount === 0) await client.query(`create database ${name}`)
    }
  } finally {
    await client.end()
  }
}

/** The journal's database belongs to a role of its own; the product's roles cannot connect to it. */
async function restrictEmulatorDatabase(config: pg.ClientConfig): Promise<void> {
  const client = new pg.Client(config)
  client.on('error', () => {})
  await client.connect()
  try {
    await client.query(`do $$ begin if not exists (select from pg_roles where rolname = 'qz_emulator') then create role qz_emulator login; end if; end $$`)
    await client.query('revoke connect on database qz_emulator from public')
    await client.query('grant connect on database qz_emulator to qz_emulator')
    await client.query('grant all on schema public to qz_emulator')
  } finally {
    await client.end()
  }
}

/** Takes the wished port, or the next free one up to 20 further. */
async function listen<T>(wished: number, start: (port: number) => Promise<T>): Promise<T> {
  for (let offset = 0; ; offset++) {
    try {
      return await start(wished === 0 ? 0 : wished + offset)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE' || wished === 0 || offset >= 20) throw error
    }
  }
}
