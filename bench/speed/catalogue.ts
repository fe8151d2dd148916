import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { systemClock, systemTimers } from '../../src/kernel/clock.ts'
import { readConfig } from '../../src/kernel/config.ts'
import { migrate, openDb, readMigrations, startPostgres } from '../../src/kernel/db/index.ts'
import { uuidIds } from '../../src/kernel/ids.ts'
import { silentLog } from '../../src/kernel/log.ts'
import { seededRandom, systemRandom } from '../../src/kernel/random.ts'
import { createSeal } from '../../src/kernel/seal.ts'
import { createTenant } from '../../src/kernel/tenancy/index.ts'
import { createHouse } from '../../src/house.ts'
import { packageRoot } from '../../src/root.ts'
import { catalogRoutes } from '../../src/sell/catalog/index.ts'
import { orderRoutes } from '../../src/sell/order/index.ts'
import { mallAvailable, openStock, stockRoutes } from '../../src/sell/stock/index.ts'
import { createServer } from '../../src/server.ts'
import { peakRssMb, type Bench, type BenchRow } from '../harness.ts'

/**
 * The console on a large merchant: 100,000 SKUs, 1,000,000 orders (2,000,000 lines, Zipf over the SKUs, a year). Every page is asked for as the console asks: a
 * signed-in session through the web server's own routes (injected, so that no socket is measured), different pages, words and objects each time.
 */
export const bench: Bench = {
  name: 'catalogue',
  what: 'list, search and detail pages over 100,000 SKUs and 1,000,000 orders',
  sizes: ['default', 'small'],
  async run({ size = 'default', rounds, seed, log }) {
    const small = size === 'small'
    const skus = small ? 10_000 : 100_000
    const orders = small ? 100_000 : 1_000_000
    const folder = mkdtempSync(join(tmpdir(), 'qz-bench-catalogue-'))
    const postgres = await startPostgres({ folder: join(folder, 'postgres'), profile: 'durable' })
    const rows: BenchRow[] = []
    try {
      await migrate(postgres.config('postgres'), readMigrations(join(packageRoot, 'migrations')), systemClock.now())
      const db = openDb(postgres.config('postgres', 'qz_service'))
      const tenantId = await db.tx({ role: 'auth' }, (tx) => createTenant(tx, { slug: 'large', name: 'large', world: 'real', createdAt: 0, origin: {} }))
      const now = systemClock.now()
      const began = performance.now()
      const admin = new pg.Client(postgres.config('postgres'))
      admin.on('error', () => {}) // the server may end before it does
      await admin.connect()
      await fill(admin, { tenantId, skus, orders, now })
      log(`${skus} SKUs and ${orders} orders made in ${Math.round((performance.now() - began) / 1000)} s`)
      const house = await createHouse({
        config: readConfig({}).config, db, processClock: systemClock, worldClock: () => systemClock, timers: systemTimers, random: systemRandom, ids: uuidIds(systemClock, systemRandom), log: silentLog, seal: createSeal(Buffer.alloc(32, 5), systemRandom),
        call: async () => ({ kind: 'no-answer', text: 'not here' }), repeatOf: () => 'never',
        stages: () => ({ handlers: { facts: [], readers: [], jobs: [], subscribers: [], replies: [] }, routes: [...orderRoutes, ...catalogRoutes({ mallAvailable, openStock, shopConnections: () => [] } as unknown as Parameters<typeof catalogRoutes>[0]), ...stockRoutes] }),
      })
      const app = await createServer({ house, routes: [], metrics: async () => '', ready: () => true, secure: false })
      const userId = await house.access.createUser('bench', 'Bench', null)
      await house.access.addMember(tenantId, userId, 'owner')
      await house.refresh()
      const { cookie } = await house.access.useLink(await house.access.createLink(userId))
      const get = async (path: string): Promise<{ ms: number; status: number; body: string }> => {
        const asked = performance.now()
        const answer = await app.inject({ method: 'GET', url: `/api/t/large${path}`, headers: { cookie: `qz_session=${cookie}` } })
        return { ms: performance.now() - asked, status: answer.statusCode, body: answer.body }
      }
      const random = seededRandom(seed)
      const int = (high: number, ...keys: Array<string | number>): number => Math.floor(random.u(...keys) * high)
      const some = await admin.query<{ product_id: string; sku_id: string }>(`select product_id, sku_id from sku where tenant_id = $1 order by sku_code limit 2000`, [tenantId])
      const day = (n: number): string => new Date(now - n * 86_400_000).toISOString().slice(0, 10)
      const orderId = (n: number): string => String(3_700_000_000_000_000 + int(orders, 'order', n))
      const pages: Array<{ name: string; path(n: number): string; finds?: RegExp }> = [
        { name: 'products, a page', path: (n) => `/products?page=${1 + int(200, 'p', n)}` },
        { name: 'products, search', path: (n) => `/products?search=${encodeURIComponent(words[int(words.length, 'w', n)])}` },
        { name: 'products, search by code', path: (n) => `/products?search=S${int(skus, 'c', n)}` },
        { name: 'product, detail', path: (n) => `/products/${some.rows[int(some.rows.length, 'd', n)].product_id}` },
        { name: 'orders, newest pages', path: (n) => `/orders?page=${1 + int(20, 'op', n)}` },
        { name: 'orders, by state', path: (n) => `/orders?status=${['to_ship', 'unpaid', 'completed', 'refunded'][int(4, 'st', n)]}` },
        { name: 'orders, a month of one shelf', path: (n) => `/orders?shelf=mall&from=${day(60 + int(200, 'm', n))}&to=${day(30 + int(20, 'm2', n))}` },
        { name: 'orders, search by number', path: (n) => `/orders?search=${orderId(n)}`, finds: /"total":1[,}]/ },
        { name: 'orders, search by its last digits', path: (n) => `/orders?search=${orderId(n).slice(-7)}` },
        { name: 'orders, search by code', path: (n) => `/orders?search=S${int(skus, 'sc', n)}` },
        { name: 'orders, search by goods', path: (n) => `/orders?search=${encodeURIComponent(words[int(words.length, 'ow', n)])}` },
        { name: 'order, detail', path: (n) => { const id = orderId(n); return `/orders/${Number(id) % 2 === 0 ? 'shop' : 'mall'}/${id}` } },
        { name: 'stock, a page', path: (n) => `/stock?page=${1 + int(50, 'sp', n)}` },
        { name: 'stock of a SKU', path: (n) => `/stock/${some.rows[int(some.rows.length, 'ss', n)].sku_id}` },
      ]
      for (const page of pages) {
        const times: number[] = []
        let agrees = true
        let wrong = ''
        for (let n = 0; n < 20 + rounds * 20; n++) {
          const { ms, status, body } = await get(page.path(n))
          if (status !== 200 || (page.finds && !page.finds.test(body))) {
            agrees = false
            wrong = body.slice(0, 120)
          }
          if (n >= 20) times.push(ms)
        }
        times.sort((a, b) => a - b)
        const p95 = times[Math.floor(times.length * 0.95)]
        rows.push({ case: page.name, own: Math.round(p95 * 10) / 10, anchor: 'published', anchorValue: 100, unit: 'ms at p95', ratio: null, agrees, goal: 'under 100 ms', note: `median ${times[times.length >> 1].toFixed(1)} ms${wrong === '' ? '' : `; ${wrong}`}` })
        log(`${page.name}: p95 ${p95.toFixed(1)} ms, median ${times[times.length >> 1].toFixed(1)} ms${wrong === '' ? '' : `; WRONG ${wrong}`}`)
      }
      await app.close()
      await house.close()
      await db.close()
      await admin.end()
    } finally {
      await postgres.stop()
      rmSync(folder, { recursive: true, force: true })
    }
    return { bench: 'catalogue', size, rows, peakRssMb: peakRssMb(), skipped: [] }
  },
}

const words = ['白茶', '乌龙', '茶具', '礼盒', '红茶', '普洱', '花茶', '绿茶', '紫砂壶', '老白茶', '陈皮', '菊花']

/** Rows as the product writes them, made by the database itself. */
async function fill(admin: pg.Client, { tenantId: t, skus, orders, now }: { tenantId: number; skus: number; orders: number; now: number }): Promise<void> {
  const uuid = (kind: string, n: string): string => `overlay(overlay(md5('${kind}' || ${n}) placing '7' from 13) placing '8' from 17)::uuid`
  const title = `(array['${words.join("','")}'])[1 + (n * 7) % ${words.length}] || ' ' || n || ' 号'`
  const year = 365 * 86_400_000
  await admin.query(`
    insert into product (tenant_id, product_id, title, image, images, description, created_at, updated_at, search) select ${t}, ${uuid('p', 'n')}, ${title}, '', '[]', '', ${now - year} + n, ${now}, to_tsvector('simple', ${title} || ' s' || n) from generate_series(0, ${skus - 1}) n;
    insert into sku (tenant_id, sku_id, product_id, sku_code, attrs, price_fen, position, created_at, updated_at) select ${t}, ${uuid('s', 'n')}, ${uuid('p', 'n')}, 'S' || n, '{"规格":"50g"}', 1000 + n % 900, 0, 0, 0 from generate_series(0, ${skus - 1}) n;
    insert into listing (tenant_id, product_id, shelf, account, connection_id, platform_product_id, status, title, changed_at) select ${t}, ${uuid('p', 'n')}, s, case s when 'shop' then 'wx' else '' end, case s when 'shop' then '00000000-0000-7000-8000-000000000001'::uuid end, '1' || n, 'listed', '', 0 from generate_series(0, ${skus - 1}) n, unnest(array['shop', 'mall']) s;
    insert into listing_sku (tenant_id, shelf, account, platform_sku_id, sku_id, product_id, platform_product_id, price_fen) select ${t}, 'shop', 'wx', '2' || n, ${uuid('s', 'n')}, ${uuid('p', 'n')}, '1' || n, 1000 from generate_series(0, ${skus - 1}) n;
    insert into stock (tenant_id, sku_id, mall, reserved, reserve, moving, sold, restored, unbacked, received, updated_at) select ${t}, ${uuid('s', 'n')}, 50, 0, 10, 0, 40, 0, 0, 130, 0 from generate_series(0, ${skus - 1}) n;
    insert into stock_shelf (tenant_id, sku_id, connection_id, platform_product_id, platform_sku_id, shop, held, elsewhere, platform_num, flow_second, flow_seen, opened_at, reconciled_at) select ${t}, ${uuid('s', 'n')}, '00000000-0000-7000-8000-000000000001', '1' || n, '2' || n, 30, 0, 0, 30, 0, 0, 0, 0 from generate_series(0, ${skus - 1}) n;
    insert into person (tenant_id, person_id, created_at) select ${t}, ${uuid('w', 'n')}, 0 from generate_series(0, ${Math.round(orders / 5) - 1}) n`)
  const status = `case when n > ${orders} - ${orders} / 200 then 'to_ship' when n % 50 = 0 then 'refunded' when n % 37 = 0 then 'cancelled' when n > ${orders} - ${orders} / 100 then 'unpaid' else 'completed' end`
  // Zipf with exponent near 1: a few SKUs sell a hundred times what the others do.
  const sku = (salt: string): string => `least(${skus - 1}, floor(power(${skus}, (((n::bigint * ${salt}) % 1000003) / 1000003.0)))::int - 1)`
  await admin.query(`
    insert into shop_order (tenant_id, shelf, order_id, connection_id, person_id, buyer_unknown, status, platform_status, placed_at, paid_at, goods_fen, freight_fen, discount_fen, paid_fen, refunded_fen, source, lines_digest, version, updated_at)
      select ${t}, case n % 2 when 0 then 'shop' else 'mall' end, (3700000000000000 + n)::text, null, ${uuid('w', `(n % ${Math.round(orders / 5)})`)}, n % 3 = 0, ${status}, 20, ${now - year} + n::bigint * ${Math.floor(year / orders)},
        case when ${status} in ('unpaid', 'cancelled') then null else ${now - year} + n::bigint * ${Math.floor(year / orders)} + 60000 end, 2000, 0, 0, 2000, case when n % 50 = 0 then 2000 else 0 end, '{"scene":1}', '', 1, 0
      from generate_series(0, ${orders - 1}) n`)
  for (const [lineNo, salt] of [[1, '7919'], [2, '104729']] as const) {
    await admin.query(`
      insert into order_line (tenant_id, shelf, order_id, line_no, product_id, sku_id, sku_code, title, quantity, unit_fen, paid_fen, refunded_quantity, refunded_fen, note)
        select ${t}, case o % 2 when 0 then 'shop' else 'mall' end, (3700000000000000 + o)::text, ${lineNo}, '1' || n, case o % 2 when 0 then '2' || n else (${uuid('s', 'n')})::text end, 'S' || n, ${title}, 1, 1000, 1000, 0, 0, 'null'
        from (select n as o, ${sku(salt)} as n from generate_series(0, ${orders - 1}) n) x`)
  }
  await admin.query(`
    insert into order_fact (tenant_id, shelf, order_id, fact_id, occurred_at, recorded_at, kind, cause, detail) select ${t}, case n % 2 when 0 then 'shop' else 'mall' end, (3700000000000000 + n)::text, ${uuid('f', 'n')}, 0, 0, 'placed', 'own', '{}' from generate_series(0, ${orders - 1}) n`)
  for (const table of ['product', 'sku', 'listing', 'listing_sku', 'stock', 'stock_shelf', 'shop_order', 'order_line', 'order_fact', 'person']) await admin.query(`vacuum (analyze) ${table}`)
}
