import { z } from 'zod'
import { route, type AnyRoute } from '../http/index.ts'
import { addMedia } from './add-media.ts'
import { mediaFault } from './errors.ts'
import { blockMedia, findMedia, listMedia, mediaTotals, nameMedia } from './store.ts'

const sha256 = z.string().regex(/^[0-9a-f]{64}$/)
const params = z.object({ sha256 })

/** Images in the console: for articles and for products, so they belong to no block. */
export const mediaRoutes: AnyRoute[] = [
  route({
    method: 'GET', path: '/images', right: 'content.write', what: 'images, newest first',
    query: z.object({ at: z.coerce.number().int().optional(), sha256: sha256.optional() }),
    handle: async ({ tx, tenantId, query }) => {
      const rows = await listMedia(tx, tenantId, { before: query.at !== undefined && query.sha256 !== undefined ? { at: query.at, sha256: query.sha256 } : undefined, limit: 61 })
      const last = rows.length > 60 ? rows[59] : undefined
      return { rows: rows.slice(0, 60), next: last ? { at: last.addedAt, sha256: last.sha256 } : null, totals: await mediaTotals(tx, tenantId) }
    },
  }),
  route({
    method: 'POST', path: '/images', right: 'content.write', audit: 'media.add', what: 'keep an image: base64 of the file, where it is from, under which licence',
    body: z.object({ base64: z.string().max(6_000_000), contentType: z.string().max(80).optional(), source: z.string().max(200), licence: z.string().max(100).default('') }),
    handle: ({ tx, tenantId, body, session, clock }) => addMedia(tx, tenantId, { bytes: Buffer.from(body.base64, 'base64'), contentType: body.contentType, source: body.source, licence: body.licence, addedBy: `staff:${session.login}` }, clock.now()),
  }),
  route({
    method: 'PUT', path: '/images/:sha256', right: 'content.write', audit: 'media.name', what: 'source and licence of an image', params, body: z.object({ source: z.string().trim().min(1).max(200), licence: z.string().trim().max(100) }),
    handle: async ({ tx, tenantId, params: { sha256: name }, body }) => {
      if (!(await nameMedia(tx, tenantId, name, body.source, body.licence))) throw mediaFault('media/not-there', { sha256: name.slice(0, 8) })
      return (await findMedia(tx, tenantId, [name])).get(name)
    },
  }),
  route({
    method: 'POST', path: '/images/:sha256/block', right: 'moderation.decide', audit: 'media.block', what: 'stop showing an image, or show it again', params, body: z.object({ blocked: z.boolean() }),
    handle: async ({ tx, tenantId, params: { sha256: name }, body, clock }) => {
      if (!(await blockMedia(tx, tenantId, name, body.blocked ? clock.now() : null))) throw mediaFault('media/not-there', { sha256: name.slice(0, 8) })
      return { ok: true }
    },
  }),
]
