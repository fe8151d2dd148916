import { z } from 'zod'
import { csvFile, csvLine } from '../../kernel/csv.ts'
import { fenToYuan } from '../../kernel/money.ts'
import { saleDate, startOfDay, dayMs } from '../../kernel/calendar.ts'
import { FileAnswer, route, type AnyRoute } from '../../kernel/http/index.ts'
import { orderFault } from './errors.ts'
import { chainFigures, cohortRows, findOrder, flowRows, listFacts, listOrderLines, listOrders, listRefunds, orderTotals, streamOrders, sumsByPerson } from './store.ts'

const day = z.string().regex(/^\d{4}-\d{2}-\d{2}$/)
const filter = z.object({
  search: z.string().trim().max(60).optional(),
  shelf: z.enum(['shop', 'mall']).optional(),
  status: z.enum(['unpaid', 'to_ship', 'part_shipped', 'to_receive', 'completed', 'cancelled', 'refunded']).optional(),
  from: day.optional(),
  to: day.optional(),
  person: z.uuid().optional(),
  unknown: z.stringbool().optional(),
  page: z.coerce.number().int().min(1).max(100_000).default(1),
  pageSize: z.coerce.number().int().min(1).max(200).default(50),
})
const filterOf = (query: z.output<typeof filter>) => ({
  search: query.search || undefined, shelf: query.shelf, status: query.status, personId: query.person, unknownOnly: query.unknown,
  from: query.from === undefined ? undefined : startOfDay(query.from), to: query.to === undefined ? undefined : startOfDay(query.to) + dayMs,
})

export const orderRoutes: AnyRoute[] = [
  route({
    method: 'GET', path: '/orders', right: 'orders.read', what: 'a page of orders, newest first, with totals of the filter', query: filter,
    handle: async ({ tx, tenantId, query }) => ({ ...(await listOrders(tx, tenantId, filterOf(query), { offset: (query.page - 1) * query.pageSize, limit: query.pageSize })), page: query.page, pageSize: query.pageSize }),
  }),
  route({
    method: 'GET', path: '/orders.csv', right: 'orders.export', audit: 'orders.export', what: 'the orders of the filter as CSV (UTF-8 with BOM, yuan)', query: filter,
    handle: async ({ tx, tenantId, query, clock, simulated }) => {
      const mark = simulated ? '（模拟）' : ''
      const rows: string[] = [`订单号${mark},货架,状态,下单日,付款,已退,商品,来源场景,买家未知`]
      await streamOrders(tx, tenantId, filterOf(query), (page) => {
        for (const o of page) rows.push(csvLine([o.orderId + '\t', o.shelf, o.status, saleDate(o.placedAt), fenToYuan(o.paidFen), fenToYuan(o.refundedFen), o.firstTitle, (o.source as { scene?: number }).scene ?? '', o.buyerUnknown ? '是' : '']))
      })
      return new FileAnswer(`${simulated ? '模拟-' : ''}订单-${saleDate(clock.now())}.csv`, 'text/csv; charset=utf-8', csvFile(rows))
    },
  }),
  route({
    method: 'GET', path: '/orders/:shelf/:orderId', right: 'orders.read', what: 'one order with lines, refunds and its history of facts',
    params: z.object({ shelf: z.enum(['shop', 'mall']), orderId: z.string().max(64) }),
    handle: async ({ tx, tenantId, params }) => {
      const order = await findOrder(tx, tenantId, params.shelf, params.orderId)
      if (!order) throw orderFault('order/not-found', { orderId: params.orderId })
      const [lines, refunds, facts] = [await listOrderLines(tx, tenantId, params.shelf, params.orderId), await listRefunds(tx, tenantId, params.shelf, params.orderId), await listFacts(tx, tenantId, params.shelf, params.orderId)]
      return { order, lines, refunds, facts }
    },
  }),
  route({
    method: 'GET', path: '/orders-by-person', right: 'orders.read', what: 'paid orders and net money of up to 200 people', query: z.object({ persons: z.string().max(8000).transform((list) => list.split(',')).pipe(z.array(z.uuid()).max(200)) }),
    handle: async ({ tx, tenantId, query }) => ({ rows: await sumsByPerson(tx, tenantId, query.persons) }),
  }),
  route({
    method: 'GET', path: '/chain', right: 'chain.read', what: 'the chain in a window: sources, first orders, repeats, revenue, refunds, unknowns; cohorts by month of first order',
    query: z.object({ from: day.optional(), to: day.optional() }),
    handle: async ({ tx, tenantId, query, clock }) => {
      const to = query.to === undefined ? clock.now() + 1 : startOfDay(query.to) + dayMs
      const from = query.from === undefined ? 0 : startOfDay(query.from)
      return { from, to, figures: await chainFigures(tx, tenantId, from, to), flow: await flowRows(tx, tenantId, from, to), cohorts: await cohortRows(tx, tenantId), totals: await orderTotals(tx, tenantId) }
    },
  }),
]
