import { z } from 'zod'
import { route, type AnyRoute } from '../../kernel/http/index.ts'
import { referralTotal, topReferrers } from './referral.ts'

export const referralRoutes: AnyRoute[] = [
  route({
    method: 'GET', path: '/referrals', right: 'people.read', block: 'mall', what: 'who brought whom: people who came by a buyer’s share, and what they paid since',
    query: z.object({ page: z.coerce.number().int().min(1).default(1), pageSize: z.coerce.number().int().min(1).max(200).default(50) }),
    handle: async ({ tx, tenantId, query }) => ({ rows: await topReferrers(tx, tenantId, { offset: (query.page - 1) * query.pageSize, limit: query.pageSize }), total: await referralTotal(tx, tenantId), page: query.page, pageSize: query.pageSize }),
  }),
]
