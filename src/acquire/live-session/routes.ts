import { z } from 'zod'
import { route, type AnyRoute } from '../../kernel/http/index.ts'
import { listSessions } from './store.ts'

export const liveRoutes: AnyRoute[] = [
  route({
    method: 'GET', path: '/live-sessions', right: 'chain.read', block: 'live', what: 'live sessions: what the platform counts, and the orders of our book that name each',
    query: z.object({ page: z.coerce.number().int().min(1).default(1), pageSize: z.coerce.number().int().min(1).max(200).default(50) }),
    handle: async ({ tx, tenantId, query }) => ({ rows: await listSessions(tx, tenantId, { offset: (query.page - 1) * query.pageSize, limit: query.pageSize }), page: query.page, pageSize: query.pageSize }),
  }),
]
