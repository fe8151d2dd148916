import { z } from 'zod'
import type { Tx } from '../../kernel/db/index.ts'
import type { DomainEvent } from '../../kernel/event/index.ts'
import { publicRoute, route, type AnyPublicRoute, type AnyRoute } from '../../kernel/http/index.ts'
import type { Seal } from '../../kernel/seal.ts'
import { buyerIndex, checkoutFault, lockMallOrders, readSession, type Recorder } from '../checkout/index.ts'
import { needsShop, states, steps, type Act } from './aftersale.ts'
import { actWords, aftersaleFault, stateWords } from './errors.ts'
import { answerShopAftersale, askAftersale, stepAftersale, type RefundPort } from './run-aftersales.ts'
import { aftersaleCounts, aftersalesOfBuyer, factsOf, findAftersale, listAftersales, lockAftersale, type Aftersale } from './store.ts'

export type AftersaleParts = { refund: RefundPort; seal: Seal; emit(tx: Tx, tenantId: number, events: readonly DomainEvent[]): Promise<void> }

const shelf = z.enum(['shop', 'mall'])
const key = z.object({ shelf, aftersaleId: z.string().max(64) })
const parcel = z.object({ company: z.string().trim().min(1).max(40), trackingNo: z.string().trim().min(4).max(40) })
const shopActs = ['accept', 'refuse', 'receive', 'refuse-return', 'send-exchange', 'rule-buyer', 'rule-shop', 'pay-again'] as const

/** What may be done to it here, in the order of the page. */
export function actsHere(row: Aftersale): Act[] {
  if (row.endedAt !== null) return []
  if (row.shelf === 'shop') return row.asking !== null ? [] : row.state === 'asked' ? ['accept', 'refuse'] : row.state === 'returning' ? ['receive', 'refuse-return'] : []
  const allowed = Object.keys(steps[row.kind][row.state] ?? {}) as Act[]
  return allowed.filter((act) => (shopActs as readonly string[]).includes(act))
}

const shown = (row: Aftersale, language: 'zh' | 'en') => ({ ...row, buyer: undefined, stateWords: stateWords[row.state][language], acts: actsHere(row), needsYou: needsShop.has(row.state) && actsHere(row).length > 0 })

export function aftersaleRoutes(parts: AftersaleParts): AnyRoute[] {
  const recorder = (tenantId: number, now: number, ids: Recorder['ids']): Recorder => ({ tenantId, now, ids, emit: (tx, events) => parts.emit(tx, tenantId, events) })
  return [
    route({
      method: 'GET', path: '/aftersales', right: 'orders.read', what: 'after-sales of both shelves, open ones first, soonest deadline first, with counts by state',
      query: z.object({ shelf: shelf.optional(), state: z.enum(states).optional(), open: z.stringbool().optional(), search: z.string().trim().max(60).optional(), page: z.coerce.number().int().min(1).max(100_000).default(1), pageSize: z.coerce.number().int().min(1).max(200).default(50) }),
      async handle({ tx, tenantId, query, language }) {
        const { rows, total } = await listAftersales(tx, tenantId, { shelf: query.shelf, states: query.state === undefined ? undefined : [query.state], open: query.open, search: query.search || undefined }, { offset: (query.page - 1) * query.pageSize, limit: query.pageSize })
        return { rows: rows.map((row) => shown(row, language)), total, page: query.page, pageSize: query.pageSize, counts: await aftersaleCounts(tx, tenantId) }
      },
    }),
    route({
      method: 'GET', path: '/aftersales/:shelf/:aftersaleId', right: 'orders.read', what: 'one after-sale with its history', params: key,
      async handle({ tx, tenantId, params, language }) {
        const row = await findAftersale(tx, tenantId, params.shelf, params.aftersaleId)
        if (!row) throw aftersaleFault('aftersale/not-found', params)
        return { aftersale: shown(row, language), facts: (await factsOf(tx, tenantId, params.shelf, params.aftersaleId)).map((fact) => ({ ...fact, words: actWords[fact.act]?.[language] ?? fact.act, stateWords: stateWords[fact.state]?.[language] ?? fact.state })) }
      },
    }),
    route({
      method: 'POST', path: '/aftersales/:shelf/:aftersaleId/act', right: 'orders.refund', audit: 'aftersale.act', what: 'take a step: accept, refuse, receive, send the exchange, rule, refund again; at the Shop only yes or no, answered by the platform', params: key,
      body: z.object({ act: z.enum(shopActs), reason: z.string().trim().max(200).optional(), parcel: parcel.optional(), restock: z.number().int().min(0).max(100_000).optional(), addressId: z.string().max(32).optional() }),
      async handle({ tx, tenantId, params, body, clock, ids, actor, language }) {
        const row = await lockAftersale(tx, tenantId, params.shelf, params.aftersaleId)
        if (!row) throw aftersaleFault('aftersale/not-found', params)
        const work = recorder(tenantId, clock.now(), ids)
        const detail = { by: actor, reason: body.reason, parcel: body.parcel, restock: body.restock }
        if (row.shelf === 'shop') {
          if (body.act !== 'accept' && body.act !== 'refuse' && body.act !== 'receive' && body.act !== 'refuse-return') throw aftersaleFault('aftersale/on-platform')
          return { aftersale: shown(await answerShopAftersale(tx, work, row, body.act, { ...detail, addressId: body.addressId }), language) }
        }
        return { aftersale: shown(await stepAftersale(tx, work, row, body.act, detail, parts.refund), language) }
      },
    }),
  ]
}

/** What buyers of the mall do about their own after-sales. */
export function buyerAftersaleRoutes(parts: AftersaleParts): AnyPublicRoute[] {
  const block = 'mall'
  const mine = (tenantId: number, bearer: string | undefined, now: number): string => buyerIndex(parts.seal, tenantId, readSession(parts.seal, tenantId, bearer, now))
  return [
    publicRoute({
      method: 'GET', path: '/aftersales', block, perMinute: 120, what: "the buyer's own after-sales, newest first",
      handle: (call) => call.tx(async (tx) => {
        const rows = await aftersalesOfBuyer(tx, call.tenantId, mine(call.tenantId, call.bearer, call.clock.now()))
        return { rows: await Promise.all(rows.map(async (row) => ({
          aftersaleId: row.aftersaleId, orderId: row.orderId, kind: row.kind, state: row.state, words: stateWords[row.state][call.language], title: row.title, quantity: row.quantity, amountFen: row.amountFen, reason: row.reason, refuseReason: row.refuseReason, back: row.back, again: row.again,
          deadlineAt: row.deadlineAt, askedAt: row.askedAt, endedAt: row.endedAt, acts: Object.keys(steps[row.kind][row.state] ?? {}).filter((act) => ['withdraw', 'send-back', 'confirm', 'escalate'].includes(act)),
          facts: (await factsOf(tx, call.tenantId, 'mall', row.aftersaleId)).map((fact) => ({ at: fact.at, words: actWords[fact.act]?.[call.language] ?? fact.act, state: stateWords[fact.state]?.[call.language] ?? fact.state })),
        }))) }
      }),
    }),
    publicRoute({
      method: 'POST', path: '/aftersales', block, perMinute: 20, what: 'ask for money back, for a return or for an exchange of one line of an own order',
      body: z.object({ orderId: z.string().max(64), lineNo: z.number().int().min(1), kind: z.enum(['refund', 'return', 'exchange']), quantity: z.number().int().min(1).max(100_000), amountFen: z.number().int().min(0).max(10_000_000_000), reason: z.string().trim().min(1).max(80), description: z.string().trim().max(500).default(''), media: z.array(z.string().regex(/^[0-9a-f]{64}$/)).max(6).default([]) }),
      handle: (call) => call.tx(async (tx) => {
        const { tenantId, body } = call
        const now = call.clock.now()
        const order = (await lockMallOrders(tx, tenantId, [body.orderId])).get(body.orderId)
        if (!order || order.buyer !== mine(tenantId, call.bearer, now)) throw checkoutFault('mall/no-order', { orderId: body.orderId })
        const row = await askAftersale(tx, { tenantId, now, ids: call.ids, emit: (within, events) => parts.emit(within, tenantId, events) }, order, body, 'buyer')
        return { aftersaleId: row.aftersaleId, state: row.state, deadlineAt: row.deadlineAt }
      }),
    }),
    publicRoute({
      method: 'POST', path: '/aftersales/:id/act', block, perMinute: 30, what: "the buyer's step: withdraw, tell the parcel sent back, confirm the exchange, ask for a ruling",
      params: z.object({ id: z.string().max(64) }), body: z.object({ act: z.enum(['withdraw', 'send-back', 'confirm', 'escalate']), parcel: parcel.optional(), reason: z.string().trim().max(200).optional() }),
      handle: (call) => call.tx(async (tx) => {
        const { tenantId, params, body } = call
        const now = call.clock.now()
        const row = await lockAftersale(tx, tenantId, 'mall', params.id)
        if (!row || row.buyer !== mine(tenantId, call.bearer, now)) throw aftersaleFault('aftersale/not-found', { aftersaleId: params.id })
        const next = await stepAftersale(tx, { tenantId, now, ids: call.ids, emit: (within, events) => parts.emit(within, tenantId, events) }, row, body.act, { by: 'buyer', parcel: body.parcel, reason: body.reason }, parts.refund)
        return { aftersaleId: next.aftersaleId, state: next.state, deadlineAt: next.deadlineAt }
      }),
    }),
  ]
}
