import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { Agent, createServer as createHttp, request, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import pg from 'pg'
import { systemClock } from '../../src/kernel/clock.ts'
import { migrate, openDb, readMigrations, startPostgres, type Db } from '../../src/kernel/db/index.ts'
import { uuidIds } from '../../src/kernel/ids.ts'
import { seededRandom, systemRandom } from '../../src/kernel/random.ts'
import { createSeal, type Seal } from '../../src/kernel/seal.ts'
import { addRoute, createTenant, switchBlock } from '../../src/kernel/tenancy/index.ts'
import { resolvePersons } from '../../src/book/person/index.ts'
import { packageRoot } from '../../src/root.ts'
import { putListings, saveShopProducts } from '../../src/sell/catalog/index.ts'
import { openSession } from '../../src/sell/checkout/index.ts'
import { changeSetting, changeStock, checkSku, openStock, readSkus, unbooked } from '../../src/sell/stock/index.ts'
import { createPlatform, type Platform } from '../../src/simulation/stock/index.ts'
import { putConnection } from '../../src/wechat/connection/index.ts'
import { median, peakRssMb, type Bench, type BenchRow } from '../harness.ts'
import { createTpcB } from '../tpc-b.ts'

/**
 * Double 11 (双十一): one hot SKU, five buyers for every unit, over the real HTTP API of a server process of its own, on a durable database. A buyer is answered
 * when the order and its lines are fsynced; who comes too late is answered at once. Anchors in the same run and on the same PostgreSQL: `row-lock` is the
 * transaction that everybody writes first (lock, look, subtract, insert order and line), behind the same route of the same server; `tpc-b` is what this
 * PostgreSQL commits. The last case is the same sale with the Shop's shelf selling too, the platform failing, and a kill -9 of the server and of PostgreSQL in the middle.
 */
const connections = 128
const slug = 'double11'

export type SaleFigures = { orders: number; perSecond: number; p50Ms: number; p99Ms: number; oversold: number; undersold: number; stranded: number }

export const bench: Bench = {
  name: 'flash-sale',
  what: 'one hot SKU over HTTP against a row lock per order and TPC-B; then with the Shop selling, faults and kills',
  sizes: ['default', 'small'],
  async run({ size = 'default', rounds, seed, log }) {
    const small = size === 'small'
    const units = small ? 1_000 : 10_000
    const buyers = units * 5
    // The anchor takes a twelfth of the sale, so that a round of both takes about as long.
    const share = small ? 4 : 12
    const folder = mkdtempSync(join(tmpdir(), 'qz-bench-sale-'))
    const postgresFolder = join(folder, 'postgres')
    let postgres = await startPostgres({ folder: postgresFolder, profile: 'durable' })
    const rows: BenchRow[] = []
    const figures: Record<string, SaleFigures> = {}
    try {
      await migrate(postgres.config('postgres'), readMigrations(join(packageRoot, 'migrations')), systemClock.now())
      const owner = new pg.Client(postgres.config('postgres'))
      await owner.connect()
      await owner.query(`create table bench_stock (tenant_id bigint, sku_id uuid, units bigint check (units >= 0), price bigint, primary key (tenant_id, sku_id));
        create table bench_order (tenant_id bigint, order_id uuid, buyer text, client_key text, total bigint, placed_at bigint, primary key (tenant_id, order_id), unique (tenant_id, buyer, client_key));
        create table bench_line (tenant_id bigint, order_id uuid, line_no int, sku_id uuid, quantity int, price bigint, primary key (tenant_id, order_id, line_no));
        grant all on bench_stock, bench_order, bench_line to qz_app`)
      await owner.end()
      const tpcB = await createTpcB(postgres.config('postgres'), 12)
      const key = randomBytes(32).toString('hex')
      const seal = createSeal(Buffer.from(key, 'hex'), systemRandom)
      const db = openDb({ ...postgres.config('postgres', 'qz_service'), max: 4 })
      const mall = await openMall(db, seal, buyers, seed)
      log(`${buyers} buyers have signed in`)

      const sides = { own: await startServer({ config: postgres.config('postgres', 'qz_service'), key, mode: 'own' }), 'row-lock': await startServer({ config: postgres.config('postgres', 'qz_service'), key, mode: 'row-lock' }) }
      const rates: Record<string, number[]> = { own: [], 'row-lock': [], 'tpc-b': [] }
      const latencies: Array<{ p50Ms: number; p99Ms: number; refusedP99Ms: number }> = []
      let agrees = true
      let figure: SaleFigures = { orders: 0, perSecond: 0, p50Ms: 0, p99Ms: 0, oversold: 0, undersold: 0, stranded: 0 }
      for (let round = 0; round <= rounds; round++) {
        for (const side of ['own', 'row-lock'] as const) {
          const sold = side === 'own' ? units : Math.round(units / share)
          const skuId = await mall.stock(`${side}-${round}`, side === 'own' ? sold : 0)
          if (side === 'row-lock') await db.tx({ role: 'app', tenantId: mall.tenantId }, (tx) => tx.run('insert into bench_stock values ($1, $2, $3, 100)', [mall.tenantId, skuId, sold]))
          const result = await load({ host: '127.0.0.1', port: sides[side].port, connections, file: mall.requests(folder, skuId, sold * 5, round) })
          if (round > 0) rates[side].push(result.placed / result.saleSeconds)
          agrees &&= result.placed === sold && result.kinds.placed + (result.kinds['stock-short'] ?? 0) === sold * 5
          if (side !== 'own') continue
          const { rowsKept, sku, wrong } = await mall.check(skuId)
          agrees &&= rowsKept === sold && sku.mall === 0 && wrong.length === 0
          if (round === 0) continue
          latencies.push(result)
          log(`round ${round}: ${Math.round(result.placed / result.saleSeconds)} orders/s until sold out, p99 ${result.p99Ms.toFixed(1)} ms; ${Math.round(result.sent / result.seconds)} buyers answered a second`)
          figure = { ...figure, orders: rowsKept, oversold: Math.max(0, rowsKept - sold, figure.oversold), undersold: Math.max(0, sold - rowsKept, figure.undersold) }
        }
        const rate = await tpcB.run(small ? 1 : 3)
        if (round > 0) rates['tpc-b'].push(rate)
      }
      figures.admission = { ...figure, perSecond: Math.round(median(rates.own)), p50Ms: round1(median(latencies.map((one) => one.p50Ms))), p99Ms: round1(median(latencies.map((one) => one.p99Ms))) }
      for (const [anchor, goal] of [['row-lock', 'at least 40 times a row lock per order'], ['tpc-b', 'at least 8 times TPC-B']] as const) {
        const ratios = rates.own.map((own, index) => own / rates[anchor][index])
        rows.push({
          case: 'admission over HTTP, one hot SKU', own: Math.round(median(rates.own)), anchor, anchorValue: Math.round(median(rates[anchor])), unit: 'orders/s', ratio: { median: median(ratios), min: Math.min(...ratios), max: Math.max(...ratios) }, agrees, goal,
          note: anchor === 'tpc-b' ? `by ${tpcB.by}, scale ${10}, 12 connections` : JSON.stringify(figures.admission),
        })
      }
      rows.push({ case: 'p99 of who got an order', own: figures.admission.p99Ms, anchor: 'published', anchorValue: 30, unit: 'ms', ratio: null, agrees, goal: 'at most 30 ms', note: `${connections} buyers at once` })
      rows.push({ case: 'p99 of who was refused', own: round1(median(latencies.map((one) => one.refusedP99Ms))), anchor: 'published', anchorValue: 30, unit: 'ms', ratio: null, agrees, goal: 'a clear answer at once' })
      for (const side of Object.values(sides)) await side.end()

      // ---- the whole chain: order, prepay, notice, money in the book; every signature real, WeChat Pay a process of its own ----
      const chain = await wholeChain({ db, seal, key, config: postgres.config('postgres', 'qz_service'), orders: small ? 60 : 400, rounds, log })
      for (const [anchor, goal] of [['rsa-ceiling', 'at least 0.7 of what the machine can sign'], ['one-by-one', 'more than one order after the other']] as const) {
        const ratios = chain.own.map((own, index) => own / chain[anchor][index])
        rows.push({ case: 'whole chain: order, prepay, notice, booked', own: round1(median(chain.own)), anchor, anchorValue: round1(median(chain[anchor])), unit: 'orders/s', ratio: { median: median(ratios), min: Math.min(...ratios), max: Math.max(...ratios) }, agrees: chain.agrees, goal, ...(anchor === 'rsa-ceiling' ? { note: 'both cores doing nothing but the four signatures and three verifications of an order' } : {}) })
      }

      // ---- the same with everything going wrong ----
      const storm = await stormySale({ log, seed, folder, key, mall, units: small ? 300 : 1_500, restartPostgres: async () => {
        process.kill(postgres.pid, 'SIGKILL')
        await new Promise((done) => setTimeout(done, 300))
        postgres = await startPostgres({ folder: postgresFolder, profile: 'durable' })
      }, config: () => postgres.config('postgres', 'qz_service') })
      figures.storm = storm.figures
      rows.push({
        case: 'both shelves, faults, kill -9 of server and PostgreSQL', own: storm.figures.oversold + storm.figures.undersold, anchor: 'published', anchorValue: 0, unit: 'units wrong', ratio: null, agrees: storm.wrong.length === 0, goal: '0 oversold, 0 undersold',
        note: `${JSON.stringify(storm.figures)}; ${storm.shopSold} sold in the Shop, ${storm.kills}${storm.wrong.length > 0 ? `; ${storm.wrong.slice(0, 3).join('; ')}` : ''}`,
      })
      await db.close().catch(() => {})
    } finally {
      await postgres.stop()
      rmSync(folder, { recursive: true, force: true })
    }
    return { bench: 'flash-sale', size, rows, peakRssMb: peakRssMb(), skipped: [{ case: 'medusa', why: '@medusajs/medusa 2 installs (1,065 packages, 679 MB, 4 minutes) but asks for a newer Node than 20; its checkout was not run' }, { case: 'vendure', why: 'not tried' }] }
  },
}

type Chain = { own: number[]; 'rsa-ceiling': number[]; 'one-by-one': number[]; agrees: boolean }

async function wholeChain(options: { db: Db; seal: Seal; key: string; config: pg.ClientConfig; orders: number; rounds: number; log(line: string): void }): Promise<Chain> {
  const { db, seal } = options
  const ids = uuidIds(systemClock, systemRandom)
  const now = systemClock.now()
  const emulator = spawn(process.execPath, ['--import', 'tsx', join(packageRoot, 'bench/load/pay-emulator.ts')], { stdio: ['pipe', 'pipe', 'inherit'] })
  const failed: string[] = []
  const world = await new Promise<{ url: string; openids: string[]; mini: { id: string }; pay: { id: string; apiV3Key: string; merchantPrivateKey: string; merchantSerial: string } }>((done, fail) => {
    emulator.on('exit', (code) => fail(new Error(`the emulator ended with ${code}`)))
    createInterface({ input: emulator.stdout! }).on('line', (line) => {
      const message = JSON.parse(line) as { url?: string; failed?: string }
      if (message.url !== undefined) done(message as never)
      else failed.push(message.failed!)
    })
  })
  const tenantId = await db.tx({ role: 'auth' }, (tx) => createTenant(tx, { slug: 'chain', name: 'chain', world: 'real', createdAt: 0, origin: {} }))
  const connectionOf = { 'mini-program': ids.next(), pay: ids.next() }
  await db.tx({ role: 'app', tenantId }, async (tx) => {
    await switchBlock(tx, tenantId, 'mall', true, now)
    const shared = { baseUrl: world.url, status: 'connected' as const, checks: [], createdAt: 0, updatedAt: 0 }
    await putConnection(tx, tenantId, { ...shared, connectionId: connectionOf['mini-program'], line: 'mini-program', accountId: world.mini.id, name: 'mini', routeKey: 'chain-mini', secrets: { secret: 's' } }, seal)
    await putConnection(tx, tenantId, { ...shared, connectionId: connectionOf.pay, line: 'pay', accountId: world.pay.id, name: 'pay', routeKey: 'chain-pay', secrets: { apiV3Key: world.pay.apiV3Key, merchantPrivateKey: world.pay.merchantPrivateKey, merchantSerial: world.pay.merchantSerial } }, seal)
    await saveShopProducts(tx, tenantId, { connectionId: connectionOf.pay, account: 'wx' }, [{ productId: '1', title: '爆款', image: '', images: [], description: '', status: 'listed', skus: [{ skuId: '2', skuCode: 'C', attrs: {}, priceFen: 100 }] }], now, ids)
  })
  await db.tx({ role: 'auth' }, (tx) => addRoute(tx, { routeKey: 'chain-pay', tenantId, connectionId: connectionOf.pay }))
  const skuId = await db.tx({ role: 'app', tenantId }, async (tx) => {
    const [sku] = await tx.query<{ skuId: string; productId: string }>(`select sku_id as "skuId", product_id as "productId" from sku where tenant_id = $1`, [tenantId])
    await putListings(tx, tenantId, [{ productId: sku.productId, shelf: 'mall', account: '', connectionId: null, platformProductId: sku.productId, status: 'listed', title: '', changedAt: 0 }])
    await tx.run(`insert into stock (tenant_id, sku_id, mall, reserved, reserve, moving, sold, restored, unbacked, received, updated_at) values ($1, $2, 0, 0, 0, 0, 0, 0, 0, 0, 0)`, [tenantId, sku.skuId])
    await changeStock(tx, tenantId, sku.skuId, { kind: 'receive', quantity: 1_000_000, reason: '' }, 'chain', now, ids)
    await changeStock(tx, tenantId, sku.skuId, { kind: 'transfer', from: 'reserve', to: 'mall', quantity: 1_000_000 }, 'chain mall', now, ids)
    return sku.skuId
  })
  const server = await startServer({ config: options.config, key: options.key, mode: 'own', pays: true })
  const agent = new Agent({ keepAlive: true, maxSockets: 64 })
  const tokens = world.openids.map((openid) => openSession(seal, tenantId, { openid, appid: world.mini.id }, now).token)
  let serial = 0
  const post = (n: number): Promise<string> => new Promise((done, fail) => {
    const body = JSON.stringify({ key: `chain-${String(n).padStart(8, '0')}`, lines: [{ skuId, quantity: 1 }], totalFen: 100 })
    const call = request({ agent, host: '127.0.0.1', port: server.port, method: 'POST', path: '/mall/chain/api/checkout', headers: { 'content-type': 'application/json', 'content-length': body.length, authorization: `Bearer ${tokens[n % tokens.length]}`, 'x-forwarded-for': `10.8.${(n >> 8) & 255}.${n & 255}` } }, (answer) => {
      let text = ''
      answer.on('data', (chunk: Buffer) => (text += chunk.toString()))
      answer.on('end', () => {
        const found = /prepay_id=([^"]+)"/.exec(text)
        if (found) done(found[1])
        else fail(new Error(text.slice(0, 300)))
      })
    })
    call.on('error', fail)
    call.end(body)
  })
  const paid = async (): Promise<number> => (await db.tx({ role: 'app', tenantId }, (tx) => tx.query<{ n: number }>(`select count(*) as n from mall_order where tenant_id = $1 and state = 'paid'`, [tenantId])))[0].n
  const until = async (count: number, everyMs: number): Promise<void> => {
    for (const end = performance.now() + 120_000; (await paid()) < count; ) {
      if (performance.now() > end) throw new Error(`${await paid()} of ${count} orders were paid in two minutes; ${failed[0] ?? ''}`)
      await new Promise((done) => setTimeout(done, everyMs))
    }
  }
  /** @returns orders a second from the first click until the last is booked as paid. */
  const sale = async (count: number, atOnce: number): Promise<number> => {
    const first = await paid()
    const last = serial + count
    const began = performance.now()
    await Promise.all(Array.from({ length: atOnce }, async () => {
      while (serial < last) {
        emulator.stdin!.write(`${await post(serial++)}\n`)
        if (atOnce === 1) await until(first + count - (last - serial), 2)
      }
    }))
    await until(first + count, 20)
    return (count / (performance.now() - began)) * 1000
  }
  const chain: Chain = { own: [], 'rsa-ceiling': [], 'one-by-one': [], agrees: true }
  try {
    await sale(30, 8)
    for (let round = 0; round < Math.max(1, options.rounds); round++) {
      chain.own.push(await sale(options.orders, 32))
      chain['rsa-ceiling'].push((await Promise.all([rsa(1), rsa(1)])).reduce((sum, one) => sum + one, 0))
      chain['one-by-one'].push(await sale(10, 1))
      options.log(`whole chain: ${chain.own.at(-1)!.toFixed(0)} orders/s, RSA ceiling ${chain['rsa-ceiling'].at(-1)!.toFixed(0)}, one by one ${chain['one-by-one'].at(-1)!.toFixed(0)}`)
    }
    const { sku, wrong } = await db.tx({ role: 'app', tenantId }, async (tx) => ({ sku: (await readSkus(tx, tenantId, [skuId])).get(skuId)!, wrong: await unbooked(tx, tenantId) }))
    chain.agrees = failed.length === 0 && wrong.length === 0 && sku.sold === (await paid()) && checkSku(sku).length === 0
  } finally {
    agent.destroy()
    await server.end()
    emulator.removeAllListeners('exit')
    emulator.kill('SIGKILL')
  }
  return chain
}

const rsa = (seconds: number): Promise<number> => new Promise((done, fail) => execFile(process.execPath, [join(packageRoot, 'bench/load/rsa.mjs'), String(seconds)], (error, stdout) => (error ? fail(error) : done(Number(stdout)))))

const round1 = (value: number): number => Math.round(value * 10) / 10

type Mall = Awaited<ReturnType<typeof openMall>>

/** A merchant with a mall, and buyers who have signed in. */
async function openMall(db: Db, seal: Seal, buyers: number, seed: number) {
  const ids = uuidIds(systemClock, systemRandom)
  const now = systemClock.now()
  const tenantId = await db.tx({ role: 'auth' }, (tx) => createTenant(tx, { slug, name: slug, world: 'real', createdAt: 0, origin: {} }))
  const connectionOf: Record<string, string> = {}
  await db.tx({ role: 'app', tenantId }, async (tx) => {
    await switchBlock(tx, tenantId, 'mall', true, now)
    for (const line of ['shop', 'mini-program', 'pay']) {
      connectionOf[line] = ids.next()
      await putConnection(tx, tenantId, { connectionId: connectionOf[line], line, accountId: `wx-${line}`, name: line, baseUrl: null, routeKey: `bench-${line}`, status: 'connected', checks: [], createdAt: 0, updatedAt: 0, secrets: { secret: 's' } }, seal)
    }
  })
  for (let from = 0; from < buyers; from += 2_000) {
    await db.tx({ role: 'app', tenantId }, (tx) => resolvePersons(tx, tenantId, Array.from({ length: Math.min(2_000, buyers - from) }, (_, n) => ({ unionid: `u${from + n}`, local: { kind: 'openid' as const, scope: 'wx-mini-program', value: `o${from + n}` }, seenAt: now, evidence: 'bench' })), ids))
  }
  const tokens = Array.from({ length: buyers }, (_, n) => openSession(seal, tenantId, { openid: `o${n}`, unionid: `u${n}`, appid: 'wx-mini-program' }, now).token)
  let products = 0
  const request = (n: number, skuId: string, round: string | number): Buffer => {
    const body = JSON.stringify({ key: `click-${seed}-${round}-${n}`, lines: [{ skuId, quantity: 1 }], totalFen: 100, pay: false })
    return Buffer.from(`POST /mall/${slug}/api/checkout HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\nAuthorization: Bearer ${tokens[n]}\r\nX-Forwarded-For: 10.${(n >> 16) & 255}.${(n >> 8) & 255}.${n & 255}\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
  }
  return {
    tenantId, shopConnection: connectionOf.shop, token: (n: number) => tokens[n],
    /** A fresh SKU with so many units in the mall; in the Shop too, when a platform SKU is named. */
    async stock(name: string, units: number, platformSku?: { productId: string; skuId: string }): Promise<string> {
      const productId = platformSku?.productId ?? String(10_000 + products++)
      await db.tx({ role: 'app', tenantId }, (tx) => saveShopProducts(tx, tenantId, { connectionId: connectionOf.shop, account: 'wx-shop' }, [{ productId, title: `爆款 ${name}`, image: '', images: [], description: '', status: 'listed', skus: [{ skuId: platformSku?.skuId ?? `9${productId}`, skuCode: name, attrs: {}, priceFen: 100 }] }], now, ids))
      return db.tx({ role: 'app', tenantId }, async (tx) => {
        const [sku] = await tx.query<{ skuId: string; productId: string }>(`select sku_id as "skuId", product_id as "productId" from sku where tenant_id = $1 and sku_code = $2`, [tenantId, name])
        await putListings(tx, tenantId, [{ productId: sku.productId, shelf: 'mall', account: '', connectionId: null, platformProductId: sku.productId, status: 'listed', title: '', changedAt: 0 }])
        if (platformSku) await openStock(tx, tenantId, [sku.skuId], now)
        else await tx.run(`insert into stock (tenant_id, sku_id, mall, reserved, reserve, moving, sold, restored, unbacked, received, updated_at) values ($1, $2, 0, 0, 0, 0, 0, 0, 0, 0, 0) on conflict do nothing`, [tenantId, sku.skuId])
        if (units > 0) {
          await changeStock(tx, tenantId, sku.skuId, { kind: 'receive', quantity: units, reason: 'bench' }, `receive/${sku.skuId}`, now, ids)
          await changeStock(tx, tenantId, sku.skuId, { kind: 'transfer', from: 'reserve', to: 'mall', quantity: units }, `transfer/${sku.skuId}`, now, ids)
        }
        return sku.skuId
      })
    },
    request,
    requests(folder: string, skuId: string, count: number, round: string | number): string {
      const parts: Buffer[] = []
      for (let n = 0; n < count; n++) {
        const bytes = request(n, skuId, round)
        const length = Buffer.alloc(4)
        length.writeUInt32BE(bytes.length)
        parts.push(length, bytes)
      }
      const file = join(folder, 'requests')
      writeFileSync(file, Buffer.concat(parts))
      return file
    },
    check: (skuId: string, from: Db = db) => from.tx({ role: 'app', tenantId }, async (tx) => {
      const sku = (await readSkus(tx, tenantId, [skuId])).get(skuId)!
      const [{ n }] = await tx.query<{ n: number }>(`select count(*) as n from mall_order where tenant_id = $1 and lines @> $2::jsonb`, [tenantId, JSON.stringify([{ skuId }])])
      return { sku, rowsKept: n, wrong: [...checkSku(sku), ...(await unbooked(tx, tenantId)).map((one) => `${one.place}: ${one.number}, booked ${one.booked}`)] }
    }),
  }
}

type Started = { port: number; child: ChildProcess; end(): Promise<void> }
export function startServer(input: object): Promise<Started> {
  const child = spawn(process.execPath, [...(process.env.BENCH_PROFILE ? ['--cpu-prof', `--cpu-prof-dir=${process.env.BENCH_PROFILE}`] : []), '--import', 'tsx', join(packageRoot, 'bench/load/mall-server.ts'), JSON.stringify(input)], { stdio: ['pipe', 'pipe', 'inherit'] })
  child.stdin!.on('error', () => {})
  return new Promise((done, fail) => {
    child.on('error', fail)
    child.on('exit', (code) => fail(new Error(`the server ended with ${code} before it was ready`)))
    createInterface({ input: child.stdout! }).once('line', (line) => {
      const { port } = JSON.parse(line) as { port: number }
      done({ port, child, end: () => new Promise((ended) => {
        child.once('exit', () => ended())
        child.stdin!.write('end\n')
        setTimeout(() => child.kill('SIGKILL'), 3_000).unref()
      }) })
    })
  })
}

type Loaded = { sent: number; kinds: Record<string, number>; seconds: number; saleSeconds: number; placed: number; p50Ms: number; p99Ms: number; refusedP50Ms: number; refusedP99Ms: number }
function load(input: object): Promise<Loaded> {
  return new Promise((done, fail) => {
    const child = spawn(process.execPath, [join(packageRoot, 'bench/load/sale-load.mjs')], { stdio: ['pipe', 'pipe', 'inherit'] })
    let text = ''
    child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()))
    child.on('error', fail)
    child.on('close', () => {
      try {
        done(JSON.parse(text) as Loaded)
      } catch (error) {
        fail(error as Error)
      }
    })
    child.stdin.end(JSON.stringify(input))
  })
}

/**
 * Both shelves sell the same SKU at once. The platform answers late, lies and loses answers; the server is killed hard, later PostgreSQL is. Buyers whose answer
 * got lost press again under the same key; who waits for units of the Shop asks again until they are told.
 */
async function stormySale(options: { log(line: string): void; seed: number; folder: string; key: string; mall: Mall; units: number; restartPostgres(): Promise<void>; config(): pg.ClientConfig }): Promise<{ figures: SaleFigures; shopSold: number; kills: string; wrong: string[] }> {
  const { mall, units, seed } = options
  const random = seededRandom(`storm ${seed}`)
  const shopUnits = Math.round(units * 0.25)
  const platform: Platform = createPlatform(systemClock, (...keys) => random.u(...keys), [{ skuId: '77001', productId: '77', num: shopUnits }], 500)
  const door = await new Promise<Server>((done) => {
    const server = createHttp((request, response) => {
      let text = ''
      request.on('data', (chunk: Buffer) => (text += chunk.toString()))
      request.on('end', () => {
        const { endpoint, request: asked } = JSON.parse(text) as { endpoint: string; request: unknown }
        setTimeout(() => response.end(JSON.stringify(platform.call(endpoint, asked))), 5)
      })
    })
    server.listen(0, '127.0.0.1', () => done(server))
  })
  const platformUrl = `http://127.0.0.1:${(door.address() as { port: number }).port}/`
  const skuId = await mall.stock('storm', units, { productId: '77', skuId: '77001' })
  const ids = uuidIds(systemClock, systemRandom)
  const opened = openDb({ ...options.config(), max: 2 })
  await opened.tx({ role: 'app', tenantId: mall.tenantId }, (tx) => changeSetting(tx, mall.tenantId, { rebalance: 'off', pull: 'shop', pullWaitMs: 4_000 }, systemClock.now()))
  await opened.close()
  void ids
  const start = () => startServer({ config: options.config(), key: options.key, mode: 'own', platform: platformUrl })
  let server = await start()
  // The share of the Shop is read before the sale.
  await new Promise((done) => setTimeout(done, 1_500))
  const buyers = (units + shopUnits) * 4
  const outcome = new Map<number, string>()
  const latencies: number[] = []
  let next = 0
  let placed = 0
  let stop = false
  const began = performance.now()
  const buy = async (n: number): Promise<void> => {
    const until = performance.now() + 30_000
    for (;;) {
      const asked = performance.now()
      try {
        const answer = await fetch(`http://127.0.0.1:${server.port}/mall/${slug}/api/checkout`, {
          method: 'POST', headers: { 'content-type': 'application/json', authorization: `Bearer ${mall.token(n)}`, 'x-forwarded-for': `10.9.${(n >> 8) & 255}.${n & 255}` },
          body: JSON.stringify({ key: `storm-click-${n}`, lines: [{ skuId, quantity: 1 }], totalFen: 100, pay: false }), signal: AbortSignal.timeout(20_000),
        })
        const body = (await answer.json()) as { kind?: string; fetching?: { until: number; askAgainMs: number }; error?: { code: string } }
        if (body.kind === 'stock-short' && body.fetching) await new Promise((done) => setTimeout(done, body.fetching!.askAgainMs))
        else if (body.kind !== undefined) {
          outcome.set(n, body.kind)
          latencies.push(performance.now() - asked)
          if (body.kind === 'placed') placed++
          return
        } else await new Promise((done) => setTimeout(done, 100))
      } catch {
        // The server is gone, or its answer is: press again.
        await new Promise((done) => setTimeout(done, 100))
      }
      if (performance.now() > until) {
        outcome.set(n, 'no answer')
        return
      }
    }
  }
  const crowd = Promise.all(Array.from({ length: 48 }, async () => {
    while (next < buyers && performance.now() < began + 150_000) await buy(next++)
  }))
  // The Shop sells on its own, some buyers never pay there.
  const shop = (async () => {
    for (let n = 0; !stop; n++) {
      const order = platform.buy('77001', 1)
      if (order) {
        const pays = random.u('pays', n) < 0.9
        setTimeout(() => platform.end(order, pays), 200)
      }
      await new Promise((done) => setTimeout(done, Math.max(4, 9_000 / Math.max(50, shopUnits * 2))))
    }
  })()
  const kills: string[] = []
  const deadline = performance.now() + 120_000
  const watch = setInterval(() => options.log(`storm: ${placed} placed, ${outcome.size} answered, Shop has ${platform.stock.get('77001')!.num}`), 5_000)
  await until(() => placed >= units * 0.3 || next >= buyers || performance.now() > deadline)
  server.child.kill('SIGKILL')
  kills.push(`server killed after ${placed} orders`)
  server = await start()
  await until(() => placed >= units * 0.6 || next >= buyers || performance.now() > deadline)
  const atKill = placed
  await options.restartPostgres()
  kills.push(`PostgreSQL killed after ${atKill} orders`)
  await crowd
  clearInterval(watch)
  const seconds = (performance.now() - began) / 1000
  // Everything becomes quiet; what the Shop still has is sold there to the last unit.
  platform.calm = true
  await new Promise((done) => setTimeout(done, 1_000))
  stop = true
  await shop
  const db = openDb({ ...options.config(), max: 2 })
  let state = await mall.check(skuId, db)
  for (let n = 0; n < 60; n++) {
    while (platform.buy('77001', 1)) { /* the last ones */ }
    for (const order of platform.orders.values()) if (order.state === 'unpaid') platform.end(order, true)
    await db.tx({ role: 'app', tenantId: mall.tenantId }, (tx) => tx.run(`insert into job (tenant_id, kind, key, due_at, state, attempts) select $1, 'stock.flow', connection_id || '/' || sku_id, $2, jsonb_build_object('connectionId', connection_id, 'skuId', sku_id), 0 from stock_shelf where tenant_id = $1 on conflict (tenant_id, kind, key) do update set due_at = excluded.due_at`, [mall.tenantId, systemClock.now()]))
    await new Promise((done) => setTimeout(done, 1_000))
    state = await mall.check(skuId, db)
    const [{ open }] = await db.tx({ role: 'app', tenantId: mall.tenantId }, (tx) => tx.query<{ open: number }>(`select count(*) as open from stock_move where tenant_id = $1 and state in ('planned', 'sent', 'unknown')`, [mall.tenantId]))
    if (open === 0 && state.sku.shelves[0].shop === platform.stock.get('77001')!.num && platform.stock.get('77001')!.num === 0) break
  }
  await db.close()
  await server.end()
  door.close()
  const shopSold = [...platform.orders.values()].filter((order) => order.state === 'paid').length
  const total = units + shopUnits
  const wrong = [...state.wrong]
  if ([...outcome.values()].some((kind) => kind === 'no answer')) wrong.push(`${[...outcome.values()].filter((kind) => kind === 'no answer').length} buyers were never answered`)
  const answered = [...outcome.values()].filter((kind) => kind === 'placed').length
  if (answered !== state.rowsKept) wrong.push(`${answered} buyers were told of an order, ${state.rowsKept} are kept`)
  const sold = state.rowsKept + shopSold
  latencies.sort((a, b) => a - b)
  const figures: SaleFigures = {
    orders: sold, perSecond: Math.round(state.rowsKept / seconds), p50Ms: round1(latencies[Math.floor(latencies.length * 0.5)] ?? 0), p99Ms: round1(latencies[Math.floor(latencies.length * 0.99)] ?? 0),
    oversold: Math.max(0, sold - total), undersold: state.sku.mall, stranded: Math.max(0, total - sold - state.sku.mall),
  }
  options.log(`storm: ${JSON.stringify(figures)}; ${kills.join(', ')}`)
  return { figures, shopSold, kills: kills.join(', '), wrong }
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((done) => setTimeout(done, 20))
}
