import { z } from 'zod'
import type { Clock } from '../../kernel/clock.ts'
import type { Db, Tx } from '../../kernel/db/index.ts'
import type { PlatformAnswer } from '../../kernel/engine/index.ts'
import type { DomainEvent } from '../../kernel/event/index.ts'
import { publicRoute, type AnyPublicRoute } from '../../kernel/http/index.ts'
import type { Ids } from '../../kernel/ids.ts'
import { putJobs } from '../../kernel/job/index.ts'
import type { Random } from '../../kernel/random.ts'
import type { Seal } from '../../kernel/seal.ts'
import { resolvePersons, writeFields } from '../../book/person/index.ts'
import { codeOfPerson, isReferralCode, recordReferral } from '../../acquire/referral/index.ts'
import { listCategories, listProducts, viewProducts, type ProductView } from '../catalog/index.ts'
import { listRefunds } from '../order/index.ts'
import { mallAvailable, pullUnits } from '../stock/index.ts'
import { createCombiner, type Combiner } from './combiner.ts'
import { checkoutFault, stateNames } from './errors.ts'
import { payFenOf, type MallOrder } from './mall-order.ts'
import { expireJob, placeOrders, type Placed, type Wish } from './place-orders.ts'
import type { PriceRule } from './price-rule.ts'
import { buyerIndex, openSession, readSession, type Buyer } from './session.ts'
import { findMallOrder, ordersOfBuyer } from './store.ts'

/** The accounts a mall sells with. */
export type MallAccounts = { mini: { connectionId: string; appid: string; secret: string }; pay: { connectionId: string; mchid: string } }
export type MallParts = {
  db: Db
  ids: Ids
  random: Random
  seal: Seal
  clockOf(tenantId: number): Clock
  call(tenantId: number, connectionId: string, endpoint: string, request: unknown): Promise<PlatformAnswer>
  emit(tx: Tx, tenantId: number, events: readonly DomainEvent[]): Promise<void>
  accounts(tenantId: number): MallAccounts | undefined
  /** Makes the order known to WeChat Pay and signs what the buyer's phone needs. @throws Fault when Pay refuses or is silent. */
  payParams(tenantId: number, order: MallOrder, openid: string): Promise<unknown>
  priceRule?: PriceRule
  /** Where an order goes: read before anything is placed, kept apart from the order. @throws Fault when the address is none */
  address?: { read(input: unknown): unknown; keep(tx: Tx, tenantId: number, order: MallOrder, address: unknown, now: number): Promise<void> }
}

/** Who a buyer is, as far as WeChat said at login. */
async function personOf(tx: Tx, tenantId: number, { openid, unionid, appid }: Omit<Buyer, 'expiresAt'>, now: number, ids: Ids): Promise<string> {
  const { personIds } = await resolvePersons(tx, tenantId, [{ unionid, local: { kind: 'openid', scope: appid, value: openid }, seenAt: now, evidence: 'mini program login' }], ids)
  return personIds[0]
}

/** What a cart may ask for; judged by the price rule, never believed. */
export const buyTerms = z.object({
  couponIds: z.array(z.uuid()).max(20).optional(), storedFen: z.number().int().min(0).optional(), group: z.object({ promotionId: z.uuid(), groupId: z.uuid().optional() }).optional(), depositId: z.string().max(64).optional(),
})

const maxBatch = 500
/** So many waiting buyers are worth a second batch beside the one being written. */
const ahead = 64

/** One queue per merchant: a basket may hold several SKUs, and all waiting baskets of all SKUs are admitted by the same statements. */
export function createCheckoutQueue(parts: Pick<MallParts, 'db' | 'ids' | 'clockOf' | 'priceRule'>): (tenantId: number, wish: Wish) => Promise<Placed> {
  const queues = new Map<number, Combiner<Wish, Placed>>()
  return (tenantId, wish) => {
    let queue = queues.get(tenantId)
    if (!queue) {
      queue = createCombiner((wishes) => parts.db.tx({ role: 'app', tenantId }, (tx) => placeOrders(tx, tenantId, wishes, parts.clockOf(tenantId).now(), { ids: parts.ids, priceRule: parts.priceRule })), maxBatch, ahead)
      queues.set(tenantId, queue)
    }
    return queue.submit(wish)
  }
}

/** Real numbers only, and only when few are left: no false scarcity. */
const showUnitsUpTo = 5

const shownProduct = (product: ProductView) => ({
  productId: product.productId, title: product.title, image: product.image, images: product.images, description: product.description,
  skus: product.skus.map((sku) => ({ skuId: sku.skuId, name: sku.name, attrs: sku.attrs, priceFen: sku.priceFen, soldOut: (sku.mallUnits ?? 0) <= 0, ...((sku.mallUnits ?? 0) <= showUnitsUpTo ? { left: Math.max(0, sku.mallUnits ?? 0) } : {}) })),
})
const shownOrder = (order: MallOrder) => ({
  orderId: order.orderId, state: order.state, stateName: stateNames[order.state], lines: order.lines, goodsFen: order.goodsFen, discountFen: order.discountFen, freightFen: order.freightFen, totalFen: order.totalFen, payFen: payFenOf(order), tenders: order.tenders, groupId: order.terms.groupId ?? null,
  placedAt: order.placedAt, payBefore: order.state === 'unpaid' ? order.expiresAt : null, paidAt: order.paidAt, shippedAt: order.shippedAt, shipping: order.shipping, receivedAt: order.receivedAt, cancelledAt: order.cancelledAt,
})

/** The first two digits of the division an order goes to: which warehouse is near. */
function provinceOf(address: unknown): string | undefined {
  const division = (address as { division?: unknown } | undefined)?.division
  return typeof division === 'string' && /^\d{6}/.test(division) ? division.slice(0, 2) : undefined
}

/** How soon a buyer who waits for the last units asks again. */
const askAgainMs = 700

/**
 * The answer to who came too late, at once. Where a Shop still has what is missing, it is being subtracted there: the same request under the same key, sent
 * again until `fetching.until`, is answered with the order or with this.
 */
async function shortAnswer(call: { tenantId: number; tx<T>(work: (tx: Tx) => Promise<T>): Promise<T>; clock: Clock; ids: Ids }, buyer: string, wish: { key: string; lines: ReadonlyArray<{ skuId: string; quantity: number }> }, short: Extract<Placed, { kind: 'stock-short' }>) {
  const { skuId, title, available, pullable, coming } = short
  const missing = wish.lines.reduce((sum, line) => sum + (line.skuId === skuId ? line.quantity : 0), 0) - available
  const pull = pullable >= missing || coming > 0 ? await call.tx((t) => pullUnits(t, call.tenantId, skuId, missing, `pull/${buyer}/${wish.key}/${skuId}`, call.clock.now(), call.ids)) : { kind: 'none' as const }
  const answer = { kind: 'stock-short' as const, skuId, title, available }
  if (pull.kind === 'fetching') return { ...answer, fetching: { until: pull.until, askAgainMs }, text: `「${title}」最后几件正在调过来，请等几秒。` }
  return { ...answer, text: available > 0 ? `「${title}」只剩 ${available} 件。` : pull.kind === 'too-late' ? `「${title}」没能及时调过来，已经卖完了。` : `「${title}」卖完了。` }
}

export function mallRoutes(parts: MallParts): AnyPublicRoute[] {
  const place = createCheckoutQueue(parts)
  const accountsOf = (tenantId: number): MallAccounts => {
    const accounts = parts.accounts(tenantId)
    if (!accounts) throw checkoutFault('mall/not-open')
    return accounts
  }
  const buyerOf = (call: { tenantId: number; bearer: string | undefined; clock: Clock }): Buyer => readSession(parts.seal, call.tenantId, call.bearer, call.clock.now())
  const orderOf = async (tx: Tx, tenantId: number, orderId: string, buyer: Buyer): Promise<MallOrder> => {
    const order = await findMallOrder(tx, tenantId, orderId)
    if (!order || order.buyer !== buyerIndex(parts.seal, tenantId, buyer)) throw checkoutFault('mall/no-order', { orderId })
    return order
  }
  const params = z.object({ id: z.string().max(64) })
  const block = 'mall'
  return [
    publicRoute({
      method: 'GET', path: '/shop', block, perMinute: 600, what: 'the name of the mall and whether it can take orders',
      handle: async ({ tenantId, tenantName, slug }) => ({ name: tenantName, slug, open: parts.accounts(tenantId) !== undefined, appid: parts.accounts(tenantId)?.mini.appid ?? null }),
    }),
    publicRoute({
      method: 'GET', path: '/categories', block, perMinute: 600, what: 'categories of the mall that hold listed goods, themselves or below',
      handle: ({ tenantId, tx }) => tx(async (t) => {
        const rows = await listCategories(t, tenantId, true)
        return { rows: rows.filter((row) => row.products > 0 || rows.some((below) => below.parentId === row.categoryId && below.products > 0)).map(({ categoryId, parentId, name, products }) => ({ categoryId, parentId, name, products })) }
      }),
    }),
    publicRoute({
      method: 'GET', path: '/goods', block, perMinute: 600, what: 'goods on the mall',
      query: z.object({ search: z.string().trim().max(60).optional(), category: z.uuid().optional(), order: z.enum(['newest', 'oldest', 'cheapest', 'dearest']).optional(), page: z.coerce.number().int().min(1).max(1000).default(1), pageSize: z.coerce.number().int().min(1).max(50).default(20) }),
      handle: ({ tenantId, tx, query }) => tx(async (t) => {
        const categoryIds = query.category === undefined ? undefined : [query.category, ...(await listCategories(t, tenantId)).filter((row) => row.parentId === query.category).map((row) => row.categoryId)]
        const products = await listProducts(t, tenantId, { search: query.search, categoryIds, order: query.order, shelf: 'mall', status: 'listed' }, { offset: (query.page - 1) * query.pageSize, limit: query.pageSize + 1 })
        const rows = (await viewProducts(t, tenantId, products.slice(0, query.pageSize), { mallAvailable })).map(shownProduct)
        return { goods: rows.map(({ images: _images, description: _description, ...row }) => ({ ...row, fromFen: Math.min(...row.skus.map((sku) => sku.priceFen)), soldOut: row.skus.every((sku) => sku.soldOut) })), more: products.length > query.pageSize }
      }),
    }),
    publicRoute({
      method: 'GET', path: '/goods/:id', block, perMinute: 600, what: 'one product with its SKUs', params: z.object({ id: z.uuid() }),
      handle: ({ tenantId, tx, params: { id } }) => tx(async (t) => {
        const [product] = await viewProducts(t, tenantId, await listProducts(t, tenantId, { shelf: 'mall', status: 'listed', productIds: [id] }, { offset: 0, limit: 1 }), { mallAvailable })
        if (!product) throw checkoutFault('mall/no-goods', { productId: id })
        return shownProduct(product)
      }),
    }),
    publicRoute({
      method: 'POST', path: '/login', block, perMinute: 120, what: 'a session for the code of wx.login', body: z.object({ code: z.string().min(1).max(128), ref: z.string().max(32).optional() }),
      async handle({ tenantId, tx, body, clock, ids }) {
        const { mini } = accountsOf(tenantId)
        const answer = await parts.call(tenantId, mini.connectionId, 'mini-program.login.code-to-session', { appid: mini.appid, secret: mini.secret, js_code: body.code, grant_type: 'authorization_code' })
        if (answer.kind === 'no-answer') throw checkoutFault('mall/wechat-silent')
        if (answer.kind === 'refused') throw checkoutFault('mall/login-failed', { code: answer.code })
        const { openid, unionid } = answer.result as { openid: string; unionid?: string }
        const now = clock.now()
        await tx(async (t) => {
          const personId = await personOf(t, tenantId, { openid, unionid, appid: mini.appid }, now, ids)
          // A code that nobody has is nothing: the shop opens all the same.
          if (body.ref !== undefined && isReferralCode(body.ref)) await recordReferral(t, tenantId, { code: body.ref, personId, at: now }, ids)
        })
        return openSession(parts.seal, tenantId, { openid, ...(unionid === undefined ? {} : { unionid }), appid: mini.appid }, now)
      },
    }),
    publicRoute({
      method: 'GET', path: '/referral', block, perMinute: 120, what: "the buyer's own code, to travel with what they share",
      handle: (call) => call.tx(async (t) => {
        const now = call.clock.now()
        const personId = await personOf(t, call.tenantId, buyerOf(call), now, call.ids)
        return { code: await codeOfPerson(t, call.tenantId, personId, now, parts.random) }
      }),
    }),
    publicRoute({
      method: 'POST', path: '/checkout', block, perMinute: 120, what: 'place an order and get what wx.requestPayment needs; the same key again is the same order',
      body: z.object({
        key: z.string().min(8).max(64), lines: z.array(z.object({ skuId: z.uuid(), quantity: z.number().int().min(1).max(999) })).min(1).max(50), totalFen: z.number().int().min(1).optional(),
        terms: buyTerms.optional(),
        /** false: only place it; what the payment needs is asked for at `/orders/:id/pay`. */
        pay: z.boolean().default(true),
        address: z.looseObject({ name: z.string().max(40), phone: z.string().max(20), region: z.string().max(80).optional(), detail: z.string().max(200) }).optional(),
      }),
      async handle(call) {
        const { tenantId, body, clock } = call
        const buyer = buyerOf(call)
        const accounts = accountsOf(tenantId)
        const goesTo = body.address && parts.address?.read(body.address)
        const outcome = await place(tenantId, {
          buyer: buyerIndex(parts.seal, tenantId, buyer), openid: buyer.openid, unionid: buyer.unionid, appid: buyer.appid, miniConnectionId: accounts.mini.connectionId, payConnectionId: accounts.pay.connectionId, clientKey: body.key,
          lines: body.lines, expectedFen: body.totalFen, terms: body.terms, region: provinceOf(goesTo),
        })
        if (outcome.kind === 'stock-short') return shortAnswer(call, buyerIndex(parts.seal, tenantId, buyer), body, outcome)
        if (outcome.kind !== 'placed') return outcome
        const { order } = outcome
        if (outcome.fresh && body.address) {
          const { address } = body
          if (goesTo !== undefined) await call.tx((t) => parts.address!.keep(t, tenantId, order, goesTo, clock.now()))
          await call.tx((t) => writeFields(t, tenantId, order.personId, { address: JSON.stringify(address) }, clock.now(), parts.seal, parts.random))
        }
        return { kind: 'placed', order: shownOrder(order), pay: order.state === 'unpaid' && body.pay ? await parts.payParams(tenantId, order, buyer.openid) : null }
      },
    }),
    publicRoute({
      method: 'GET', path: '/orders', block, perMinute: 300, what: "the buyer's orders, newest first", query: z.object({ before: z.coerce.number().int().optional() }),
      handle: (call) => call.tx(async (t) => ({ orders: (await ordersOfBuyer(t, call.tenantId, buyerIndex(parts.seal, call.tenantId, buyerOf(call)), call.query.before ?? null, 20)).map(shownOrder) })),
    }),
    publicRoute({
      method: 'GET', path: '/orders/:id', block, perMinute: 300, what: "one of the buyer's orders with its refunds", params,
      handle: (call) => call.tx(async (t) => {
        const order = await orderOf(t, call.tenantId, call.params.id, buyerOf(call))
        return { order: shownOrder(order), refunds: await listRefunds(t, call.tenantId, 'mall', order.orderId) }
      }),
    }),
    publicRoute({
      method: 'POST', path: '/orders/:id/pay', block, perMinute: 120, what: 'what wx.requestPayment needs for an order that waits for its payment', params,
      async handle(call) {
        const buyer = buyerOf(call)
        const order = await call.tx((t) => orderOf(t, call.tenantId, call.params.id, buyer))
        if (order.state !== 'unpaid' || order.expiresAt <= call.clock.now()) throw checkoutFault('mall/wrong-state', { orderId: order.orderId, state: stateNames[order.state], act: '付款' })
        return { order: shownOrder(order), pay: await parts.payParams(call.tenantId, order, buyer.openid) }
      },
    }),
    publicRoute({
      method: 'POST', path: '/orders/:id/cancel', block, perMinute: 120, what: 'cancel an unpaid order; its units are free once WeChat Pay has closed it', params,
      handle: (call) => call.tx(async (t) => {
        const order = await orderOf(t, call.tenantId, call.params.id, buyerOf(call))
        if (order.state !== 'unpaid') throw checkoutFault('mall/wrong-state', { orderId: order.orderId, state: stateNames[order.state], act: '取消' })
        await putJobs(t, call.tenantId, [expireJob(order.orderId, call.clock.now())])
        return { cancelling: true }
      }),
    }),
  ]
}
