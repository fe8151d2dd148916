import { createDecipheriv, createHash } from 'node:crypto'
import pg from 'pg'
import { monotonicMs, type Clock, type Instant } from '../../kernel/clock.ts'
import { dayMs } from '../../kernel/calendar.ts'
import { readConfig } from '../../kernel/config.ts'
import { CommitLost, openTurnstile, types } from '../../kernel/db/index.ts'
import { uuidIds } from '../../kernel/ids.ts'
import { silentLog, type Log } from '../../kernel/log.ts'
import { seededRandom } from '../../kernel/random.ts'
import { createSeal } from '../../kernel/seal.ts'
import { blocks } from '../../kernel/tenancy/index.ts'
import { createCaller } from '../../wechat/caller.ts'
import { allRows } from '../../wechat/spec/index.ts'
import { createEmulator, emulatorLines, type Emulator, type Send } from '../../emulator/index.ts'
import { accountOf } from '../../emulator/core/namespace.ts'
import { populationModule } from '../../emulator/population/index.ts'
import { corpOf } from '../../emulator/wecom/state.ts'
import { createHouse, type House } from '../../house.ts'
import { onboard } from '../../onboard.ts'
import { stages } from '../../stages.ts'
import { check, type CheckReport, type Outputs } from '../checkers/index.ts'
import type { Canary } from './canary.ts'
import { dropDatabase, makeDatabase, type Cluster } from './cluster.ts'
import { createCaptain } from './captain.ts'
import { createEventLog } from './event-log.ts'
import { createFence, Fenced, type Fence } from './fence.ts'
import { createGuests, type Agenda } from './guests.ts'
import { simulatedDb, simulatedHttp, worldTimers, type CallCounts } from './ports.ts'
import { createShoppers } from './shoppers.ts'
import { createStorm, platformFaults } from './storm.ts'

export type WorldOptions = {
  cluster: Cluster
  seed: number
  days: number
  people: number
  /** Strength of the storm: 0 none, 1 the usual, more is worse. */
  faults: number
  /** A part of the population's parameter file (docs/population.md): another truth than the built-in one. */
  population?: Record<string, unknown>
  /** Where that came from, for the line that replays the run. */
  populationFile?: string
  canary?: Canary
  /** `weekly`: the captain writes to every contact once a week, and does nothing else; for comparing with the policy harness. */
  captain?: 'usual' | 'weekly'
  /** Share of those who have bought before that adds a member on the first day. */
  contacts?: number
  /** Looks at the platform at every midnight. Must not change it. */
  onMidnight?: (emulator: Emulator, day: number) => void
  /** Another order for rows of statements without ORDER BY; the hash must not depend on it. */
  shuffle?: string
  /** Keep the lines of the event log, for comparing two runs. */
  keepLines?: boolean
  log?: Log
  onDay?: (day: number) => void
}

export type WorldReport = {
  seed: number
  days: number
  people: number
  faults: number
  eventsHash: string
  checkers: Record<string, CheckReport>
  merchantDaysPerMinute: number
  factsPerSecond: number
  /** What was done to the run: faults by kind, restarts of the house. */
  injected: Record<string, number>
  restarts: number
  events: number
  facts: number
  replay: string
}

const start = Date.parse('2026-03-01T00:00:00+08:00')
/**
 * After the storm these fit in: the platform's last retries (3.6 h), our pauses after failures (the longest, 18 h, is that of a callback or an event that failed eight times;
 * of a job it is 21 min, of an object 2.3 h), the bill of the last day, and open after-sales (2 d).
 */
const calmMs = 2.5 * dayMs
/**
 * How late the house looks at what came in and does what it planned: at most this, on a quick day and on a slow one, as a busy house or one that was down.
 * Contacts are looked at at once, since a welcome has 20 s.
 */
const lagMs = { quick: 10 * 60_000, slow: 4 * 3_600_000 }
const quickDays = 0.25
const second = 1_000
/** Items worked at one instant: more is a loop. */
const tooMuch = 10_000
const boat = 'http://boat'

/**
 * One merchant's life, whole: product, platform and people in one process, on one clock that jumps from one due instant to the next. Nothing in
 * it waits for real time; what is drawn is drawn from the seed. Equal options and commit, equal `eventsHash`.
 */
export async function runWorld(options: WorldOptions): Promise<WorldReport & { lines: readonly string[] }> {
  const { cluster, seed, canary } = options
  const startedMs = monotonicMs()
  const database = `world_${seed}_${Math.round(startedMs * 1000).toString(36)}`
  await makeDatabase(cluster, database)
  const random = seededRandom(`world ${seed}`)
  const log = options.log ?? silentLog
  const events = createEventLog(options.keepLines ?? false)
  let house: House | undefined
  let fence: Fence = createFence()
  let urgent = false
  /** Since when something lies there that was not looked at. */
  let arrivedAt: Instant | undefined
  let received = 0
  let nextPump = Infinity

  // The sea.
  const send: Send = async (push) => {
    const url = new URL(push.url)
    const told = (status: number): void => events.add({ delivery: url.pathname, query: url.search, body: push.body, status })
    try {
      if (!house || fence.fallen) throw new Fenced('nobody listens')
      received++
      if (canary?.drop?.(received)) {
        told(200)
        return { status: 200, body: 'success' }
      }
      const answer = url.pathname.startsWith('/notify/')
        ? await house.receiveNotice(url.pathname.slice('/notify/'.length), Object.fromEntries(Object.entries(push.headers).map(([name, value]) => [name.toLowerCase(), value])), push.body)
        : await house.receive(url.pathname.slice('/callback/'.length), push.method, Object.fromEntries(url.searchParams), push.body)
      fence.check()
      told(answer.status)
      arrivedAt ??= clock.now()
      if (routes.get(url.pathname) === 'wecom') urgent = true
      return { status: answer.status, body: answer.body }
    } catch (error) {
      if (!(error instanceof Fenced) && !(error instanceof CommitLost)) throw error
      told(0)
      if (error instanceof Fenced) throw error
      return { status: 500, body: '' }
    }
  }
  let emulator: Emulator | undefined
  const clock: Clock = { now: () => emulator?.namespace('main').now ?? start }
  emulator = createEmulator({ modules: [...emulatorLines.filter((one) => one !== populationModule), populationModule], seed: `world ${seed}`, start, clock: { kind: 'queue' }, wireClock: clock, send, concurrency: 1 })
  const sea = emulator
  const routes = new Map<string, string>()

  // The boat: what survives a restart, and what does not.
  const turnstile = await openTurnstile(cluster.config(database, 'qz_service'), random)
  const owner = await openOwner(cluster, database)
  const storm = createStorm(random, clock, 0)
  const weather = createStorm(random, clock, options.faults)
  let sky = storm
  const counts: CallCounts = { made: 0, limited: 0 }
  const statements = new Map<string, boolean>()
  const masterKey = random.bytes(32, 'master key')
  const { config } = readConfig({})
  const timers = worldTimers(clock)
  let lives = 0

  async function build(): Promise<House> {
    const life = lives++
    const mine = createFence()
    fence = mine
    timers.clear()
    const own = seededRandom(`world ${seed} life ${life}`)
    const current = { commit: () => sky.commit(), call: () => sky.call(), calm: () => {}, counts: {} }
    const db = simulatedDb(turnstile, mine, current, events, seededRandom(`${options.shuffle ?? ''} ${seed} ${life}`), statements, canary?.tx)
    const caller = createCaller({ rows: allRows, http: simulatedHttp(sea, mine, current, counts, canary), wireClock: clock, random: own })
    const ids = uuidIds(clock, own)
    const before = sky
    sky = storm // a start that fails is started again by whoever watches the process: no faults in here
    try {
      return await createHouse({
        config, db, processClock: clock, worldClock: () => clock, timers, random: own, log, seal: createSeal(masterKey, own),
        ids: { next: () => (mine.check(), ids.next()) },
        stages: (context) => canary?.stages?.(stages(context), context) ?? stages(context),
        call: (tenant, connection, endpoint, request, parts) => (mine.check(), caller.call(connection, endpoint, request, clock, tenant.tenantId, parts)),
        openNotice: (tenant, connection, message) => {
          const account = caller.accountOf(connection)
          if (account.kind !== 'pay') throw new TypeError('only a WeChat Pay merchant receives notices')
          return caller.client(connection, clock, tenant.tenantId).openPayNotice(account, message)
        },
        publicUrl: () => boat,
        repeatOf: (endpoint) => allRows.get(endpoint)?.repeat ?? 'never',
      })
    } finally {
      sky = before
    }
  }

  try {
    const guests = createGuests(emulator, { seed, people: Math.ceil(options.people / 4) })
    await guests.settle()
    house = await build()
    const tenantId = await onboard({ house, emulator, emulatorUrl: 'http://sea', productUrl: boat }, {
      slug: 'sim', name: '模拟商家', world: 'main', origin: { kind: 'simulation', seed }, blocks: blocks.map((one) => one.key).filter((one) => one !== 'live'), ownerId: undefined,
    })
    for (const connection of house.connectionsOf(tenantId)) routes.set(`/callback/${connection.routeKey}`, connection.line)
    const shop = accountOf(emulator.namespace('main'), 'shop')
    const corp = accountOf(emulator.namespace('main'), 'wecom')
    await guests.begin()
    await emulator.act('main', 'population.create', { preset: 'tea', people: options.people, seed, shop: shop?.id, corp: corp?.id, ...(options.population === undefined ? {} : { overrides: options.population }), ...(options.contacts === undefined ? {} : { contacts: options.contacts }) })
    const captain = createCaptain({ tenantId, clock, staff: corp && Object.keys(corpOf(emulator.namespace('main'), corp.id).corp.members)[0], mall: true, weekly: options.captain === 'weekly' })
    const shoppers = createShoppers(emulator, { seed, people: Math.ceil(options.people / 4), tenantId, slug: 'sim', ask: captain.ask })
    let captainsDay: number | undefined
    await emulator.setFaults('main', platformFaults(options.faults))
    sky = weather

    const outputs: Outputs = {
      tenantId, emulator, world: 'main', calls: counts, acknowledged: new Map(),
      rows: async (text, params) => (await owner.query(text, params as unknown[])).rows,
    }
    const agenda: Agenda = []
    const end = start + options.days * dayMs
    const last = end + calmMs
    let midnight = start
    let due = true

    for (;;) {
      if (fence.fallen) {
        house = await build()
        due = true
      }
      const now = clock.now()
      timers.run()
      if (now >= midnight) {
        noteDeliveries(emulator, outputs)
        if (now < end) {
          agenda.push({ at: midnight, name: 'population.day', args: { start: midnight } }, ...guests.day(midnight))
          agenda.sort((a, b) => a.at - b.at)
          shoppers.day(midnight)
          captainsDay = Math.round((midnight - start) / dayMs)
        }
        options.onMidnight?.(emulator, Math.round((midnight - start) / dayMs))
        options.onDay?.(Math.round((midnight - start) / dayMs))
        midnight += dayMs
      }
      while (agenda.length > 0 && agenda[0].at <= now) {
        const { name, args } = agenda.shift()!
        await actIfPossible(emulator, name, args)
      }
      if (captainsDay !== undefined && (await ifCalm(() => captain.day(house!, captainsDay!)))) {
        captainsDay = undefined
        due = true
      }
      if (fence.fallen) continue
      if ((shoppers.nextDue() ?? Infinity) <= now) {
        await shoppers.run(house, now)
        if (fence.fallen) continue
      }
      if (due) {
        await work(house, tenantId, now)
        if (fence.fallen) continue
        arrivedAt = undefined
        urgent = false
        due = false
      }
      if (now >= last) break
      if (now >= end && sky !== storm) {
        sky = storm
        await emulator.setFaults('main', null)
      }
      const pump = arrivedAt === undefined ? Infinity : arrivedAt + Math.round(lag(arrivedAt) * random.u('lag', arrivedAt))
      const next = Math.min(emulator.nextDue('main') ?? Infinity, nextPump, pump, timers.nextDue() ?? Infinity, agenda.at(0)?.at ?? Infinity, shoppers.nextDue() ?? Infinity, midnight, now < end ? end : last)
      await emulator.advanceTo(Math.max(now, next), 'main')
      due = urgent || clock.now() >= nextPump || clock.now() >= pump || clock.now() >= last
    }
    noteDeliveries(emulator, outputs)
    await turnstile.settle()
    const checkers = await check(outputs)
    const seconds = (monotonicMs() - startedMs) / 1000
    const [{ facts }] = await outputs.rows<{ facts: number }>('select count(*) as facts from inbox where tenant_id = $1', [tenantId])
    return {
      seed, days: options.days, people: options.people, faults: options.faults, eventsHash: events.hash(), checkers,
      merchantDaysPerMinute: Math.round((options.days / seconds) * 60), factsPerSecond: Math.round(facts / seconds),
      injected: { ...emulator.faults('main').injected, ...weather.counts }, restarts: lives - 1, events: events.size, facts, replay: replayLine(options), lines: events.lines,
    }
  } finally {
    fence.drop()
    await emulator.close()
    await turnstile.close()
    await owner.end()
    await dropDatabase(cluster, database)
  }

  function lag(at: Instant): number {
    return random.u('quick', Math.floor(at / dayMs)) < quickDays ? lagMs.quick : lagMs.slow
  }

  /** A person whose click failed clicks again next day. */
  async function ifCalm(act: () => Promise<void>): Promise<boolean> {
    try {
      await act()
    } catch (error) {
      if (!(error instanceof CommitLost) && !(error instanceof Fenced)) throw error
    }
    return true
  }

  /** Until nothing is due; an error of the database stops the work for a second, as in the running server. */
  async function work(current: House, tenantId: number, now: Instant): Promise<void> {
    try {
      if ((await current.engine.drain(tenantId)) >= tooMuch) throw new Error(`the house does not come to rest at ${new Date(now).toISOString()}`)
      const due = current.engine.nextDue(tenantId) ?? Infinity
      // What was planned ahead may be a little late, as in a busy house; what is being tried again may not.
      nextPump = due - now > 60_000 ? due + Math.round(lag(now) * random.u('late', now)) : due
    } catch (error) {
      if (!(error instanceof CommitLost) && !(error instanceof Fenced)) throw error
      nextPump = now + second
    }
  }
}

/** What the platform was told was taken, with the digest that the house must know it by. Read before the platform forgets it. */
function noteDeliveries(emulator: Emulator, outputs: Outputs): void {
  for (const delivery of emulator.deliveries('main')) {
    if (delivery.state !== 'acknowledged' || outputs.acknowledged.has(delivery.id)) continue
    const pay = emulator.namespace('main').accounts.find((one) => one.kind === 'pay' && one.id === delivery.account)
    const text = pay?.kind === 'pay' ? openNotice(delivery.message, pay.apiV3Key) : delivery.message
    outputs.acknowledged.set(delivery.id, { event: delivery.event, account: delivery.account, digest: createHash('sha256').update(text, 'utf8').digest('hex') })
  }
}

/** A notice of WeChat Pay is known by its id and what was sealed in it (AES-256-GCM under the APIv3 key). */
function openNotice(message: string, apiV3Key: string): string {
  const { id, resource } = JSON.parse(message) as { id: string; resource: { ciphertext: string; nonce: string; associated_data?: string } }
  const sealed = Buffer.from(resource.ciphertext, 'base64')
  const cipher = createDecipheriv('aes-256-gcm', apiV3Key, resource.nonce)
  cipher.setAAD(Buffer.from(resource.associated_data ?? ''))
  cipher.setAuthTag(sealed.subarray(-16))
  return `${id}\n${Buffer.concat([cipher.update(sealed.subarray(0, -16)), cipher.final()]).toString('utf8')}`
}

/** People try what is not possible any more: a refund of what is refunded, leaving whom they left. */
async function actIfPossible(emulator: Emulator, name: string, args: unknown): Promise<void> {
  try {
    await emulator.act('main', name, args)
  } catch (error) {
    if ((error as { code?: string }).code !== 'emulator/act-refused') throw error
  }
}

async function openOwner(cluster: Cluster, database: string): Promise<pg.Client> {
  const client = new pg.Client({ ...cluster.config(database), types: types as pg.CustomTypesConfig })
  client.on('error', () => {})
  await client.connect()
  return client
}

export function replayLine(options: Pick<WorldOptions, 'seed' | 'days' | 'people' | 'faults' | 'populationFile'>): string {
  return `npm run -s qz -- simulate --seed ${options.seed} --days ${options.days} --people ${options.people} --faults ${options.faults}${options.populationFile === undefined ? '' : ` --population ${options.populationFile}`}`
}
