import { z } from 'zod'
import type { Tx } from '../../kernel/db/index.ts'
import type { DomainEvent } from '../../kernel/event/index.ts'
import { Fault } from '../../kernel/errors.ts'
import { publicRoute, route, type AnyPublicRoute, type AnyRoute } from '../../kernel/http/index.ts'
import type { Seal } from '../../kernel/seal.ts'
import { blockedSettlements, buyerIndex, checkoutFault, findMallOrder, readSession, type Recorder } from '../checkout/index.ts'
import { findOrder, listOrderLines, ordersToShip, toShipCounts } from '../order/index.ts'
import { aftersalesOfOrder } from '../aftersale/index.ts'
import { openAddresses } from './addresses.ts'
import { readBulk, type BulkProblem } from './bulk.ts'
import type { Divisions } from './divisions.ts'
import { fulfilmentFault } from './errors.ts'
import { couriers, leftToSend, methods } from './parcel.ts'
import { reportOf, sendParcel, statusNames, type FulfilmentPlatform } from './send-parcels.ts'
import { addressesOf, findParcel, markPicked, parcelsOf, refusedReports } from './store.ts'

export type FulfilmentParts = FulfilmentPlatform & { seal: Seal; divisions: Divisions; emit(tx: Tx, tenantId: number, events: readonly DomainEvent[]): Promise<void> }

/** WeChat reminds after 48 hours, and keeps the money until a parcel is known (mini program sheet 4.6). */
export const shipWithinMs = 48 * 3_600_000

const shelf = z.enum(['shop', 'mall'])
const key = z.object({ shelf, orderId: z.string().max(64) })
const lines = z.array(z.tuple([z.number().int().min(1).max(10_000), z.number().int().min(1).max(1_000_000)])).min(1).max(200)

export function fulfilmentRoutes(parts: FulfilmentParts): AnyRoute[] {
  const recorder = (call: { tenantId: number; clock: { now(): number }; ids: Recorder['ids'] }): Recorder => ({ tenantId: call.tenantId, now: call.clock.now(), ids: call.ids, emit: (tx, events) => parts.emit(tx, call.tenantId, events) })
  /** Orders with what is left of each line, where it goes (masked), and until when it should leave. */
  const withLines = async (tx: Tx, tenantId: number, rows: Awaited<ReturnType<typeof ordersToShip>>) => {
    const addresses = new Map((await addressesOf(tx, tenantId, rows.filter((row) => row.shelf === 'mall').map((row) => row.orderId))).map((row) => [row.orderId, row]))
    return Promise.all(rows.map(async (row) => {
      const own = await listOrderLines(tx, tenantId, row.shelf, row.orderId)
      const parcels = await parcelsOf(tx, tenantId, row.shelf, [row.orderId])
      const left = leftToSend(own.map((line) => ({ lineNo: line.lineNo, quantity: line.quantity, refunded: line.refundedQuantity })), parcels.filter((parcel) => parcel.report !== 'refused' || parcel.shelf === 'mall'))
      const address = addresses.get(row.orderId)
      return {
        shelf: row.shelf, orderId: row.orderId, status: row.status, paidAt: row.paidAt, paidFen: row.paidFen, shipBefore: row.paidAt === null ? null : row.paidAt + shipWithinMs, method: address?.method ?? 'express', to: address?.masked ?? null, parcels: parcels.length,
        lines: own.map((line) => ({ lineNo: line.lineNo, title: line.title, skuCode: line.skuCode, quantity: line.quantity, left: left.get(line.lineNo) ?? 0 })),
        aftersale: (await aftersalesOfOrder(tx, tenantId, row.shelf, row.orderId)).filter((one) => one.endedAt === null).length,
      }
    }))
  }
  return [
    route({
      method: 'GET', path: '/fulfilment/to-ship', right: 'orders.read', what: 'orders with something left to ship, the longest waiting first, with counts', query: z.object({ shelf: shelf.optional(), page: z.coerce.number().int().min(1).max(10_000).default(1), pageSize: z.coerce.number().int().min(1).max(200).default(50) }),
      handle: async ({ tx, tenantId, query, clock }) => ({ rows: await withLines(tx, tenantId, await ordersToShip(tx, tenantId, { shelf: query.shelf }, { offset: (query.page - 1) * query.pageSize, limit: query.pageSize })), ...(await toShipCounts(tx, tenantId, clock.now() - shipWithinMs)), page: query.page, pageSize: query.pageSize }),
    }),
    route({ method: 'GET', path: '/fulfilment/couriers', right: 'orders.read', what: 'couriers by code and name', handle: async () => ({ rows: couriers.map(({ code, zh }) => ({ code, zh })) }) }),
    route({
      method: 'GET', path: '/fulfilment/needs', right: 'orders.read', what: 'what keeps money or goods back: overdue shipments, reports the platform refused, blocked settlements, each with its reason',
      async handle({ tx, tenantId, clock, language }) {
        const now = clock.now()
        const zh = language === 'zh'
        const refused = await refusedReports(tx, tenantId)
        const blocked = await blockedSettlements(tx, tenantId, now, shipWithinMs)
        return {
          ...(await toShipCounts(tx, tenantId, now - shipWithinMs)),
          refused: refused.map((parcel) => ({ shelf: parcel.shelf, orderId: parcel.orderId, parcelId: parcel.parcelId, trackingNo: parcel.trackingNo, at: parcel.sentAt, why: parcel.reportReason ?? '' })),
          blocked: blocked.map((row) => ({ shelf: 'mall' as const, orderId: row.orderId, totalFen: row.totalFen, since: row.paidAt, why: row.shippingReport === 'refused' ? (zh ? '平台没收发货信息，钱冻着' : 'the platform refused the shipping report; the money is frozen') : (zh ? '付款两天还没发货，平台不结算' : 'not shipped two days after paying; the platform does not settle') })),
        }
      },
    }),
    route({
      method: 'GET', path: '/fulfilment/orders/:shelf/:orderId', right: 'orders.read', what: 'parcels of an order, what is left, where it goes (masked)', params: key,
      async handle({ tx, tenantId, params }) {
        const order = await findOrder(tx, tenantId, params.shelf, params.orderId)
        if (!order) throw fulfilmentFault('fulfilment/no-order', params)
        const [shown] = await withLines(tx, tenantId, [order])
        const parcels = await parcelsOf(tx, tenantId, params.shelf, [params.orderId])
        return { order: shown, parcels: await Promise.all(parcels.map(async ({ pickupCode: _code, ...parcel }) => ({ ...parcel, report: await reportOf(tx, tenantId, { ...parcel, pickupCode: null }) }))) }
      },
    }),
    route({
      method: 'POST', path: '/fulfilment/labels', right: 'orders.ship', audit: 'address.print', what: 'addresses in clear for labels and the packing list of up to 200 mall orders', body: z.object({ orderIds: z.array(z.string().max(64)).min(1).max(200) }),
      async handle({ tx, tenantId, body }) {
        const opened = await openAddresses(tx, tenantId, body.orderIds, parts)
        const rows = await withLines(tx, tenantId, await ordersToShip(tx, tenantId, { orderIds: body.orderIds }, { offset: 0, limit: 200 }))
        return { rows: rows.map((row) => ({ ...row, address: opened.get(row.orderId) ?? null })) }
      },
    }),
    route({
      method: 'POST', path: '/fulfilment/parcels', right: 'orders.ship', audit: 'order.ship', what: 'a parcel leaves: by courier, same city, ready for pick-up or virtual; all that is left, or named pieces',
      body: z.object({ shelf, orderId: z.string().max(64), method: z.enum(methods).default('express'), courier: z.string().trim().max(40).optional(), trackingNo: z.string().trim().max(60).optional(), lines: lines.optional() }),
      async handle(call) {
        const parcel = await sendParcel(call.tx, recorder(call), parts, call.body, call.actor)
        return { parcelId: parcel.parcelId, lines: parcel.lines }
      },
    }),
    route({
      method: 'POST', path: '/fulfilment/parcels/:parcelId/picked', right: 'orders.ship', audit: 'order.picked', what: 'the buyer came and showed the pick-up code', params: z.object({ parcelId: z.uuid() }), body: z.object({ code: z.string().trim().max(10) }),
      async handle({ tx, tenantId, params, body, clock }) {
        const parcel = await findParcel(tx, tenantId, params.parcelId)
        if (!parcel || parcel.method !== 'pickup') throw fulfilmentFault('fulfilment/no-parcel', params)
        if (parcel.pickupCode !== body.code) throw fulfilmentFault('fulfilment/wrong-code')
        await markPicked(tx, tenantId, params.parcelId, clock.now())
        return { pickedAt: parcel.pickedAt ?? clock.now() }
      },
    }),
    route({
      method: 'POST', path: '/fulfilment/bulk/preview', right: 'orders.ship', what: 'a shipping file: how many rows can be shipped, and every row that cannot, with why', body: z.object({ text: z.string().max(2_000_000) }),
      async handle({ tx, tenantId, body, language }) {
        const { good, bad } = await planBulk(tx, tenantId, body.text, language)
        return { ready: good.length, bad }
      },
    }),
    route({
      method: 'POST', path: '/fulfilment/bulk', right: 'orders.ship', audit: 'order.ship-bulk', what: 'ship by file in one transaction: all rows, or none when one is bad and `skipBad` is not set', body: z.object({ text: z.string().max(2_000_000), skipBad: z.boolean().default(false) }),
      async handle(call) {
        const { good, bad } = await planBulk(call.tx, call.tenantId, call.body.text, call.language)
        if (bad.length > 0 && !call.body.skipBad) throw fulfilmentFault('fulfilment/bad-rows', { n: bad.length })
        const batchId = call.ids.next()
        for (const row of good) {
          try {
            await sendParcel(call.tx, recorder(call), parts, { shelf: row.shelf, orderId: row.orderId, method: 'express', courier: row.courier, trackingNo: row.trackingNo, lines: row.lines, batchId }, call.actor)
          } catch (error) {
            // One row that cannot be shipped takes the whole file back: nothing is half done.
            if (error instanceof Fault) throw new Fault(error.code, { status: error.status, zh: `第 ${row.row} 行：${error.zh} 一单都没发。`, en: `row ${row.row}: ${error.message}; nothing was shipped` }, error.params, error)
            throw error
          }
        }
        return { shipped: good.length, bad, batchId }
      },
    }),
  ]
}

/** Rows of a file that can be shipped, and those that cannot, in the order of the file. */
async function planBulk(tx: Tx, tenantId: number, text: string, language: 'zh' | 'en') {
  const { rows, problems } = readBulk(text)
  const bad = problems.map((problem) => ({ row: problem.row, orderId: problem.orderId, words: problemWords(problem, language) }))
  const known = new Map((await ordersToShip(tx, tenantId, { orderIds: rows.map((row) => row.orderId) }, { offset: 0, limit: rows.length * 2 })).map((order) => [order.orderId, order]))
  const good: Array<(typeof rows)[number] & { shelf: 'shop' | 'mall' }> = []
  for (const row of rows) {
    const order = known.get(row.orderId)
    if (order) good.push({ ...row, shelf: order.shelf })
    else bad.push({ row: row.row, orderId: row.orderId, words: await whyNotOpen(tx, tenantId, row.orderId, language) })
  }
  return { good, bad: bad.sort((a, b) => a.row - b.row) }
}

async function whyNotOpen(tx: Tx, tenantId: number, orderId: string, language: 'zh' | 'en'): Promise<string> {
  const order = (await findOrder(tx, tenantId, 'mall', orderId)) ?? (await findOrder(tx, tenantId, 'shop', orderId))
  if (!order) return language === 'zh' ? '没有这张订单' : 'there is no such order'
  return language === 'zh' ? `现在是「${statusNames[order.status] ?? order.status}」，不用发` : `it is ${order.status}, nothing to ship`
}

const problemNames: Readonly<Record<BulkProblem['why'], { zh: string; en: string }>> = {
  'no-order-id': { zh: '订单号读不出来（表格可能把长数字变成了科学计数）', en: 'the order number cannot be read (a spreadsheet may have rounded it)' }, 'no-courier': { zh: '不认识的快递', en: 'unknown courier' }, 'bad-tracking': { zh: '单号不对', en: 'the tracking number is not right' },
  'bad-line': { zh: '行号或件数不对', en: 'line or pieces are not right' }, twice: { zh: '同一单同一单号写了两次', en: 'the same parcel stands there twice' },
}
const problemWords = (problem: BulkProblem, language: 'zh' | 'en'): string => `${problemNames[problem.why][language]}${problem.found === '' ? '' : `${language === 'zh' ? '：' : ': '}${problem.found}`}`

/** What buyers see of their parcels, and the divisions for an address. */
export function buyerFulfilmentRoutes(parts: Pick<FulfilmentParts, 'seal' | 'divisions'>): AnyPublicRoute[] {
  return [
    publicRoute({
      method: 'GET', path: '/divisions', block: 'mall', perMinute: 300, what: 'divisions below a code (none: provinces)', query: z.object({ under: z.string().regex(/^(\d{6})?$/).default('') }),
      handle: async ({ query }) => ({ rows: parts.divisions.children(query.under) }),
    }),
    publicRoute({
      method: 'GET', path: '/orders/:id/parcels', block: 'mall', perMinute: 120, what: "parcels of an own order, with the pick-up code, and where it goes", params: z.object({ id: z.string().max(64) }),
      handle: (call) => call.tx(async (tx) => {
        const { tenantId, params: { id: orderId } } = call
        const order = await findMallOrder(tx, tenantId, orderId)
        if (!order || order.buyer !== buyerIndex(parts.seal, tenantId, readSession(parts.seal, tenantId, call.bearer, call.clock.now()))) throw checkoutFault('mall/no-order', { orderId })
        const parcels = await parcelsOf(tx, tenantId, 'mall', [orderId])
        return { address: (await openAddresses(tx, tenantId, [orderId], parts)).get(orderId) ?? null, parcels: parcels.map(({ parcelId, method, company, trackingNo, lines: held, sentAt, pickupCode, pickedAt }) => ({ parcelId, method, company: couriers.find((one) => one.code === company)?.zh ?? company, trackingNo, lines: held, sentAt, pickupCode: pickedAt === null ? pickupCode : null, pickedAt })) }
      }),
    }),
  ]
}

