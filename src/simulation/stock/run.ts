import type pg from 'pg'
import { manualClock, type Clock } from '../../kernel/clock.ts'
import { openTurnstile, type Db, type Tx } from '../../kernel/db/index.ts'
import { emit } from '../../kernel/event/index.ts'
import { createEngine, listeners, type Engine, type Handlers, type ObjectReader, type Work } from '../../kernel/engine/index.ts'
import { uuidIds, type Ids } from '../../kernel/ids.ts'
import { ringDoorbells } from '../../kernel/doorbell/index.ts'
import { putJobs } from '../../kernel/job/index.ts'
import { silentLog } from '../../kernel/log.ts'
import { seededRandom, type Random } from '../../kernel/random.ts'
import { createTenant } from '../../kernel/tenancy/index.ts'
import { checkBalanced } from '../../book/account/index.ts'
import { resolvePersons } from '../../book/person/index.ts'
import { putListings, saveShopProducts } from '../../sell/catalog/index.ts'
import { createCombiner, expireJob, followBatch, placeOrders, type Placed, type Wish } from '../../sell/checkout/index.ts'
import { saveOrders, type OrderState } from '../../sell/order/index.ts'
import { expireOrders, settlePayments, type PaymentPlatform } from '../../sell/payment/index.ts'
import {
  bookTake, changeSetting, changeStock, checkSku, countTake, expectedUnits, flowJob, moveReply, openStock, openTake, pullUnits, putWarehouse, readSkus, rebalanceByClock, rebalanceJob, requestMove, stockFlow, stockHearsOrders, stockReconcile, unbooked,
  type Sku,
} from '../../sell/stock/index.ts'
import { createPlatform, type ShopOrder } from './platform.ts'

/** Runs that must be caught: a checkout that reads the stock and writes it back, and a stock write that sets what it believes instead of adding. */
export type StockControl = 'no-guard' | 'set-instead-of-add'
export type StockOptions = { config: pg.ClientConfig; seed: number; steps?: number; control?: StockControl; /** false: no faults, no deaths, no audits: what the shelves cost by themselves. */ faults?: boolean }
export type StockRun = {
  seed: number
  steps: number
  kills: number
  demands: number
  /** Buyers who got what they wanted; what one ideal pool without shelves would have served; refused while enough free units lay elsewhere. */
  served: number
  idealServed: number
  stranded: { mall: number; shop: number }
  /** Buyers served from units that were pulled from the Shop for them. */
  pulled: number
  violations: string[]
}

/** The process ends at this port: nothing of it goes on. */
class Killed extends Error {
  override name = 'Killed'
}

const start = 1_760_000_000_000
const minute = 60_000
const usualSteps = 110
const connectionId = '00000000-0000-7000-8000-00000000c0de'
const miniId = '00000000-0000-7000-8000-00000000c0df'
const products = ['A', 'B'] as const

export async function simulateStock({ config, seed, steps = usualSteps, control, faults = true }: StockOptions): Promise<StockRun> {
  const random = seededRandom(`stock ${seed}`)
  const clock = manualClock(start)
  // Two runs in one database must not name the same things.
  const ids = uuidIds(clock, { u: random.u, bytes: (count, ...keys) => random.bytes(count, 'ids', control ?? String(faults), ...keys) })
  const db = await openTurnstile(config, random)
  try {
    return await live({ db, random, clock, ids, seed, steps, control, faults })
  } finally {
    await db.close()
  }
}

type Buyer = { n: number; shelf: 'mall' | 'shop'; sku: number; quantity: number; pays: boolean; endAt: number }

async function live({ db: base, random, clock, ids, seed, steps, control, faults }: { db: Db; random: Random; clock: ReturnType<typeof manualClock>; ids: Ids; seed: number; steps: number; control: StockControl | undefined; faults: boolean }): Promise<StockRun> {
  const u = (...keys: Array<string | number>): number => random.u(...keys)
  const int = (low: number, high: number, ...keys: Array<string | number>): number => low + Math.floor(u(...keys) * (high - low + 1))
  const run: StockRun = { seed, steps, kills: 0, demands: 0, served: 0, idealServed: 0, stranded: { mall: 0, shop: 0 }, pulled: 0, violations: [] }
  const wrong = (sentence: string): void => {
    if (run.violations.length < 20) run.violations.push(sentence)
  }
  const tenantId = await base.tx({ role: 'auth' }, (tx) => createTenant(tx, { slug: `stock-${seed}-${control ?? (faults ? 'own' : 'calm')}`, name: 'stock', world: 'real', createdAt: start, origin: {} }))

  // ---- the world outside ----
  const firsts = products.map((_code, n) => int(0, 10, 'first', n))
  const believed = new Map<string, number>()
  const platform = createPlatform(clock, (...keys) => u('platform', ...keys), products.map((_code, n) => ({ skuId: `1${n}`, productId: `${n}`, num: firsts[n] })), int(0, 20_000, 'lag'), control === 'set-instead-of-add' ? (skuId) => believed.get(skuId) ?? 0 : undefined)
  /** Units that ever came in, by SKU: what no sum of promises may exceed. */
  const total = [...firsts]
  let restored = 0

  // ---- one life of the process ----
  let fuse = Infinity
  let dead = false
  const step = (): void => {
    if (dead) throw new Killed('this process has ended')
    if (--fuse <= 0) {
      dead = true
      throw new Killed('injected: the process ended')
    }
  }
  const db: Db = {
    async tx(scope, work) {
      step()
      const value = await base.tx(scope, async (tx) => {
        const result = await work({ ...tx, query: (text, params) => (dead ? Promise.reject(new Killed('gone')) : tx.query(text, params)) })
        step() // before the commit: nothing of it happened
        return result
      })
      step() // after the commit: done, and nobody hears of it
      return value
    },
    close: async () => {},
  }
  const payment: PaymentPlatform = {
    db, accountOf: () => 'mch', merchantKey: () => '', notifyUrl: () => '', nonce: () => 'n',
    call: async (_tenant, _connection, endpoint, request) => {
      step()
      const answer = platform.call(endpoint, request)
      step()
      return answer
    },
  }
  const reader: ObjectReader = {
    kind: 'shop.order',
    read: async (_work, rings) => rings.map((ring) => {
      const order = platform.orders.get(ring.objectId)!
      return { ring, body: { ...order }, text: JSON.stringify(order) }
    }),
    save: (work, tx, reads) => saveShopOrders(work, tx, reads.map((read) => read.body as ShopOrder)),
  }
  const handlers: Handlers = {
    facts: [], readers: [reader], jobs: [stockFlow(payment), stockReconcile(payment), rebalanceByClock, followBatch, expireOrders(payment)], subscribers: [stockHearsOrders], replies: [moveReply],
  }
  const emitAll: Work['emit'] = (tx, events) => emit(tx, tenantId, events, (name) => listeners(handlers.subscribers, tenantId, name))
  const born = (): { engine: Engine; place: (wish: Wish) => Promise<Placed> } => {
    dead = false
    fuse = Infinity
    const queue = createCombiner<Wish, Placed>((wishes) => db.tx({ role: 'app', tenantId }, (tx) => placeOrders(tx, tenantId, wishes, clock.now(), { ids, priceRule: undefined })), 50)
    return {
      engine: createEngine({ db, ids, random, log: silentLog, clockOf: (): Clock => clock, lineOf: () => 'shop', call: payment.call, repeatOf: (endpoint) => (endpoint === 'shop.stock.update' ? { probe: 'shop.stock.flow' } : 'safe') }, handlers),
      place: (wish) => queue.submit(wish),
    }
  }
  let life = born()
  /** Does something that the process may not survive. @returns undefined when it died. */
  const risky = async <T>(n: number, work: () => Promise<T>): Promise<T | undefined> => {
    if (!platform.calm && u('kill', n) < 0.12) fuse = int(1, 25, 'fuse', n)
    try {
      const value = await work()
      if (dead) throw new Killed('gone')
      fuse = Infinity
      return value
    } catch (error) {
      if (!(error instanceof Killed)) throw error
      run.kills++
      life = born()
      return undefined
    }
  }
  const app = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => db.tx({ role: 'app', tenantId }, work)
  const look = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => base.tx({ role: 'app', tenantId }, work)
  const recorder = () => ({ tenantId, now: clock.now(), ids, emit: emitAll })

  function saveShopOrders(work: Work, tx: Tx, orders: readonly ShopOrder[]): Promise<void> {
    return (async () => {
      const persons = await resolvePersons(tx, tenantId, orders.map((order) => ({ local: { kind: 'openid' as const, scope: 'shop', value: `s-${order.orderId}` }, seenAt: work.now, evidence: 'shop order' })), ids)
      await work.emit(tx, await saveOrders(tx, tenantId, orders.map((order, n) => ({ order: shopState(order), personId: persons.personIds[n], connectionId, appid: 'shop', cause: 'callback' as const })), work.now, ids))
    })()
  }

  // ---- opening ----
  await look(async (tx) => {
    await saveShopProducts(tx, tenantId, { connectionId, account: 'wxshop' }, products.map((code, n) => ({ productId: `${n}`, title: code, image: '', images: [], description: '', status: 'listed' as const, skus: [{ skuId: `1${n}`, skuCode: code, attrs: {}, priceFen: 100 }] })), start, ids)
  })
  const skus = await look((tx) => tx.query<{ skuId: string; productId: string }>(`select sku_id as "skuId", product_id as "productId" from sku where tenant_id = $1 order by sku_code`, [tenantId]))
  const skuIds = skus.map((sku) => sku.skuId)
  const warehouseId = ids.next()
  const twoWarehouses = u('two warehouses') < 0.4
  await look(async (tx) => {
    await putListings(tx, tenantId, skus.map((sku) => ({ productId: sku.productId, shelf: 'mall' as const, account: '', connectionId: null, platformProductId: sku.productId, status: 'listed' as const, title: '', changedAt: start })))
    await openStock(tx, tenantId, skuIds, start)
    await changeSetting(tx, tenantId, { rebalance: 'auto', everyMs: 3_600_000, singleUnits: int(0, 4, 'single'), pull: 'shop', pullWaitMs: 5 * minute }, start)
    if (twoWarehouses) await putWarehouse(tx, tenantId, { warehouseId, name: 'second', position: 1, regions: [], closedAt: null, createdAt: start })
    for (const [n, skuId] of skuIds.entries()) {
      const units = int(0, 10, 'mall units', n)
      if (units === 0) continue
      total[n] += units
      await changeStock(tx, tenantId, skuId, { kind: 'receive', quantity: units, reason: 'first' }, `first/${n}`, start, ids)
      await changeStock(tx, tenantId, skuId, { kind: 'transfer', from: 'reserve', to: 'mall', quantity: int(0, units, 'in the mall', n) }, `mall/${n}`, start, ids)
    }
  })
  platform.calm = true
  await life.engine.drain(tenantId)
  platform.calm = !faults

  // ---- buyers ----
  const later: Array<{ at: number; what: (at: number) => Promise<void> }> = []
  const waiting: Array<{ buyer: Buyer; until: number; free: boolean; asked: boolean; missing: number }> = []
  const mallOrders = new Map<string, { buyer: Buyer; totalFen: number; expiresAt: number }>()
  const ideal = [...total]
  const idealEnds: Array<{ at: number; sku: number; quantity: number }> = []
  const wishOf = (buyer: Buyer): Wish => ({ buyer: `b${buyer.n}`, openid: `o${buyer.n % 5}`, unionid: undefined, appid: 'wxmini', miniConnectionId: miniId, payConnectionId: miniId, clientKey: `key-${buyer.n}`, lines: [{ skuId: skuIds[buyer.sku], quantity: buyer.quantity }], expectedFen: undefined })
  /** Units that nobody has been promised, wherever they lie. */
  const freeUnits = (sku: number): number => {
    let promised = 0
    for (const order of platform.orders.values()) if (order.skuId === `1${sku}` && order.state !== 'cancelled') promised += order.quantity
    for (const [orderId, { buyer }] of mallOrders) if (buyer.sku === sku && platform.pay.get(orderId)?.state !== 'CLOSED') promised += buyer.quantity
    return total[sku] - promised
  }
  const demand = (n: number, shelf: 'mall' | 'shop'): Buyer => {
    const buyer: Buyer = { n, shelf, sku: int(0, 1, 'sku', n), quantity: u('many', n) < 0.75 ? 1 : int(2, 4, 'how many', n), pays: u('pays', n) < 0.75, endAt: clock.now() + int(1, 13, 'end', n) * minute }
    run.demands++
    for (const end of idealEnds.splice(0)) {
      if (end.at <= clock.now()) ideal[end.sku] += end.quantity
      else idealEnds.push(end)
    }
    if (ideal[buyer.sku] >= buyer.quantity) {
      run.idealServed++
      ideal[buyer.sku] -= buyer.quantity
      if (!buyer.pays) idealEnds.push({ at: buyer.endAt, sku: buyer.sku, quantity: buyer.quantity })
    }
    return buyer
  }
  const refused = (buyer: Buyer, free: boolean): void => {
    if (free) run.stranded[buyer.shelf]++
  }
  const accepted = (buyer: Buyer, placed: Extract<Placed, { kind: 'placed' }>): void => {
    if (mallOrders.has(placed.order.orderId)) return
    run.served++
    mallOrders.set(placed.order.orderId, { buyer, totalFen: placed.order.totalFen, expiresAt: placed.order.expiresAt })
    platform.pay.set(placed.order.orderId, { state: 'NOTPAY', totalFen: placed.order.totalFen, paidAt: 0 })
    later.push({ at: buyer.endAt, what: (at) => endMall(placed.order.orderId, buyer, at) })
  }
  async function endMall(orderId: string, buyer: Buyer, at: number): Promise<void> {
    const truth = platform.pay.get(orderId)!
    if (!buyer.pays) {
      if (u('cancels', buyer.n) < 0.5) await risky(buyer.n * 7 + 3, () => app((tx) => putJobs(tx, tenantId, [expireJob(orderId, clock.now())])))
      return
    }
    if (truth.state !== 'NOTPAY' || at > mallOrders.get(orderId)!.expiresAt) return
    Object.assign(truth, { state: 'SUCCESS', paidAt: at })
    const notice = (): Promise<unknown> => risky(buyer.n * 7 + 4, () => app((tx) => settlePayments(tx, recorder(), payment, [{ number: orderId, transactionId: `t${orderId}`, paidAt: truth.paidAt, totalFen: truth.totalFen, currency: 'CNY', coupons: [] }], 'callback')))
    const fate = u('notice', buyer.n)
    if (fate < 0.2) return // lost: asked for at the end of its time
    if (fate < 0.45) later.push({ at: clock.now() + int(1, 20, 'late notice', buyer.n) * minute, what: async () => void (await notice()) })
    else await notice()
    if (fate > 0.8) later.push({ at: clock.now() + int(0, 30, 'twice', buyer.n) * minute, what: async () => void (await notice()) })
  }
  /** Buyers at once, through the queue of one server. */
  async function buyInMall(buyers: readonly Buyer[]): Promise<void> {
    const answers = await risky(buyers[0].n * 7 + 1, () => Promise.all(buyers.map((buyer) => (control === 'no-guard' ? naive(buyer) : life.place(wishOf(buyer))).catch((error: unknown) => {
      if (error instanceof Killed) throw error
      wrong(`checkout of buyer ${buyer.n} failed: ${String(error)}`)
      return undefined
    }))))
    // The process died under them: they press the button again.
    const again = answers ?? (await Promise.all(buyers.map((buyer) => life.place(wishOf(buyer)))))
    const now = await look((tx) => readSkus(tx, tenantId, skuIds))
    for (const [index, answer] of again.entries()) {
      const buyer = buyers[index]
      if (!answer) continue
      if (answer.kind === 'placed') accepted(buyer, answer)
      else if (answer.kind === 'stock-short') {
        const sku = now.get(skuIds[buyer.sku])!
        if (sku.mall + sku.reserve >= buyer.quantity) wrong(`buyer ${buyer.n} was refused ${buyer.quantity} while the mall had ${sku.mall} and the reserve ${sku.reserve}`)
        waiting.push({ buyer, until: clock.now() + 5 * minute, free: freeUnits(buyer.sku) >= buyer.quantity, missing: buyer.quantity - answer.available, asked: answer.pullable >= buyer.quantity - answer.available || answer.coming > 0 })
      } else wrong(`buyer ${buyer.n} was answered ${answer.kind}`)
    }
  }
  /** Those who wait for the last units ask again, until they have them or their time is over. */
  async function askAgain(n: number): Promise<void> {
    for (const one of waiting.splice(0)) {
      const { buyer } = one
      const pull = one.asked ? await risky(n * 11 + buyer.n, () => app((tx) => pullUnits(tx, tenantId, skuIds[buyer.sku], one.missing, `pull/${buyer.n}`, clock.now(), ids))) : { kind: 'none' as const }
      if (pull === undefined || pull.kind === 'fetching') await life.engine.drain(tenantId).catch(() => {})
      const answer = one.asked ? await life.place(wishOf(buyer)) : undefined
      if (answer?.kind === 'placed') {
        run.pulled++
        accepted(buyer, answer)
      } else if (pull !== undefined && pull.kind !== 'fetching') refused(buyer, one.free)
      else if (clock.now() >= one.until) refused(buyer, one.free)
      else waiting.push(one)
    }
  }
  /** Control: reads, then writes what it read less what it sells; no lock, no guard. */
  async function naive(buyer: Buyer): Promise<Placed | undefined> {
    const seen = (await app((tx) => readSkus(tx, tenantId, skuIds))).get(skuIds[buyer.sku])!
    if (seen.mall < buyer.quantity) return undefined
    const orderId = ids.next().replaceAll('-', '')
    await app((tx) => tx.run(`update stock set mall = $3, sold = sold + $4 where tenant_id = $1 and sku_id = $2`, [tenantId, skuIds[buyer.sku], seen.mall - buyer.quantity, buyer.quantity]))
    mallOrders.set(orderId, { buyer, totalFen: 100, expiresAt: clock.now() })
    platform.pay.set(orderId, { state: 'SUCCESS', totalFen: 100, paidAt: clock.now() })
    return undefined
  }
  async function buyInShop(buyer: Buyer): Promise<void> {
    const free = freeUnits(buyer.sku) >= buyer.quantity
    const order = platform.buy(`1${buyer.sku}`, buyer.quantity)
    if (!order) return refused(buyer, free)
    run.served++
    later.push({
      at: buyer.endAt, what: async () => {
        platform.end(order, buyer.pays)
        const tell = (): Promise<unknown> => risky(buyer.n * 7 + 5, () => app((tx) => saveShopOrders({ tenantId, now: clock.now(), clock, ids, random, emit: emitAll, ring: async () => {} }, tx, [order])))
        const fate = u('callback', buyer.n)
        if (fate < 0.25) return // lost: found by the flow, or by its bell
        if (fate < 0.5) later.push({ at: clock.now() + int(1, 40, 'late', buyer.n) * minute, what: async () => void (await tell()) })
        else await tell()
        if (fate > 0.8) later.push({ at: clock.now() + int(0, 40, 'again', buyer.n) * minute, what: async () => void (await tell()) })
      },
    })
  }

  // ---- checkers ----
  async function check(where: string): Promise<Map<string, Sku>> {
    const [book, held] = await look((tx) => Promise.all([readSkus(tx, tenantId, skuIds), tx.query<{ orderId: string; skuId: string; quantity: number }>(`select order_id as "orderId", sku_id as "skuId", quantity from reservation where tenant_id = $1 and state = 'held' order by 1, 2`, [tenantId])]))
    for (const [n, skuId] of skuIds.entries()) {
      const sku = book.get(skuId)!
      believed.set(`1${n}`, sku.shelves[0].shop)
      const { num } = platform.stock.get(`1${n}`)!
      let promised = num
      for (const order of platform.orders.values()) if (order.skuId === `1${n}` && order.state !== 'cancelled') promised += order.quantity
      for (const [orderId, { buyer }] of mallOrders) if (buyer.sku === n && platform.pay.get(orderId)!.state === 'SUCCESS') promised += buyer.quantity
      for (const row of held) if (row.skuId === skuId && platform.pay.get(row.orderId)?.state !== 'SUCCESS') promised += row.quantity
      promised += sku.mall + sku.reserve
      if (promised > total[n]) wrong(`${where}: ${promised} units of ${products[n]} are sold or offered, ${total[n]} ever came in`)
      for (const problem of checkSku(sku, new Map([[connectionId, num]]))) wrong(`${where}: ${products[n]}: ${problem}`)
      if (sku.unbacked > 0) wrong(`${where}: ${sku.unbacked} units of ${products[n]} are offered with nothing behind`)
    }
    return book
  }

  // ---- life ----
  /** What the order back-fill does with the list of orders that changed: rings them. */
  const backfill = (): Promise<void> => look((tx) => ringDoorbells(tx, tenantId, [...platform.orders.keys()].map((objectId) => ({ connectionId, kind: 'shop.order', objectId, at: clock.now(), cause: 'backfill' as const }))))
  const dueNow = async (): Promise<void> => {
    for (let index = later.findIndex((one) => one.at <= clock.now()); index >= 0; index = later.findIndex((one) => one.at <= clock.now())) {
      const [one] = later.splice(index, 1)
      await one.what(one.at)
    }
  }
  for (let n = 0; n < steps; n++) {
    const draw = u('step', n)
    const sku = int(0, 1, 'step sku', n)
    const q = int(1, 4, 'step units', n)
    if (draw < 0.26) await buyInShop(demand(n * 10, 'shop'))
    else if (draw < 0.52) await buyInMall(Array.from({ length: int(1, 3, 'at once', n) }, (_, k) => demand(n * 10 + k, 'mall')))
    else if (draw < 0.6) {
      const toShop = u('to shop', n) < 0.5
      await risky(n, () => app((tx) => requestMove(tx, tenantId, { skuId: skuIds[sku], connectionId, direction: toShop ? 'to-shop' : 'from-shop', place: u('place', n) < 0.5 ? 'mall' : 'reserve', quantity: q, actor: 'test' }, clock.now(), ids)))
    } else if (draw < 0.63) {
      const done = await risky(n, () => app((tx) => changeStock(tx, tenantId, skuIds[sku], { kind: 'receive', quantity: q, reason: 'more' }, `more/${n}`, clock.now(), ids)))
      const booked = done?.kind === 'done' || (await look((tx) => tx.query(`select 1 from posting where tenant_id = $1 and key = $2`, [tenantId, `more/${n}`]))).length > 0
      if (booked) {
        total[sku] += q
        ideal[sku] += q
      }
    } else if (draw < 0.66) await risky(n, () => app((tx) => changeStock(tx, tenantId, skuIds[sku], { kind: 'transfer', from: u('from mall', n) < 0.5 ? 'mall' : 'reserve', to: u('from mall', n) < 0.5 ? 'reserve' : 'mall', quantity: q }, `own/${n}`, clock.now(), ids)))
    else if (draw < 0.68 && twoWarehouses) await risky(n, () => app((tx) => changeStock(tx, tenantId, skuIds[sku], { kind: 'relocate', from: null, to: warehouseId, quantity: q }, `relocate/${n}`, clock.now(), ids)))
    else if (draw < 0.71) platform.audit = faults && !platform.audit
    else if (draw < 0.73) platform.lowerByHand(`1${sku}`, q) // the goods are still there: they turn up in the reserve
    else if (draw < 0.76) {
      // A unit is missing from the reserve at a stock-take.
      const takeId = await look((tx) => openTake(tx, tenantId, { warehouseId: null, note: '', actor: 'test' }, clock.now(), ids))
      const before = (await look((tx) => readSkus(tx, tenantId, skuIds))).get(skuIds[sku])!
      const counted = before.reserve > 0 ? expectedUnits(before, null) - 1 : expectedUnits(before, null)
      const first = await risky(n, () => app((tx) => countTake(tx, tenantId, takeId, [{ skuId: skuIds[sku], counted, reason: 'lost' }], 'test', clock.now())))
      if (first?.kind === 'done' && before.reserve > 0) {
        const code = first.value.confirm
        await risky(n + 0.5, () => app((tx) => bookTake(tx, tenantId, takeId, code, 'test', clock.now(), ids)))
        await look((tx) => bookTake(tx, tenantId, takeId, code, 'test', clock.now(), ids))
        total[sku]--
        ideal[sku]--
      }
    } else if (draw < 0.79) {
      // Refunds give nothing back by themselves; what came home in good order is put back by hand.
      const done = await risky(n, () => app((tx) => changeStock(tx, tenantId, skuIds[sku], { kind: 'restore', quantity: 1 }, `restore/${n}`, clock.now(), ids)))
      const booked = done?.kind === 'done' || (await look((tx) => tx.query(`select 1 from posting where tenant_id = $1 and key = $2`, [tenantId, `restore/${n}`]))).length > 0
      if (booked) {
        restored++
        total[sku]++
        ideal[sku]++
      }
    } else if (draw < 0.81) await risky(n, () => app((tx) => putJobs(tx, tenantId, [rebalanceJob(clock.now())])))
    else clock.advance(int(1, 12, 'wait', n) * minute)
    clock.advance(int(0, 90_000, 'tick', n))
    await dueNow()
    if (n % 12 === 11) await backfill()
    if (!faults || u('work', n) < 0.75) await risky(n + 0.25, () => life.engine.drain(tenantId, 40))
    await askAgain(n)
    await check(`step ${n}`)
    if (run.violations.length > 0 && control) return run
  }

  // ---- all quiet ----
  platform.calm = true
  platform.audit = false
  for (let round = 0; round < 12; round++) {
    clock.advance(20 * minute)
    await dueNow()
    await askAgain(steps + round)
    await look((tx) => putJobs(tx, tenantId, skuIds.map((skuId) => flowJob(connectionId, skuId, clock.now()))))
    await backfill()
    await look((tx) => changeSetting(tx, tenantId, { rebalance: 'off' }, clock.now()))
    await life.engine.drain(tenantId)
    if (later.length > 0 || waiting.length > 0) continue
    const [left] = await look((tx) => tx.query<{ open: number }>(`select (select count(*) from stock_move where tenant_id = $1 and state in ('planned', 'sent', 'unknown')) + (select count(*) from job where tenant_id = $1 and kind like 'mall.%') + (select count(*) from reservation where tenant_id = $1 and state = 'held') as open`, [tenantId]))
    if (left.open === 0) break
  }
  const book = await check('at the end')
  for (const [n, skuId] of skuIds.entries()) {
    const sku = book.get(skuId)!
    const shelf = sku.shelves[0]
    const num = platform.stock.get(`1${n}`)!.num
    const ofShop = [...platform.orders.values()].filter((order) => order.skuId === `1${n}`)
    const shopSold = ofShop.filter((order) => order.state === 'paid').reduce((sum, order) => sum + order.quantity, 0)
    const mallSold = [...mallOrders].filter(([orderId, { buyer }]) => buyer.sku === n && platform.pay.get(orderId)!.state === 'SUCCESS').reduce((sum, [, { buyer }]) => sum + buyer.quantity, 0)
    if (shelf.shop !== num) wrong(`at the end the Shop has ${num} of ${products[n]}, the book ${shelf.shop}`)
    if (sku.moving !== 0 || shelf.held !== 0 || sku.reserved !== 0) wrong(`at the end ${products[n]} has ${sku.moving} moving, ${shelf.held} held, ${sku.reserved} reserved`)
    if (sku.sold !== shopSold + mallSold) wrong(`at the end ${shopSold + mallSold} of ${products[n]} are sold, the book says ${sku.sold}`)
    const everywhere = sku.mall + sku.reserve + num + shopSold + mallSold
    if (everywhere !== total[n]) wrong(`at the end ${everywhere} units of ${products[n]} are somewhere, ${total[n]} came in`)
  }
  const open = await look((tx) => tx.query<{ state: string }>(`select state from stock_move where tenant_id = $1 and state in ('planned', 'sent', 'unknown')`, [tenantId]))
  if (open.length > 0) wrong(`at the end ${open.length} moves are open: ${open.map((one) => one.state).join(', ')}`)
  for (const row of await look((tx) => unbooked(tx, tenantId))) wrong(`the book has ${row.number} at ${row.place}, its postings ${row.booked}`)
  for (const row of await look((tx) => checkBalanced(tx, tenantId))) wrong(`posting ${row.postingId} is out of balance by ${row.off}`)
  return run
}

function shopState(order: ShopOrder): OrderState {
  const fen = 100 * order.quantity
  return {
    shelf: 'shop', orderId: order.orderId, openid: '', unionid: undefined, status: order.state === 'unpaid' ? 'unpaid' : order.state === 'paid' ? 'to_ship' : 'cancelled', platformStatus: order.state === 'unpaid' ? 10 : order.state === 'paid' ? 20 : 250,
    placedAt: order.placedAt, paidAt: order.paidAt, shippedAt: null, completedAt: null, settledAt: null, cancelledAt: order.state === 'cancelled' ? order.version * 1000 : null, goodsFen: fen, freightFen: 0, discountFen: 0, paidFen: order.paidAt === null ? 0 : fen,
    source: {}, updateTime: order.version, lines: [{ lineNo: 1, productId: order.skuId.slice(1), skuId: order.skuId, skuCode: '', title: '', quantity: order.quantity, unitFen: 100, paidFen: fen, note: null }],
  }
}
