import { z } from 'zod'
import { dayMs, startOfDay } from '../../kernel/calendar.ts'
import { route, type AnyRoute } from '../../kernel/http/index.ts'
import { compareModels } from './compare-models.ts'
import { creditsOfOrder, touchpointCounts } from './store.ts'

const day = z.string().regex(/^\d{4}-\d{2}-\d{2}$/)

export const attributionRoutes: AnyRoute[] = [
  route({
    method: 'GET', path: '/attribution', right: 'chain.read', block: 'codes', what: 'orders of a window credited to channels, every model beside the others; where people came from', query: z.object({ from: day.optional(), to: day.optional() }),
    async handle({ tx, tenantId, query, clock }) {
      const to = query.to === undefined ? clock.now() + 1 : startOfDay(query.to) + dayMs
      const from = query.from === undefined ? to - 30 * dayMs : startOfDay(query.from)
      return { from, to, ...(await compareModels(tx, tenantId, from, to)), touchpoints: await touchpointCounts(tx, tenantId, from, to) }
    },
  }),
  route({
    method: 'GET', path: '/attribution/orders/:shelf/:orderId', right: 'orders.read', block: 'codes', what: 'the credit of one order under each rule', params: z.object({ shelf: z.enum(['shop', 'mall']), orderId: z.string().max(64) }),
    handle: async ({ tx, tenantId, params }) => ({ rows: await creditsOfOrder(tx, tenantId, params.shelf, params.orderId) }),
  }),
]
