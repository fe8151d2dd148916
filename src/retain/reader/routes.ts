import { z } from 'zod'
import { httpFault, route, type AnyRoute } from '../../kernel/http/index.ts'
import type { CommunityWork } from './conduct.ts'
import type { PhoneBox } from './phone-box.ts'
import { cardOf } from './reader.ts'
import { acceptedConvention, linkedReaders, linksOf, listReaders, newestProfile, readerOf, readerTotals } from './store.ts'

const block = 'community'

export function readerRoutes(parts: { workOf(tenantId: number): CommunityWork; phones: PhoneBox }): AnyRoute[] {
  return [
    route({
      method: 'GET', path: '/readers', right: 'people.read', block, what: 'reader accounts, newest first', query: z.object({ search: z.string().trim().max(40).optional(), at: z.coerce.number().int().optional(), id: z.uuid().optional() }),
      handle: async ({ tx, tenantId, query }) => {
        const rows = await listReaders(tx, tenantId, { search: query.search, after: query.at !== undefined && query.id !== undefined ? { at: query.at, id: query.id } : undefined, limit: 51 })
        const last = rows.length > 50 ? rows[49] : undefined
        return { rows: rows.slice(0, 50), next: last ? { at: last.createdAt, id: last.readerId } : null, totals: await readerTotals(tx, tenantId) }
      },
    }),
    route({
      method: 'GET', path: '/readers/:readerId', right: 'people.read', block, what: 'one reader: what is shown, what was asked for, which accounts belong together', params: z.object({ readerId: z.uuid() }),
      handle: async ({ tx, tenantId, params: { readerId } }) => {
        const reader = await readerOf(tx, tenantId, readerId)
        if (!reader) throw httpFault('http/not-found', { path: `/readers/${readerId}` })
        return { reader, card: cardOf(reader), profile: await newestProfile(tx, tenantId, readerId), accepted: await acceptedConvention(tx, tenantId, readerId), linked: await linkedReaders(tx, tenantId, readerId), links: await linksOf(tx, tenantId, readerId) }
      },
    }),
    route({
      method: 'GET', path: '/community/phones', right: 'people.read', block, what: 'codes on the phones of the simulated sea; none in a real one',
      handle: async ({ tenantId, simulated }) => ({ rows: simulated ? parts.phones.recent(tenantId) : [] }),
    }),
  ]
}
