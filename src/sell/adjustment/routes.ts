import { z } from 'zod'
import { route, type AnyRoute } from '../../kernel/http/index.ts'
import { resolvePersons } from '../../book/person/index.ts'
import { adjustmentKinds, postAdjustments } from './post-adjustments.ts'
import { adjustmentTotals, listAdjustments } from './store.ts'

const newAdjustment = z.object({
  key: z.string().min(1).max(120),
  occurredAt: z.number().int(),
  kind: z.enum(adjustmentKinds),
  /** A known buyer; absent: nobody. */
  unionid: z.string().max(64).optional(),
  skuCode: z.string().max(64).nullable().default(null),
  quantity: z.number().int().default(0),
  amountFen: z.number().int(),
  reason: z.string().min(1).max(200),
  sourceRef: z.string().max(200).default(''),
})

export const adjustmentRoutes: AnyRoute[] = [
  route({
    method: 'POST', path: '/adjustments', right: 'adjustments.write', audit: 'adjustments.post', what: 'book what no platform order can hold; up to 1,000 at once; the same key again changes nothing',
    body: z.object({ adjustments: z.array(newAdjustment).min(1).max(1000) }),
    async handle({ tx, tenantId, body, clock, ids, actor }) {
      const withPerson = body.adjustments.filter((a) => a.unionid !== undefined)
      const resolution = await resolvePersons(tx, tenantId, withPerson.map((a) => ({ unionid: a.unionid, seenAt: a.occurredAt, evidence: `adjustment ${a.sourceRef}` })), ids)
      const personOf = new Map(withPerson.map((a, index) => [a, resolution.personIds[index]]))
      const posted = await postAdjustments(tx, tenantId, body.adjustments.map((a) => ({ ...a, personId: personOf.get(a) ?? null })), actor, clock.now(), ids)
      return { posted, known: body.adjustments.length - posted }
    },
  }),
  route({
    method: 'GET', path: '/adjustments', right: 'orders.read', what: 'adjustments, newest first, with totals by kind',
    query: z.object({ page: z.coerce.number().int().min(1).default(1), pageSize: z.coerce.number().int().min(1).max(200).default(50) }),
    handle: async ({ tx, tenantId, query }) => ({ rows: await listAdjustments(tx, tenantId, { offset: (query.page - 1) * query.pageSize, limit: query.pageSize }), totals: await adjustmentTotals(tx, tenantId) }),
  }),
]
