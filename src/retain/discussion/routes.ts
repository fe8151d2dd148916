import { z } from 'zod'
import { route, type AnyRoute } from '../../kernel/http/index.ts'
import { readerCards, type CommunityWork } from '../reader/index.ts'
import { decideComments, titlesOf } from './comments.ts'
import { commentTotals, listDeskComments, lockComments, ratingSums, reportsOf } from './store.ts'
import { shrunkenMean } from './rating-mean.ts'

const block = 'community'
const dayMs = 86_400_000

/** Comments in the console. What the convention holds is decided in its queue, not here. */
export function discussionRoutes(parts: { workOf(tenantId: number): CommunityWork }): AnyRoute[] {
  return [
    route({
      method: 'GET', path: '/comments', right: 'content.write', block, what: 'comments: waiting ones oldest first, the others newest first',
      query: z.object({ state: z.enum(['pending', 'approved', 'rejected', 'removed']).default('pending'), articleId: z.uuid().optional(), at: z.coerce.number().int().optional(), id: z.uuid().optional() }),
      handle: async ({ tx, tenantId, query, clock }) => {
        const rows = await listDeskComments(tx, tenantId, { state: query.state, articleId: query.articleId, after: query.at !== undefined && query.id !== undefined ? { at: query.at, id: query.id } : undefined, limit: 51 })
        const shown = rows.slice(0, 50)
        const cards = await readerCards(tx, tenantId, shown.map((row) => row.readerId))
        const titles = await titlesOf(tx, tenantId, shown.map((row) => row.articleId))
        const last = rows.length > 50 ? shown[49] : undefined
        return {
          rows: shown.map((row) => ({ ...row, author: cards.get(row.readerId) ?? null, article: titles.get(row.articleId) ?? null, inQueue: row.state === 'pending' && row.caseId !== null })),
          next: last ? { at: last.createdAt, id: last.commentId } : null, totals: await commentTotals(tx, tenantId, clock.now() - 28 * dayMs),
        }
      },
    }),
    route({
      method: 'POST', path: '/comments/decide', right: 'content.write', block, audit: 'comment.decide', what: 'show, refuse, take away or put back comments; those with a case are left to the queue',
      body: z.object({ commentIds: z.array(z.uuid()).min(1).max(200), decision: z.enum(['approve', 'reject', 'remove', 'restore']), reason: z.string().trim().max(200).default('') }),
      handle: async ({ tx, tenantId, body, session }) => {
        const rows = await lockComments(tx, tenantId, body.commentIds)
        const inQueue = rows.filter((row) => row.caseId !== null && row.state !== 'approved').map((row) => row.commentId)
        const changed = await decideComments(tx, parts.workOf(tenantId), { commentIds: body.commentIds.filter((id) => !inQueue.includes(id)), decision: body.decision, by: `staff:${session.login}`, reason: body.reason })
        return { changed, inQueue }
      },
    }),
    route({
      method: 'GET', path: '/reports/:kind/:pieceId', right: 'content.write', block, what: 'reports of one thing', params: z.object({ kind: z.enum(['article', 'comment', 'profile']), pieceId: z.uuid() }),
      handle: ({ tx, tenantId, params }) => reportsOf(tx, tenantId, params.kind, params.pieceId),
    }),
    route({
      method: 'GET', path: '/articles/:articleId/ratings', right: 'content.write', block, what: 'the sums behind the mean of an article, added up again', params: z.object({ articleId: z.uuid() }),
      handle: async ({ tx, tenantId, params }) => {
        const sums = await ratingSums(tx, tenantId, params.articleId)
        return { ...sums, rating: shrunkenMean(sums.weight, sums.sum) }
      },
    }),
  ]
}
