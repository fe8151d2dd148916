import { z } from 'zod'
import type { Db, Tx } from '../../kernel/db/index.ts'
import { may } from '../../kernel/access/index.ts'
import { route, type AnyRoute } from '../../kernel/http/index.ts'
import type { Seal } from '../../kernel/seal.ts'
import { personFault } from './errors.ts'
import { countPersons, findPerson, listMerges, listPersons, readFields, splitPerson } from './store.ts'
import { forgetWholly, type AlsoForget } from './forget.ts'

/** Ids keep their ends, phones three and four digits, so that colleagues can talk about a person without holding the whole. */
export function mask(value: string): string {
  if (value.length <= 8) return '••••'
  return `${value.slice(0, 3)}••••${value.slice(-4)}`
}

/** What other modules give back when a merge is undone, in the same transaction. */
export type AlsoSplit = (tx: Tx, tenantId: number, split: { kept: string; gone: string; under: readonly string[] }) => Promise<void>

export function personRoutes(context: { db: Db; seal: Seal; alsoForget?: AlsoForget; alsoSplit?: AlsoSplit }): AnyRoute[] {
  return [
    route({
      method: 'GET', path: '/people', right: 'people.read', what: 'people, newest first, by the beginning of an id, with how many there are',
      query: z.object({ search: z.string().trim().max(80).optional(), after: z.uuid().optional(), limit: z.coerce.number().int().min(1).max(200).default(50) }),
      handle: async ({ tx, tenantId, query }) => ({ rows: await listPersons(tx, tenantId, query), totals: await countPersons(tx, tenantId) }),
    }),
    route({
      method: 'GET', path: '/people/:personId', right: 'people.read', what: 'one person: identities with evidence, personal fields by right, merges',
      params: z.object({ personId: z.uuid() }),
      async handle({ tx, tenantId, params, role }) {
        const person = await findPerson(tx, tenantId, params.personId)
        if (!person) throw personFault('person/not-found', { personId: params.personId })
        const open = may(role, 'people.personal')
        const fields = await readFields(tx, tenantId, params.personId, context.seal)
        return {
          ...person,
          identities: person.identities.map((row) => ({ ...row, value: open ? row.value : mask(row.value) })),
          fields: Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, open ? value : mask(value)])),
          merges: await listMerges(tx, tenantId, params.personId),
          masked: !open,
        }
      },
    }),
    route({
      method: 'POST', path: '/people/merges/:mergeId/undo', right: 'people.personal', audit: 'person.split', what: 'undo one merge', params: z.object({ mergeId: z.uuid() }),
      async handle({ tx, tenantId, params, clock }) {
        const result = await splitPerson(tx, tenantId, params.mergeId, clock.now())
        if (!result) throw personFault('person/merge-gone', { mergeId: params.mergeId })
        await context.alsoSplit?.(tx, tenantId, result)
        return { kept: result.kept, gone: result.gone }
      },
    }),
    route({
      method: 'DELETE', path: '/people/:personId', right: 'people.erase', audit: 'person.erase', what: 'erase a person: identities and personal fields go, amounts stay under a tombstone',
      params: z.object({ personId: z.uuid() }),
      async handle({ tx, tenantId, params, clock }) {
        const person = await findPerson(tx, tenantId, params.personId)
        if (!person) throw personFault('person/not-found', { personId: params.personId })
        return { erased: await forgetWholly(tx, tenantId, params.personId, clock.now(), context.alsoForget) }
      },
    }),
  ]
}
