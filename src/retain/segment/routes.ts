import { z } from 'zod'
import { route, type AnyRoute } from '../../kernel/http/index.ts'
import { segmentFault } from './errors.ts'
import type { FactSource } from './fact-source.ts'
import { fieldsOf, ruleSchema } from './rules.ts'
import { countSegment, deleteSegment, listSegment, listSegments, saveSegment } from './store.ts'

const block = 'contacts'

export function segmentRoutes(sources: readonly FactSource[]): AnyRoute[] {
  const fields = fieldsOf(sources)
  return [
    route({ method: 'GET', path: '/segment-fields', right: 'people.read', block, what: 'what a segment may ask', handle: async () => ({ fields: [...fields.values()].map(({ key, zh, en, type }) => ({ key, zh, en, type })) }) }),
    route({
      method: 'POST', path: '/segments/preview', right: 'people.read', block, what: 'how many people rules choose, and the first of them', body: z.object({ rules: ruleSchema }),
      handle: async ({ tx, tenantId, body, clock }) => ({ count: await countSegment(tx, tenantId, body.rules, fields, clock.now()), personIds: await listSegment(tx, tenantId, body.rules, fields, clock.now(), { limit: 50 }) }),
    }),
    route({ method: 'GET', path: '/segments', right: 'people.read', block, what: 'saved segments', handle: async ({ tx, tenantId }) => ({ rows: await listSegments(tx, tenantId) }) }),
    route({
      method: 'POST', path: '/segments', right: 'broadcasts.write', block, audit: 'segment.create', what: 'save a segment', body: z.object({ name: z.string().trim().min(1).max(60), rules: ruleSchema }),
      async handle({ tx, tenantId, body, clock, ids }) {
        const segmentId = ids.next()
        await countSegment(tx, tenantId, body.rules, fields, clock.now()) // rules that cannot be asked are not kept
        await saveSegment(tx, tenantId, { segmentId, ...body }, clock.now())
        return { segmentId }
      },
    }),
    route({
      method: 'DELETE', path: '/segments/:segmentId', right: 'broadcasts.write', block, audit: 'segment.delete', what: 'delete a saved segment', params: z.object({ segmentId: z.uuid() }),
      async handle({ tx, tenantId, params }) {
        if (!(await deleteSegment(tx, tenantId, params.segmentId))) throw segmentFault('segment/not-found', { segmentId: params.segmentId })
      },
    }),
  ]
}
