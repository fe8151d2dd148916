import type { z } from 'zod'
import type { Clock } from '../clock.ts'
import type { Tx } from '../db/index.ts'
import type { Ids } from '../ids.ts'

/**
 * A route that anybody may call (公开接口): no console session, one merchant by its slug in the path, limited per caller. The handler opens its own
 * transactions, because it may have to wait for WeChat between two of them.
 */
export type PublicCall<P, Q, B> = {
  tenantId: number
  slug: string
  tenantName: string
  /** What came as `authorization: Bearer …`; the module that made it checks it. */
  bearer: string | undefined
  params: P
  query: Q
  body: B
  tx<T>(work: (tx: Tx) => Promise<T>): Promise<T>
  /** The world's clock of this merchant. */
  clock: Clock
  ids: Ids
  language: 'zh' | 'en'
}

export type PublicRoute<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType> = {
  method: 'GET' | 'POST'
  /** Below `/mall/:slug/api`, e.g. `/goods/:id`. */
  path: string
  /** The route exists only while this block is on. */
  block: string
  what: string
  /** Calls of one address per minute; the same number may come at once. */
  perMinute: number
  params?: P
  query?: Q
  body?: B
  handle(call: PublicCall<z.output<P>, z.output<Q>, z.output<B>>): Promise<unknown>
}
export type AnyPublicRoute = PublicRoute<z.ZodType, z.ZodType, z.ZodType>

export function publicRoute<P extends z.ZodType = z.ZodUndefined, Q extends z.ZodType = z.ZodUndefined, B extends z.ZodType = z.ZodUndefined>(definition: PublicRoute<P, Q, B>): AnyPublicRoute {
  return definition as unknown as AnyPublicRoute
}
