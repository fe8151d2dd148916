import { createInterface } from 'node:readline'
import type pg from 'pg'
import { systemClock, systemTimers } from '../../src/kernel/clock.ts'
import { readConfig } from '../../src/kernel/config.ts'
import { openDb } from '../../src/kernel/db/index.ts'
import type { PlatformAnswer } from '../../src/kernel/engine/index.ts'
import type { AnyPublicRoute } from '../../src/kernel/http/index.ts'
import { uuidIds } from '../../src/kernel/ids.ts'
import { silentLog } from '../../src/kernel/log.ts'
import { systemRandom } from '../../src/kernel/random.ts'
import { createSeal } from '../../src/kernel/seal.ts'
import { createHouse } from '../../src/house.ts'
import { createCaller } from '../../src/wechat/caller.ts'
import { createHttpPort } from '../../src/wechat/client/index.ts'
import { connectionTokenStore } from '../../src/wechat/connection/index.ts'
import { allRows } from '../../src/wechat/spec/index.ts'
import { expireOrders, payNotices, payParams, type PaymentPlatform } from '../../src/sell/payment/index.ts'
import { followBatch, mallRoutes, readSession } from '../../src/sell/checkout/index.ts'
import { moveReply, rebalanceByClock, stockFlow, stockHearsOrders, stockReconcile } from '../../src/sell/stock/index.ts'
import { createServer } from '../../src/server.ts'

/**
 * The product's server as a process of its own, for benches: house, engine and web server with the selling stage in it. `row-lock` answers the same checkout route with the
 * transaction that everybody writes first: lock the stock row, look, subtract, insert the order and its line, commit. `platform` is asked instead of WeChat.
 */
type Input = { config: pg.ClientConfig; key: string; mode: 'own' | 'row-lock'; platform?: string; port?: number; /** Asks WeChat Pay of the connections' addresses, signed as in production. */ pays?: boolean }
const input = JSON.parse(process.argv[2]) as Input
const ids = uuidIds(systemClock, systemRandom)
const seal = createSeal(Buffer.from(input.key, 'hex'), systemRandom)
const db = openDb({ ...input.config, max: 12 })

const ask = async (endpoint: string, request: unknown): Promise<PlatformAnswer> => {
  if (input.platform === undefined) return { kind: 'no-answer', text: 'nobody answers in this bench' }
  try {
    const answer = await fetch(input.platform, { method: 'POST', body: JSON.stringify({ endpoint, request }) })
    return (await answer.json()) as PlatformAnswer
  } catch (error) {
    return { kind: 'no-answer', text: String(error) }
  }
}

async function rowLock(call: Parameters<AnyPublicRoute['handle']>[0]): Promise<unknown> {
  const { tenantId } = call
  const buyer = readSession(seal, tenantId, call.bearer, call.clock.now())
  const { key, lines } = call.body as { key: string; lines: Array<{ skuId: string; quantity: number }> }
  const [{ skuId, quantity }] = lines
  return db.tx({ role: 'app', tenantId }, async (tx) => {
    const [stock] = await tx.query<{ units: number; price: number }>(`select units, price from bench_stock where tenant_id = $1 and sku_id = $2 for update`, [tenantId, skuId])
    if (!stock || stock.units < quantity) return { kind: 'stock-short', skuId, title: '', available: stock?.units ?? 0 }
    const orderId = ids.next()
    await tx.query(`update bench_stock set units = units - $3 where tenant_id = $1 and sku_id = $2`, [tenantId, skuId, quantity])
    await tx.query(`insert into bench_order (tenant_id, order_id, buyer, client_key, total, placed_at) values ($1, $2, $3, $4, $5, $6)`, [tenantId, orderId, buyer.openid, key, stock.price * quantity, call.clock.now()])
    await tx.query(`insert into bench_line (tenant_id, order_id, line_no, sku_id, quantity, price) values ($1, $2, 1, $3, $4, $5)`, [tenantId, orderId, skuId, quantity, stock.price])
    return { kind: 'placed', order: { orderId, state: 'unpaid', totalFen: stock.price * quantity }, pay: null }
  })
}

const caller = createCaller({ rows: allRows, http: createHttpPort({ timeoutMs: 10_000 }), wireClock: systemClock, random: systemRandom, tokenStore: (connection, tenantId) => connectionTokenStore(db, seal, tenantId, connection.connectionId) })
let publicUrl = ''

const house = await createHouse({
  config: readConfig({}).config, db, processClock: systemClock, worldClock: () => systemClock, timers: systemTimers, random: systemRandom, ids, log: silentLog, seal, repeatOf: (endpoint) => (endpoint === 'shop.stock.update' ? { probe: 'shop.stock.flow' } : 'safe'),
  call: (tenant, connection, endpoint, request) => (input.pays ? caller.call(connection, endpoint, request, systemClock, tenant.tenantId) : ask(endpoint, request)),
  openNotice: (tenant, connection, message) => {
    const account = caller.accountOf(connection)
    if (account.kind !== 'pay') throw new TypeError('only a WeChat Pay merchant receives notices')
    return caller.client(connection, systemClock, tenant.tenantId).openPayNotice(account, message)
  },
  publicUrl: () => publicUrl,
  stages: (context) => {
    const payment: PaymentPlatform = { db, call: context.call, accountOf: context.accountOf, merchantKey: (tenantId, connectionId) => context.connectionsOf(tenantId).find((one) => one.connectionId === connectionId)?.secrets.merchantPrivateKey ?? '', nonce: () => ids.next().replaceAll('-', ''),
      notifyUrl: (tenantId, connectionId) => `${context.publicUrl()}/notify/${context.connectionsOf(tenantId).find((one) => one.connectionId === connectionId)?.routeKey ?? ''}` }
    const accounts = (tenantId: number) => {
      const [mini, pay] = ['mini-program', 'pay'].map((line) => context.connectionsOf(tenantId).find((one) => one.line === line)!)
      return { mini: { connectionId: mini.connectionId, appid: mini.accountId, secret: '' }, pay: { connectionId: pay.connectionId, mchid: pay.accountId } }
    }
    const routes = mallRoutes({ db, ids, random: systemRandom, seal, clockOf: context.clockOf, call: context.call, emit: context.emit, accounts,
      payParams: async (tenantId, order, openid) => (input.pays ? payParams(payment, tenantId, order, openid, workOf(tenantId) as never) : null) })
    const workOf = (tenantId: number) => ({ tenantId, now: systemClock.now(), clock: systemClock, ids, random: systemRandom, emit: (tx: Parameters<typeof context.emit>[0], events: Parameters<typeof context.emit>[2]) => context.emit(tx, tenantId, events), ring: async () => {} })
    return {
      handlers: { facts: [payNotices(payment)], readers: [], jobs: [stockFlow(payment), stockReconcile(payment), rebalanceByClock, followBatch, expireOrders(payment)], subscribers: [stockHearsOrders], replies: [moveReply] },
      routes: [], publicRoutes: input.mode === 'own' ? routes : routes.map((route) => (route.path === '/checkout' ? { ...route, handle: rowLock } : route)),
    }
  },
})
const app = await createServer({ house, routes: [], metrics: async () => '', ready: () => true, secure: false })
await app.listen({ host: '127.0.0.1', port: input.port ?? 0 })
publicUrl = `http://127.0.0.1:${(app.server.address() as { port: number }).port}`
house.run()
const say = (value: unknown): void => void process.stdout.write(`${JSON.stringify(value)}\n`)
createInterface({ input: process.stdin }).on('line', (line) => {
  if (line === 'refresh') void house.refresh().then(() => say({ refreshed: true }))
  if (line === 'cpu') say({ cpu: process.cpuUsage() })
  if (line === 'end') void app.close().then(() => house.close()).then(() => db.close()).then(() => process.exit(0))
})
say({ port: (app.server.address() as { port: number }).port })
