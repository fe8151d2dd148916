import { z } from 'zod'
import { may } from '../../kernel/access/index.ts'
import { dayMs, startOfDay } from '../../kernel/calendar.ts'
import { route, type AnyRoute } from '../../kernel/http/index.ts'
import type { Seal } from '../../kernel/seal.ts'
import { mask, readFields } from '../../book/person/index.ts'
import { touchesOf } from '../../book/touch/index.ts'
import { contactFault } from './errors.ts'
import { contactTotals, listContacts, listLosses, lossCounts, oneSidedList, setCapacity, staffLoads } from './store.ts'

const block = 'contacts'
const day = z.string().regex(/^\d{4}-\d{2}-\d{2}$/)
const windowOf = z.object({ from: day.optional(), to: day.optional() })
const page = { page: z.coerce.number().int().min(1).max(100_000).default(1), pageSize: z.coerce.number().int().min(1).max(200).default(50) }

export function contactRoutes(context: { seal: Seal }): AnyRoute[] {
  return [
    route({
      method: 'GET', path: '/contacts', right: 'people.read', block, what: 'a page of contacts, newest first, with who follows them; totals',
      query: z.object({ staff: z.string().max(64).optional(), state: z.string().max(64).optional(), tag: z.string().max(64).optional(), lost: z.stringbool().optional(), person: z.uuid().optional(), ...page }),
      async handle({ tx, tenantId, query, role }) {
        const filter = { staff: query.staff, state: query.state, tag: query.tag, lost: query.lost, personIds: query.person === undefined ? undefined : [query.person] }
        const { rows, total } = await listContacts(tx, tenantId, filter, { offset: (query.page - 1) * query.pageSize, limit: query.pageSize })
        const open = may(role, 'people.personal')
        const named = []
        for (const row of rows) {
          const { name } = await readFields(tx, tenantId, row.personId, context.seal)
          named.push({ ...row, externalUserId: open ? row.externalUserId : mask(row.externalUserId), name: name === undefined ? null : open ? name : `${[...name][0] ?? ''}••` })
        }
        return { rows: named, total, page: query.page, pageSize: query.pageSize, totals: await contactTotals(tx, tenantId) }
      },
    }),
    route({
      method: 'GET', path: '/contacts/:personId/touches', right: 'people.read', block, what: 'what reached a person and what they did, newest first', params: z.object({ personId: z.uuid() }),
      handle: async ({ tx, tenantId, params }) => ({ rows: await touchesOf(tx, tenantId, [params.personId], { perPerson: 200 }) }),
    }),
    route({
      method: 'GET', path: '/losses', right: 'people.read', block, what: 'contacts lost in a window, with the touches before; counts by who ended it and how we know', query: windowOf,
      async handle({ tx, tenantId, query, clock }) {
        const to = query.to === undefined ? clock.now() + 1 : startOfDay(query.to) + dayMs
        const from = query.from === undefined ? to - 30 * dayMs : startOfDay(query.from)
        return { from, to, counts: await lossCounts(tx, tenantId, from, to), rows: await listLosses(tx, tenantId, from, to, 500) }
      },
    }),
    route({
      method: 'GET', path: '/staff', right: 'people.read', block, what: 'members with customer contact: capacity, contacts held, friends, one-sided, added in 30 days',
      handle: async ({ tx, tenantId, clock }) => ({ rows: await staffLoads(tx, tenantId, clock.now()) }),
    }),
    route({
      method: 'PUT', path: '/staff/:corpId/:staff/capacity', right: 'settings.write', block, audit: 'staff.capacity', what: 'how many contacts a member may hold; the platform does not tell',
      params: z.object({ corpId: z.string().max(64), staff: z.string().max(64) }), body: z.object({ capacity: z.number().int().min(1).max(200_000) }),
      async handle({ tx, tenantId, params, body }) {
        if (!(await setCapacity(tx, tenantId, params.corpId, params.staff, body.capacity))) throw contactFault('contact/no-staff', { staff: params.staff })
      },
    }),
    route({
      method: 'GET', path: '/contacts-one-sided', right: 'people.read', block, what: 'follows that only we still hold',
      handle: async ({ tx, tenantId }) => ({ rows: await oneSidedList(tx, tenantId, 1000) }),
    }),
  ]
}
