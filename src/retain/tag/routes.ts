import { z } from 'zod'
import { route, type AnyRoute } from '../../kernel/http/index.ts'
import { contactFault, sendersOf } from '../contact/index.ts'
import { listTags } from './store.ts'
import { markTags } from './sync-tags.ts'

type Context = { wecomOf(tenantId: number): { connectionId: string; corpId: string } | undefined }

export function tagRoutes(context: Context): AnyRoute[] {
  return [
    route({ method: 'GET', path: '/tags', right: 'people.read', block: 'contacts', what: 'corp tags with the number of contacts', handle: async ({ tx, tenantId }) => ({ rows: await listTags(tx, tenantId) }) }),
    route({
      method: 'POST', path: '/tags/mark', right: 'broadcasts.write', block: 'contacts', audit: 'tags.mark', what: 'add and take tags of people, on the follow of their latest member',
      body: z.object({ personIds: z.array(z.uuid()).min(1).max(1000), add: z.array(z.string().max(64)).max(30).default([]), remove: z.array(z.string().max(64)).max(30).default([]) }),
      async handle({ tx, tenantId, body, clock, ids }) {
        const wecom = context.wecomOf(tenantId)
        if (!wecom) throw contactFault('contact/no-connection')
        const pairs = await sendersOf(tx, tenantId, wecom.corpId, body.personIds)
        await markTags(tx, { tenantId, now: clock.now(), ids }, wecom.connectionId, pairs, body)
        return { marked: pairs.length }
      },
    }),
  ]
}
