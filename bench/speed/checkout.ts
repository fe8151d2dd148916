import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { manualClock, systemClock } from '../../src/kernel/clock.ts'
import { migrate, openDb, readMigrations, startPostgres, type Db } from '../../src/kernel/db/index.ts'
import { uuidIds } from '../../src/kernel/ids.ts'
import { seededRandom, systemRandom } from '../../src/kernel/random.ts'
import { createTenant } from '../../src/kernel/tenancy/index.ts'
import { resolvePersons } from '../../src/book/person/index.ts'
import { packageRoot } from '../../src/root.ts'
import { putListings, saveShopProducts } from '../../src/sell/catalog/index.ts'
import { createCheckoutQueue, placeOrders, type Placed, type Wish } from '../../src/sell/checkout/index.ts'
import { changeSetting, changeStock, checkSku, ensureStock, readSkus, unbooked } from '../../src/sell/stock/index.ts'
import { median, peakRssMb, type Bench, type BenchRow } from '../harness.ts'

/**
 * Checkout of the mall on a durable database: whole orders (person, price, reserved units, ledger, order book, events, expiry) a second. Anchors in the
 * same run, on the same server: `row-lock` places the same orders by the same code with a transaction each; `tpc-b` is the TPC-B transaction by our own
 * driver (three updates, a select, an insert; scale 10), the usual measure of what a PostgreSQL can commit.
 */
const connections = 12
const clients = 200
const buyers = 1_000

export const bench: Bench = {
  name: 'checkout',
  what: 'orders admitted together against a transaction per order and TPC-B',
  sizes: ['default', 'small'],
  async run({ size = 'default', rounds, seed, log }) {
    const orders = size === 'small' ? 600 : 3_000
    const folder = mkdtempSync(join(tmpdir(), 'qz-bench-checkout-'))
    const postgres = await startPostgres({ folder: join(folder, 'postgres'), profile: 'durable' })
    const rows: BenchRow[] = []
    try {
      await migrate(postgres.config('postgres'), readMigrations(join(packageRoot, 'migrations')), systemClock.now())
      const db = openDb({ ...postgres.config('postgres', 'qz_service'), max: connections })
      const random = seededRandom(seed)
      const clock = manualClock(systemClock.now())
      const ids = uuidIds(systemClock, systemRandom)
      const parts = { db, ids, clockOf: () => clock }
      const shop = ids.next()

      let made = 0
      /** A merchant with `count` SKUs of `units` each. */
      const merchant = async (count: number, units: number): Promise<{ tenantId: number; skuIds: string[] }> => {
        const slug = `bench-${made++}`
        const tenantId = await db.tx({ role: 'auth' }, (tx) => createTenant(tx, { slug, name: slug, world: 'real', createdAt: 0, origin: {} }))
        const skuIds = await db.tx({ role: 'app', tenantId }, async (tx) => {
          const products = Array.from({ length: count }, (_, n) => ({ productId: String(10_000 + n), title: `货品 ${n}`, image: '', images: [], description: '', status: 'listed' as const, skus: [{ skuId: String(50_000 + n), skuCode: `S${n}`, attrs: {}, priceFen: 1_000 + (n % 97) * 100 }] }))
          await saveShopProducts(tx, tenantId, { connectionId: shop, account: 'wxbench' }, products, clock.now(), ids)
          const skus = await tx.query<{ skuId: string; productId: string }>(`select sku_id as "skuId", product_id as "productId" from sku where tenant_id = $1 order by sku_code`, [tenantId])
          await putListings(tx, tenantId, skus.map((sku) => ({ productId: sku.productId, shelf: 'mall' as const, account: '', connectionId: null, platformProductId: sku.productId, status: 'listed' as const, title: '', changedAt: 0 })))
          await ensureStock(tx, tenantId, skus.map((sku) => sku.skuId), 0)
          for (const { skuId } of skus) {
            await changeStock(tx, tenantId, skuId, { kind: 'receive', quantity: units, reason: 'bench' }, `receive/${skuId}`, clock.now(), ids)
            await changeStock(tx, tenantId, skuId, { kind: 'transfer', from: 'reserve', to: 'mall', quantity: units }, `transfer/${skuId}`, clock.now(), ids)
          }
          return skus.map((sku) => sku.skuId)
        })
        await signIn(tenantId)
        // What lies in the reserve stays there: the sale ends with the last unit of the mall.
        await db.tx({ role: 'app', tenantId }, (tx) => changeSetting(tx, tenantId, { rebalance: 'off', pull: 'off' }, 0))
        return { tenantId, skuIds }
      }
      /** Buyers have signed in before they order, as in the storefront. */
      const signIn = (tenantId: number) => db.tx({ role: 'app', tenantId }, (tx) => resolvePersons(tx, tenantId, Array.from({ length: buyers }, (_, n) => ({ unionid: `u${n}`, local: { kind: 'openid' as const, scope: 'wxmini', value: `o${n}` }, seenAt: 0, evidence: 'bench' })), ids))
      let keys = 0
      const wish = (n: number, lines: Wish['lines']): Wish => ({
        buyer: `b${n % buyers}`, openid: `o${n % buyers}`, unionid: `u${n % buyers}`, appid: 'wxmini', miniConnectionId: shop, payConnectionId: shop, clientKey: `k${keys++}`, lines, expectedFen: undefined,
      })

      /** `clients` buyers at once, each asking again as soon as it is answered. @returns orders a second and what was placed. */
      const drive = async (wishes: readonly Wish[], place: (wish: Wish) => Promise<Placed>): Promise<{ rate: number; placed: number; short: number }> => {
        let next = 0
        let placed = 0
        let short = 0
        const began = performance.now()
        await Promise.all(Array.from({ length: clients }, async () => {
          while (next < wishes.length) {
            const answer = await place(wishes[next++])
            if (answer.kind === 'placed') placed++
            else if (answer.kind === 'stock-short') short++
          }
        }))
        return { rate: (wishes.length / (performance.now() - began)) * 1000, placed, short }
      }
      const sides = {
        own: (tenantId: number) => {
          const queue = createCheckoutQueue(parts)
          return (one: Wish) => queue(tenantId, one)
        },
        'row-lock': (tenantId: number) => async (one: Wish) => (await db.tx({ role: 'app', tenantId }, (tx) => placeOrders(tx, tenantId, [one], clock.now(), { ids, priceRule: undefined })))[0],
      }

      const cases = [
        { name: 'one hot SKU', skus: 1, units: Math.round(orders * 0.9), lines: (_n: number, skuIds: string[]) => [{ skuId: skuIds[0], quantity: 1 }] },
        {
          name: 'baskets of 3 over 2,000 SKUs (Zipf)', skus: size === 'small' ? 300 : 2_000, units: 100_000,
          lines: (n: number, skuIds: string[]) => [...new Set([0, 1, 2].map((k) => Math.min(skuIds.length - 1, Math.floor(skuIds.length ** random.u('zipf', n, k)) - 1)))].map((index) => ({ skuId: skuIds[index], quantity: 1 })),
        },
      ]
      const tpcB = await createTpcB(postgres.config('postgres'))
      for (const one of cases) {
        const rates: Record<string, number[]> = { own: [], 'row-lock': [], 'tpc-b': [] }
        let agrees = true
        // A hot SKU is sold out anew each time; the wide catalogue never runs out and is made once.
        const wide = one.skus > 1 ? await merchant(one.skus, one.units) : undefined
        for (let round = 0; round <= rounds; round++) {
          const answers: Record<string, { placed: number; short: number }> = {}
          for (const side of ['own', 'row-lock'] as const) {
            const { tenantId, skuIds } = wide ?? (await merchant(one.skus, one.units))
            const count = side === 'own' ? orders : Math.round(orders / 10)
            const scaled = one.skus === 1 ? Math.round((one.units * count) / orders) : one.units
            if (one.skus === 1 && scaled !== one.units) {
              await db.tx({ role: 'app', tenantId }, (tx) => changeStock(tx, tenantId, skuIds[0], { kind: 'transfer', from: 'mall', to: 'reserve', quantity: one.units - scaled }, 'fewer', clock.now(), ids))
            }
            const wishes = Array.from({ length: count }, (_, n) => wish(n, one.lines(n, skuIds)))
            const result = await drive(wishes, sides[side](tenantId))
            answers[side] = result
            if (round > 0) rates[side].push(result.rate) // the first round warms up
            const expected = one.skus === 1 ? scaled : count
            agrees &&= result.placed === expected && result.placed + result.short === count && (await adds(db, tenantId, skuIds))
          }
          const rate = await tpcB(Math.round(orders / 2))
          if (round > 0) rates['tpc-b'].push(rate)
        }
        for (const anchor of ['row-lock', 'tpc-b']) {
          const ratios = rates.own.map((own, index) => own / rates[anchor][index])
          rows.push({
            case: one.name, own: Math.round(median(rates.own)), anchor, anchorValue: Math.round(median(rates[anchor])), unit: 'orders/s', ratio: { median: median(ratios), min: Math.min(...ratios), max: Math.max(...ratios) }, agrees,
            ...(one.skus === 1 ? {} : { goal: anchor === 'row-lock' ? 'at least 3 times a transaction per order' : 'at least as many as TPC-B transactions' }),
            ...(anchor === 'tpc-b' ? { note: 'own driver, scale 10, 12 connections; coupon and points are not part of the order yet' } : {}),
          })
          log(`${one.name}: own ${Math.round(median(rates.own))}/s, ${anchor} ${Math.round(median(rates[anchor]))}/s, ratio ${median(ratios).toFixed(2)}`)
        }
      }
      await db.close()
    } finally {
      await postgres.stop()
      rmSync(folder, { recursive: true, force: true })
    }
    return { bench: 'checkout', size, rows, peakRssMb: peakRssMb(), skipped: [] }
  },
}

/** Every unit is in one place, and the numbers are the sums of their postings. */
async function adds(db: Db, tenantId: number, skuIds: readonly string[]): Promise<boolean> {
  return db.tx({ role: 'app', tenantId }, async (tx) => [...(await readSkus(tx, tenantId, skuIds)).values()].every((sku) => checkSku(sku).length === 0 && sku.mall >= 0) && (await unbooked(tx, tenantId)).length === 0)
}

/** TPC-B as pgbench runs it: scale 10, `connections` clients. @returns a run of `count` transactions, in transactions a second. */
async function createTpcB(config: pg.ClientConfig): Promise<(count: number) => Promise<number>> {
  const scale = 10
  const setup = new pg.Client(config)
  await setup.connect()
  await setup.query(`create table tpcb_branches (bid int primary key, bbalance int, filler char(88)); create table tpcb_tellers (tid int primary key, bid int, tbalance int, filler char(84));
    create table tpcb_accounts (aid int primary key, bid int, abalance int, filler char(84)); create table tpcb_history (tid int, bid int, aid int, delta int, mtime bigint, filler char(22));
    insert into tpcb_branches select n, 0 from generate_series(1, ${scale}) n; insert into tpcb_tellers select n, (n - 1) / 10 + 1, 0 from generate_series(1, ${scale * 10}) n;
    insert into tpcb_accounts select n, (n - 1) / 100000 + 1, 0 from generate_series(1, ${scale * 100_000}) n; analyze tpcb_accounts`)
  await setup.end()
  const random = seededRandom('tpc-b')
  let n = 0
  return async (count) => {
    const pool = new pg.Pool({ ...config, max: connections })
    pool.on('error', () => {}) // the server may end before an idle connection does
    const end = n + count
    const began = performance.now()
    await Promise.all(Array.from({ length: connections }, async () => {
      const client = await pool.connect()
      while (n < end) {
        const at = n++
        const [aid, tid, bid, delta] = [1 + Math.floor(random.u(at, 'a') * scale * 100_000), 1 + Math.floor(random.u(at, 't') * scale * 10), 1 + Math.floor(random.u(at, 'b') * scale), Math.floor(random.u(at, 'd') * 10_000) - 5_000]
        await client.query('begin')
        await client.query('update tpcb_accounts set abalance = abalance + $1 where aid = $2', [delta, aid])
        await client.query('select abalance from tpcb_accounts where aid = $1', [aid])
        await client.query('update tpcb_tellers set tbalance = tbalance + $1 where tid = $2', [delta, tid])
        await client.query('update tpcb_branches set bbalance = bbalance + $1 where bid = $2', [delta, bid])
        await client.query('insert into tpcb_history (tid, bid, aid, delta, mtime) values ($1, $2, $3, $4, $5)', [tid, bid, aid, delta, at])
        await client.query('commit')
      }
      client.release()
    }))
    const rate = (count / (performance.now() - began)) * 1000
    await pool.end()
    return rate
  }
}
