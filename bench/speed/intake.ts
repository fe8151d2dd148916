import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock, systemTimers } from '../../src/kernel/clock.ts'
import { readConfig } from '../../src/kernel/config.ts'
import { migrate, openDb, readMigrations, startPostgres, type Db } from '../../src/kernel/db/index.ts'
import { uuidIds } from '../../src/kernel/ids.ts'
import { createIntake, type Intake, type IncomingMessage } from '../../src/kernel/inbox/index.ts'
import { silentLog } from '../../src/kernel/log.ts'
import { seededRandom, systemRandom } from '../../src/kernel/random.ts'
import { createSeal } from '../../src/kernel/seal.ts'
import { addRoute, createTenant } from '../../src/kernel/tenancy/index.ts'
import { sealCallback } from '../../src/wechat/codec/index.ts'
import { putConnection } from '../../src/wechat/connection/index.ts'
import { createHouse, type House } from '../../src/house.ts'
import { packageRoot } from '../../src/root.ts'
import { createServer } from '../../src/server.ts'
import { median, peakRssMb, type Bench, type BenchRow } from '../harness.ts'

/**
 * Callback intake: verified, decrypted, de-duplicated and fsynced before the answer, over real HTTP from another process. Anchors in the same
 * run and the same server: `storage-off` answers without storing, `insert-per-request` stores each callback in a transaction of its own.
 */
export const bench: Bench = {
  name: 'intake',
  what: 'durable callback intake against storage off and against an insert per request',
  sizes: ['default', 'small'],
  async run({ size = 'default', rounds, seed, log }) {
    const seconds = size === 'small' ? 1 : 2
    const folder = mkdtempSync(join(tmpdir(), 'qz-bench-intake-'))
    const postgres = await startPostgres({ folder: join(folder, 'postgres'), profile: 'durable' })
    const rows: BenchRow[] = []
    try {
      await migrate(postgres.config('postgres'), readMigrations(join(packageRoot, 'migrations')), systemClock.now())
      const random = systemRandom
      const ids = uuidIds(systemClock, random)
      const db = openDb(postgres.config('postgres', 'qz_service'))
      const seal = createSeal(random.bytes(32), random)
      const keys = { token: 'benchtoken', aesKey: 'abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG', receiveId: 'wx0000000000000001' }
      const tenantId = await db.tx({ role: 'auth' }, (tx) => createTenant(tx, { slug: 'bench', name: 'bench', world: 'real', createdAt: 0, origin: {} }))
      const connectionId = ids.next()
      await db.tx({ role: 'app', tenantId }, (tx) => putConnection(tx, tenantId, { connectionId, line: 'shop', accountId: keys.receiveId, name: 'bench', baseUrl: null, routeKey: 'bench', status: 'connected', checks: [], createdAt: 0, updatedAt: 0, secrets: { token: keys.token, aesKey: keys.aesKey } }, seal))
      await db.tx({ role: 'auth' }, (tx) => addRoute(tx, { routeKey: 'bench', tenantId, connectionId }))

      const off: Intake = { store: async () => {}, idle: () => true }
      const single = createSingle(db, ids)
      const combined = createIntake(db, ids, () => systemClock)
      const kinds = { own: combined, 'storage-off': off, 'insert-per-request': single } as const
      const servers: Record<string, { port: number; close(): Promise<void> }> = {}
      for (const [name, intake] of Object.entries(kinds)) {
        const house: House = await createHouse({
          config: readConfig({}).config, db, processClock: systemClock, worldClock: () => systemClock, timers: systemTimers, random, ids, log: silentLog, seal, intake,
          call: async () => ({ kind: 'no-answer', text: 'not here' }), repeatOf: () => 'never', stages: () => ({ handlers: { facts: [], readers: [], jobs: [], subscribers: [], replies: [] }, routes: [] }),
        })
        const app = await createServer({ house, routes: [], metrics: async () => '', ready: () => true, secure: false })
        await app.listen({ host: '127.0.0.1', port: 0 })
        servers[name] = { port: (app.server.address() as { port: number }).port, close: () => app.close() }
      }

      let serial = 0
      const draws = seededRandom(seed)
      /** Distinct messages of a Shop order callback, sealed beforehand. */
      const makeFile = (count: number): string => {
        const parts: Buffer[] = []
        for (let n = 0; n < count; n++) {
          const message = JSON.stringify({ ToUserName: 'gh_0000', FromUserName: `o${serial}`, CreateTime: 1700000000 + serial, MsgType: 'event', Event: 'channels_ec_order_pay', order_info: { order_id: String(3700000000000000000n + BigInt(serial++)), pay_time: 1700000000 } })
          const sealed = sealCallback(keys, message, { flavour: 'weixin', format: 'json', timestamp: 1700000000, nonce: 'benchnonce', random16: draws.bytes(16, serial), toUserName: 'gh_0000' })
          const body = Buffer.from(sealed.body)
          const head = Buffer.from(`POST /callback/bench?${new URLSearchParams(sealed.query)} HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`)
          const length = Buffer.alloc(4)
          length.writeUInt32BE(head.length + body.length)
          parts.push(length, head, body)
        }
        const file = join(folder, `requests-${serial}`)
        writeFileSync(file, Buffer.concat(parts))
        return file
      }
      const run = async (name: string, connections: number, ratePerSecond: number | null, count: number): Promise<{ ok: number; failed: number; seconds: number; p99: number }> => {
        const file = makeFile(count)
        const result = await load({ host: '127.0.0.1', port: servers[name].port, connections, seconds, ratePerSecond, file })
        rmSync(file)
        return result
      }
      const stored = async (): Promise<number> => (await db.tx({ role: 'app', tenantId }, (tx) => tx.query<{ n: number }>('select count(*) as n from inbox where tenant_id = $1', [tenantId])))[0].n
      const compare = async (label: string, anchor: 'storage-off' | 'insert-per-request', connections: number, goal: string): Promise<number> => {
        const own: number[] = []
        const other: number[] = []
        let agrees = true
        const enough = 30_000 * seconds
        await run('own', connections, null, 4_000)
        for (let round = 0; round < rounds; round++) {
          const before = await stored()
          const a = await run('own', connections, null, enough)
          // Every answered callback is in the inbox: the figure counts nothing that was not kept.
          if ((await stored()) - before < a.ok || a.failed > 0) agrees = false
          const b = await run(anchor, connections, null, enough)
          own.push(a.ok / a.seconds)
          other.push(b.ok / b.seconds)
          log(`${label} round ${round + 1}: own ${Math.round(a.ok / a.seconds)}/s, ${anchor} ${Math.round(b.ok / b.seconds)}/s`)
        }
        const ratios = own.map((value, index) => value / other[index])
        rows.push({ case: label, own: Math.round(median(own)), anchor, anchorValue: Math.round(median(other)), unit: 'callbacks/s', ratio: { median: median(ratios), min: Math.min(...ratios), max: Math.max(...ratios) }, agrees, goal })
        return median(own)
      }
      const rate = await compare('durable intake, 64 connections', 'storage-off', 64, '≥ 0.7× storage off required, 0.9× the aim')
      await compare('durable intake, 256 connections', 'insert-per-request', 256, '≥ 2× insert per request')
      const half = await run('own', 64, Math.round(rate / 2), Math.round((rate / 2) * seconds * 1.2))
      rows.push({ case: 'p99 at half the saturation rate', own: Math.round(half.p99 * 100) / 100, anchor: 'published', anchorValue: 20, unit: 'ms', ratio: null, agrees: half.failed === 0, goal: '≤ 20 ms' })
      for (const server of Object.values(servers)) await server.close()
      await db.close()
    } finally {
      await postgres.stop()
      rmSync(folder, { recursive: true, force: true })
    }
    return { bench: 'intake', size, rows, peakRssMb: peakRssMb(), skipped: [] }
  },
}

/** The anchor: each callback in a transaction of its own, on a pool. */
function createSingle(db: Db, ids: ReturnType<typeof uuidIds>): Intake {
  void ids
  return {
    store: (m: IncomingMessage) =>
      db.tx({ role: 'intake' }, async (tx) => {
        await tx.run(`insert into inbox (tenant_id, connection_id, digest, received_at, event, message, state, due_at, attempts) values ($1, $2, $3, $4, $5, $6, 'due', $4, 0) on conflict do nothing`, [m.tenantId, m.connectionId, m.digest, systemClock.now(), m.event, m.message])
      }),
    idle: () => true,
  }
}

function load(input: object): Promise<{ ok: number; failed: number; seconds: number; p99: number }> {
  return new Promise((done, fail) => {
    const child = spawn(process.execPath, [join(packageRoot, 'bench/load/callback-load.mjs')], { stdio: ['pipe', 'pipe', 'inherit'] })
    let text = ''
    child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()))
    child.on('error', fail)
    child.on('close', () => {
      try {
        done(JSON.parse(text) as { ok: number; failed: number; seconds: number; p99: number })
      } catch (error) {
        fail(error as Error)
      }
    })
    child.stdin.end(JSON.stringify(input))
  })
}
